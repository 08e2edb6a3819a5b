//! Where each identifier of a file stood first, in some eight bytes of memory for each.
//!
//! Memory holds seven bytes in a table nine tenths full: three of them tell an identifier from nearly all
//! others, the other four say where in a temporary file its whole hash and its place stand. Whoever is
//! found by the first is read back and compared, so two identifiers are one only if their whole hashes
//! are.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{Result, Write};
use std::sync::LazyLock;

use crate::contact::Identifier;
use crate::platform;

/// An identifier in 16 bytes: a hash, since a file of millions of rows has to fit into memory. Another
/// process has other hashes, so that nobody can make a file whose identifiers all fall on one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(pub [u8; 16]);

/// Keyed hashes that nobody can foresee, a half of a key each.
static SECRETS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

impl Key {
    pub fn of(identifier: &Identifier) -> Self {
        let text = (identifier.kind, identifier.compared());
        let [one, other] = &*SECRETS;
        let mut key = [0; 16];
        key[..8].copy_from_slice(&one.hash_one(&text).to_le_bytes());
        key[8..].copy_from_slice(&other.hash_one(&text).to_le_bytes());
        Self(key)
    }
}

/// Where an identifier stood first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub line: u32,
    pub sheet: u16,
    /// The row has the service's own id of its contact.
    pub by_id: bool,
}

/// Identifiers in memory before they are written to the file; a file of fewer needs none.
const TAIL: usize = 1 << 15;

/// Bytes of an identifier in the file.
const ENTRY: usize = 24;

/// Tables, so that only one of them is held twice while it grows.
const SHARDS: usize = 256;

/// Slots of the first table at the beginning.
const ROOM: usize = 256;

/// A table grows by one part of so many: little enough that hardly any room is idle.
const GROWTH: usize = 8;

#[derive(Debug)]
pub(super) struct SeenKeys {
    shards: Vec<Shard>,
    spool: Spool,
}

impl Default for SeenKeys {
    fn default() -> Self {
        // No two begin with quite the same room, so that they don't all grow at once: what one leaves, another takes.
        let shards = (0..SHARDS).map(|number| Shard::with_room(ROOM + number * ROOM / GROWTH / SHARDS));
        Self { shards: shards.collect(), spool: Spool::default() }
    }
}

