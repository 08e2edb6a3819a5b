//! A crate as a tree of modules, with what each defines and takes in. Unit tests are left out.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Attribute, Item, UseTree, Visibility};

/// Where a module is: the names from the crate's root to it.
pub type ModulePath = Vec<String>;

pub struct Crate {
    pub modules: BTreeMap<ModulePath, Module>,
}

#[derive(Default)]
pub struct Module {
    pub file: String,
    /// Names of what it defines, modules left out.
    pub defines: Vec<String>,
    /// What it takes in by `use`, by the name it has here.
    pub uses: Vec<Use>,
    /// Names of public types.
    pub types: Vec<String>,
    pub items: Vec<Item>,
}

#[derive(Clone)]
pub struct Use {
    /// The name here; `None` for `*`.
    pub name: Option<String>,
    pub path: Vec<String>,
    /// It is handed on to others.
    pub is_public: bool,
}

impl Crate {
    /// Reads the crate that begins with `file`, a path below `root`.
    pub fn read(root: &Path, file: &str) -> Self {
        let mut code = Self { modules: BTreeMap::new() };
        let folder = Path::new(file).parent().unwrap().to_str().unwrap().to_owned();
        let source = |file: &str| std::fs::read_to_string(root.join(file)).ok();
        code.take_file(&source, file, &folder, Vec::new());
        code
    }

    /// A crate of files that are given as text: the names of modules from the root, and their source.
    pub fn of(sources: &[(&str, &str)]) -> Self {
        let mut code = Self { modules: BTreeMap::new() };
        let source =
            |file: &str| sources.iter().find(|(name, _)| *name == file).map(|(_, source)| (*source).to_owned());
        code.take_file(&source, "src/lib.rs", "src", Vec::new());
        code
    }

    fn take_file(&mut self, source: &dyn Fn(&str) -> Option<String>, file: &str, folder: &str, path: ModulePath) {
        let text = source(file).unwrap_or_else(|| panic!("no file {file}"));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.take(source, file, folder, path, parsed.items);
    }

    fn take(
        &mut self,
        source: &dyn Fn(&str) -> Option<String>,
        file: &str,
        folder: &str,
        path: ModulePath,
        items: Vec<Item>,
    ) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        for item in items {
            if is_for_tests(attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let below = [path.as_slice(), std::slice::from_ref(&name)].concat();
                    let folder = format!("{folder}/{name}");
                    match inner.content {
                        Some((_, items)) => self.take(source, file, &folder, below, items),
                        None => {
                            let of_its_own = format!("{folder}.rs");
                            let file =
                                if source(&of_its_own).is_some() { of_its_own } else { format!("{folder}/mod.rs") };
                            self.take_file(source, &file, &folder, below);
                        }
                    }
                }
                Item::Use(used) => {
                    let is_public = !matches!(used.vis, Visibility::Inherited);
                    take_uses(&used.tree, &mut Vec::new(), is_public, &mut module.uses);
                }
                item => {
                    if let Some((name, vis, is_type)) = named(&item) {
                        if is_type && matches!(vis, Visibility::Public(_)) {
                            module.types.push(name.to_string());
                        }
                        module.defines.push(name.to_string());
                    }
                    module.items.push(item);
                }
            }
        }
        self.modules.insert(path, module);
    }
}

fn take_uses(tree: &UseTree, path: &mut Vec<String>, is_public: bool, uses: &mut Vec<Use>) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            take_uses(&step.tree, path, is_public, uses);
            path.pop();
        }
        UseTree::Name(last) if last.ident == "self" => {
            uses.push(Use { name: path.last().cloned(), path: path.clone(), is_public });
        }
        UseTree::Name(last) => {
            let name = last.ident.to_string();
            uses.push(Use {
                path: [path.as_slice(), std::slice::from_ref(&name)].concat(),
                name: Some(name),
                is_public,
            });
        }
        UseTree::Rename(last) => {
            let mut path = path.clone();
            if last.ident != "self" {
                path.push(last.ident.to_string());
            }
            uses.push(Use { name: Some(last.rename.to_string()), path, is_public });
        }
        UseTree::Glob(_) => uses.push(Use { name: None, path: path.clone(), is_public }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| take_uses(tree, path, is_public, uses)),
    }
}

/// The name of an item, who sees it, and whether it is a type.
fn named(item: &Item) -> Option<(&syn::Ident, &Visibility, bool)> {
    match item {
        Item::Struct(item) => Some((&item.ident, &item.vis, true)),
        Item::Enum(item) => Some((&item.ident, &item.vis, true)),
        Item::Trait(item) => Some((&item.ident, &item.vis, true)),
        Item::Union(item) => Some((&item.ident, &item.vis, true)),
        Item::Type(item) => Some((&item.ident, &item.vis, true)),
        Item::Fn(item) => Some((&item.sig.ident, &item.vis, false)),
        Item::Const(item) => Some((&item.ident, &item.vis, false)),
        Item::Static(item) => Some((&item.ident, &item.vis, false)),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, and nothing else: what a feature adds is part of the program.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}
