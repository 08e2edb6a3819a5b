use serde_json::json;

use super::alerting::{send_waiting, sender};
use super::{CommandContext, Exit, listing_width, print, running};
use crate::alerts::{Alert, AlertFacts, JobWatch};
use crate::clock;
use crate::error::{Error, Result};
use crate::ledger::{JobCondition, JobRecord, OutboxAlert};
use crate::report::words::moment;
use crate::report::{TextTable, escape, escape_json, number};

const EXAMPLES: &str = "\
Examples:
  rolo alerts                      how each job stands, who was told, and what waits
  rolo alerts test nightly         does an alert of this job arrive?
  rolo alerts send                 what waits, now";

/// How long sending what waits may take.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(60);

/// List how jobs stand, and the alerts about them; try whether one arrives.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct AlertsCommand {
    #[command(subcommand)]
    action: Option<Action>,
    /// How many alerts to list.
    #[arg(long, value_name = "ALERTS", default_value_t = 20)]
    last: u32,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Send one to each channel of a job, now, and say what came of it.
    Test {
        /// Name of the job.
        job: String,
    },
    /// Send what waits, now.
    Send,
}

pub fn run(args: &AlertsCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        match &args.action {
            Some(Action::Test { job }) => test(job, context).await,
            Some(Action::Send) => send(context).await,
            None => list(args.last.try_into().unwrap_or(usize::MAX), context).await,
        }
    })
}

async fn test(name: &str, context: &CommandContext) -> Result<Exit> {
    let config = context.config()?;
    let watch = JobWatch::of(config.job(name)?, &config);
    if watch.channels.is_empty() {
        return Err(Error::usage(format!("nobody is told of job {name}")).hint(format!(
            "add [notify.NAME] with a webhook, a command or a mail server, and notify = [\"NAME\"] to [jobs.{name}] or \
             [defaults]"
        )));
    }
    let now = clock::unix_now().as_secs();
    let facts = AlertFacts { is_test: true, ..AlertFacts::default() };
    let judged = watch.judgement(JobCondition::Well, None, &facts)?;
    let alert =
        Alert { id: judged.id, job: watch.job, condition: judged.condition, was: None, run: None, at: now, facts };
    let mut exit = Exit::Done;
    for channel in &watch.channels {
        let sent = match sender(channel, &config, context) {
            Ok(sender) => sender.send(&alert, now).await,
            Err(error) => Err(error),
        };
        let why = sent.err().map(|error| [vec![error.message.clone()], error.causes()].concat().join(": "));
        if why.is_some() {
            exit = Exit::Stopped;
        }
        print(&if context.json {
            let line = json!({"channel": channel, "sent": why.is_none(), "why": why, "id": alert.id});
            format!("{}\n", escape_json(&line.to_string()))
        } else {
            let came = why.map_or_else(|| "sent".to_owned(), |why| format!("not sent: {why}"));
            format!("{}: {}\n", escape(channel), escape(&came))
        })?;
    }
    Ok(exit)
}

async fn send(context: &CommandContext) -> Result<Exit> {
    let ledger = context.ledger()?.open()?;
    let delivered = send_waiting(&ledger, &context.config()?, context, WITHIN).await?;
    if context.json {
        let line = json!({"sent": delivered.sent, "trouble": delivered.trouble});
        print(&format!("{}\n", escape_json(&line.to_string())))?;
    } else {
        print(&format!("{} sent\n", number(delivered.sent)))?;
        for why in &delivered.trouble {
            print(&format!("not sent yet: {}\n", escape(why)))?;
        }
    }
    Ok(if delivered.trouble.is_empty() { Exit::Done } else { Exit::Stopped })
}

async fn list(last: usize, context: &CommandContext) -> Result<Exit> {
    let ledger = context.ledger()?.open()?;
    let (jobs, alerts) = (ledger.job_records().await?, ledger.alerts(last).await?);
    if context.json {
        for line in jobs.iter().map(job_json).chain(alerts.iter().map(alert_json)) {
            print(&format!("{}\n", escape_json(&line.to_string())))?;
        }
        return Ok(Exit::Done);
    }
    if jobs.is_empty() && alerts.is_empty() {
        print("no job has run yet: `rolo alerts test JOB` tries whether its alerts arrive\n")?;
        return Ok(Exit::Done);
    }
    for job in &jobs {
        let run = job.run.as_ref().map(|run| format!(", run {run}")).unwrap_or_default();
        let since = moment(job.since);
        print(&format!("job {} is {} since {since}{run}\n", escape(&job.job), words(job.condition)))?;
    }
    if !alerts.is_empty() {
        print(&table(&alerts))?;
    }
    Ok(Exit::Done)
}

fn words(condition: JobCondition) -> String {
    condition.name().replace('_', " ")
}

fn table(alerts: &[OutboxAlert]) -> String {
    let mut table = TextTable::new(["alert of", "job", "is", "channel", "tries", "state"]);
    for alert in alerts {
        table.add_row([
            moment(alert.at),
            escape(&alert.job).into_owned(),
            words(alert.condition),
            escape(&alert.channel).into_owned(),
            alert.tries.to_string(),
            escape(&state_words(alert)).into_owned(),
        ]);
    }
    table.words(listing_width())
}

fn state_words(alert: &OutboxAlert) -> String {
    let why = alert.told.as_ref().map(|told| format!(": {told}")).unwrap_or_default();
    match alert.ended {
        Some(ended) if alert.is_sent => format!("sent {}", moment(ended)),
        Some(ended) => format!("given up {}{why}", moment(ended)),
        None if alert.tries == 0 => "waits".to_owned(),
        None => format!("tried again {}{why}", moment(alert.due)),
    }
}

fn job_json(job: &JobRecord) -> serde_json::Value {
    json!({
        "job": job.job,
        "condition": job.condition.name(),
        "since": job.since,
        "run": job.run.as_ref().map(|run| &run.0),
        "succeeded": job.succeeded,
    })
}

fn alert_json(alert: &OutboxAlert) -> serde_json::Value {
    let state = match alert.ended {
        Some(_) if alert.is_sent => "sent",
        Some(_) => "given_up",
        None => "waiting",
    };
    json!({
        "alert": alert.id,
        "job": alert.job,
        "condition": alert.condition.name(),
        "was": alert.was.map(JobCondition::name),
        "run": alert.run.as_ref().map(|run| &run.0),
        "channel": alert.channel,
        "at": alert.at,
        "state": state,
        "tries": alert.tries,
        "due": alert.due,
        "ended": alert.ended,
        "told": alert.told,
    })
}
