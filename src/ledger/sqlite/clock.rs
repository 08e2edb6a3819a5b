use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::time::Instant;

use crate::clock::{self, Calendar, UptimeSource};

/// The clock of a store that lies on this machine. It shows the calendar's time as it was when the store
/// was first used after the machine had started, and goes on with the machine's uptime: whoever sets the
/// calendar moves nothing, and all processes see the same. Only where the system tells no uptime does it
/// follow the calendar.
pub(super) struct StoreClock {
    calendar: Calendar,
    uptime: UptimeSource,
    /// The machine's start, and what the clock shows ahead of the time since.
    ahead: Option<(u64, Duration)>,
}

/// The time, once read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// By this process's clock.
    pub(super) at: Instant,
    /// From the Unix epoch.
    pub(super) today: Duration,
}

impl StoreClock {
    pub(super) fn new(calendar: Calendar, uptime: UptimeSource) -> Self {
        Self { calendar, uptime, ahead: None }
    }

    /// What the calendar shows, for records: from the Unix epoch.
    pub(super) fn calendar(&self) -> Duration {
        (self.calendar)()
    }

    /// The time now. `db` is in a transaction that may write.
    pub(super) fn read(&mut self, db: &Connection) -> rusqlite::Result<Reading> {
        let at = clock::now();
        let Some(uptime) = (self.uptime)() else {
            return Ok(Reading { at, today: (self.calendar)() });
        };
        let held = self.ahead.filter(|(boot, _)| *boot == uptime.boot).map(|(_, ahead)| ahead);
        let ahead = match held {
            Some(ahead) => ahead,
            None => match noted(db, uptime.boot)? {
                Some(ahead) => {
                    self.ahead = Some((uptime.boot, ahead));
                    ahead
                }
                // Not held before it is durable: should this transaction fail, another process notes its own.
                None => note(db, uptime.boot, (self.calendar)().saturating_sub(uptime.since))?,
            },
        };
        Ok(Reading { at, today: ahead + uptime.since })
    }
}

/// What the clock shows ahead of the time since this start, if a process has noted it.
fn noted(db: &Connection, boot: u64) -> rusqlite::Result<Option<Duration>> {
    let noted = db.query_row("SELECT ahead FROM clock WHERE boot = ?1", [signed(boot)], |row| row.get(0)).optional()?;
    Ok(noted.map(|nanos| Duration::from_nanos(super::super::stored::back(nanos))))
}

/// Notes it, as it stands in the ledger then.
fn note(db: &Connection, boot: u64, ahead: Duration) -> rusqlite::Result<Duration> {
    // Whole: a part cut off would make the clock show another time than the one that was noted.
    let nanos = u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX);
    // Of an earlier start nothing is asked any more.
    db.execute("DELETE FROM clock", [])?;
    db.execute(
        "INSERT INTO clock (boot, ahead) VALUES (?1, ?2)",
        params![signed(boot), super::super::stored::int(nanos)],
    )?;
    Ok(Duration::from_nanos(nanos))
}

/// SQLite's numbers have a sign; all bits are kept.
const fn signed(boot: u64) -> i64 {
    i64::from_ne_bytes(boot.to_ne_bytes())
}
