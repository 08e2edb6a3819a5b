//! The rooms of a crate and their imports, out of those of its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::circles;
use crate::modules::Crate;
use crate::resolve;

/// The crate of the sandbox, which stands beside the rooms, by its name in the code and in pictures.
const SANDBOX: (&str, &str) = ("rolo_sandbox", "crates/sandbox");

/// A folder or file directly in `src/`, or the crate beside it.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// Lines of its files, unit tests in files of their own apart.
    pub lines: usize,
    /// What its documentation begins with.
    pub purpose: String,
    /// The rooms that it imports.
    pub imports: BTreeSet<String>,
    /// Some of its files import each other in a circle, or it stands in a circle of rooms.
    pub has_circle: bool,
}

pub type Rooms = BTreeMap<String, Room>;

/// Reads the rooms of the crate whose root is `src/lib.rs` below `root`.
pub fn read(root: &Path) -> Rooms {
    let code = Crate::read(root, "src/lib.rs");
    let imports = resolve::imports(&code);
    let mut rooms = Rooms::new();
    for file in code.modules.values().map(|module| &module.file).collect::<BTreeSet<_>>() {
        let Some(name) = room_of(file) else { continue };
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let room = rooms.entry(name.clone()).or_default();
        room.lines += text.lines().count();
        if [format!("src/{name}.rs"), format!("src/{name}/mod.rs")].contains(file) {
            room.purpose = purpose(&text);
        }
        room.imports.extend(imports.get(file).into_iter().flat_map(BTreeMap::keys).filter_map(|to| room_of(to)));
        if text.contains(SANDBOX.0) {
            room.imports.insert(SANDBOX.1.to_owned());
        }
    }
    if rooms.values().any(|room| room.imports.contains(SANDBOX.1)) {
        let files = Crate::read(root, "crates/sandbox/src/lib.rs");
        let files: BTreeSet<_> = files.modules.values().map(|module| &module.file).collect();
        let texts: Vec<_> = files.iter().map(|file| std::fs::read_to_string(root.join(file)).unwrap()).collect();
        let lines = texts.iter().map(|text| text.lines().count()).sum();
        let lib = std::fs::read_to_string(root.join("crates/sandbox/src/lib.rs")).unwrap();
        rooms.insert(SANDBOX.1.to_owned(), Room { lines, purpose: purpose(&lib), ..Room::default() });
    }
    for (name, room) in &mut rooms {
        room.imports.remove(name);
    }
    for circle in circles::circles(&imports) {
        for name in circle.iter().filter_map(|file| room_of(file)) {
            rooms.get_mut(&name).unwrap().has_circle = true;
        }
    }
    rooms
}

/// The room of a file below `src/`; the root of the crate is none.
fn room_of(file: &str) -> Option<String> {
    let inside = file.strip_prefix("src/")?;
    let name = inside.split('/').next()?.trim_end_matches(".rs");
    (name != "lib" && name != "main").then(|| name.to_owned())
}

/// The first sentence of a file's documentation.
fn purpose(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let text = lines.join(" ");
    text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned()
}

/// The imports that a longer way doesn't imply: from and to.
pub fn told_by_no_other(rooms: &Rooms) -> Vec<(String, String)> {
    let mut shortest = Vec::new();
    for (from, room) in rooms {
        for to in &room.imports {
            let others = room.imports.iter().filter(|other| *other != to);
            if !others.into_iter().any(|other| reaches(rooms, other, to, &mut BTreeSet::new())) {
                shortest.push((from.clone(), to.clone()));
            }
        }
    }
    shortest
}

fn reaches<'a>(rooms: &'a Rooms, from: &'a str, to: &str, seen: &mut BTreeSet<&'a str>) -> bool {
    from == to
        || (seen.insert(from)
            && rooms.get(from).is_some_and(|room| room.imports.iter().any(|next| reaches(rooms, next, to, seen))))
}

/// The floor of each room: one above the highest of those that it imports. Rooms in a circle share what
/// the walk meets first.
pub fn floors(rooms: &Rooms) -> BTreeMap<String, usize> {
    let mut floors = BTreeMap::new();
    for name in rooms.keys() {
        floor(rooms, name, &mut BTreeSet::new(), &mut floors);
    }
    floors
}

fn floor<'a>(
    rooms: &'a Rooms,
    name: &'a str,
    above: &mut BTreeSet<&'a str>,
    floors: &mut BTreeMap<String, usize>,
) -> usize {
    if let Some(known) = floors.get(name) {
        return *known;
    }
    above.insert(name);
    let below: Vec<_> = rooms[name].imports.iter().filter(|next| !above.contains(next.as_str())).collect();
    let found = below.into_iter().map(|next| floor(rooms, next, above, floors) + 1).max().unwrap_or(0);
    above.remove(name);
    floors.insert(name.to_owned(), found);
    found
}

#[test]
fn a_room_stands_above_what_it_imports_and_a_way_by_others_is_not_drawn() {
    let room =
        |imports: &[&str]| Room { imports: imports.iter().map(ToString::to_string).collect(), ..Room::default() };
    let rooms: Rooms = [("top", room(&["middle", "ground"])), ("middle", room(&["ground"])), ("ground", room(&[]))]
        .map(|(name, room)| (name.to_owned(), room))
        .into();
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(told_by_no_other(&rooms), [pair("middle", "ground"), pair("top", "middle")]);
    assert_eq!(floors(&rooms).into_values().collect::<Vec<_>>(), [0, 1, 2]);
}
