//! What a person would do now, from how a job stands: decided here for every command.

use std::fmt;
use std::path::{Path, PathBuf};

use super::words::{count, moment};
use super::{JobKind, Summary, escape};
use crate::contact::{Counts, Outcome};
use crate::error::{Error, Result};
use crate::ledger::{Run, RunState};

/// How a job stands: all that next steps depend on.
#[derive(Clone, Debug)]
pub struct JobState {
    pub kind: JobKind,
    /// `None` for a job that is no run, such as a check.
    pub run: Option<(String, RunState)>,
    /// A process works on it now.
    pub is_under_way: bool,
    pub counts: Counts,
    /// Where its rows are explained.
    pub results: Option<PathBuf>,
    /// When the records of its rows were let go, in seconds from the Unix epoch.
    pub pruned: Option<u64>,
    /// The place that it was made at went with its command: nothing can be gone on with there, or put back.
    pub in_memory: bool,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Go on with what was cut off.
    Resume { run: String, why: Resume },
    /// Give the command again that did not come to its end.
    Repeat,
    /// The same, which begins anew: nobody has kept what there was.
    Anew,
    /// Send the failed rows again.
    Retry { run: String, in_memory: bool },
    /// Mend the rejected rows, and send them if they belong to a run.
    Mend { rows: u64, run: Option<String>, file: Option<PathBuf>, in_memory: bool },
    /// Put back what an undo left.
    Undo { run: String },
}

/// What going on with a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Nobody works on it any more.
    CutOff,
    GoesOn,
    LooksAgain,
    PutsBackTheRest,
}

/// How what an undo has put back comes again.
const AGAIN: &str = "the command of the import, given again, brings back what the undo took away";

/// What a person may ask of a run that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    Resume,
    Retry,
    /// Of rows that were mended in a file, those among them that went well without a cell.
    RetryMended,
    Undo,
}

impl JobState {
    /// How a job stands at its end.
    pub fn of_summary(summary: &Summary) -> Self {
        Self {
            kind: summary.kind,
            run: summary.run.clone().zip(summary.state),
            is_under_way: false,
            counts: summary.counts,
            results: summary.file.clone(),
            pruned: None,
            in_memory: summary.in_memory,
        }
    }

    /// How a recorded run stands, and whether a process works on it now; its results are in `results`.
    pub fn of_run(run: &Run, is_under_way: bool, results: Option<&Path>) -> Self {
        Self {
            kind: run.new.kind.into(),
            run: Some((run.id.0.clone(), run.state)),
            is_under_way,
            counts: run.counts,
            results: results.map(Path::to_owned),
            pruned: run.pruned,
            in_memory: run.new.was_in_memory(),
        }
    }

    /// What a person would do now, the most urgent first; nothing where all is done.
    pub fn next_steps(&self) -> Vec<NextStep> {
        let Some((run, state)) = self.run.clone() else {
            return self.mend(None).into_iter().collect();
        };
        if self.pruned.is_some() || self.is_under_way {
            return Vec::new();
        }
        let resume = |why| match self.in_memory {
            true if why == Resume::LooksAgain || self.kind == JobKind::Undo => Vec::new(),
            true => vec![NextStep::Anew],
            false => vec![NextStep::Resume { run: run.clone(), why }],
        };
        match (self.kind, state) {
            // What waits is a worker's, and what has ended without its rows begins anew with its command.
            (_, RunState::Undone | RunState::Queued | RunState::Cancelled | RunState::Failed | RunState::Joined) => {
                Vec::new()
            }
            // Its other half is not of this run.
            (JobKind::Copy, RunState::Stopped | RunState::Interrupted | RunState::Running) => vec![NextStep::Repeat],
            (_, RunState::Running) => resume(Resume::CutOff),
            (JobKind::Undo, RunState::Stopped | RunState::Interrupted) => resume(Resume::PutsBackTheRest),
            (_, RunState::Stopped | RunState::Interrupted) => resume(Resume::GoesOn),
            (JobKind::Check | JobKind::Export | JobKind::Undo, _) => Vec::new(),
            (_, RunState::PartlyUndone) if self.in_memory => Vec::new(),
            (_, RunState::PartlyUndone) => vec![NextStep::Undo { run }],
            (JobKind::Import | JobKind::Retry | JobKind::Copy, RunState::Finished) => {
                let mut steps = Vec::new();
                if self.counts[Outcome::InDoubt] > 0 {
                    steps.extend(resume(Resume::LooksAgain));
                }
                if self.counts[Outcome::Failed] > 0 {
                    steps.push(NextStep::Retry { run: run.clone(), in_memory: self.in_memory });
                }
                steps.extend(self.mend(Some(run)));
                steps
            }
        }
    }

