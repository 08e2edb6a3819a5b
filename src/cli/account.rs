use std::io::{self, BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::json;

use super::added_account::{self, AddedAccount, LONGEST_KEY};
use super::dialogue::Dialogue;
use super::kept_secret::{self, KeyPlace};
use super::{CommandContext, Exit, print, running};
use crate::config::{NewAccount, SecretSource, with_account};
use crate::error::{Error, Result};
use crate::jobs::{self, AccountSpec};
use crate::report::{escape, words};
use crate::services::{self, Credential, ServiceEntry, Settings};
use crate::upload::Stop;

const EXAMPLES: &str = "\
Examples:
  rolo account add                                                        asks for all it needs
  rolo account add --service SERVICE --name support --key-file key.txt
  pass show desk | rolo account add --service SERVICE --name desk --set account_id=1 --key-file -";

/// Add an account to rolo.toml; the key goes into the keyring or a private file.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct AccountCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(AddCommand),
}

/// Ask for service, name and key, try the key with one harmless read, and write the account down.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
struct AddCommand {
    /// Service, as `rolo services` names it [default: asked].
    #[arg(long)]
    service: Option<String>,
    /// What the account is to be called [default: asked].
    #[arg(long)]
    name: Option<String>,
    /// Address of the API, for a server of your own [default: asked; else the service's].
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// A setting of the service, such as account_id=1; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// File whose first line is the key; `-` is standard input [default: asked, and not shown].
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Where the key is kept [default: the keyring if there is one, else a file].
    #[arg(long, value_enum)]
    keep: Option<KeyPlace>,
    /// Add the account without trying the key.
    #[arg(long)]
    untested: bool,
}

pub fn run(args: &AccountCommand, context: &CommandContext) -> Result<Exit> {
    let Action::Add(args) = &args.action;
    running::block_on(add(args, context))
}

async fn add(args: &AddCommand, context: &CommandContext) -> Result<Exit> {
    let path = context.config_to_write()?;
    let text = added_account::present(&path)?;
    let job = running::job_context(context)?;
    let dialogue = Dialogue::new();
    let (account, credential) = described(args, (&text, &path), &dialogue, &job).await?;
    let key = secret(args, credential, &dialogue, &job).await?;
    let trial = async |spec: &AccountSpec| {
        if args.untested { Ok(None) } else { tried_or_asked(spec, &dialogue, context, &job).await }
    };
    let added = added_account::add(account, &key, args.keep, context, trial).await?;
    told(&added, context)?;
    Ok(Exit::Done)
}

/// Tries the key; where that fails and somebody can be asked, the account may be added all the same.
async fn tried_or_asked(
    spec: &AccountSpec,
    dialogue: &Dialogue,
    context: &CommandContext,
    job: &jobs::Context,
) -> Result<Option<std::time::Duration>> {
    match tried(spec, context, job).await {
        Ok(took) => Ok(Some(took)),
        Err(error) if dialogue.asks() => {
            dialogue.say(&escape(&error.message));
            error.hint.iter().for_each(|hint| dialogue.say(&escape(hint)));
            let answer = dialogue.ask("add it all the same?", Some("no"), "--untested", job).await?;
            match answer.to_lowercase().as_str() {
                "y" | "yes" => Ok(None),
                _ => Err(Error::usage("nothing was written, and the key is not kept")),
            }
        }
        Err(error) => Err(error),
    }
}

/// Makes one harmless read. That it fails ends only itself: questions go on.
async fn tried(spec: &AccountSpec, context: &CommandContext, job: &jobs::Context) -> Result<std::time::Duration> {
    let mut trial = running::context_stopped_by(Stop::default(), context)?;
    tokio::select! {
        tried = jobs::test_account(spec, &mut trial) => tried,
        () = job.stop.requested() => Err(Error::interrupted("interrupted before the service answered")),
    }
}

