//! What a caller notices, on its way to the summary and to whoever is told.

use tokio::sync::mpsc::UnboundedReceiver;

use super::Context;
use crate::report::{Event, Note, Remark, Reporter, Summary, Warning};
use crate::upload::Notice;

/// Counts a notice, and passes it on as it comes.
pub fn pass_on(notice: Notice, summary: &mut Summary, reporter: &mut dyn Reporter) {
    match notice {
        Notice::Called { kind, http_status, attempt, verdict } => {
            *summary.calls.entry(kind).or_default() += 1;
            reporter.event(&Event::Called { kind, http_status, attempt, verdict });
        }
        Notice::Waiting { time, reason } => reporter.event(&Event::Waiting { time, reason }),
        Notice::MadeTwice { run, line, ids } => summary.remarks.push(Remark::MadeTwice { run, line, ids }),
        Notice::LookedAt { drifted } => {
            summary.looked_at += 1;
            summary.drifted += u64::from(drifted);
        }
        Notice::Planned { least_calls } => *summary.least_calls.get_or_insert(0) += least_calls,
        notice => warn(notice, reporter),
    }
}

/// Counts the calls among what was noticed since this was last asked, and passes the warnings on. A wait
/// is over by then.
pub fn pass_on_late(notices: &mut UnboundedReceiver<Notice>, summary: &mut Summary, context: &mut Context) {
    while let Ok(notice) = notices.try_recv() {
        if let Notice::Called { kind, .. } = notice {
            *summary.calls.entry(kind).or_default() += 1;
        } else {
            warn(notice, context.reporter.as_mut());
        }
    }
}

/// Passes the warnings on where no calls are counted.
pub fn pass_on_warnings(notices: &mut UnboundedReceiver<Notice>, context: &mut Context) {
    while let Ok(notice) = notices.try_recv() {
        warn(notice, context.reporter.as_mut());
    }
}

fn warn(notice: Notice, reporter: &mut dyn Reporter) {
    let warning = match notice {
        Notice::Warned { message } => Warning::OfService { message },
        Notice::RefreshTokenChanged => Warning::RefreshTokenChanged,
        Notice::CountsApart => return reporter.event(&Event::Note(Note::CountsApart)),
        Notice::NotRenewed { message } => Warning::NotRenewed { message },
        Notice::FirstRowsWentWell { rows } => Warning::FirstRowsWentWell { rows },
        Notice::Called { .. }
        | Notice::Waiting { .. }
        | Notice::MadeTwice { .. }
        | Notice::LookedAt { .. }
        | Notice::Planned { .. } => return,
    };
    reporter.event(&Event::Warning(warning));
}
