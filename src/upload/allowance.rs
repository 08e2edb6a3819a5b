use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Calendar;
use crate::error::{Error, StopReason};

/// The longest sleep before the calendar is looked at again: it can be set, and a machine can have slept.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// What one execution of a run may use; the run itself goes on with the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Calls, those included that are made before the first row.
    pub max_calls: Option<u64>,
    /// No call begins at or after this moment.
    pub until: Option<Until>,
}

/// A moment of the calendar, and the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// From the Unix epoch.
    pub at: Duration,
    /// As somebody wrote it: `06:00`.
    pub words: String,
}

/// Keeps an execution within its allowance. Clones share the count.
#[derive(Clone)]
pub struct AllowanceMeter {
    shared: Arc<Shared>,
}

struct Shared {
    allowance: Mutex<Allowance>,
    calendar: Calendar,
    used: AtomicU64,
}

impl AllowanceMeter {
    pub fn new(allowance: Allowance, calendar: Calendar) -> Self {
        Self { shared: Arc::new(Shared { allowance: Mutex::new(allowance), calendar, used: AtomicU64::new(0) }) }
    }

    /// From now on this much is allowed, what was used already counted in.
    pub fn set(&self, allowance: Allowance) {
        *self.shared.allowance.lock().unwrap_or_else(PoisonError::into_inner) = allowance;
    }

    fn allowance(&self) -> Allowance {
        self.shared.allowance.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anything is limited at all.
    pub fn is_limited(&self) -> bool {
        *self.shared.allowance.lock().unwrap_or_else(PoisonError::into_inner) != Allowance::default()
    }

    /// Takes one call, about to begin.
    ///
    /// # Errors
    /// Of kind `Stopped`, if it would cross a limit.
    pub(super) fn take(&self) -> Result<(), Error> {
        let allowance = self.allowance();
        if let Some(until) = allowance.until.as_ref().filter(|until| (self.shared.calendar)() >= until.at) {
            return Err(time_is_up(until));
        }
        let within = |used: u64| allowance.max_calls.is_none_or(|most| used < most).then_some(used + 1);
        match self.shared.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, within) {
            Ok(_) => Ok(()),
            Err(used) => Err(calls_are_used(used, allowance.max_calls.unwrap_or_default())),
        }
    }

    /// Whether work that may take so many calls, a period apart, fits in beside what is promised already.
    ///
    /// # Errors
    /// Of kind `Stopped`, with the limit that it would cross.
    pub(super) fn has_room(&self, calls: u64, promised: u64, period: Duration) -> Result<(), Error> {
        let allowance = self.allowance();
        let used = self.shared.used.load(Ordering::Acquire);
        let wanted = promised.saturating_add(calls);
        if let Some(most) = allowance.max_calls.filter(|most| used.saturating_add(wanted) > *most) {
            let error = calls_are_used(used, most);
            return Err(if calls > most {
                error.hint(format!("one contact may take {calls} calls: allow more than that"))
            } else {
                error
            });
        }
        let time = period.saturating_mul(u32::try_from(wanted).unwrap_or(u32::MAX));
        match allowance.until {
            Some(until) if (self.shared.calendar)().saturating_add(time) >= until.at => Err(time_is_up(&until)),
            _ => Ok(()),
        }
    }

    /// Whether so many calls, all in all, could be made by one execution alone.
    pub fn admits(&self, calls: u64, period: Duration) -> bool {
        self.has_room(calls, 0, period).is_ok()
    }

    /// Returns once no call may begin any more because of the time; never where that is not limited.
    pub(super) async fn time_up(&self) -> Error {
        loop {
            let Some(until) = self.allowance().until else { return std::future::pending().await };
            match until.at.checked_sub((self.shared.calendar)()).filter(|left| !left.is_zero()) {
                None => return time_is_up(&until),
                Some(left) => tokio::time::sleep(left.min(LOOK_AGAIN)).await,
            }
        }
    }
}

fn calls_are_used(used: u64, most: u64) -> Error {
    Error::stopped(format!("it was allowed {most} calls, and used {used}"))
        .because(StopReason::MaxCalls)
        .hint("given again, the same command goes on within the same limits")
}

fn time_is_up(until: &Until) -> Error {
    Error::stopped(format!("it was allowed to make calls until {}", until.words))
        .because(StopReason::Until)
        .hint("given again, the same command goes on within the same limits")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn meter(max_calls: Option<u64>, until: Option<u64>) -> AllowanceMeter {
        let until = until.map(|at| Until { at: Duration::from_secs(at), words: "06:00".into() });
        AllowanceMeter::new(Allowance { max_calls, until }, Arc::new(|| Duration::from_secs(100)))
    }

    #[test]
    fn no_call_is_taken_beyond_the_allowance() {
        let meter = meter(Some(2), None);
        assert!(meter.take().is_ok() && meter.take().is_ok());
        let error = meter.take().unwrap_err();
        assert_eq!(error.reason, Some(StopReason::MaxCalls));
        assert_eq!(error.message, "it was allowed 2 calls, and used 2");
        assert_eq!(self::meter(None, Some(100)).take().unwrap_err().reason, Some(StopReason::Until));
        assert!(self::meter(None, Some(101)).take().is_ok());
    }

    #[test]
    fn a_contact_has_room_if_all_its_calls_have_beside_those_that_are_promised() {
        let calls = meter(Some(10), None);
        assert!(calls.take().is_ok());
        assert!(calls.has_room(4, 5, SECOND).is_ok());
        assert!(calls.has_room(5, 5, SECOND).is_err());
        let hint = calls.has_room(11, 0, SECOND).unwrap_err().hint.unwrap();
        assert!(hint.contains("one contact may take 11 calls"), "{hint}");
        let time = meter(None, Some(110));
        assert!(time.has_room(4, 5, SECOND).is_ok());
        assert_eq!(time.has_room(5, 5, SECOND).unwrap_err().reason, Some(StopReason::Until));
    }

    #[test]
    fn without_a_limit_there_is_always_room() {
        let meter = meter(None, None);
        assert!(!meter.is_limited() && meter.admits(u64::MAX, SECOND) && meter.take().is_ok());
    }
}
