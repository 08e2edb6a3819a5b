use crate::contact::RowError;
use crate::error::Result;

/// The entries of a file, in order.
pub trait FileEntries: Send {
    /// Reads the next one into `entry`; false at the end.
    ///
    /// # Errors
    /// Those of the disk, and of an entry longer than is allowed.
    fn read(&mut self, entry: &mut FileEntry) -> Result<bool>;

    /// What was left out or noticed until now, in words.
    fn notes(&self) -> Vec<String>;
}

/// One entry: names and values, all text in one buffer that is used again.
#[derive(Debug, Default)]
pub struct FileEntry {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Bytes of it were no text, and stand as U+FFFD.
    pub is_broken: bool,
    /// What is wrong with it as a whole.
    pub error: Option<RowError>,
    text: String,
    /// Where each name begins, its value begins, and that ends.
    values: Vec<(usize, usize, usize)>,
}

impl FileEntry {
    pub fn begin(&mut self, line: u64) {
        self.line = line;
        self.is_broken = false;
        self.error = None;
        self.text.clear();
        self.values.clear();
    }

    pub fn push(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.values.push((start, middle, self.text.len()));
    }

    /// Names and values in their order.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(start, middle, end)| (&self.text[*start..*middle], &self.text[*middle..*end]))
    }

    pub fn has(&self, name: &str) -> bool {
        self.values().any(|(there, _)| there == name)
    }

    /// Whether it says nothing at all.
    pub fn is_blank(&self) -> bool {
        self.error.is_none() && self.values().all(|(_, value)| value.trim().is_empty())
    }
}
