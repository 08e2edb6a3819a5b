//! What a file is called that stands beside a source and belongs to it.

use std::path::{Path, PathBuf};

use crate::storage;

/// `contacts.mapping.toml` for `contacts.csv` (or `contacts.csv.gz`), where it is there; the whole
/// name works as well.
pub fn mapping_beside(file: &Path) -> Option<PathBuf> {
    let whole = file.file_name()?.to_string_lossy().into_owned();
    [stem(file), whole]
        .into_iter()
        .map(|name| file.with_file_name(format!("{name}.mapping.toml")))
        .find(|path| storage::is_there(path))
}

/// Where a mapping for a file is written: `contacts.mapping.toml` for `contacts.csv`.
pub fn mapping_place(file: &Path) -> PathBuf {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    file.with_file_name(format!("{name}.mapping.toml"))
}

/// Where the edits of a file are kept: `contacts.edits.csv` for `contacts.csv` and `contacts.xlsx`.
pub fn edits_place(file: &Path) -> PathBuf {
    file.with_file_name(format!("{}.edits.csv", stem(file)))
}

/// `contacts.results.csv` for `contacts.csv`, `.xlsx` for a workbook.
pub fn results_beside(file: &Path) -> PathBuf {
    let extension = if has_extension(file, "xlsx") { "xlsx" } else { "csv" };
    file.with_file_name(format!("{}.results.{extension}", stem(file)))
}

/// Whether the name ends so, without regard to case.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn stem(file: &Path) -> String {
    let mut file = file.to_owned();
    if has_extension(&file, "gz") || has_extension(&file, "zst") {
        file.set_extension("");
    }
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
