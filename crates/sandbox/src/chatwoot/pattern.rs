/// A text as the database's `ILIKE '%text%'` reads it: `%` stands for anything, `_` for one character.
#[derive(Debug)]
pub(super) struct Pattern {
    units: Vec<Unit>,
    /// The parts without wildcards; in lower case where case does not matter.
    pieces: Vec<String>,
    any_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Exactly(char),
    One,
    Many,
}

impl Pattern {
    pub fn containing(text: &str) -> Self {
        Self::new(&format!("%{text}%"), true)
    }

    /// As `LIKE` reads it, which minds the case.
    pub fn containing_exactly(text: &str) -> Self {
        Self::new(&format!("%{text}%"), false)
    }

    fn new(pattern: &str, any_case: bool) -> Self {
        let pattern = if any_case { pattern.to_lowercase() } else { pattern.to_owned() };
        let mut units = Vec::new();
        let mut pieces = vec![String::new()];
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let unit = match character {
                '%' => Unit::Many,
                '_' => Unit::One,
                '\\' => Unit::Exactly(characters.next().unwrap_or('\\')),
                plain => Unit::Exactly(plain),
            };
            match (unit, pieces.last_mut()) {
                (Unit::Exactly(plain), Some(piece)) => piece.push(plain),
                _ => pieces.push(String::new()),
            }
            units.push(unit);
        }
        pieces.retain(|piece| !piece.is_empty());
        Self { units, pieces, any_case }
    }

    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(String::as_str)
    }

    pub fn matches(&self, text: &str) -> bool {
        let text = if self.any_case { text.to_lowercase() } else { text.to_owned() };
        if !self.pieces.iter().all(|piece| text.contains(piece.as_str())) {
            return false;
        }
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut unit) = (0, 0);
        // Where to go on from when the text does not fit after the last `Many`.
        let mut back: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.units.get(unit) {
                Some(Unit::Many) => {
                    back = Some((at, unit + 1));
                    unit += 1;
                }
                Some(Unit::One) => (at, unit) = (at + 1, unit + 1),
                Some(Unit::Exactly(wanted)) if *wanted == text[at] => (at, unit) = (at + 1, unit + 1),
                _ => match back {
                    Some((from, after)) => {
                        back = Some((from + 1, after));
                        (at, unit) = (from + 1, after);
                    }
                    None => return false,
                },
            }
        }
        self.units[unit..].iter().all(|unit| *unit == Unit::Many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_substring_is_found_whatever_its_case() {
        let pattern = Pattern::containing("NNA.k");
        assert!(pattern.matches("Anna.Kaya@example.com"));
        assert!(!pattern.matches("annakaya"));
    }

    #[test]
    fn percent_and_underscore_are_wildcards_unless_escaped() {
        assert!(Pattern::containing("%").matches(""));
        assert!(Pattern::containing("a_c").matches("xabcx"));
        assert!(!Pattern::containing("a_c").matches("ac"));
        assert!(Pattern::containing("a%z").matches("--a---z--"));
        assert!(!Pattern::containing(r"a\_c").matches("abc"));
        assert!(Pattern::containing(r"a\_c").matches("a_c"));
        assert!(Pattern::containing_exactly("CRM-_").matches("a CRM-7"));
        assert!(!Pattern::containing_exactly("CRM-").matches("crm-7"));
    }
}
