//! An account that is added to the configuration: its key kept, tried and written down, or nothing of all that.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::kept_secret::{self, KeyPlace};
use super::source::SandboxSettings;
use super::{ChosenAccount, CommandContext, running};
use crate::config::{Config, NewAccount, with_account};
use crate::error::{Error, Result};
use crate::jobs::AccountSpec;
use crate::platform::make_private_folder;
use crate::services;

/// A key longer than this is something else.
pub const LONGEST_KEY: u64 = 16 * 1024;

/// What became of it.
pub struct AddedAccount {
    pub account: NewAccount,
    /// How long the service took to answer; `None` where the key was not tried.
    pub took: Option<Duration>,
    /// The configuration.
    pub path: PathBuf,
}

/// Keeps the key, has it tried by `trial`, and writes the account down. Where any of it fails, neither is kept.
///
/// # Errors
/// Those of `trial`; kind `Usage`, if something of the account is wrong; `Stopped`, if the disk refuses.
pub async fn add(
    mut account: NewAccount,
    key: &SecretString,
    keep: Option<KeyPlace>,
    context: &CommandContext,
    trial: impl AsyncFnOnce(&AccountSpec) -> Result<Option<Duration>>,
) -> Result<AddedAccount> {
    let text = key.expose_secret();
    if text.is_empty() || text.contains(char::is_control) || text.len() as u64 > LONGEST_KEY {
        return Err(Error::usage("the key is empty, too long, or holds control characters: nothing was written"));
    }
    let path = context.config_to_write()?;
    let before = present(&path)?;
    let state_dir = context.state_dir()?.value;
    account.token = kept_secret::keep(key, &account.name, &path, keep, (&state_dir, &context.environment))?;
    let added = async {
        let after = with_account(&before, &path, &account)?;
        let config = Config::parse(&after, &path, services::ALL)?;
        let chosen = ChosenAccount::named(&account.name, &config)?;
        let spec = running::account_spec(&chosen, &SandboxSettings::default(), context)?;
        let took = trial(&spec).await?;
        write(&path, &after)?;
        Ok(took)
    };
    match added.await {
        Ok(took) => Ok(AddedAccount { account, took, path }),
        Err(error) => {
            kept_secret::let_go(&account.token);
            Err(error)
        }
    }
}

/// The text of the configuration; none where there is no file yet.
pub fn present(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| {
            Error::usage(format!("the configuration can't be read: {}", path.display())).at_path(path).caused_by(error)
        }),
    }
}

/// Puts the text in place at once, with the rights that the file had.
fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error: io::Error| {
        Error::stopped(format!("the configuration can't be written: {}", path.display())).at_path(path).caused_by(error)
    };
    // What a link leads to is changed, not the link.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private_folder(folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    if let Ok(there) = std::fs::metadata(path) {
        file.as_file().set_permissions(there.permissions()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}
