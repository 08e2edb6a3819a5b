use maud::{Markup, html};

use crate::contact::Quota;
use crate::report::number;

/// Minutes that are shown; those before them are summed up in words.
const MINUTES: usize = 60;
/// The picture's own units.
const WIDTH: usize = 600;
const HEIGHT: u64 = 120;

/// Calls by the minute, against what the quota admits in one.
pub fn calls_chart(per_minute: &[u64], quota: Quota) -> Markup {
    let admitted = per_minute_of(quota);
    let shown = &per_minute[per_minute.len().saturating_sub(MINUTES)..];
    let most = shown.iter().copied().max().unwrap_or_default();
    let top = most.max(admitted).max(1);
    let bar = WIDTH / MINUTES;
    let height = |calls: u64| calls * (HEIGHT - 20) / top;
    let line = HEIGHT - height(admitted);
    let last = shown.last().copied().unwrap_or_default();
    html! {
        @if !shown.is_empty() {
            figure.chart {
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
                    aria-label={ "Calls a minute: " (number(last)) " in the last, at most " (number(most)) "; the quota admits " (number(admitted)) } {
                    @for (at, calls) in shown.iter().enumerate() {
                        rect.bar x=(at * bar) y=(HEIGHT - height(*calls)) width=(bar - 2) height=(height(*calls)) {}
                    }
                    line.quota x1="0" x2=(WIDTH) y1=(line) y2=(line) {}
                }
                figcaption { "Calls a minute, the last on the right: " (number(last)) ". The line is what the quota admits: " (number(admitted)) "." }
            }
        }
    }
}

fn per_minute_of(quota: Quota) -> u64 {
    let per = quota.per.as_millis().max(1);
    u64::try_from(u128::from(quota.calls) * 60_000 / per).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bars_keep_to_the_picture_and_the_quota_is_drawn() {
        let quota = Quota { calls: 5, per: Duration::from_secs(1) };
        assert_eq!(per_minute_of(quota), 300);
        let picture = calls_chart(&[0, 150, 300, 900], quota).0;
        assert!(picture.contains("at most 900; the quota admits 300"), "{picture}");
        assert_eq!(picture.matches("class=\"bar\"").count(), 4);
        assert!(calls_chart(&[], quota).0.is_empty());
    }
}
