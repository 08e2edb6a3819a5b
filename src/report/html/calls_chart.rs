use maud::{Markup, html};

use super::super::words::{clock_time, count, number, span};
use super::parts::{percent, swatch};
use crate::contact::{CallKind, Quota};
use crate::ledger::CallsAt;
use std::time::Duration;

/// Columns of the chart at most.
const COLUMNS: u64 = 60;
/// Lengths of time that a column may stand for, in seconds.
const STEPS: [u64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 86_400];
/// Where the columns stand, in pixels from above.
const TOP: f64 = 24.0;
const BOTTOM: f64 = 156.0;

/// What the service admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimit {
    pub quota: Quota,
    /// The same in words: `200 a minute`.
    pub words: String,
    /// Somebody says that each kind of call is counted by itself.
    pub each_kind: bool,
}

/// Calls of a run over its time.
#[derive(Clone, Debug, PartialEq)]
pub struct CallsChart {
    /// When the first column begins, in seconds from the Unix epoch.
    pub from: u64,
    /// Seconds that each column stands for.
    pub step: u64,
    pub columns: Vec<CallsColumn>,
    /// Calls that the service admits in the time of a column; `None` where that says nothing, as its limit is about
    /// a longer time.
    pub admitted: Option<f64>,
    limit: Option<CallLimit>,
}

/// Calls of one span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallsColumn {
    /// Calls that change nothing.
    pub looks: u64,
    /// Calls that change something.
    pub writes: u64,
}

impl CallsColumn {
    pub const fn all(self) -> u64 {
        self.looks + self.writes
    }
}

impl CallsChart {
    /// `None` if there were no calls.
    pub fn of(calls: &[CallsAt], limit: Option<CallLimit>) -> Option<Self> {
        let from = calls.iter().map(|calls| calls.at).min()?;
        let until = calls.iter().map(|calls| calls.at).max()? + 1;
        let step = step(until - from, limit.as_ref());
        let mut columns = vec![CallsColumn::default(); usize::try_from((until - from).div_ceil(step)).ok()?];
        for calls in calls {
            let column = &mut columns[usize::try_from((calls.at - from) / step).ok()?];
            *if calls.kind.writes() { &mut column.writes } else { &mut column.looks } += calls.calls;
        }
        #[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
        let admitted = limit
            .as_ref()
            .filter(|limit| limit.quota.per.as_secs() <= step)
            .map(|limit| f64::from(limit.quota.calls) * step as f64 / limit.quota.per.as_secs_f64());
        Some(Self { from, step, columns, admitted, limit })
    }

    fn until(&self) -> u64 {
        self.from + self.step * self.columns.len() as u64
    }

