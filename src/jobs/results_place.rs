//! Where results go, and how long those of a job are kept.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use super::run_record::{ImportRecord, RunRecord as _};
use crate::clock;
use crate::error::Result;
use crate::ledger::{Fingerprint, LedgerHandle};
use crate::table::{PlaceState, WrittenFiles};

/// Where the results of this import are to go: those of a run that is taken up again, where results have
/// dates, to where they went before.
pub async fn results_wanted(
    results: &Path,
    keep_results: Option<u64>,
    fingerprint: &Fingerprint,
    ledger: &LedgerHandle,
    written: &WrittenFiles,
) -> Result<PathBuf> {
    if keep_results.is_none() {
        return Ok(results.to_owned());
    }
    let unfinished = ledger.unfinished(fingerprint).await?;
    let before = unfinished.and_then(|run| ImportRecord::of(&run).ok()).map(|record| record.results);
    Ok(before.unwrap_or_else(|| free(&dated(results), written)))
}

/// The name itself, or with a number behind the date: the results of a day are not replaced by a later run.
fn free(dated: &Path, written: &WrittenFiles) -> PathBuf {
    let is_free = |path: &PathBuf| written.state_of(path) == PlaceState::Free;
    let numbered = (2..).map(|number| {
        let (stem, extension) = parts(dated);
        dated.with_file_name(format!("{stem}-{number}{extension}"))
    });
    std::iter::once(dated.to_owned()).chain(numbered.take(1000)).find(is_free).unwrap_or_else(|| dated.to_owned())
}

/// `contacts.results.csv` → `contacts.results.2026-11-21.csv`: the date of now, in UTC.
pub fn dated(results: &Path) -> PathBuf {
    with_date(results, today())
}

/// Removes the dated results that are older than so many nights and still as rolo wrote them. One that
/// can't be removed stays; the next night tries again.
pub fn remove_older(results: &Path, nights: u64, written: &WrittenFiles) {
    let nights = i64::try_from(nights).unwrap_or(i64::MAX).min(36_500);
    let Ok(oldest) = today().checked_sub(nights.days()) else { return };
    let folder = results.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if date_of(&path, results).is_some_and(|date| date <= oldest) && written.state_of(&path) == PlaceState::Ours {
            drop(std::fs::remove_file(&path));
        }
    }
}

fn today() -> Date {
    let now = i64::try_from(clock::unix_now().as_secs()).unwrap_or_default();
    Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).date()
}

fn with_date(results: &Path, date: Date) -> PathBuf {
    let (stem, extension) = parts(results);
    results.with_file_name(format!("{stem}.{date}{extension}"))
}

/// The date in the name of a file, if it is one of the dated ones of `results`.
fn date_of(path: &Path, results: &Path) -> Option<Date> {
    let (stem, extension) = parts(results);
    let name = path.file_name()?.to_str()?;
    let between = name.strip_prefix(&format!("{stem}."))?.strip_suffix(&extension)?;
    let (date, number) = between.split_at_checked("2026-11-21".len())?;
    let is_numbered = number.strip_prefix('-').is_some_and(|n| n.parse::<u64>().is_ok());
    if number.is_empty() || is_numbered { date.parse().ok() } else { None }
}

fn parts(results: &Path) -> (String, String) {
    let stem = results.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = results.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
    (stem, extension.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{self, IfTaken};

    #[test]
    fn only_dated_results_of_the_same_name_have_a_date() {
        let of = |name: &str| date_of(Path::new(name), Path::new("contacts.results.csv"));
        let date = jiff::civil::date(2026, 11, 21);
        assert_eq!(of("contacts.results.2026-11-21.csv"), Some(date));
        assert_eq!(of("contacts.results.2026-11-21-2.csv"), Some(date));
        for other in [
            "contacts.results.csv",
            "contacts.results.2.csv",
            "contacts.results.2026-11-21.xlsx",
            "contacts.results.2026-11-21.mine.csv",
            "contacts.results.2026-13-21.csv",
            "others.results.2026-11-21.csv",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(
            with_date(Path::new("/a/contacts.results.csv"), date),
            Path::new("/a/contacts.results.2026-11-21.csv")
        );
    }

    #[test]
    fn older_results_go_and_changed_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let written = WrittenFiles::in_state(&folder.path().join("state"));
        let results = folder.path().join("a.results.csv");
        let at = |days: i64| with_date(&results, today().checked_sub(days.days()).unwrap());
        for days in [0, 1, 2, 3, 4] {
            let place = written.place(&at(days), IfTaken::NewName).unwrap();
            table::create(&place, &["name"]).unwrap().finish().unwrap();
        }
        std::fs::write(at(4), "mended").unwrap();
        remove_older(&results, 2, &written);
        assert!(at(0).exists() && at(1).exists(), "two nights are kept");
        assert!(!at(2).exists() && !at(3).exists());
        assert!(at(4).exists(), "somebody's mending");
        assert_eq!(free(&at(0), &written), folder.path().join(format!("a.results.{}-2.csv", today())));
    }
}
