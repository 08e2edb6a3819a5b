use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::contact::Outcome;
use crate::error::{Error, Result};
use crate::ledger::{JobCondition, OutboxAlert, Run};
use crate::report::{Summary, count, number};

/// What is told of a job beside how it stands: names, numbers and reasons, no value of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertFacts {
    pub command: String,
    pub account: String,
    pub service: String,
    pub file: String,
    /// Rows that were read, or contacts that were written; `None` if nothing came to that.
    pub rows: Option<u64>,
    /// Rows that are on the service as they should be, or contacts in the file.
    pub done: u64,
    pub rejected: u64,
    /// Rows that failed or are in doubt.
    pub failed: u64,
    /// Contacts that had been changed on the service since they were sent.
    pub drifted: u64,
    /// When the job was due, as clocks of its time zone show it.
    pub due: Option<String>,
    pub why: Option<String>,
    /// What to do, if it can be said.
    pub next: Option<String>,
    /// It was asked for, to see whether it arrives.
    pub is_test: bool,
}

impl AlertFacts {
    /// What is known of a run before it has an end.
    pub fn of_run(run: &Run) -> Self {
        Self {
            command: run.new.kind.name().to_owned(),
            account: run.new.account.clone(),
            service: run.new.service.clone(),
            file: run.new.file.clone(),
            ..Self::default()
        }
    }

    /// The same with what came of its rows.
    pub(super) fn with_rows(self, summary: &Summary) -> Self {
        let counts = &summary.counts;
        let failed = counts[Outcome::Failed] + counts[Outcome::InDoubt];
        let done = [Outcome::Created, Outcome::Updated, Outcome::Unchanged].map(|outcome| counts[outcome]).iter().sum();
        Self {
            rows: Some(summary.contacts.unwrap_or(summary.rows)),
            done: summary.contacts.unwrap_or(done),
            rejected: counts[Outcome::Rejected],
            failed,
            drifted: summary.drifted,
            ..self
        }
    }

    /// As the outbox keeps it.
    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::bug("an alert can't be written").caused_by(error))
    }
}

/// An alert as it is sent.
#[derive(Clone, Debug)]
pub struct Alert {
    pub id: String,
    pub job: String,
    pub condition: JobCondition,
    pub was: Option<JobCondition>,
    pub run: Option<String>,
    /// Seconds from the Unix epoch.
    pub at: u64,
    pub facts: AlertFacts,
}

impl Alert {
    /// The one that lies in the outbox.
    pub fn of(kept: &OutboxAlert) -> Self {
        Self {
            id: kept.id.clone(),
            job: kept.job.clone(),
            condition: kept.condition,
            was: kept.was,
            run: kept.run.as_ref().map(|run| run.0.clone()),
            at: kept.at,
            facts: serde_json::from_str(&kept.facts).unwrap_or_default(),
        }
    }

    /// In one line.
    pub fn title(&self) -> String {
        let Self { job, facts, .. } = self;
        let of_rows = |bad: u64| format!("{} of {}", number(bad), count(facts.rows.unwrap_or_default(), "row"));
        match self.condition {
            _ if facts.is_test => format!("rolo: a test of the alerts of job {job}"),
            JobCondition::Well => format!("rolo: job {job} is well again"),
            JobCondition::Drift => {
                format!("rolo: job {job} found {} changed on the service", count(facts.drifted, "contact"))
            }
            JobCondition::RowsRejected => format!("rolo: job {job} rejected {}", of_rows(facts.rejected)),
            JobCondition::RowsFailed => {
                let are = if facts.failed == 1 { "is" } else { "are" };
                format!("rolo: job {job}: {} failed or {are} in doubt", of_rows(facts.failed))
            }
            JobCondition::Unfinished => format!("rolo: job {job} is not finished"),
            JobCondition::Late => format!("rolo: job {job} is late"),
            JobCondition::Failed => format!("rolo: job {job} failed"),
        }
    }

    /// The whole, line by line.
    pub fn text(&self) -> String {
        let facts = &self.facts;
        let mut lines = vec![self.title()];
        if facts.is_test {
            lines.push("Nothing happened: somebody asked whether alerts arrive here.".to_owned());
        }
        if let Some(was) = self.was.filter(|was| *was != JobCondition::Well) {
            lines.push(format!("Before, it was: {}", was.name().replace('_', " ")));
        }
        if !facts.command.is_empty() {
            let run = self.run.as_ref().map(|run| format!(", run {run}")).unwrap_or_default();
            lines.push(format!("{} of {}, account {}{run}", facts.command, facts.file, facts.account));
        }
        lines.extend(facts.due.as_ref().map(|due| format!("It was due at {due}.")));
        lines.extend(facts.rows.map(|rows| self.numbers(rows)));
        lines.extend(facts.why.as_ref().map(|why| format!("Why: {why}")));
        lines.extend(facts.next.as_ref().map(|next| format!("Next: {next}")));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn numbers(&self, rows: u64) -> String {
        let facts = &self.facts;
        if facts.command == "export" {
            return format!("{} written", count(rows, "contact"));
        }
        format!(
            "{} of {} done, {} rejected, {} failed or in doubt",
            number(facts.done),
            count(rows, "row"),
            number(facts.rejected),
            number(facts.failed)
        )
    }

    /// For programs.
    pub fn to_json(&self) -> serde_json::Value {
        let facts = &self.facts;
        let at = i64::try_from(self.at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
        json!({
            "type": "rolo.alert",
            "version": 1,
            "id": self.id,
            "at": at.map(|at| at.to_string()),
            "job": self.job,
            "condition": self.condition.name(),
            "was": self.was.map(JobCondition::name),
            "is_test": facts.is_test,
            "run": self.run,
            "command": facts.command,
            "account": facts.account,
            "service": facts.service,
            "file": facts.file,
            "due": facts.due,
            "rows": facts.rows,
            "done": facts.done,
            "rejected": facts.rejected,
            "failed": facts.failed,
            "drifted": facts.drifted,
            "why": facts.why,
            "next": facts.next,
            "title": self.title(),
            "text": self.text(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_says_which_job_three_numbers_why_and_what_to_do() {
        let facts = AlertFacts {
            command: "import".into(),
            account: "support".into(),
            file: "/in/contacts.csv".into(),
            rows: Some(50_000),
            done: 1200,
            rejected: 30,
            failed: 4,
            why: Some("the service refused the credential of account support".into()),
            next: Some("rolo resume 20261121-0931-k3f".into()),
            ..AlertFacts::default()
        };
        let alert = Alert {
            id: "alert_1".into(),
            job: "nightly".into(),
            condition: JobCondition::Failed,
            was: Some(JobCondition::Late),
            run: Some("20261121-0931-k3f".into()),
            at: 1_795_253_460,
            facts,
        };
        assert_eq!(
            alert.text(),
            "rolo: job nightly failed\nBefore, it was: late\n\
             import of /in/contacts.csv, account support, run 20261121-0931-k3f\n\
             1,200 of 50,000 rows done, 30 rejected, 4 failed or in doubt\n\
             Why: the service refused the credential of account support\nNext: rolo resume 20261121-0931-k3f\n"
        );
        assert_eq!(alert.to_json()["at"], "2026-11-21T09:31:00Z");
        let well = Alert { condition: JobCondition::Well, ..alert };
        assert_eq!(well.title(), "rolo: job nightly is well again");
    }
}
