use std::time::Duration;

use super::*;
use crate::contact::{Call, Capabilities, FieldSpec, Limits, Quota, Source, Sourced};
use crate::services::{Answer, Credential, Request, Service, SettingSpec, Settings, Verdict};

/// A service that exists only here: 100 calls a minute, one required setting.
struct Invented {
    capabilities: Capabilities,
    limits: Limits,
}

impl Service for Invented {
    fn name(&self) -> &'static str {
        "invented"
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    fn limits(&self) -> &Limits {
        &self.limits
    }
    fn fields(&self) -> &'static [FieldSpec] {
        &[]
    }
    fn credential(&self) -> Credential {
        Credential::Bearer
    }
    fn request(&self, _: &Call) -> Result<Request> {
        Err(Error::bug("nothing is sent here"))
    }
    fn verdict(&self, _: &Call, _: &Answer) -> Verdict {
        Verdict::unclear("")
    }
}

const SETTINGS: &[SettingSpec] = &[
    SettingSpec { name: "account_id", required: true, default: "", meaning: "the account", source: Source::Seed },
    SettingSpec { name: "strict", required: false, default: "", meaning: "strictness", source: Source::Seed },
];

fn connect(settings: &Settings) -> Result<Box<dyn Service>> {
    settings.checked("invented", SETTINGS)?;
    // What else it can do does not matter here, so it is as the first service there is.
    let first = services::ALL.first().expect("there is a service");
    let first = first.connect_to_sandbox()?;
    let quota = Sourced::new(Quota { calls: 100, per: Duration::from_secs(60) }, Source::Seed);
    Ok(Box::new(Invented {
        capabilities: first.capabilities().clone(),
        limits: Limits { quota, ..first.limits().clone() },
    }))
}

fn parse(text: &str) -> Result<Config> {
    let invented = ServiceEntry {
        name: "invented",
        title: "Invented",
        base_url: "https://api.example.org",
        base_url_source: Source::Seed,
        settings: SETTINGS,
        account_settings: &[],
        sandbox_settings: &[],
        connect,
    };
    Config::parse(text, Path::new("etc/rolo.toml"), &[invented])
}

/// The error and hint of a configuration, as `error | hint`.
fn wrong(text: &str) -> String {
    let error = parse(text).expect_err("this configuration is wrong");
    format!("{} | {}", error.message, error.hint.unwrap_or_default())
}

const GOOD: &str = r#"
[defaults]
to = "support"
region = "MY"

[accounts.support]
service = "invented"
token = { env = "SUPPORT_TOKEN" }
rate = "50/1m"
base_url = "https://chat.example.org/"
account_id = 7
strict = true

[accounts.vault]
service = "invented"
account_id = "8"
token = { command = ["pass", "show", "vault"] }
refresh = { token = { credential = "vault-refresh" }, client_id = "rolo", client_secret = { file = "client.secret" } }

[jobs.nightly]
import = "contacts.csv"
to = "support"
mapping = "contacts.mapping.toml"
changed_only = true
stop_when = { failed = "5%", same_reason = 20 }
"#;

#[test]
fn a_whole_file_becomes_plain_values() {
    let config = parse(GOOD).unwrap();
    let support = config.account("support").unwrap();
    assert_eq!(support.token, Some(SecretSource::Environment("SUPPORT_TOKEN".into())));
    assert_eq!(support.rate, Some(Quota { calls: 50, per: Duration::from_secs(60) }));
    assert_eq!(support.base_url.as_deref(), Some("https://chat.example.org"));
    assert_eq!(support.settings.get("account_id"), Some("7"));
    assert_eq!(support.settings.get("strict"), Some("true"));

    let vault = config.account("vault").unwrap();
    assert_eq!(vault.token, Some(SecretSource::Command(vec!["pass".into(), "show".into(), "vault".into()])));
    assert_eq!(
        vault.refresh,
        Some(Refresh {
            refresh_token: SecretSource::Credential("vault-refresh".into()),
            client_id: TextSource::Text("rolo".into()),
            client_secret: SecretSource::File { path: "etc/client.secret".into(), allow_mode: None },
        })
    );

    let nightly = config.job("nightly").unwrap();
    assert_eq!(nightly.action, Action::Import { file: "etc/contacts.csv".into(), to: "support".into() });
    assert_eq!(nightly.mapping.as_deref(), Some(Path::new("etc/contacts.mapping.toml")));
    assert!(nightly.changed_only);
    assert_eq!(nightly.stop_when.failed, Some(Threshold::Share(50)));
    assert_eq!(nightly.stop_when.same_reason, Some(20));
    assert_eq!(config.defaults.to, Some(("support".into(), "etc/rolo.toml:3:6".into())));
}