impl SeenKeys {
    /// Where an identifier stood first.
    ///
    /// # Errors
    /// Those of reading the temporary file.
    pub fn get(&self, key: &Key) -> Result<Option<Place>> {
        let (shard, print) = divided(key);
        for entry in self.shards[shard].alike(print) {
            let (held, place) = self.spool.read(entry)?;
            if held == *key {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Adds an identifier that is not there.
    pub fn add(&mut self, key: Key, place: Place) {
        let (shard, print) = divided(&key);
        let entry = self.spool.push(key, place);
        self.shards[shard].add(print, entry);
    }
}

/// The table of an identifier, and what tells it from others in there.
fn divided(key: &Key) -> (usize, u32) {
    let [shard, a, b, c, ..] = key.0;
    (usize::from(shard), u32::from_le_bytes([a, b, c, 0]))
}

/// Bits of what tells an identifier from others.
const PRINT: u32 = 24;

/// The print of an identifier and one more than its entry in the file, 0 where there is none.
#[derive(Clone, Copy, Debug, Default)]
struct Slot([u8; 7]);

impl Slot {
    fn new(print: u32, entry: u32) -> Self {
        let mut bytes = [0; 7];
        bytes[..3].copy_from_slice(&print.to_le_bytes()[..3]);
        bytes[3..].copy_from_slice(&(entry + 1).to_le_bytes());
        Self(bytes)
    }

    fn print(self) -> u32 {
        let [a, b, c, ..] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }

    fn entry(self) -> Option<u32> {
        let [_, _, _, d, e, f, g] = self.0;
        u32::from_le_bytes([d, e, f, g]).checked_sub(1)
    }
}

/// Open addressing.
#[derive(Debug)]
struct Shard {
    slots: Vec<Slot>,
    filled: usize,
}

impl Shard {
    fn with_room(slots: usize) -> Self {
        Self { slots: vec![Slot::default(); slots], filled: 0 }
    }

    /// Entries with this print.
    fn alike(&self, print: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.home(print);
        let (before, behind) = self.slots.split_at(from);
        let chain = behind.iter().chain(before).map_while(|slot| slot.entry().map(|entry| (slot.print(), entry)));
        chain.filter(move |slot| slot.0 == print).map(|slot| slot.1)
    }

    fn add(&mut self, print: u32, entry: u32) {
        if self.filled * 10 >= self.slots.len() * 9 {
            self.grow();
        }
        self.put(Slot::new(print, entry));
        self.filled += 1;
    }

    fn grow(&mut self) {
        let wanted = self.slots.len() + self.slots.len() / GROWTH;
        let slots = std::mem::replace(&mut self.slots, vec![Slot::default(); wanted]);
        slots.into_iter().filter(|slot| slot.entry().is_some()).for_each(|slot| self.put(slot));
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.print());
        while self.slots[at].entry().is_some() {
            at = (at + 1) % self.slots.len();
        }
        self.slots[at] = slot;
    }

    /// Where the search for a print begins.
    fn home(&self, print: u32) -> usize {
        ((u64::from(print) * self.slots.len() as u64) >> PRINT) as usize
    }
}

/// Whole hashes and places, in the order in which they came.
#[derive(Debug, Default)]
struct Spool {
    file: Option<File>,
    /// Entries in the file.
    written: usize,
    /// Those that come behind.
    tail: Vec<(Key, Place)>,
    /// The file could not be made or written, so that all that comes stays in memory.
    failed: bool,
}

impl Spool {
    fn push(&mut self, key: Key, place: Place) -> u32 {
        if self.tail.len() >= TAIL && !self.failed {
            self.failed = self.flush().is_err();
        }
        self.tail.push((key, place));
        u32::try_from(self.written + self.tail.len() - 1).unwrap_or(u32::MAX - 1)
    }

    fn flush(&mut self) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut bytes = Vec::with_capacity(self.tail.len() * ENTRY);
        for (key, place) in &self.tail {
            bytes.extend(key.0);
            bytes.extend(place.line.to_le_bytes());
            bytes.extend(place.sheet.to_le_bytes());
            bytes.extend([u8::from(place.by_id), 0]);
        }
        file.write_all(&bytes)?;
        self.written += self.tail.len();
        self.tail.clear();
        Ok(())
    }

    fn read(&self, entry: u32) -> Result<(Key, Place)> {
        let entry = entry as usize;
        if let Some(at) = entry.checked_sub(self.written) {
            return self.tail.get(at).copied().ok_or_else(|| std::io::ErrorKind::NotFound.into());
        }
        let Some(file) = &self.file else { return Err(std::io::ErrorKind::NotFound.into()) };
        let mut bytes = [0; ENTRY];
        platform::read_exact_at(file, &mut bytes, (entry * ENTRY) as u64)?;
        let mut key = [0; 16];
        key.copy_from_slice(&bytes[..16]);
        let (mut line, mut sheet) = ([0; 4], [0; 2]);
        line.copy_from_slice(&bytes[16..20]);
        sheet.copy_from_slice(&bytes[20..22]);
        let place = Place { line: u32::from_le_bytes(line), sheet: u16::from_le_bytes(sheet), by_id: bytes[22] == 1 };
        Ok((Key(key), place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32, print: u32) -> Key {
        let mut key = [0; 16];
        key[0] = (number % 251) as u8;
        key[1..4].copy_from_slice(&print.to_le_bytes()[..3]);
        key[12..].copy_from_slice(&number.to_le_bytes());
        Key(key)
    }

    /// The last of prints.
    const LAST: u32 = (1 << PRINT) - 1;

    fn spread(number: u32) -> u32 {
        number.wrapping_mul(0x9e37_79b9) >> 8
    }

    fn place(number: u32) -> Place {
        Place { line: number, sheet: (number % 3) as u16, by_id: number % 2 == 1 }
    }

    #[test]
    fn each_identifier_is_found_where_it_stood_also_behind_others_with_the_same_print() {
        let mut seen = SeenKeys::default();
        // More than memory holds, and a print for every three.
        let numbers = 0..100_000_u32;
        let print = |number: u32| spread(number / 3);
        for number in numbers.clone() {
            assert_eq!(seen.get(&key(number, print(number))).unwrap(), None, "{number}");
            seen.add(key(number, print(number)), place(number));
        }
        assert!(seen.spool.written > 0, "nothing was written to the file");
        for number in numbers {
            assert_eq!(seen.get(&key(number, print(number))).unwrap(), Some(place(number)), "{number}");
        }
        let slots: usize = seen.shards.iter().map(|shard| shard.slots.len()).sum();
        assert!(slots * 10 <= 100_000 * 13, "{slots} slots for 100,000 identifiers");
    }

    #[test]
    fn identifiers_at_the_end_of_a_table_go_round_it() {
        let mut seen = SeenKeys::default();
        let numbers = 0..40_u32;
        numbers.clone().for_each(|number| seen.add(key(number, LAST - number % 5), place(number)));
        for number in numbers {
            assert_eq!(seen.get(&key(number, LAST - number % 5)).unwrap(), Some(place(number)));
        }
        assert_eq!(seen.get(&key(41, LAST)).unwrap(), None);
    }

    #[test]
    fn without_a_temporary_file_all_stays_in_memory_and_is_found() {
        let mut seen = SeenKeys::default();
        seen.spool.failed = true;
        let numbers = 0..u32::try_from(TAIL).unwrap() + 100;
        numbers.clone().for_each(|number| seen.add(key(number, spread(number)), place(number)));
        assert!(seen.spool.file.is_none());
        for number in numbers {
            assert_eq!(seen.get(&key(number, spread(number))).unwrap(), Some(place(number)));
        }
    }
}
