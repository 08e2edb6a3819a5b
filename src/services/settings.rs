use std::collections::BTreeMap;
use std::time::Duration;

use crate::contact::Source;
use crate::error::{Error, Result};

/// Where a credential goes in a request. The transport puts it there; a service never sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// A header of this name.
    Header(&'static str),
    /// `Authorization: Basic`, of a token written `user:password`.
    Basic,
    /// A query parameter of this name.
    Query(&'static str),
}

/// One setting an account of a service can have, beside its credential.
#[derive(Clone, Copy, Debug)]
pub struct SettingSpec {
    /// As in the account's section of `rolo.toml`.
    pub name: &'static str,
    /// An account without it is refused.
    pub required: bool,
    /// Value where the account says nothing; empty for none.
    pub default: &'static str,
    /// What it sets, in words that follow "it is".
    pub meaning: &'static str,
    /// Where the vendor describes what it sets.
    pub source: Source,
}

/// The settings of one account, by name, as text. Never holds a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(pub BTreeMap<String, String>);

impl Settings {
    /// Settings of these names and values.
    pub fn of(settings: &[(&str, &str)]) -> Self {
        Self(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The settings, after every name has been checked against `specs` and defaults filled in.
    ///
    /// # Errors
    /// Of kind `Usage` if a setting is unknown, or one that is required is missing.
    pub fn checked(&self, service: &str, specs: &[SettingSpec]) -> Result<Settings> {
        let mut checked = BTreeMap::new();
        for name in self.0.keys() {
            if !specs.iter().any(|spec| spec.name == name) {
                let names: Vec<_> = specs.iter().map(|spec| spec.name).collect();
                return Err(Error::usage(format!("{service} has no setting called: {name}"))
                    .in_service(service)
                    .in_setting(name)
                    .hint(if names.is_empty() {
                        "it has no settings".to_owned()
                    } else {
                        format!("its settings are {}", names.join(", "))
                    }));
            }
        }
        for spec in specs {
            match self.0.get(spec.name) {
                Some(value) => drop(checked.insert(spec.name.to_owned(), value.clone())),
                None if spec.required => {
                    return Err(Error::usage(format!("{service} needs the setting: {}", spec.name))
                        .in_service(service)
                        .in_setting(spec.name)
                        .hint(format!("add `{} = …` to the account; it is {}", spec.name, spec.meaning)));
                }
                None if spec.default.is_empty() => {}
                None => drop(checked.insert(spec.name.to_owned(), spec.default.to_owned())),
            }
        }
        Ok(Settings(checked))
    }

    /// The text of a setting; `None` if it is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A setting that is `true` or `false`; absent is `false`.
    ///
    /// # Errors
    /// Of kind `Usage` if it is neither.
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                Err(Error::usage(format!("the setting {name} is neither true nor false: {other}")).in_setting(name))
            }
        }
    }

    /// A setting that is a whole number of seconds; `None` if absent.
    ///
    /// # Errors
    /// Of kind `Usage` if it is anything else.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>> {
        match self.get(name).map(|text| (text, text.parse())) {
            None => Ok(None),
            Some((_, Ok(seconds))) => Ok(Some(Duration::from_secs(seconds))),
            Some((text, Err(_))) => {
                Err(Error::usage(format!("the setting {name} is not a whole number of seconds: {text}"))
                    .in_setting(name))
            }
        }
    }
}