    /// The highest value of the chart: above the highest column and the limit, a round number.
    fn height(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
        let highest = self.columns.iter().map(|column| column.all()).max().unwrap_or_default() as f64;
        let least = highest.max(self.admitted.unwrap_or_default()).max(1.0);
        let power = 10_f64.powf(least.log10().floor());
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|round| *round >= least).unwrap_or(least)
    }

    /// What the chart shows, in a sentence.
    pub fn words(&self) -> String {
        let all: u64 = self.columns.iter().map(|column| column.all()).sum();
        let most = self.columns.iter().map(|column| column.all()).max().unwrap_or_default();
        let limit = self.limit.as_ref().map_or(String::new(), |limit| {
            let each = if limit.each_kind { ", each kind of call by itself where it says so" } else { "" };
            format!("; the service admits {}{each}", limit.words)
        });
        format!("{}, at most {} in {}{limit}", count(all, "call"), number(most), span(Duration::from_secs(self.step)))
    }

    /// The picture, and the table that it is a picture of.
    pub fn picture(&self) -> Markup {
        html! {
            p.legend {
                @for (class, words) in self.legend() { span { (swatch(class)) (words) } " " }
            }
            svg.calls role="img" aria-labelledby="calls-title calls-desc" width="100%" height="180" {
                title #calls-title { "Calls over time" }
                desc #calls-desc { (self.words()) }
                (self.grid())
                @for (index, column) in self.columns.iter().enumerate() { (self.column(index, *column)) }
                @if let Some(admitted) = self.admitted {
                    @let y = format!("{:.1}", self.y(admitted));
                    line.limit x1="0" x2="100%" y1=(y) y2=(y) {}
                }
                text x="0" y="174" { (clock_time(self.from, self.until() - self.from)) }
                text.end x="100%" y="174" { (clock_time(self.until(), self.until() - self.from)) " UTC" }
            }
            (self.table())
        }
    }

    fn legend(&self) -> Vec<(&'static str, &'static str)> {
        let has = |calls: fn(&CallsColumn) -> u64| self.columns.iter().any(|column| calls(column) > 0);
        let all = [
            ("writes", "changes", has(|column| column.writes)),
            ("looks", "look-ups", has(|column| column.looks)),
            ("limit", "what the service admits", self.admitted.is_some()),
        ];
        all.into_iter().filter(|(_, _, is_there)| *is_there).map(|(class, words, _)| (class, words)).collect()
    }

    fn y(&self, calls: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * calls / self.height()
    }

    fn grid(&self) -> Markup {
        let height = self.height();
        html! {
            @for calls in [height, height / 2.0] {
                @let y = self.y(calls);
                line.grid x1="0" x2="100%" y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
                text x="0" y=(format!("{:.1}", y - 4.0)) {
                    (calls) @if calls >= height { " in " (span(Duration::from_secs(self.step))) }
                }
            }
            line.axis x1="0" x2="100%" y1=(BOTTOM) y2=(BOTTOM) {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
    fn column(&self, index: usize, column: CallsColumn) -> Markup {
        let slot = 100.0 / self.columns.len() as f64;
        let (x, width) = (percent(slot * (index as f64 + 0.1)), percent(slot * 0.8));
        let (between, top) = (self.y(column.writes as f64), self.y(column.all() as f64));
        let part = |class: &str, from: f64, to: f64| {
            html! { rect class=(class) x=(x) width=(width) y=(format!("{from:.1}")) height=(format!("{:.1}", to - from)) {} }
        };
        html! {
            @if column.writes > 0 { (part("writes", between, BOTTOM)) }
            @if column.looks > 0 { (part("looks", top, between)) }
        }
    }

    fn table(&self) -> Markup {
        let range = self.until() - self.from;
        html! {
            details {
                summary { "The same as a table" }
                table.narrow {
                    caption.unseen { "Calls over time" }
                    thead { tr {
                        th scope="col" { "From (UTC)" }
                        th.number scope="col" { "Changes" }
                        th.number scope="col" { "Look-ups" }
                    } }
                    tbody { @for (index, column) in self.columns.iter().enumerate() { tr {
                        th scope="row" { (clock_time(self.from + self.step * index as u64, range)) }
                        td.number { (number(column.writes)) }
                        td.number { (number(column.looks)) }
                    } } }
                }
            }
        }
    }
}

/// How long a column is: as short as there is room for, but no shorter than what the limit is about, so that the two
/// can be compared, unless the run itself is too short for that.
fn step(range: u64, limit: Option<&CallLimit>) -> u64 {
    let fits = |step: &u64| range.div_ceil(*step) <= COLUMNS;
    let room = STEPS.into_iter().find(fits).unwrap_or_else(|| range.div_ceil(COLUMNS).max(1));
    match limit.map(|limit| limit.quota.per.as_secs()) {
        Some(per) if per > room && range >= 3 * per => per,
        _ => room,
    }
}

/// Calls by kind, as a table.
pub(super) fn calls_table(calls: &[CallsAt]) -> Markup {
    let of = |kind: CallKind| calls.iter().filter(|calls| calls.kind == kind).map(|calls| calls.calls).sum::<u64>();
    let kinds: Vec<(CallKind, u64)> =
        CallKind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, n)| *n > 0).collect();
    html! {
        table.narrow {
            caption.unseen { "Calls by kind" }
            thead { tr { th scope="col" { "Call" } th.number scope="col" { "Requests" } } }
            tbody { @for (kind, n) in &kinds { tr { th scope="row" { (kind.name()) } td.number { (number(*n)) } } } }
            tfoot { tr {
                th scope="row" { "all" }
                td.number { (number(kinds.iter().map(|(_, n)| n).sum())) }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_795_262_400;

    fn limit(calls: u32, seconds: u64) -> CallLimit {
        let quota = Quota { calls, per: Duration::from_secs(seconds) };
        CallLimit { quota, words: format!("{calls} in {seconds} s"), each_kind: false }
    }

    fn each_second(seconds: u64, kind: CallKind) -> Vec<CallsAt> {
        (0..seconds).map(|second| CallsAt { at: NOON + second, kind, calls: 3 }).collect()
    }

    #[test]
    fn every_call_is_in_a_column_whatever_the_runs_length() {
        for seconds in [1, 59, 60, 61, 3600, 36_000, 700_000] {
            let calls = each_second(seconds, CallKind::Create);
            let chart = CallsChart::of(&calls, Some(limit(200, 60))).unwrap();
            assert_eq!(chart.columns.iter().map(|column| column.all()).sum::<u64>(), 3 * seconds, "{seconds}");
            assert!(chart.columns.len() <= 60, "{seconds}: {}", chart.columns.len());
        }
        assert_eq!(CallsChart::of(&[], Some(limit(200, 60))), None);
    }

    #[test]
    fn a_limit_is_drawn_where_columns_are_long_enough_to_be_compared_with_it() {
        let admitted = |seconds, limit| CallsChart::of(&each_second(seconds, CallKind::Find), limit).unwrap().admitted;
        assert_eq!(admitted(30, Some(limit(200, 60))), None, "half a minute may use what a minute has");
        assert_eq!(admitted(600, Some(limit(200, 60))), Some(200.0));
        assert_eq!(admitted(30, Some(limit(5, 1))), Some(5.0));
        assert_eq!(admitted(36_000, Some(limit(350, 3600))), Some(350.0));
        assert_eq!(admitted(600, None), None);
    }

    #[test]
    fn changes_and_look_ups_are_told_apart_in_picture_and_table() {
        let calls = [
            CallsAt { at: NOON, kind: CallKind::Find, calls: 2 },
            CallsAt { at: NOON, kind: CallKind::Create, calls: 1 },
        ];
        let chart = CallsChart::of(&calls, None).unwrap();
        assert_eq!(chart.columns, [CallsColumn { looks: 2, writes: 1 }]);
        let page = chart.picture().into_string();
        assert!(page.contains("3 calls, at most 3 in 1 s"), "{page}");
        assert!(
            page.contains(r#"<th scope="row">12:00:00</th><td class="number">1</td><td class="number">2</td>"#),
            "{page}"
        );
    }
}
