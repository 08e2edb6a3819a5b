//! How the code hangs together, read with a parser: which file imports which, and what public types are called.
//!
//! `tests/architecture.rs` holds rules about words and rooms; here are those that need names resolved.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod circles;
mod modules;
mod names;
mod picture;
mod reported;
mod resolve;
mod rooms;

use modules::Crate;

/// The crates of the workspace: name, and the file each begins with.
const CRATES: [(&str, &str); 2] = [("rolo", "src/lib.rs"), ("rolo-sandbox", "crates/sandbox/src/lib.rs")];

fn crates() -> Vec<(&'static str, Crate)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    CRATES.map(|(name, file)| (name, Crate::read(root, file))).into()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut said = Vec::new();
    for (name, code) in crates() {
        let imports = resolve::imports(&code);
        assert!(imports.len() > 50, "{name}: {} imports were found", imports.len());
        for circle in circles::circles(&imports) {
            said.push(circles::told(&circle, &imports));
        }
    }
    assert!(said.is_empty(), "{} circles\n{}\n", said.len(), said.join("\n"));
}

#[test]
fn a_public_type_has_its_name_to_itself() {
    let twice: Vec<_> = crates().iter().flat_map(|(_, code)| names::used_twice(code)).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}
