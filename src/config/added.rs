use std::path::Path;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, value};

use super::{Config, SecretSource};
use crate::error::{Error, Result};
use crate::services::{self, Settings};

/// An account about to be written into a configuration.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub name: String,
    /// As `rolo services` names it.
    pub service: String,
    pub token: SecretSource,
    /// `None` for the service's own.
    pub base_url: Option<String>,
    pub settings: Settings,
}

/// The text of the configuration at `path` with the account added to it. All else, comments included, stays as it
/// was; what comes of it is read again before it is given.
///
/// # Errors
/// Kind `Usage`, if there is such an account, if something of the new one is wrong, or the text was wrong before.
pub fn with_account(text: &str, path: &Path, account: &NewAccount) -> Result<String> {
    let before = Config::parse(text, path, services::ALL)?;
    if let Some(there) = before.accounts.get(&account.name) {
        return Err(Error::usage(format!("there is an account of that name: {}", there.name))
            .in_account(&account.name)
            .hint(format!("take another name, or change it where it stands: {}", there.origin)));
    }
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error| Error::usage("the configuration can't be changed").at_path(path).caused_by(error))?;
    let accounts = document.entry("accounts").or_insert_with(|| {
        let mut accounts = Table::new();
        accounts.set_implicit(true);
        Item::Table(accounts)
    });
    let accounts: &mut dyn TableLike =
        accounts.as_table_like_mut().ok_or_else(|| Error::bug("accounts that were read are no table"))?;
    accounts.insert(&account.name, Item::Table(table(account)));
    let text = document.to_string();
    let after = Config::parse(&text, path, services::ALL)?;
    after.account(&account.name)?.connect()?;
    Ok(text)
}

fn table(account: &NewAccount) -> Table {
    let mut table = Table::new();
    table.insert("service", value(&account.service));
    table.insert("token", value(place(&account.token)));
    if let Some(base_url) = &account.base_url {
        table.insert("base_url", value(base_url));
    }
    for (name, setting) in &account.settings.0 {
        table.insert(name, value(setting));
    }
    table
}

/// Where a secret is kept, as the file says it.
fn place(secret: &SecretSource) -> InlineTable {
    let mut place = InlineTable::new();
    match secret {
        SecretSource::Environment(name) => place.insert("env", name.into()),
        SecretSource::File { path, .. } => place.insert("file", path.to_string_lossy().as_ref().into()),
        SecretSource::Command(words) => place.insert("command", words.iter().collect::<Array>().into()),
        SecretSource::Credential(name) => place.insert("credential", name.into()),
    };
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> NewAccount {
        NewAccount {
            name: name.into(),
            service: services::ALL[0].name.into(),
            token: SecretSource::Command(vec!["show".into(), "a \"key\"".into()]),
            base_url: Some("https://desk.example".into()),
            settings: Settings::default(),
        }
    }

    fn added(text: &str, account: &NewAccount) -> std::result::Result<String, String> {
        with_account(text, Path::new("rolo.toml"), account).map_err(|error| error.message)
    }

    #[test]
    fn an_account_is_added_and_all_else_stays_as_it_was() {
        let service = services::ALL[0].name;
        let before = format!(
            "# ours\n\n[accounts.\"old desk\"]  # of 2024\nservice   = \"{service}\"\ntoken={{env='OLD'}}\n\n[defaults]\nregion = 'ES' # Spain\n"
        );
        let after = added(&before, &account("new desk")).unwrap();
        let new = format!(
            "[accounts.\"new desk\"]\nservice = \"{service}\"\ntoken = {{ command = [\"show\", 'a \"key\"'] }}\nbase_url = \"https://desk.example\"\n"
        );
        assert!(after.contains(&new), "{after}");
        assert_eq!(after.replace(&new, "").replace("\n\n\n", "\n\n").trim_end(), before.trim_end());
        assert!(!added("", &account("first")).unwrap().contains("[accounts]"), "the table of all is not named");
    }

    #[test]
    fn accounts_in_one_line_take_another() {
        let service = services::ALL[0].name;
        let before = format!("accounts = {{ a = {{ service = \"{service}\", token = {{ env = \"A\" }} }} }}\n");
        let after = added(&before, &account("b")).unwrap();
        assert_eq!(Config::parse(&after, Path::new("rolo.toml"), services::ALL).unwrap().accounts.len(), 2, "{after}");
    }

    #[test]
    fn what_can_not_be_an_account_is_not_written() {
        let text = added("", &account("desk")).unwrap();
        assert_eq!(added(&text, &account("desk")).unwrap_err(), "there is an account of that name: desk");
        assert!(added("", &account("sandbox")).unwrap_err().contains("an account can't be called: sandbox"));
        let elsewhere = NewAccount { base_url: Some("ftp://desk.example".into()), ..account("desk") };
        assert!(added("", &elsewhere).unwrap_err().contains("base_url"));
        assert!(added("[accounts", &account("desk")).unwrap_err().contains("not valid TOML"));
    }
}