    fn mend(&self, run: Option<String>) -> Option<NextStep> {
        let rows = self.counts[Outcome::Rejected];
        (rows > 0).then(|| NextStep::Mend { rows, run, file: self.results.clone(), in_memory: self.in_memory })
    }

    /// Whether this may be asked of the run.
    ///
    /// # Errors
    /// Of kind `Usage`, saying how the run stands and what can be done instead.
    pub fn allows(&self, action: RunAction) -> Result<()> {
        let Some((run, state)) = &self.run else { return Ok(()) };
        let sends_rows = matches!(self.kind, JobKind::Import | JobKind::Retry | JobKind::Copy);
        let cut_off = matches!(state, RunState::Running | RunState::Stopped | RunState::Interrupted | RunState::Queued);
        let retries = matches!(action, RunAction::Retry | RunAction::RetryMended);
        let refuse = |why: String| {
            let error = Error::usage(why);
            Err(match self.next_steps().first() {
                Some(step) => error.hint(step.to_string()),
                None => error,
            })
        };
        match action {
            RunAction::Retry | RunAction::RetryMended | RunAction::Undo if self.pruned.is_some() => {
                let when = moment(self.pruned.unwrap_or_default());
                let goes = if retries { "which rows are to be sent again" } else { "what it changed" };
                refuse(format!("run {run} was pruned on {when}: its counts are kept, and not {goes}"))
            }
            RunAction::Retry | RunAction::RetryMended | RunAction::Undo if !sends_rows => {
                let what = if retries { "has rows to send again" } else { "can be put back" };
                let refused = refuse(format!("run {run} is an {}: only an import {what}", self.kind));
                let is_done = self.kind == JobKind::Undo && self.next_steps().is_empty();
                refused.map_err(|error: Error| if is_done { error.hint(AGAIN) } else { error })
            }
            RunAction::Resume | RunAction::Retry | RunAction::RetryMended if *state == RunState::PartlyUndone => {
                refuse(format!("run {run} is put back in part"))
            }
            _ if self.is_under_way => {
                Err(Error::usage(format!("run {run} is under way")).hint("wait until it has ended, or stop it"))
            }
            RunAction::Resume | RunAction::Undo if self.in_memory => Err(gone_with_its_command(run)),
            RunAction::Retry | RunAction::RetryMended | RunAction::Undo if *state == RunState::Queued => {
                Err(Error::usage(format!("run {run} waits for a worker"))
                    .hint(format!("`rolo work` serves it, and `rolo cancel {run}` ends it")))
            }
            RunAction::Resume if matches!(state, RunState::Cancelled | RunState::Failed | RunState::Joined) => {
                Err(Error::usage(format!("run {run} has ended ({})", state.name()))
                    .hint("its command, given again, begins anew, and sends nothing twice"))
            }
            _ if *state == RunState::Undone => refuse(format!("run {run} was put back already")),
            RunAction::Resume if !cut_off && self.counts[Outcome::InDoubt] == 0 => {
                refuse(format!("run {run} has finished, and nothing of it is in doubt"))
            }
            RunAction::Retry if self.counts.needing_attention() == 0 && !cut_off => {
                Err(Error::usage(format!("run {run} has no row that failed, was rejected or is in doubt"))
                    .hint("a results file with other changes is imported like any file"))
            }
            RunAction::Undo if *state == RunState::Running => refuse(format!("run {run} was cut off")),
            RunAction::Resume | RunAction::Retry | RunAction::RetryMended | RunAction::Undo => Ok(()),
        }
    }
}

impl NextStep {
    /// One word for a table or a program.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Resume { .. } => "resume",
            Self::Repeat | Self::Anew => "repeat",
            Self::Retry { .. } => "retry",
            Self::Mend { .. } => "mend",
            Self::Undo { .. } => "undo",
        }
    }

    /// What to type, if one command does it.
    pub fn command(&self) -> Option<String> {
        match self {
            Self::Resume { run, .. } => Some(format!("rolo resume {run}")),
            Self::Retry { run, in_memory } => Some(format!("rolo retry {run}{}", memory(*in_memory))),
            Self::Undo { run } => Some(format!("rolo undo {run} --yes")),
            Self::Mend { run: Some(run), file, in_memory, .. } => {
                let file = file.as_deref().map_or("FILE".into(), escaped);
                Some(format!("rolo retry {run} --with {file}{}", memory(*in_memory)))
            }
            Self::Mend { .. } | Self::Repeat | Self::Anew => None,
        }
    }
}

