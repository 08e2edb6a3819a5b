use std::collections::HashMap;

/// Slots by key. A key may have several, as the phone numbers of an imported file do.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<String, Vec<u32>>);

impl Keys {
    pub fn at(&self, key: &str) -> &[u32] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    pub fn add(&mut self, key: String, slot: u32) {
        add(self.0.entry(key).or_default(), slot);
    }

    pub fn remove(&mut self, key: &str, slot: u32) {
        if let Some(slots) = self.0.get_mut(key) {
            remove(slots, slot);
            if slots.is_empty() {
                self.0.remove(key);
            }
        }
    }
}

/// Slots by each run of three characters in their texts, so that a substring search need not read every contact.
#[derive(Debug, Default)]
pub(super) struct Trigrams(HashMap<u64, Vec<u32>>);

impl Trigrams {
    pub fn add<'a>(&mut self, texts: impl Iterator<Item = &'a str>, slot: u32) {
        for text in texts {
            for gram in grams(&text.to_lowercase()) {
                add(self.0.entry(gram).or_default(), slot);
            }
        }
    }

    pub fn remove<'a>(&mut self, texts: impl Iterator<Item = &'a str>, slot: u32) {
        for text in texts {
            for gram in grams(&text.to_lowercase()) {
                if let Some(slots) = self.0.get_mut(&gram) {
                    remove(slots, slot);
                    if slots.is_empty() {
                        self.0.remove(&gram);
                    }
                }
            }
        }
    }

    /// The slots that may hold a text with all of these pieces, or `None` when no piece is long enough to say.
    pub fn candidates<'a>(&self, pieces: impl Iterator<Item = &'a str>) -> Option<&[u32]> {
        let mut fewest: Option<&[u32]> = None;
        for piece in pieces {
            for gram in grams(piece) {
                let slots = self.0.get(&gram).map_or(&[][..], Vec::as_slice);
                if fewest.is_none_or(|best| slots.len() < best.len()) {
                    fewest = Some(slots);
                }
            }
        }
        fewest
    }
}

fn grams(text: &str) -> impl Iterator<Item = u64> {
    let mut last = [0_u64; 2];
    text.chars().enumerate().filter_map(move |(position, character)| {
        let character = u64::from(u32::from(character));
        let gram = last[0] << 42 | last[1] << 21 | character;
        last = [last[1], character];
        (position >= 2).then_some(gram)
    })
}

fn add(slots: &mut Vec<u32>, slot: u32) {
    if let Err(position) = slots.binary_search(&slot) {
        slots.insert(position, slot);
    }
}

fn remove(slots: &mut Vec<u32>, slot: u32) {
    if let Ok(position) = slots.binary_search(&slot) {
        slots.remove(position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_three_characters_narrows_the_search() {
        let mut index = Trigrams::default();
        index.add(["Anna Kaya"].into_iter(), 0);
        index.add(["Bülent"].into_iter(), 1);
        assert_eq!(index.candidates(["nna"].into_iter()), Some([0].as_slice()));
        assert_eq!(index.candidates(["bül"].into_iter()), Some([1].as_slice()));
        assert_eq!(index.candidates(["xyz"].into_iter()), Some([].as_slice()));
        assert_eq!(index.candidates(["an"].into_iter()), None);
        index.remove(["Anna Kaya"].into_iter(), 0);
        assert_eq!(index.candidates(["nna"].into_iter()), Some([].as_slice()));
    }
}