/// The account but for its secret, checked, and how its secret is sent.
async fn described(
    args: &AddCommand,
    (text, path): (&str, &Path),
    dialogue: &Dialogue,
    job: &jobs::Context,
) -> Result<(NewAccount, Credential)> {
    let entry = service(args, dialogue, job).await?;
    let mut settings = given(&args.settings)?;
    let mut account = NewAccount {
        name: String::new(),
        service: entry.name.to_owned(),
        // Stands in until the secret is kept.
        token: SecretSource::Environment("KEY".to_owned()),
        base_url: None,
        settings: Settings(settings.clone()),
    };
    for spec in entry.settings.iter().filter(|spec| spec.required) {
        if !settings.contains_key(spec.name) {
            let question = format!("{}: {}", spec.name, spec.meaning);
            let answer = dialogue.ask(&question, None, &format!("--set {}=VALUE", spec.name), job).await?;
            settings.insert(spec.name.to_owned(), answer);
        }
    }
    account.settings = Settings(settings);
    account.base_url = match &args.base_url {
        Some(url) => Some(url.clone()),
        None if dialogue.asks() => {
            let answer = dialogue.ask("address of the API", Some(entry.base_url), "--base-url", job).await?;
            (answer != entry.base_url).then_some(answer)
        }
        None => None,
    };
    let service = (entry.connect)(&account.settings)?;
    loop {
        account.name = match &args.name {
            Some(name) => name.clone(),
            None => dialogue.ask("name of the account", Some(entry.name), "--name", job).await?,
        };
        match with_account(text, path, &account) {
            Ok(_) => return Ok((account, service.credential())),
            // Only the name is asked again: the rest would be refused again as well.
            Err(error) if args.name.is_none() && error.message.contains(&account.name) => {
                dialogue.say(&escape(&error.message));
            }
            Err(error) => return Err(error),
        }
    }
}

async fn service(args: &AddCommand, dialogue: &Dialogue, job: &jobs::Context) -> Result<&'static ServiceEntry> {
    if let Some(name) = &args.service {
        return services::find(name);
    }
    for (number, entry) in (1..).zip(services::ALL) {
        dialogue.say(&format!("{number:>3}  {:<14} {}", entry.name, entry.title));
    }
    loop {
        let answer = dialogue.ask("service, by number or name", None, "--service NAME", job).await?;
        let by_number = answer.parse::<usize>().ok().and_then(|number| services::ALL.get(number.checked_sub(1)?));
        match by_number.map_or_else(|| services::find(&answer), Ok) {
            Ok(entry) => return Ok(entry),
            Err(error) => dialogue.say(&escape(&error.message)),
        }
    }
}

fn given(settings: &[String]) -> Result<std::collections::BTreeMap<String, String>> {
    let parted = settings.iter().map(|setting| {
        let (name, value) = setting.split_once('=').ok_or_else(|| {
            Error::usage(format!("not a setting: {setting}")).hint("write NAME=VALUE, such as account_id=1")
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    parted.collect()
}

/// The key: of a file, of standard input, or asked for.
async fn secret(
    args: &AddCommand,
    credential: Credential,
    dialogue: &Dialogue,
    job: &jobs::Context,
) -> Result<SecretString> {
    let unreadable = |error: io::Error| Error::usage("the key can't be read").caused_by(error);
    let secret = match &args.key_file {
        Some(file) => {
            let mut line = String::new();
            let mut input: Box<dyn io::Read> = if file.as_os_str() == "-" {
                Box::new(io::stdin())
            } else {
                Box::new(std::fs::File::open(file).map_err(|error| unreadable(error).at_path(file))?)
            };
            io::BufReader::new(input.by_ref().take(LONGEST_KEY)).read_line(&mut line).map_err(unreadable)?;
            SecretString::from(line.trim().to_owned())
        }
        None => {
            let form = if credential == Credential::Basic { "key, as USER:PASSWORD" } else { "key" };
            dialogue.ask_hidden(form, "--key-file FILE", job).await?
        }
    };
    Ok(secret)
}

fn told(added: &AddedAccount, context: &CommandContext) -> Result<()> {
    let AddedAccount { account, took, path } = added;
    let (name, service, kept) = (&account.name, &account.service, kept_secret::words(&account.token));
    if context.json {
        let line = json!({
            "account": name, "service": service, "tested": took.is_some(), "key": kept, "written": path.display().to_string(),
        });
        return print(&format!("{line}\n"));
    }
    let mut text = String::new();
    if let Some(took) = took {
        text.push_str(&format!("{} works: {service} answered in {}\n", escape(name), words::span(*took)));
    }
    text.push_str(&format!("the key is kept {}\n", escape(&kept)));
    text.push_str(&format!("the account is written into {}\n", escape(&path.display().to_string())));
    text.push_str(&format!("next: `rolo check FILE`, then `rolo import FILE --to {}`\n", escape(name)));
    print(&text)
}
