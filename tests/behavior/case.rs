use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use libtest_mimic::{Failed, Trial};
use rolo::contact::Capabilities;

use crate::cases;
use crate::limits;
use crate::stage::Stage;

pub type Run = fn(Stage) -> BoxFuture<'static, ()>;

/// One behavior, and what stands in its place where a service can't have it.
#[derive(Clone, Copy)]
pub struct Case {
    pub topic: &'static str,
    /// A sentence in words joined by underscores.
    pub name: &'static str,
    pub has: fn(&Capabilities) -> bool,
    works: Run,
    refuses: Run,
}

/// How a pair of service and case was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Works,
    Refuses,
}

/// A case: its topic, its name (which is the function's), what it needs, and its refusal.
///
/// Without a refusal every service has what the case needs; one that doesn't fails it.
macro_rules! case {
    ($topic:literal, $works:ident, $has:expr, $refuses:ident) => {
        $crate::case::Case::new(
            $topic,
            stringify!($works),
            $has,
            |stage| futures_util::FutureExt::boxed($works(stage)),
            |stage| futures_util::FutureExt::boxed($refuses(stage)),
        )
    };
    ($topic:literal, $works:ident) => {
        $crate::case::Case::new(
            $topic,
            stringify!($works),
            |_| true,
            |stage| futures_util::FutureExt::boxed($works(stage)),
            |_| unreachable!("every service has it"),
        )
    };
}
pub(crate) use case;

impl Case {
    pub const fn new(
        topic: &'static str,
        name: &'static str,
        has: fn(&Capabilities) -> bool,
        works: Run,
        refuses: Run,
    ) -> Self {
        Self { topic, name, has, works, refuses }
    }

    pub fn form(&self, stage: &Stage) -> Form {
        if (self.has)(&stage.capabilities()) { Form::Works } else { Form::Refuses }
    }

    /// `topic::name`.
    pub fn path(&self) -> String {
        format!("{}::{}", self.topic, self.name)
    }

    /// Runs the form that fits the service.
    pub fn run(&self, stage: Stage) -> Result<(), String> {
        let run = match self.form(&stage) {
            Form::Works => self.works,
            Form::Refuses => self.refuses,
        };
        outcome_of(stage, run)
    }
}

/// Runs a test to its end; a panic is its failure.
pub fn outcome_of(stage: Stage, run: Run) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(stage).boxed())));
    ended.map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// Every case, in the order in which the pages show them.
pub fn all() -> Vec<Case> {
    cases::all()
}

/// Each service and variant with each case, and with each of its limits.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for stage in Stage::all() {
        for case in all() {
            let stage = stage.clone();
            let form = case.form(&stage);
            let name = format!("{}::{}", stage.label, case.path());
            let kind = if form == Form::Refuses { "refusal" } else { "" };
            let trial = Trial::test(name, move || {
                Tally::count(&stage.label, &case.path());
                case.run(stage).map_err(Failed::from)
            });
            trials.push(trial.with_kind(kind));
        }
        trials.extend(limits::trials(&stage));
    }
    trials
}

static RUN: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());

/// Which pairs of service and case were run.
pub struct Tally;

impl Tally {
    fn count(stage: &str, case: &str) {
        let pair = (stage.to_owned(), case.to_owned());
        RUN.lock().unwrap_or_else(PoisonError::into_inner).insert(pair);
    }

    /// Whether every pair was run, one way or the other; else one that was not.
    pub fn balances() -> Result<(), String> {
        let run = RUN.lock().unwrap_or_else(PoisonError::into_inner);
        for stage in Stage::all() {
            for case in all() {
                let pair = (stage.label.clone(), case.path());
                if !run.contains(&pair) {
                    return Err(format!("{}::{}", pair.0, pair.1));
                }
            }
        }
        Ok(())
    }
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Says that what this thread does is meant to fail, so that its panics are not shown.
pub fn expecting_failure<T>(run: impl FnOnce() -> T) -> T {
    EXPECTED.with(|expected| expected.set(true));
    let result = run();
    EXPECTED.with(|expected| expected.set(false));
    result
}

/// Panics show on the terminal, but for those of [`expecting_failure`].
pub fn keep_expected_panics_quiet() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !EXPECTED.with(Cell::get) {
            usual(info);
        }
    }));
}
