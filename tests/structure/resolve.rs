//! Which file a name leads to, through re-exports, and so which file imports which.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::modules::{Crate, ModulePath};

/// For each file, the files it imports from, and a name that each import is for.
pub type Imports = BTreeMap<String, BTreeMap<String, String>>;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Module(ModulePath),
    /// Something that is defined in this module.
    In(ModulePath),
}

pub fn imports(code: &Crate) -> Imports {
    let mut imports = Imports::new();
    for (path, module) in &code.modules {
        let mut import = |named: &[String], found: Option<Found>| {
            if let Some(Found::In(home)) = found {
                let to = &code.modules[&home].file;
                if *to != module.file {
                    let from = imports.entry(module.file.clone()).or_default();
                    from.entry(to.clone()).or_insert_with(|| named.join("::"));
                }
            }
        };
        for used in &module.uses {
            match (&used.name, resolve(code, path, &used.path)) {
                // What is handed on is no import of whoever hands it on.
                (Some(_), _) if used.is_public => {}
                (Some(_), found) => import(&used.path, found),
                (None, Some(Found::Module(home) | Found::In(home))) if !used.is_public => {
                    import(&used.path, Some(Found::In(home)));
                }
                (None, _) => {}
            }
        }
        let mut paths = Paths::default();
        module.items.iter().for_each(|item| paths.visit_item(item));
        for named in &paths.0 {
            import(named, resolve(code, path, named));
        }
    }
    imports
}

fn resolve(code: &Crate, from: &ModulePath, path: &[String]) -> Option<Found> {
    resolve_once(code, from, path, &mut BTreeSet::new())
}

/// `seen` keeps re-exports that lead to each other from being followed for ever.
fn resolve_once(
    code: &Crate,
    from: &ModulePath,
    path: &[String],
    seen: &mut BTreeSet<(ModulePath, String)>,
) -> Option<Found> {
    let mut at = from.clone();
    let mut steps = path;
    match path.first()?.as_str() {
        "crate" => (at, steps) = (Vec::new(), &path[1..]),
        "self" => steps = &path[1..],
        "super" => {
            while steps.first().is_some_and(|step| step == "super") {
                at.pop()?;
                steps = &steps[1..];
            }
        }
        _ => {}
    }
    for (n, step) in steps.iter().enumerate() {
        match step_into(code, &at, step, seen)? {
            Found::Module(below) => at = below,
            // A variant or an associated item stands where its type does.
            found @ Found::In(_) => return Some(found),
        }
        if n + 1 == steps.len() {
            return Some(Found::Module(at));
        }
    }
    Some(Found::Module(at))
}

fn step_into(code: &Crate, at: &ModulePath, step: &str, seen: &mut BTreeSet<(ModulePath, String)>) -> Option<Found> {
    let module = code.modules.get(at)?;
    let below = [at.as_slice(), &[step.to_owned()]].concat();
    if code.modules.contains_key(&below) {
        return Some(Found::Module(below));
    }
    if module.defines.iter().any(|name| name == step) {
        return Some(Found::In(at.clone()));
    }
    if !seen.insert((at.clone(), step.to_owned())) {
        return None;
    }
    let named = module.uses.iter().find(|used| used.name.as_deref() == Some(step));
    if let Some(used) = named {
        return resolve_once(code, at, &used.path, seen);
    }
    module.uses.iter().filter(|used| used.name.is_none()).find_map(|used| {
        let path = [used.path.as_slice(), &[step.to_owned()]].concat();
        resolve_once(code, at, &path, seen)
    })
}

/// Every path of more than one step in a piece of code, and those that macros are given.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.0.push(path.segments.iter().map(|step| step.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.take_tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}
}

impl Paths {
    fn take_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if path.is_empty() || colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(point) if point.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.end(&mut path);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.take_tokens(group.stream()),
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.0.push(path);
        }
    }
}

#[test]
fn a_name_is_followed_through_re_exports_to_the_file_that_defines_it() {
    let code = Crate::of(&[
        ("src/lib.rs", "pub mod a;\npub mod b;\n"),
        ("src/a/mod.rs", "mod deep;\npub use deep::Thing as Renamed;\npub use deep::*;\n"),
        ("src/a/deep.rs", "pub struct Thing;\npub fn made() -> Thing { Thing }\n"),
        (
            "src/b.rs",
            "use crate::a::{self, Renamed};\nfn f() -> Renamed { vec![a::made()]; loop {} }\n\
             #[cfg(test)]\nmod tests { use crate::c::Nothing; }\n",
        ),
    ]);
    let imports = imports(&code);
    let of = |file: &str| imports.get(file).map(|to| to.keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(of("src/b.rs"), Some(vec!["src/a/deep.rs"]));
    assert_eq!(of("src/a/mod.rs"), None, "who hands a name on imports nothing by that");
}

#[test]
fn an_import_is_found_in_types_expressions_and_macros() {
    for body in [
        "use super::a::Thing;",
        "fn f(_: crate::a::Thing) {}",
        "fn f() { let _ = crate::a::Thing; }",
        "fn f() { println!(\"{:?}\", super::a::Thing); }",
        "mod inner { fn f(_: crate::a::Thing) {} }",
        "use super::a; fn f() { a::Thing; }",
        "use super::a::Thing as Other; impl Other {}",
    ] {
        let code =
            Crate::of(&[("src/lib.rs", "mod a;\nmod b;\n"), ("src/a.rs", "pub struct Thing;\n"), ("src/b.rs", body)]);
        assert!(imports(&code).get("src/b.rs").is_some_and(|to| to.contains_key("src/a.rs")), "{body}");
    }
}