#[test]
fn a_misspelt_word_is_found_by_line_and_column_with_what_was_meant() {
    assert_eq!(
        wrong("[accounts.a]\nservice = \"invented\"\ntokn = { env = \"T\" }\naccount_id = 1\n"),
        "etc/rolo.toml:3:1: [accounts.a] has no setting called: tokn | did you mean token?"
    );
    assert_eq!(wrong("[acounts.a]\n"), "etc/rolo.toml:1:2: unknown section: acounts | did you mean accounts?");
    assert_eq!(
        wrong("\n[accounts.a]\n  service = \"invnted\"\n"),
        "etc/rolo.toml:3:13: service of [accounts.a]: no service is called: invnted | did you mean invented?"
    );
    assert_eq!(
        wrong(
            "[jobs.n]\nimport = \"a.csv\"\nto = \"suport\"\n[accounts.support]\nservice = \"invented\"\ntoken = { env = \"T\" }\naccount_id = 1\n"
        ),
        "etc/rolo.toml:3:6: to of [jobs.n]: no account is called: suport | did you mean support?"
    );
    assert_eq!(
        wrong("[jobs.n]\nimport = \"a.csv\"\nto = \"sandbox\"\nstop_when = { failled = \"5%\" }\n"),
        "etc/rolo.toml:4:15: [jobs.n.stop_when] has no setting called: failled | did you mean failed?"
    );
}

