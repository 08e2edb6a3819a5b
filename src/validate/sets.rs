//! Names of tags and lists.

use std::collections::HashSet;

/// Leaves the first of equal names.
pub(super) fn unrepeated(names: &mut Vec<String>) {
    // For the few names of a usual cell, comparing each with those before it is quicker than hashing.
    if names.len() <= 16 {
        let mut at = 1;
        while at < names.len() {
            if names[..at].contains(&names[at]) {
                names.remove(at);
            } else {
                at += 1;
            }
        }
        return;
    }
    let mut seen = HashSet::with_capacity(names.len());
    let first: Vec<bool> = names.iter().map(|name| seen.insert(name.as_str())).collect();
    let mut first = first.into_iter();
    names.retain(|_| first.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_names_stays_in_its_place_however_many_there_are() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut few = names(&["b", "a", "b", "c", "a"]);
        unrepeated(&mut few);
        assert_eq!(few, ["b", "a", "c"]);
        let mut many: Vec<String> = (0..60).map(|n| (n % 20).to_string()).collect();
        unrepeated(&mut many);
        assert_eq!(many, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}
