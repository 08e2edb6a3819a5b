//! What public types are called.

use std::collections::BTreeMap;

use crate::modules::Crate;

/// Each name that several public types have, with the files they are in.
pub fn used_twice(code: &Crate) -> Vec<(String, Vec<String>)> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for module in code.modules.values() {
        for name in &module.types {
            places.entry(name.clone()).or_default().push(module.file.clone());
        }
    }
    places.into_iter().filter(|(_, places)| places.len() > 1).collect()
}

#[test]
fn a_name_of_two_public_types_is_found_and_a_private_one_is_free() {
    let code = Crate::of(&[
        ("src/lib.rs", "mod a;\npub struct Way;\npub type Other = Way;\nstruct Inner;\n"),
        ("src/a.rs", "\npub enum Way {}\npub(crate) trait Other {}\nstruct Inner;\nfn way() {}\n"),
    ]);
    assert_eq!(used_twice(&code), [("Way".to_owned(), vec!["src/lib.rs".to_owned(), "src/a.rs".to_owned()])]);
}
