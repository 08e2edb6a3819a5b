//! Keeps a secret where an account can fetch it from: the system's keyring, else a file of its owner's alone.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Environment, secrets};
use crate::config::SecretSource;
use crate::error::{Error, Result};
use crate::platform::{make_private_folder, private_file};

/// Where a secret is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyPlace {
    /// The keyring of the desktop, by secret-tool.
    Keyring,
    /// A file in the state folder that you alone can read.
    File,
}

/// Asks and fills the keyring of the desktop (the Secret Service), whichever program keeps it.
const KEYRING: &str = "secret-tool";

/// Keeps the secret of an account of this configuration, as wanted or in the safest place there is.
///
/// # Errors
/// Kind `Usage`, if there is no keyring and one is wanted; `Stopped`, if the disk refuses.
pub fn keep(
    secret: &SecretString,
    account: &str,
    config: &Path,
    wanted: Option<KeyPlace>,
    (state_dir, environment): (&Path, &Environment),
) -> Result<SecretSource> {
    let in_keyring = || in_keyring(secret, account, config, environment);
    match wanted {
        Some(KeyPlace::File) => in_file(secret, account, state_dir),
        Some(KeyPlace::Keyring) => in_keyring().map_err(|why| {
            Error::usage(format!("the key can't be kept in the keyring: {why}"))
                .hint("install libsecret-tools and log in to a desktop, or keep it in a file: `--keep file`")
        }),
        None => in_keyring().or_else(|_| in_file(secret, account, state_dir)),
    }
}

/// Takes away what [`keep`] has kept: the account was not added.
pub fn let_go(source: &SecretSource) {
    match source {
        SecretSource::File { path, .. } => drop(std::fs::remove_file(path)),
        SecretSource::Command(words) => {
            let attributes = words.iter().skip(2);
            drop(Command::new(KEYRING).arg("clear").args(attributes).stdin(Stdio::null()).status());
        }
        SecretSource::Environment(_) | SecretSource::Credential(_) => {}
    }
}

/// Where it is kept, for a person.
pub fn words(source: &SecretSource) -> String {
    match source {
        SecretSource::File { path, .. } => format!("in a file that you alone can read: {}", path.display()),
        SecretSource::Command(_) => format!("in the keyring, which `{KEYRING}` asks"),
        other => other.to_string(),
    }
}

/// The reason why not, if there is no keyring.
fn in_keyring(
    secret: &SecretString,
    account: &str,
    config: &Path,
    environment: &Environment,
) -> std::result::Result<SecretSource, String> {
    let has_bus = environment.get("DBUS_SESSION_BUS_ADDRESS").is_some()
        || environment.folder("XDG_RUNTIME_DIR").is_some_and(|folder| folder.join("bus").exists());
    if !has_bus {
        return Err("this is no session of a desktop".to_owned());
    }
    let config = config.to_string_lossy();
    let attributes = ["application", "rolo", "config", &config, "account", account];
    let label = format!("--label=rolo: {account}");
    let mut child = Command::new(KEYRING)
        .args(["store", &label])
        .args(attributes)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{KEYRING}: {error}"))?;
    // Dropped after it, so that the end of the secret is seen.
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(secret.expose_secret().as_bytes()));
    let status = child.wait().map_err(|error| format!("{KEYRING}: {error}"))?;
    if let (Err(error), true) = (written, status.success()) {
        return Err(format!("{KEYRING}: {error}"));
    }
    if !status.success() {
        return Err(format!("{KEYRING} ended with {status}"));
    }
    let words = [KEYRING, "lookup"].into_iter().chain(attributes).map(str::to_owned).collect();
    let source = SecretSource::Command(words);
    match secrets::fetch(&source, environment) {
        Ok(kept) if kept.expose_secret() == secret.expose_secret() => Ok(source),
        _ => {
            let_go(&source);
            Err("it gives back another key than it was given".to_owned())
        }
    }
}

fn in_file(secret: &SecretString, account: &str, state_dir: &Path) -> Result<SecretSource> {
    let folder = std::path::absolute(state_dir.join("keys")).unwrap_or_else(|_| state_dir.join("keys"));
    let failed = |error: io::Error| {
        Error::stopped(format!("the key can't be kept in: {}", folder.display()))
            .at_path(&folder)
            .hint("make room on the disk, or name another folder with --state-dir")
            .caused_by(error)
    };
    make_private_folder(&folder).map_err(failed)?;
    let path = new_file(secret, account, &folder).map_err(failed)?;
    Ok(SecretSource::File { path, allow_mode: None })
}

/// A file of its own: an account of another configuration may have the same name.
fn new_file(secret: &SecretString, account: &str, folder: &Path) -> io::Result<PathBuf> {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_".contains(letter) { letter } else { '_' };
    let name: String = account.chars().map(plain).collect();
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{suffix}"));
        let mut options = std::fs::OpenOptions::new();
        match private_file(options.write(true).create_new(true)).open(&path) {
            Ok(mut file) => {
                writeln!(file, "{}", secret.expose_secret())?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_accounts_of_one_name_have_a_file_each_and_a_name_leaves_the_folder_never() {
        let state = tempfile::tempdir().unwrap();
        let environment = Environment::default();
        let keep = |secret: &str, account: &str| {
            let secret = SecretString::from(secret.to_owned());
            let place = (state.path(), &environment);
            let source = keep(&secret, account, Path::new("rolo.toml"), None, place).unwrap();
            assert_eq!(secrets::fetch(&source, &environment).unwrap().expose_secret(), secret.expose_secret());
            source
        };
        let (first, second) = (keep("one", "../desk"), keep("two", "../desk"));
        let SecretSource::File { path, .. } = &second else { panic!("{second:?}") };
        assert_eq!(path, &state.path().join("keys/___desk-2"));
        let_go(&first);
        assert!(path.exists() && !state.path().join("keys/___desk").exists());
    }

    #[test]
    fn without_a_desktop_a_keyring_that_is_wanted_is_refused() {
        let state = tempfile::tempdir().unwrap();
        let (secret, environment) = (SecretString::from("one".to_owned()), Environment::default());
        let place = (state.path(), &environment);
        let refused = keep(&secret, "desk", Path::new("rolo.toml"), Some(KeyPlace::Keyring), place).unwrap_err();
        assert_eq!(refused.message, "the key can't be kept in the keyring: this is no session of a desktop");
    }
}
