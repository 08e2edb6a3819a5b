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
    /// Exchanges the texts of a slot; runs that both have are left alone, for the common ones are long lists.
    pub fn replace<'a>(
        &mut self,
        slot: u32,
        before: impl Iterator<Item = &'a str>,
        after: impl Iterator<Item = &'a str>,
    ) {
        let (before, after) = (distinct(before), distinct(after));
        for gram in before.iter().filter(|gram| after.binary_search(gram).is_err()) {
            if let Some(slots) = self.0.get_mut(gram) {
                remove(slots, slot);
                if slots.is_empty() {
                    self.0.remove(gram);
                }
            }
        }
        for gram in after.iter().filter(|gram| before.binary_search(gram).is_err()) {
            add(self.0.entry(*gram).or_default(), slot);
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

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u64> {
    let mut all: Vec<u64> = texts.flat_map(|text| grams(&text.to_lowercase()).collect::<Vec<_>>()).collect();
    all.sort_unstable();
    all.dedup();
    all
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
        index.replace(0, [].into_iter(), ["Anna Kaya"].into_iter());
        index.replace(1, [].into_iter(), ["Bülent"].into_iter());
        assert_eq!(index.candidates(["nna"].into_iter()), Some([0].as_slice()));
        assert_eq!(index.candidates(["bül"].into_iter()), Some([1].as_slice()));
        assert_eq!(index.candidates(["xyz"].into_iter()), Some([].as_slice()));
        assert_eq!(index.candidates(["an"].into_iter()), None);
        index.replace(0, ["Anna Kaya"].into_iter(), ["Anna"].into_iter());
        assert_eq!(index.candidates(["nna"].into_iter()), Some([0].as_slice()));
        assert_eq!(index.candidates(["kay"].into_iter()), Some([].as_slice()));
    }
}