#[test]
fn columns_are_counted_in_characters() {
    assert_eq!(
        wrong("[accounts.\"Zoë\"]\nservice = \"invented\"\n\"é\" = 1\n"),
        "etc/rolo.toml:3:1: [accounts.Zoë] has no setting called: é | \
         it may have service, token, refresh, rate, unthrottled, in_flight, trust, remember, keep_runs, keep_undo, \
         base_url, ca_file, account_id, strict"
    );
    assert!(wrong("[accounts.a]\nservice = \"é\", \n").starts_with("etc/rolo.toml:2:14: not valid TOML: "));
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    for text in [
        "[accounts.a]\nservice = \"invented\"\naccount_id = 1\ntoken = \"canary-4711\"\n",
        "[accounts.a]\nservice = \"invented\"\naccount_id = 1\nrefresh = { token = \"canary-4711\" }\n",
    ] {
        let said = wrong(text);
        assert!(said.contains("token holds the secret itself"), "{said}");
        assert!(said.contains("token = { env = \"NAME\" }"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn a_token_has_exactly_one_place() {
    let token =
        |token: &str| wrong(&format!("[accounts.a]\nservice = \"invented\"\naccount_id = 1\ntoken = {token}\n"));
    assert!(token("{}").contains("token should name one place"));
    assert!(token("{ env = \"A\", file = \"b\" }").contains("token should name one place"));
    assert!(token("{ evn = \"A\" }").ends_with("did you mean env?"));
    assert!(token("{ command = \"pass show x\" }").contains("should be a list of texts"));
    assert!(token("{ command = [] }").contains("should be a list of texts"));
    assert!(token("7").contains("token of [accounts.a] should be a table, not a number"));
    assert!(
        wrong("[accounts.a]\nservice = \"invented\"\naccount_id = 1\n")
            .starts_with("etc/rolo.toml:1:1: [accounts.a] lacks a setting: token | ")
    );
}

#[test]
fn a_rate_above_the_services_own_is_an_error() {
    assert_eq!(
        wrong("[accounts.a]\nservice = \"invented\"\naccount_id = 1\ntoken = { env = \"T\" }\nrate = \"101/1m\"\n"),
        "etc/rolo.toml:1:1: [accounts.a]: the rate is above what the service admits: 101 a minute against 100 a minute \
         | take the rate out to use the service's own limit, or lower it"
    );
}

#[test]
fn what_a_service_needs_is_asked_for() {
    let said = wrong("[accounts.a]\nservice = \"invented\"\ntoken = { env = \"T\" }\n");
    assert!(said.starts_with("etc/rolo.toml:1:1: [accounts.a]: invented needs the setting: account_id"), "{said}");
}

#[test]
fn the_embedded_servers_name_is_not_for_accounts() {
    for name in ["sandbox", "\"sandbox:x\"", "\"a:b\""] {
        let said = wrong(&format!("[accounts.{name}]\nservice = \"invented\"\n"));
        assert!(said.contains("an account can't be called"), "{said}");
    }
}

#[test]
fn a_job_is_an_import_an_export_or_a_copy() {
    assert!(wrong("[jobs.n]\nimport = \"a.csv\"\n").contains("neither an import, an export nor a copy"));
    assert!(wrong("[jobs.n]\nimport = \"a.csv\"\nexport = \"b.csv\"\nto = \"sandbox\"\n").contains("neither"));
    let config = parse("[jobs.n]\nfrom = \"sandbox:invented\"\nto = \"sandbox\"\n").unwrap();
    assert_eq!(config.jobs["n"].action, Action::Copy { from: "sandbox:invented".into(), to: "sandbox".into() });
}

#[test]
fn only_a_server_on_this_machine_is_not_paced() {
    let text = |more: &str| {
        format!("[accounts.a]\nservice = \"invented\"\naccount_id = 1\ntoken = {{ env = \"T\" }}\n{more}\n")
    };
    let near = "base_url = \"http://127.0.0.1:8787/x\"\n";
    let account = parse(&text(&format!("{near}unthrottled = true\nin_flight = 32"))).unwrap().accounts["a"].clone();
    assert!(account.unthrottled && account.in_flight == Some(32));
    let why = "it is for a server on this machine alone: others count calls, and refuse them";
    for far in ["", "base_url = \"https://127.0.0.1.example.org\"\n", "base_url = \"https://192.168.0.2\"\n"] {
        for (key, value) in [("unthrottled", "true"), ("unthrottled", "false"), ("in_flight", "4")] {
            let wrong = wrong(&text(&format!("{far}{key} = {value}")));
            assert!(wrong.contains(&format!("{key} of [accounts.a]: {why}")), "{wrong}");
        }
    }
    let wrong = |more: &str| wrong(&text(&format!("{near}{more}")));
    assert!(wrong("unthrottled = true\nrate = \"5/1s\"").contains("calls are either paced or not: rate"));
    assert!(wrong("in_flight = 0").contains("at least one request is under way at once"));
}

#[test]
fn only_an_import_goes_on_the_next_night() {
    let job = |more: &str| format!("[jobs.n]\nimport = \"a.csv\"\nto = \"sandbox\"\n{more}\n");
    let text = job("until = \"06:00\"\ntime_zone = \"Europe/Berlin\"\nmax_calls = 500");
    let night = parse(&text).unwrap().jobs["n"].night.clone();
    assert_eq!((night.until.unwrap().to_string(), night.max_calls), ("06:00 Europe/Berlin".into(), Some(500)));
    assert!(parse(&job("")).unwrap().jobs["n"].night.is_endless());
    let wrong = wrong("[jobs.n]\nfrom = \"sandbox:invented\"\nto = \"sandbox\"\nmax_calls = 5\n");
    assert!(wrong.contains("max_calls of [jobs.n]: only an import goes on the next night"), "{wrong}");
}

#[test]
fn a_job_says_how_its_file_is_read() {
    let job = |text: &str| {
        let text = format!("[jobs.n]\nimport = \"a.xlsx\"\nto = \"sandbox\"\n{text}\n");
        parse(&text).unwrap().jobs["n"].clone()
    };
    let read = job("sheet = \"all\"\nheader_row = 3\nvisible_only = true\nonly = \"Consent = yes\"");
    assert_eq!((read.sheet.as_deref(), read.header_row, read.no_header), (Some("all"), Some(3), false));
    assert!(read.visible_only && read.only == ["Consent = yes"]);
    let read = job("header = \"none\"\nonly = [\"A = 1\", \"B is not blank\"]");
    assert!(read.no_header && read.header_row.is_none() && read.only == ["A = 1", "B is not blank"]);
    let wrong = |line: &str| wrong(&format!("[jobs.n]\nimport = \"a.csv\"\nto = \"sandbox\"\n{line}\n"));
    assert!(wrong("header = \"3\"").starts_with("etc/rolo.toml:4:10: header of [jobs.n]: it can only be \"none\""));
    assert!(wrong("header = \"none\"\nheader_row = 2").contains("there can't be none and one in header_row"));
    assert!(wrong("header_row = 0").contains("header_row of [jobs.n]: rows are counted from 1"));
    assert!(wrong("only = [\"A = 1\", 2]").starts_with("etc/rolo.toml:4:18: only of [jobs.n] should be a condition"));
}

#[test]
fn an_unknown_name_is_answered_with_the_names_there_are() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.account("suport").unwrap_err().hint.unwrap(), "did you mean support?");
    assert_eq!(config.account("x").unwrap_err().hint.unwrap(), "the accounts are support, vault");
    assert_eq!(config.job("x").unwrap_err().hint.unwrap(), "the jobs are nightly");
    assert!(Config::default().account("x").unwrap_err().hint.unwrap().starts_with("add [accounts.x] to rolo.toml"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|(\\[(accounts|jobs)\\.a\\]\n(service|token|rate|import|to) = [\\PC\n]*)") {
        drop(parse(&text));
    }
}
