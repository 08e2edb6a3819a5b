//! Ids that come from content: the same contacts get the same ids, in whatever order they arrive.

/// The least id given out, and how many there are: fifteen digits, whole in a 64-bit float.
const LEAST: u64 = 100_000_000_000_000;
const COUNT: u64 = 900_000_000_000_000;

/// The id of a contact first known by `identifier` (its phone, else e-mail, else whatever is its
/// own): the first eight bytes of its BLAKE3 hash, brought into fifteen digits. While an id is
/// taken the next one is tried, so a second contact with the same phone sits beside the first.
pub fn derived(identifier: &str, taken: impl Fn(u64) -> bool) -> u64 {
    let hash = blake3::hash(identifier.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    let mut offset = u64::from_be_bytes(first) % COUNT;
    while taken(LEAST + offset) {
        offset = (offset + 1) % COUNT;
    }
    LEAST + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_identifier_gets_the_same_id_of_fifteen_digits() {
        let id = derived("+447700900001", |_| false);
        assert_eq!(id, derived("+447700900001", |_| false));
        assert_ne!(id, derived("+447700900002", |_| false));
        assert_eq!(id.to_string().len(), 15);
    }

    #[test]
    fn a_taken_id_gives_way_to_the_next() {
        let first = derived("a", |_| false);
        assert_eq!(derived("a", |id| id == first), first + 1);
    }
}
