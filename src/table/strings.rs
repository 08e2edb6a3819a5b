//! The distinct strings of a workbook, which its cells refer to by number.

/// The table of distinct strings: one text, and where each ends in it.
#[derive(Debug, Default)]
pub struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Adds the string that `write` puts behind the others.
    pub fn add(&mut self, write: impl FnOnce(&mut String) -> Option<()>) -> Option<()> {
        write(&mut self.text)?;
        self.ends.push(self.text.len());
        Some(())
    }

    /// Goes on with the string that is next; [`Strings::end`] adds it.
    pub fn extend<E>(&mut self, write: impl FnOnce(&mut String) -> Result<(), E>) -> Result<(), E> {
        write(&mut self.text)
    }

    pub fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    pub fn get(&self, index: u32) -> Option<&str> {
        let index = usize::try_from(index).ok()?;
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}
