use std::path::{Path, PathBuf};

use object_store::path::Path as Key;

use super::address::{Address, Scheme};
use super::failure::{self, Doing};
use super::{Storage, storage};
use crate::error::{Error, Result};

/// What stands in a pattern for any part of a name.
const ANY: char = '*';
/// Last parts of the names of files that rolo puts beside a source: no pattern means them.
const BESIDE: [&str; 4] = ["results", "retry", "edits", "mapping"];

/// A file that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedFile {
    pub path: PathBuf,
    /// Of an object, what tells it from others that stood there.
    pub etag: Option<String>,
}

/// Whether a path means all files of such a name. A file that has the very name is meant alone.
pub fn is_pattern(path: &Path) -> bool {
    let is_web = Address::of(path).is_some_and(|address| address.scheme == Scheme::Web);
    let has_any = path.file_name().is_some_and(|name| name.to_string_lossy().contains(ANY));
    has_any && !is_web && !(Address::of(path).is_none() && path.exists())
}

/// The files that a pattern matches, by name; without those that rolo itself puts beside a source.
///
/// # Errors
/// Kind `Usage` if there is no such folder; what storage says of an address.
pub fn matching(pattern: &Path) -> Result<Vec<MatchedFile>> {
    let folder = pattern.parent().unwrap_or(Path::new(""));
    let name = pattern.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if folder.to_string_lossy().contains(ANY) {
        return Err(Error::usage(format!("a * may stand in the name of a file alone: {}", pattern.display()))
            .at_path(pattern)
            .hint("name each folder in a job of its own"));
    }
    let fits = |found: &str| matches(&name, found) && !is_beside(found);
    let mut found = match Address::of(pattern) {
        None => in_folder(folder, fits)?,
        Some(address) => storage().listed(&address, fits)?,
    };
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn in_folder(folder: &Path, fits: impl Fn(&str) -> bool) -> Result<Vec<MatchedFile>> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let unread = |cause: std::io::Error| {
        Error::usage(format!("the folder can't be read: {}", here.display())).at_path(here).caused_by(cause)
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(here).map_err(unread)? {
        let name = entry.map_err(unread)?.file_name();
        let path = folder.join(&name);
        if fits(&name.to_string_lossy()) && path.is_file() {
            found.push(MatchedFile { path, etag: None });
        }
    }
    Ok(found)
}

impl Storage {
    /// The objects that lie where the address does, by the names that fit.
    fn listed(&self, pattern: &Address, fits: impl Fn(&str) -> bool) -> Result<Vec<MatchedFile>> {
        let (options, address) = (self.options.clone(), pattern.clone());
        let (bucket, key) = pattern.bucket_and_rest();
        let (bucket, folder) = (bucket.to_owned(), key.rsplit_once('/').map(|(folder, _)| folder.to_owned()));
        let objects = self.wait(async move {
            let prefix = folder.map(|folder| Key::parse(&folder)).transpose();
            let prefix = prefix.map_err(|cause| {
                Error::usage(format!("the address is not one that can be read: {address}")).caused_by(cause)
            })?;
            let found = Self::bucket_named(&options, &address, &bucket, Key::default(), None).await?;
            let listed = found.store.list_with_delimiter(prefix.as_ref()).await;
            let listed = listed.map_err(|error| failure::words(&address, Doing::List, &error, &found.client))?;
            Ok(listed.objects)
        })?;
        let matched =
            objects.into_iter().filter(|object| object.location.filename().is_some_and(&fits)).map(|object| {
                let name = object.location.filename().unwrap_or_default();
                MatchedFile { path: pattern.path().with_file_name(name), etag: object.e_tag }
            });
        Ok(matched.collect())
    }
}

/// Whether a name is one of those: `*` stands for any characters, also for none.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split(ANY);
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// `contacts.results.csv`, `contacts.results-2.csv`, `contacts.results.2026-11-21.csv`, `contacts.mapping.toml`.
fn is_beside(name: &str) -> bool {
    name.split('.').skip(1).any(|part| {
        let part =
            part.split_once('-').map_or(part, |(part, number)| if number.parse::<u32>().is_ok() { part } else { "" });
        BESIDE.contains(&part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        for (pattern, name, fits) in [
            ("contacts-*.csv", "contacts-1.csv", true),
            ("contacts-*.csv", "contacts-.csv", true),
            ("contacts-*.csv", "contacts-1.csv.gz", false),
            ("*", "a", true),
            ("*.csv*", "a.csv.gz", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn what_rolo_puts_beside_a_source_is_no_source() {
        for name in [
            "a.results.csv",
            "a.results-2.csv",
            "a.results.2026-11-21.csv",
            "a.b.retry.xlsx",
            "a.edits.csv",
            "a.mapping.toml",
        ] {
            assert!(is_beside(name), "{name}");
        }
        for name in ["a.csv", "results.csv", "a.results-of-may.csv", "a-2.csv"] {
            assert!(!is_beside(name), "{name}");
        }
    }

    #[test]
    fn files_of_a_folder_are_matched_by_name_and_a_file_of_the_very_name_is_itself() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "a.results.csv", "c.xlsx", "star*.csv"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("d.csv")).unwrap();
        let pattern = folder.path().join("*.csv");
        assert!(is_pattern(&pattern) && !is_pattern(&folder.path().join("star*.csv")));
        assert!(!is_pattern(Path::new("https://example.com/*.csv")) && is_pattern(Path::new("s3://in/*.csv")));
        let names: Vec<_> =
            matching(&pattern).unwrap().into_iter().map(|found| found.path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.csv", "b.csv", "star*.csv"]);
        assert!(matching(&folder.path().join("*/a.csv")).unwrap_err().message.contains("a * may stand"));
    }
}
