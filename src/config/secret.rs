use std::fmt;
use std::path::PathBuf;

use toml::de::DeValue;

use super::document::{Section, texts};
use crate::error::Result;

/// Where a secret is kept. Never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In an environment variable.
    Environment(String),
    /// On the first line of a file that only its owner can read, or for others as far as the mode allows
    /// that was given for it.
    File { path: PathBuf, allow_mode: Option<u32> },
    /// On the first line of what a program prints; run without a shell.
    Command(Vec<String>),
    /// In a credential that systemd passes, by its name.
    Credential(String),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File { path, .. } => write!(f, "file {}", path.display()),
            // Arguments may say more than they should.
            Self::Command(argv) => write!(f, "command {}", argv.first().map_or("", String::as_str)),
            Self::Credential(name) => write!(f, "systemd credential {name}"),
        }
    }
}

/// Text that may stand in the file or be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSource {
    Text(String),
    Secret(SecretSource),
}

const KINDS: [&str; 4] = ["env", "file", "command", "credential"];

impl SecretSource {
    /// The source at `key` of `section`.
    ///
    /// # Errors
    /// Kind `Usage`; among others for a secret written into the file itself, which isn't shown.
    pub(super) fn read(section: &Section<'_, '_>, key: &str) -> Result<Option<Self>> {
        let Some(value) = section.get(key) else { return Ok(None) };
        if matches!(value.get_ref(), DeValue::String(_)) {
            let hint = format!(
                "write `{key} = {{ env = \"NAME\" }}`, `{{ file = \"PATH\" }}`, `{{ command = [\"PROGRAM\", …] }}` or \
                 `{{ credential = \"NAME\" }}`, and renew the secret if others could read this file"
            );
            let error = section.document().error(&value.span(), format!("{key} holds the secret itself"));
            return Err(error.hint(hint));
        }
        let source = section.required_section(key)?;
        source.only(&[&KINDS[..], &["allow_mode"]].concat())?;
        let allow_mode = match source.text("allow_mode")? {
            None => None,
            Some((text, _)) => match u32::from_str_radix(&text, 8).ok().filter(|mode| mode & !0o777 == 0) {
                Some(mode) if source.get("file").is_some() => Some(mode),
                _ => {
                    let error = crate::error::Error::usage("it is the octal mode of a `file`, such as \"0640\"");
                    return Err(source.wrong("allow_mode", error));
                }
            },
        };
        if source.names().filter(|name| *name != "allow_mode").count() != 1 {
            let error = section.document().error(&value.span(), format!("{key} should name one place"));
            return Err(error.hint(format!("give one of {}", KINDS.join(", "))));
        }
        if let Some(argv) = source.get("command") {
            return match texts(argv) {
                Some(words) if !words.is_empty() => Ok(Some(Self::Command(words))),
                _ => Err(source
                    .not_a("command", argv, "a list of texts: the program and its arguments")
                    .hint("no shell is run, so write [\"pass\", \"show\", \"name\"]")),
            };
        }
        let named = |key| source.text(key).map(|found| found.map(|(text, _)| text));
        Ok(match (named("env")?, source.path("file")?, named("credential")?) {
            (Some(name), ..) => Some(Self::Environment(name)),
            (_, Some(path), _) => Some(Self::File { path, allow_mode }),
            (_, _, Some(name)) => Some(Self::Credential(name)),
            _ => None,
        })
    }
}

impl TextSource {
    pub(super) fn read(section: &Section<'_, '_>, key: &str) -> Result<Option<Self>> {
        match section.get(key).map(|value| value.get_ref().as_str()) {
            None => Ok(None),
            Some(Some(text)) => Ok(Some(Self::Text(text.to_owned()))),
            Some(None) => Ok(SecretSource::read(section, key)?.map(Self::Secret)),
        }
    }
}
