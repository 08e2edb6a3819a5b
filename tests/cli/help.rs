//! Every help text, as files: a changed word is seen by whoever reads the change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::console::same_as_file;
use crate::program::said;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help")
}

/// The commands that `rolo --help` lists.
pub fn commands(home: &Path) -> Vec<String> {
    let (_, help, _) = said(home, &["--help"]);
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("     "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_help_text_is_the_one_that_was_read_and_agreed_to() {
    let home = tempfile::tempdir().unwrap();
    let (code, help, err) = said(home.path(), &["--help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    same_as_file(&folder().join("rolo.txt"), &help);
    let common = help.split("Common options:").nth(1).unwrap();
    let mut files = BTreeSet::from(["rolo.txt".to_owned()]);
    for command in commands(home.path()) {
        let (code, help, err) = said(home.path(), &[&command, "--help"]);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
        assert!(help.starts_with("Examples:\n  "), "{command}: examples come first");
        // The common options are the same for all; the first file has them.
        let (own, shared) = help.split_once("Common options:").unwrap();
        assert_eq!(words(shared), words(common), "{command}");
        let name = format!("{command}.txt");
        same_as_file(&folder().join(&name), own);
        files.insert(name);
    }
    let kept: BTreeSet<_> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, files, "a file for each command, and none beside");
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
