use std::time::Duration;

use super::super::{Fingerprint, NewRun, Run, RunKind, RunState};
use super::{Damaged, back, int};
use crate::contact::{Counts, Outcome};
use crate::journal::RunId;

/// States of a run that can be taken up again.
pub(in crate::ledger) const CUT_OFF: [RunState; 4] =
    [RunState::Running, RunState::Stopped, RunState::Interrupted, RunState::Queued];

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// How many names a minute has room for.
const PLACES: u64 = 36 * 36 * 36;

/// With what the names of runs begin that began in the same minute as this one: day and minute (UTC).
pub(in crate::ledger) fn run_prefix(started: u64) -> Result<String, Damaged> {
    let at = jiff::Timestamp::from_second(int(started)).map_err(|_| Damaged("the run began at an impossible time"))?;
    Ok(at.strftime("%Y%m%d-%H%M-").to_string())
}

/// Day and minute (UTC) for people; then three characters that grow with the second, and that keep two runs of
/// the same second apart. `latest` is the last name given in this minute: names sort as they were given.
pub(in crate::ledger) fn run_name(started: u64, random: u64, latest: Option<&str>) -> Result<RunId, Damaged> {
    let minute = run_prefix(started)?;
    let a_second = PLACES / 60;
    let wanted = started % 60 * a_second + random % a_second;
    let given = latest.and_then(|name| u64::from_str_radix(name.strip_prefix(&minute)?, 36).ok());
    let number = given.map_or(wanted, |given| wanted.max(given + 1));
    let place = |power: u32| char::from(DIGITS[(number / 36_u64.pow(power) % 36) as usize]);
    Ok(RunId(format!("{minute}{}{}{}", place(2), place(1), place(0))))
}

/// A run as its columns stand.
pub(in crate::ledger) struct StoredRun {
    pub(in crate::ledger) name: String,
    pub(in crate::ledger) command: String,
    pub(in crate::ledger) fingerprint: [u8; 32],
    pub(in crate::ledger) called: String,
    pub(in crate::ledger) identity: String,
    pub(in crate::ledger) service: String,
    pub(in crate::ledger) file: String,
    pub(in crate::ledger) options: String,
    pub(in crate::ledger) started: i64,
    pub(in crate::ledger) state: String,
    pub(in crate::ledger) ended: Option<i64>,
    pub(in crate::ledger) pruned: Option<i64>,
    /// In microseconds.
    pub(in crate::ledger) took: Option<i64>,
    /// Rows by outcome, in the order of [`Outcome::ALL`].
    pub(in crate::ledger) counts: Vec<i64>,
    pub(in crate::ledger) due: Option<i64>,
    pub(in crate::ledger) told: Option<String>,
}

impl StoredRun {
    pub(in crate::ledger) fn read(self) -> Result<Run, Damaged> {
        let mut counts = Counts::default();
        for (count, outcome) in self.counts.into_iter().zip(Outcome::ALL) {
            counts[outcome] = back(count);
        }
        Ok(Run {
            id: RunId(self.name),
            new: NewRun {
                kind: RunKind::from_name(&self.command).ok_or(Damaged("the command of a run can't be read"))?,
                fingerprint: Fingerprint(self.fingerprint),
                account: self.called,
                identity: self.identity,
                service: self.service,
                file: self.file,
                options: serde_json::from_str(&self.options)
                    .map_err(|_| Damaged("the options of a run can't be read"))?,
                started: back(self.started),
            },
            state: RunState::ALL
                .into_iter()
                .find(|candidate| candidate.name() == self.state)
                .ok_or(Damaged("the state of a run can't be read"))?,
            ended: self.ended.map(back),
            counts,
            pruned: self.pruned.map(back),
            took: self.took.map(|micros| Duration::from_micros(back(micros))),
            due: self.due.map(back),
            told: self.told,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_grow_with_time_and_behind_those_that_were_given() {
        const AT: u64 = 1_795_253_460; // 2026-11-21 09:31:00 UTC
        let name = |started, random, latest| run_name(started, random, latest).unwrap().0;
        assert_eq!(name(AT, 0, None), "20261121-0931-000");
        assert_eq!(name(AT, 35, None), "20261121-0931-00z");
        assert_eq!(name(AT + 1, 0, None), "20261121-0931-0ll");
        assert_eq!(name(AT, 0, Some("20261121-0931-0lz")), "20261121-0931-0m0");
        assert_eq!(name(AT + 59, 5, Some("20261121-0931-000")), name(AT + 59, 5, None));
    }
}
