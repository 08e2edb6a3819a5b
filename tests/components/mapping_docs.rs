//! What the documents say of mappings and row errors, held against the code.

#![expect(clippy::unwrap_used, reason = "a failed helper fails the test that called it")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rolo::mapping::Mapping;

use crate::mapping_facts::everything;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn every_example_of_the_mapping_page_works() {
    let page = read("docs/mapping-file.md");
    let examples: Vec<_> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 4);
    let made = everything();
    for example in examples {
        let mapping = Mapping::parse(example, "docs/mapping-file.md").unwrap();
        let mut headers: BTreeSet<_> = mapping.columns.keys().cloned().collect();
        headers.extend(mapping.columns.values().filter_map(|rule| rule.region_column.clone()));
        headers.extend(mapping.columns.values().flat_map(|rule| rule.first_of.clone()));
        let headers: Vec<_> = headers.into_iter().collect();
        if let Err(error) = mapping.forward(&headers, &made.facts(), None) {
            panic!("{error}\n{example}");
        }
    }
}

#[test]
fn the_mapping_page_lists_every_standard_field() {
    let page = read("docs/mapping-file.md");
    for spec in everything().fields {
        assert!(page.contains(&format!("`{}`", spec.name)), "{}", spec.name);
    }
}

#[test]
fn every_code_of_validation_is_documented_and_every_documented_code_exists() {
    let page = read("docs/row-errors.md");
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect();
    let mut used = BTreeSet::new();
    let mut files = Vec::new();
    sources(&root().join("src/validate"), &mut files);
    for source in files {
        let code = source.split("#[cfg(test)]").next().unwrap().replace("\\\"", "").replace("'\"'", "");
        for text in code.split('"').skip(1).step_by(2) {
            let is_code = ["phone.", "email.", "value.", "text.", "identifier.", "duplicate.", "tags.", "row."]
                .iter()
                .any(|group| text.starts_with(group) && text.len() > group.len());
            if is_code && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte)) {
                used.insert(text.to_owned());
            }
        }
    }
    let mut everywhere = Vec::new();
    sources(&root().join("src"), &mut everywhere);
    let everywhere = everywhere.concat();
    assert_eq!(used.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
    let unknown: Vec<_> = documented.iter().filter(|code| !everywhere.contains(&format!("\"{code}\""))).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

/// The text of every source file below `folder`.
fn sources(folder: &std::path::Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
}
