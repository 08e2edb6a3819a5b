//! Calls of rows, as one transaction adds to them.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use super::super::CallsAt;
use super::super::stored::{StoredCalls, StoredStep, int};
use super::errors::Trouble;
use super::sql::{Pipeline, rows, v};
use crate::contact::CallKind;
use crate::journal::{Answered, Intent, RunId, StepRecord};

/// What several intents and answers make of one step, whatever was recorded of it before: with `sent` calls
/// before, there are the greater of `sent + more` and `least` after.
struct CallChange {
    kind: CallKind,
    more: u32,
    least: u32,
    answer: Option<Answered>,
}

/// The steps that a transaction changes.
#[derive(Default)]
pub(super) struct Calls(BTreeMap<(u64, u32), CallChange>);

impl Calls {
    /// A call is about to leave. An answer that came before says nothing about it.
    pub(super) fn intend(&mut self, intent: &Intent) {
        let Intent { row, step, kind, attempt, .. } = *intent;
        let change = self.0.entry((row, step)).or_insert(CallChange { kind, more: 0, least: 0, answer: None });
        let first = change.more == 0 && change.least == 0;
        change.more += 1;
        change.least = if first { attempt } else { (change.least + 1).max(attempt) };
        (change.kind, change.answer) = (kind, None);
    }

    /// Its answer came.
    pub(super) fn answered(&mut self, answered: &Answered) {
        let Answered { row, step, kind, attempts, .. } = *answered;
        let change = self.0.entry((row, step)).or_insert(CallChange { kind, more: 0, least: 0, answer: None });
        change.least = change.least.max(attempts);
        (change.kind, change.answer) = (kind, Some(answered.clone()));
    }

    /// As columns.
    pub(super) fn changes(&self) -> CallChanges {
        let mut changes = CallChanges::default();
        for ((row, step), change) in &self.0 {
            changes.rows.push(int(*row));
            changes.steps.push(i64::from(*step));
            changes.kinds.push(change.kind.name());
            changes.more.push(i64::from(change.more));
            changes.least.push(i64::from(change.least));
            let answer = change.answer.as_ref();
            changes.verdicts.push(answer.map(|answer| answer.verdict.name()));
            changes.answers.push(answer.map(|answer| i64::from(answer.attempts)));
            changes.statuses.push(answer.and_then(|answer| answer.http_status).map(i64::from));
            changes.contacts.push(answer.and_then(|answer| answer.contact_id.as_ref()).map(|id| id.0.clone()));
        }
        changes
    }
}

/// What a transaction changes of calls.
#[derive(Default)]
pub(super) struct CallChanges {
    rows: Vec<i64>,
    steps: Vec<i64>,
    kinds: Vec<&'static str>,
    more: Vec<i64>,
    least: Vec<i64>,
    verdicts: Vec<Option<&'static str>>,
    answers: Vec<Option<i64>>,
    statuses: Vec<Option<i64>>,
    contacts: Vec<Option<String>>,
}

impl CallChanges {
    pub(super) async fn send<'a>(&'a self, run: &'a i64, now: &'a i64, pipeline: &mut Pipeline<'a>) {
        // Of what was there before, only how often the call was sent counts.
        const PUT: &str = "WITH new AS (
                SELECT * FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11)
                AS new (row, step, kind, more, least, verdict, answers, http_status, contact_id)),
            before AS (
                SELECT new.row, new.step, call.sent FROM new JOIN rolo.call
                ON call.run_id = $1 AND call.row = new.row AND call.step = new.step)
            INSERT INTO rolo.call (run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id)
            SELECT $1, new.row, new.step, kind, greatest(least, before.sent + more), $2, verdict, answers,
            http_status, contact_id FROM new LEFT JOIN before ON before.row = new.row AND before.step = new.step
            ON CONFLICT (run_id, row, step) DO UPDATE SET kind = excluded.kind, sent = excluded.sent, at = excluded.at,
            verdict = excluded.verdict, answers = excluded.answers, http_status = excluded.http_status,
            contact_id = excluded.contact_id";
        // A row that has ended is not open again.
        const OPEN: &str =
            "INSERT INTO rolo.open_row (run_id, row) SELECT DISTINCT $1, opened.row FROM unnest($2) AS opened (row)
            WHERE NOT EXISTS (SELECT FROM rolo.row_record WHERE row_record.run_id = $1 AND row_record.row = opened.row)
            ON CONFLICT DO NOTHING";
        let Self { rows, steps, kinds, more, least, verdicts, answers, statuses, contacts } = self;
        if rows.is_empty() {
            return;
        }
        let values = vec![
            v(run),
            v(now),
            v(rows),
            v(steps),
            v(kinds),
            v(more),
            v(least),
            v(verdicts),
            v(answers),
            v(statuses),
            v(contacts),
        ];
        pipeline.send(PUT, values).await;
        pipeline.send(OPEN, vec![v(run), v(rows)]).await;
    }
}

pub(super) async fn steps(client: &Client, run: &RunId, row: u64) -> Result<Vec<StepRecord>, Trouble> {
    let query = "SELECT step, kind, sent, verdict, answers, http_status, contact_id FROM rolo.call
        WHERE run_id = (SELECT id FROM rolo.run WHERE name = $1) AND row = $2 ORDER BY step";
    let mut steps = Vec::new();
    for found in rows(client, query, &[v(&run.0), v(&int(row))]).await? {
        let stored = StoredStep {
            step: small(found.try_get(0)?),
            kind: found.try_get(1)?,
            sent: small(found.try_get(2)?),
            verdict: found.try_get(3)?,
            answers: found.try_get::<_, Option<i64>>(4)?.map(small),
            http_status: status(found.try_get(5)?),
            contact_id: found.try_get(6)?,
        };
        steps.push(stored.read(row)?);
    }
    Ok(steps)
}

pub(super) async fn over_time(client: &Client, run: &RunId) -> Result<Vec<CallsAt>, Trouble> {
    let query = "SELECT at / 1000000, kind, sum(sent)::bigint FROM rolo.call
        WHERE run_id = (SELECT id FROM rolo.run WHERE name = $1) GROUP BY 1, 2 ORDER BY 1, 2";
    let mut calls = Vec::new();
    for found in rows(client, query, &[v(&run.0)]).await? {
        let stored = StoredCalls { second: found.try_get(0)?, kind: found.try_get(1)?, calls: found.try_get(2)? };
        calls.push(stored.read()?);
    }
    Ok(calls)
}

/// A stored number of 32 bits.
pub(super) fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A stored status of an answer.
pub(super) fn status(number: Option<i64>) -> Option<u16> {
    number.and_then(|number| u16::try_from(number).ok())
}