/// As a sentence, safe for a terminal.
impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.command().unwrap_or_default();
        match self {
            Self::Resume { why, .. } => {
                let does = match why {
                    Resume::CutOff => "goes on where it was cut off",
                    Resume::GoesOn => "goes on where this run stopped",
                    Resume::LooksAgain => "looks again for what is in doubt",
                    Resume::PutsBackTheRest => "puts back the rest",
                };
                write!(f, "`{command}` {does}")
            }
            Self::Repeat => f.write_str("the same command goes on where this one stopped"),
            Self::Anew => f.write_str("the same command begins anew, since a sandbox in memory keeps nothing"),
            Self::Retry { .. } => {
                write!(f, "`{command}` sends the failed rows again, once what their messages name is put right")
            }
            Self::Undo { .. } => write!(f, "`{command}` puts back the rest, but for what was changed since"),
            Self::Mend { rows, run, file, .. } => {
                write!(f, "mend the {}", count(*rows, "rejected row"))?;
                match (run, file.as_deref().map(escaped)) {
                    (Some(_), Some(file)) => write!(f, " in {file}, then `{command}`"),
                    (Some(_), None) => write!(f, ", then `{command}`"),
                    (None, Some(file)) => write!(f, "; they are explained in {file}"),
                    (None, None) => Ok(()),
                }
            }
        }
    }
}

/// What a command needs beside it where the run's sandbox was kept in memory: a new one.
const fn memory(in_memory: bool) -> &'static str {
    if in_memory { " --memory" } else { "" }
}

/// Nothing can be gone on with, or put back, where a run was made.
pub fn gone_with_its_command(run: &str) -> Error {
    Error::usage(format!("run {run} was made in a sandbox that was kept in memory, and went with its command"))
        .in_run(run)
        .hint("nothing was sent; without --memory, the sandbox keeps its contacts in the state folder")
}

