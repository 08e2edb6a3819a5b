//! Access tokens that run out, against the emulator of the one service that has such.

use rolo::contact::Call;
use rolo::error::ErrorKind;
use rolo::jobs::{AccountSpec, Connection, RefreshSecrets, connect};
use rolo::ledger::ClaimedRun;
use rolo::reconcile::CallEnd;
use rolo::services::Settings;
use rolo::upload::{Notice, Stop};
use rolo_sandbox::{Options, Sandbox, start};

use crate::staged::{entry, ledger};

const CANARIES: [&str; 3] = ["canary-refresh", "canary-id", "canary-secret"];

async fn sandbox() -> Sandbox {
    let calendar = rolo::clock::simulated_calendar();
    let mut options = Options::new(move || calendar());
    options.services = vec!["engagor".into()];
    options.emulator.unthrottled = true;
    start(options).await.unwrap()
}

fn spec(sandbox: &Sandbox, token: Option<&str>, refresh_token: &str) -> AccountSpec {
    let base_url = sandbox.base_url("engagor");
    let settings = [("account_id", "1"), ("topic_ids", "1"), ("site", base_url.as_str())];
    AccountSpec {
        base_url: Some(base_url.clone()),
        secret: token.map(|token| token.to_owned().into()),
        refresh: Some(RefreshSecrets {
            refresh_token: refresh_token.to_owned().into(),
            client_id: CANARIES[1].to_owned().into(),
            client_secret: CANARIES[2].to_owned().into(),
        }),
        ..AccountSpec::new("care", entry("engagor"), Settings::of(&settings))
    }
}

async fn connected(spec: &AccountSpec) -> rolo::error::Result<Connection> {
    let mut connection = connect(spec, std::path::Path::new("unused"), &ledger()).await?;
    connection.account.budget = crate::staged::unthrottled(&connection.account.ledger);
    Ok(connection)
}

fn renewals(sandbox: &Sandbox) -> usize {
    sandbox.log().iter().filter(|request| request.path.starts_with("/oauth/")).count()
}

#[tokio::test]
async fn a_token_that_has_run_out_is_renewed_once_for_all_calls_and_the_calls_go_on() {
    let sandbox = sandbox().await;
    let connection = connected(&spec(&sandbox, Some("expired"), "sandbox-refresh")).await.unwrap();
    let (caller, _notices) = connection.caller(&ClaimedRun::unclaimed("run"), &Stop::default());
    let calls = (0..20).map(|_| {
        let caller = caller.clone();
        tokio::spawn(async move { caller.read(&Call::Check).await.end })
    });
    for call in calls.collect::<Vec<_>>() {
        let ended = call.await.unwrap();
        assert!(matches!(ended, CallEnd::Done(_)), "{ended:?}");
    }
    assert_eq!(renewals(&sandbox), 1);
    assert!(caller.halted().is_none());
}

#[tokio::test]
async fn an_account_without_a_token_gets_one_before_its_first_call() {
    let sandbox = sandbox().await;
    let connection = connected(&spec(&sandbox, None, "sandbox-refresh")).await.unwrap();
    let (caller, _notices) = connection.caller(&ClaimedRun::unclaimed("run"), &Stop::default());
    let reached = caller.read(&Call::Check).await;
    assert!(matches!(reached.end, CallEnd::Done(_)));
    assert_eq!((reached.answers, renewals(&sandbox)), (1, 1));
}

#[tokio::test]
async fn a_refused_refresh_token_stops_the_run_and_no_secret_is_told() {
    let sandbox = sandbox().await;
    let connection = connected(&spec(&sandbox, Some("expired"), CANARIES[0])).await.unwrap();
    let (caller, mut notices) = connection.caller(&ClaimedRun::unclaimed("run"), &Stop::default());
    assert!(matches!(caller.read(&Call::Check).await.end, CallEnd::Halted));
    let halt = caller.halted().unwrap();
    assert_eq!(halt.kind, ErrorKind::Stopped);
    let mut told = format!("{halt:?}");
    while let Ok(notice) = notices.try_recv() {
        told += &format!("{notice:?}");
        if let Notice::NotRenewed { message } = notice {
            assert_eq!(message, "invalid_grant (status 400)");
        }
    }
    assert!(told.contains("invalid_grant"), "{told}");

    let error = connected(&spec(&sandbox, None, CANARIES[0])).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Stopped);
    told += &format!("{error:?}");
    let unreachable = spec(&sandbox, None, CANARIES[0]);
    sandbox.stop().await;
    told += &format!("{:?}", connected(&unreachable).await.err().unwrap());
    assert!(!CANARIES.iter().any(|canary| told.contains(canary)), "{told}");
}

#[tokio::test]
async fn a_service_whose_tokens_last_takes_no_refresh() {
    let sandbox = sandbox().await;
    let mut spec = spec(&sandbox, Some("sandbox"), "sandbox-refresh");
    spec.service = entry("chatwoot");
    spec.settings = Settings::of(&[("account_id", "1")]);
    let error = connected(&spec).await.err().unwrap();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Usage, "account care has `refresh`, which chatwoot does not know")
    );
}
