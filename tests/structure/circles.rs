//! Circles of imports: files of which each leads to each.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::Imports;

/// The largest groups of files in which each can be reached from each by imports.
pub fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        imports.keys().map(|file| (file, reachable(imports, file))).collect();
    let mut circles = Vec::new();
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    for (file, reaches) in &reached {
        if seen.contains(file) || !reaches.contains(file) {
            continue;
        }
        let together: Vec<String> = reaches
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(file)))
            .map(|other| (*other).clone())
            .collect();
        seen.extend(reached.keys().copied().filter(|other| together.contains(other)));
        circles.push(together);
    }
    circles
}

fn reachable<'a>(imports: &'a Imports, file: &str) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&String> = imports.get(file).map(|to| to.keys().collect()).unwrap_or_default();
    while let Some(next) = left.pop() {
        if reached.insert(next) {
            left.extend(imports.get(next).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

/// The imports that make a circle, a line each.
pub fn told(circle: &[String], imports: &Imports) -> String {
    let mut lines = vec![format!("{} files:", circle.len())];
    for from in circle {
        for (to, what) in imports.get(from).into_iter().flatten().filter(|(to, _)| circle.contains(to)) {
            lines.push(format!("  {from} imports {to} ({what})"));
        }
    }
    lines.join("\n")
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let imports = |edges: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (from, to) in edges {
            imports.entry((*from).to_owned()).or_default().insert((*to).to_owned(), String::new());
        }
        imports
    };
    assert_eq!(circles(&imports(&[("a", "b"), ("b", "c"), ("a", "c")])), Vec::<Vec<String>>::new());
    assert_eq!(circles(&imports(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")])), [["b", "c"]]);
    assert_eq!(circles(&imports(&[("a", "b"), ("b", "c"), ("c", "a")])), [["a", "b", "c"]]);
}