fn escaped(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "20261121-0931-k3f";

    fn job_state(kind: JobKind, state: RunState, of: &[(Outcome, u64)]) -> JobState {
        let mut counts = Counts::default();
        for (outcome, n) in of {
            counts[*outcome] = *n;
        }
        let run = Some((RUN.into(), state));
        JobState {
            kind,
            run,
            is_under_way: false,
            counts,
            results: Some("r.csv".into()),
            pruned: None,
            in_memory: false,
        }
    }

    fn names(job: &JobState) -> Vec<&'static str> {
        job.next_steps().iter().map(NextStep::name).collect()
    }

    #[test]
    fn what_comes_next_follows_from_how_a_run_stands() {
        use JobKind::{Copy, Export, Import, Retry, Undo};
        use RunState::{Finished, Interrupted, PartlyUndone, Running, Stopped, Undone};
        let all_sorts = [(Outcome::InDoubt, 1), (Outcome::Failed, 2), (Outcome::Rejected, 3)];
        type Case<'a> = (&'a [JobKind], &'a [RunState], &'a [(Outcome, u64)], &'a [&'a str]);
        let table: &[Case<'_>] = &[
            // What was cut off is finished first: its rows are sent again by that.
            (&[Import, Retry], &[Running, Stopped, Interrupted], &all_sorts, &["resume"]),
            (&[Import, Retry], &[Running, Stopped, Interrupted], &[], &["resume"]),
            (&[Import, Retry, Copy], &[Finished], &all_sorts, &["resume", "retry", "mend"]),
            (&[Import, Retry, Copy], &[Finished], &[(Outcome::Failed, 1)], &["retry"]),
            (&[Import, Retry, Copy], &[Finished], &[(Outcome::Rejected, 1)], &["mend"]),
            (&[Import, Retry, Copy], &[Finished], &[(Outcome::Created, 9)], &[]),
            // Half put back: neither going on nor sending again, but putting back the rest.
            (&[Import, Retry], &[PartlyUndone], &all_sorts, &["undo"]),
            (&[Import, Retry], &[Undone], &all_sorts, &[]),
            (&[Copy], &[Running, Stopped, Interrupted], &all_sorts, &["repeat"]),
            (&[Export], &[Running, Stopped, Interrupted], &[], &["resume"]),
            (&[Export], &[Finished], &[], &[]),
            (&[Undo], &[Running, Stopped, Interrupted], &[(Outcome::Failed, 2)], &["resume"]),
            (&[Undo], &[Finished], &[(Outcome::Skipped, 2)], &[]),
        ];
        for (kinds, states, counts, expected) in table {
            for kind in *kinds {
                for state in *states {
                    assert_eq!(names(&job_state(*kind, *state, counts)), *expected, "{kind} {}", state.name());
                }
            }
        }
    }

    #[test]
    fn no_step_is_offered_that_its_command_would_refuse() {
        let counts = [&[][..], &[(Outcome::Failed, 1)], &[(Outcome::InDoubt, 1)], &[(Outcome::Rejected, 1)]];
        for kind in [JobKind::Import, JobKind::Retry, JobKind::Export, JobKind::Undo] {
            for state in RunState::ALL {
                for counts in counts {
                    let job = job_state(kind, state, counts);
                    for step in job.next_steps() {
                        let action = match step {
                            NextStep::Resume { .. } => RunAction::Resume,
                            NextStep::Retry { .. } | NextStep::Mend { .. } => RunAction::Retry,
                            NextStep::Undo { .. } => RunAction::Undo,
                            NextStep::Repeat | NextStep::Anew => continue,
                        };
                        let allowed = job.allows(action);
                        assert!(allowed.is_ok(), "{kind} {}: {step}: {allowed:?}", state.name());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_refused_says_how_the_run_stands_and_what_to_do() {
        let refused = |kind, state, action| {
            let error = job_state(kind, state, &[(Outcome::Failed, 1)]).allows(action).unwrap_err();
            format!("{}; {}", error.message, error.hint.unwrap_or_default())
        };
        for (kind, state, action, words) in [
            (
                JobKind::Import,
                RunState::PartlyUndone,
                RunAction::Resume,
                "run R is put back in part; `rolo undo R --yes` puts back the rest, but for what was changed since",
            ),
            (JobKind::Import, RunState::Undone, RunAction::Retry, "run R was put back already; "),
            (
                JobKind::Import,
                RunState::Running,
                RunAction::Undo,
                "run R was cut off; `rolo resume R` goes on where it was cut off",
            ),
            (
                JobKind::Undo,
                RunState::Stopped,
                RunAction::Retry,
                "run R is an undo: only an import has rows to send again; `rolo resume R` puts back the rest",
            ),
            (
                JobKind::Undo,
                RunState::Finished,
                RunAction::Undo,
                "run R is an undo: only an import can be put back; the command of the import, given again, brings back what the undo took away",
            ),
            (
                JobKind::Import,
                RunState::Finished,
                RunAction::Resume,
                "run R has finished, and nothing of it is in doubt; `rolo retry R` sends the failed rows again, once what their messages name is put right",
            ),
        ] {
            assert_eq!(refused(kind, state, action), words.replace('R', RUN));
        }
    }

    #[test]
    fn nothing_is_asked_of_a_pruned_run_that_only_its_rows_could_tell() {
        let mut pruned = job_state(JobKind::Import, RunState::Finished, &[(Outcome::Failed, 1)]);
        pruned.pruned = Some(1_795_253_460);
        assert_eq!(names(&pruned), [""; 0]);
        let refused = |action| pruned.allows(action).unwrap_err().message;
        let what = |goes| format!("run {RUN} was pruned on 2026-11-21 09:31 UTC: its counts are kept, and not {goes}");
        assert_eq!(refused(RunAction::Retry), what("which rows are to be sent again"));
        assert_eq!(refused(RunAction::Undo), what("what it changed"));
    }

    #[test]
    fn of_a_sandbox_in_memory_nothing_is_gone_on_with_and_rows_are_sent_to_a_new_one() {
        use RunState::{Finished, Interrupted, PartlyUndone, Stopped};
        let counts = [(Outcome::InDoubt, 1), (Outcome::Failed, 1), (Outcome::Rejected, 1)];
        let of = |state| JobState { in_memory: true, ..job_state(JobKind::Import, state, &counts) };
        for (state, expected) in [
            (Stopped, vec!["the same command begins anew, since a sandbox in memory keeps nothing".to_owned()]),
            (Interrupted, vec!["the same command begins anew, since a sandbox in memory keeps nothing".to_owned()]),
            (PartlyUndone, Vec::new()),
        ] {
            let steps: Vec<String> = of(state).next_steps().iter().map(ToString::to_string).collect();
            assert_eq!(steps, expected, "{}", state.name());
        }
        let commands: Vec<_> = of(Finished).next_steps().iter().filter_map(NextStep::command).collect();
        assert_eq!(commands, [format!("rolo retry {RUN} --memory"), format!("rolo retry {RUN} --with r.csv --memory")]);
        for action in [RunAction::Resume, RunAction::Undo] {
            let refused = of(Finished).allows(action).unwrap_err();
            assert!(refused.message.ends_with("kept in memory, and went with its command"), "{refused}");
        }
        assert!(of(Finished).allows(RunAction::Retry).is_ok());
    }

    #[test]
    fn a_check_has_rows_to_mend_and_no_run_to_go_on_with() {
        let mut check = job_state(JobKind::Check, RunState::Finished, &[(Outcome::Rejected, 2)]);
        check.run = None;
        let steps: Vec<String> = check.next_steps().iter().map(ToString::to_string).collect();
        assert_eq!(steps, ["mend the 2 rejected rows; they are explained in r.csv"]);
    }
}
