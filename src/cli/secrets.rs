//! Fetches secrets from where an account says they are kept. No message holds what was found.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::SecretString;

use super::Environment;
use crate::config::{SecretSource, TextSource};
use crate::error::{Error, Result};
use crate::platform;

/// A secret longer than this is something else: a wrong file, a program's help text.
const LONGEST: u64 = 16 * 1024;

/// The secret itself. Only its first line counts, without the white space around it.
///
/// # Errors
/// Kind `Usage`: not there, empty, too long, or readable by others.
pub fn fetch(source: &SecretSource, environment: &Environment) -> Result<SecretString> {
    let text = match source {
        SecretSource::Environment(name) => environment
            .get(name)
            .map(str::to_owned)
            .ok_or_else(|| Error::usage(format!("the environment variable with the secret is not set: {name}")))?,
        SecretSource::File { path, allow_mode } => from_file(path, Some(allow_mode.unwrap_or(0o600)))?,
        SecretSource::Command(argv) => from_command(argv)?,
        SecretSource::Credential(name) => {
            let folder = environment.folder("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                Error::usage(format!("systemd passed no credentials, and so not this one: {name}"))
                    .hint(format!("add LoadCredential={name}:PATH to the unit, or keep the secret elsewhere by hand"))
            })?;
            if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
                return Err(Error::usage(format!("not the name of a credential: {name}")));
            }
            // systemd guards this folder itself.
            from_file(&folder.join(name), None)?
        }
    };
    let secret = text.lines().next().unwrap_or_default().trim();
    if secret.is_empty() {
        return Err(Error::usage(format!("the secret is empty: {source}")));
    }
    if secret.contains(char::is_control) {
        return Err(Error::usage(format!("the secret holds control characters, so it is something else: {source}")));
    }
    Ok(SecretString::from(secret.to_owned()))
}

/// As [`fetch`], for text that may stand in the configuration itself.
pub fn fetch_text(source: &TextSource, environment: &Environment) -> Result<SecretString> {
    match source {
        TextSource::Text(text) => Ok(SecretString::from(text.clone())),
        TextSource::Secret(source) => fetch(source, environment),
    }
}

/// The content of a file that others may read or change only as far as `allowed` says, if it says
/// anything. Of one on a read-only mount, as secrets come to containers, the mode says nothing: whoever
/// can read it was let in there.
fn from_file(path: &Path, allowed: Option<u32>) -> Result<String> {
    let unreadable = |error| {
        Error::usage(format!("the file with the secret can't be read: {}", path.display()))
            .at_path(path)
            .caused_by(error)
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Error::usage(format!("the secret is not in a file: {}", path.display())).at_path(path));
    }
    if let (Some(allowed), Some(mode)) = (allowed, platform::mode(&metadata))
        && mode & 0o077 & !allowed != 0
        && !platform::is_on_a_read_only_mount(&file)
    {
        return Err(Error::usage(format!(
            "others can read or change the file with the secret (mode {mode:03o}): {}",
            path.display()
        ))
        .hint(format!(
            "chmod 600 {}; where others have to read it, say so: `allow_mode = \"{mode:04o}\"` beside `file`",
            path.display()
        )));
    }
    bounded(file).map_err(unreadable)
}

fn from_command(argv: &[String]) -> Result<String> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Error::usage("the command for the secret is empty"))?;
    let failed = |why: String| Error::usage(format!("the command for the secret failed: {program}: {why}"));
    // Its talk goes to the terminal, so that a password manager can ask.
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let read = child.stdout.take().map_or(Ok(String::new()), bounded);
    if read.is_err() {
        drop(child.kill());
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    let text = read.map_err(|error| failed(error.to_string()))?;
    if status.success() { Ok(text) } else { Err(failed(status.to_string())) }
}

fn bounded(from: impl std::io::Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other("too long for a secret"));
    }
    String::from_utf8(bytes).map_err(|_| std::io::Error::other("not text"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn found(source: &SecretSource, variables: &[(&str, &str)]) -> std::result::Result<String, String> {
        fetch(source, &Environment::of(variables))
            .map(|secret| secret.expose_secret().to_owned())
            .map_err(|error| error.message)
    }

    #[test]
    fn a_variable_is_taken_and_its_absence_is_told_by_name() {
        let source = SecretSource::Environment("TOKEN".into());
        assert_eq!(found(&source, &[("TOKEN", " s3cret\n")]).unwrap(), "s3cret");
        assert_eq!(found(&source, &[]).unwrap_err(), "the environment variable with the secret is not set: TOKEN");
        assert!(found(&source, &[("TOKEN", "  ")]).unwrap_err().starts_with("the secret is empty"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\nsecond line\n").unwrap();
        let source = SecretSource::File { path: path.clone(), allow_mode: None };
        for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let result = found(&source, &[]);
            assert_eq!(result.is_ok(), fine, "{mode:o}");
            match result {
                Ok(secret) => assert_eq!(secret, "s3cret"),
                Err(message) => assert!(message.contains("others can read or change") && !message.contains("s3cret")),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_a_secret_only_as_far_as_its_source_says() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        for (mode, allow_mode, fine) in [
            (0o640, 0o640, true),
            (0o600, 0o640, true),
            (0o644, 0o640, false),
            (0o660, 0o640, false),
            (0o644, 0o444, true),
        ] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let source = SecretSource::File { path: path.clone(), allow_mode: Some(allow_mode) };
            assert_eq!(found(&source, &[]).is_ok(), fine, "{mode:o} with {allow_mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_is_run_without_a_shell() {
        let echo = |arguments: &[&str]| {
            let argv = std::iter::once("echo").chain(arguments.iter().copied()).map(String::from).collect();
            found(&SecretSource::Command(argv), &[])
        };
        assert_eq!(echo(&["$HOME;", "`id`"]).unwrap(), "$HOME; `id`");
        let failing = SecretSource::Command(vec!["false".into()]);
        assert!(found(&failing, &[]).unwrap_err().starts_with("the command for the secret failed: false: "));
        let endless = SecretSource::Command(vec!["yes".into()]);
        assert!(found(&endless, &[]).unwrap_err().ends_with("too long for a secret"));
    }

    #[test]
    fn a_credential_comes_from_systemds_folder_and_from_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "s3cret").unwrap();
        let variables = [("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())];
        assert_eq!(found(&SecretSource::Credential("token".into()), &variables).unwrap(), "s3cret");
        assert!(found(&SecretSource::Credential("../token".into()), &variables).is_err());
        assert!(found(&SecretSource::Credential("token".into()), &[]).is_err());
    }
}
