use std::io::{BufRead, Read as _};
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::table::unreadable::unreadable;

/// The lines of a file of cards, each put together from those it was folded into.
pub struct ContentLines {
    path: PathBuf,
    text: Box<dyn BufRead + Send>,
    line_end: u8,
    most_bytes: usize,
    /// The next line as it stands, taken to see whether it goes on the present one.
    next: Option<Vec<u8>>,
    /// Its number, from 1.
    line: u64,
    /// Folding left a blank of the text at the beginning of the next line, as version 2.1 has it.
    pub keeps_blank: bool,
}

impl ContentLines {
    pub fn new(path: PathBuf, text: Box<dyn BufRead + Send>, line_end: u8, most_bytes: usize) -> Self {
        Self { path, text, line_end, most_bytes, next: None, line: 0, keeps_blank: false }
    }

    /// The number of the next line that is not blank, and its content without what folded it.
    pub fn read(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        let mut whole = loop {
            match self.take()? {
                None => return Ok(None),
                Some(line) if line.trim_ascii().is_empty() => {}
                Some(line) => break line,
            }
        };
        let number = self.line;
        let soft_breaks = is_quoted_printable(&whole);
        while let Some(next) = self.take()? {
            if soft_breaks && whole.last() == Some(&b'=') {
                whole.pop();
                whole.extend_from_slice(&next);
            } else if matches!(next.first(), Some(b' ' | b'\t')) && !next.trim_ascii().is_empty() {
                whole.extend_from_slice(&next[usize::from(!self.keeps_blank)..]);
            } else {
                self.next = Some(next);
                self.line -= 1;
                break;
            }
            if whole.len() > self.most_bytes {
                return Err(self.too_long(number));
            }
        }
        Ok(Some((number, whole)))
    }

    fn take(&mut self) -> Result<Option<Vec<u8>>> {
        self.line += 1;
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let room = self.most_bytes as u64 + 2;
        let read = (&mut self.text).take(room).read_until(self.line_end, &mut line);
        if read.map_err(|cause| unreadable(&self.path, cause))? == 0 {
            return Ok(None);
        }
        if line.len() > self.most_bytes + 1 {
            return Err(self.too_long(self.line));
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        // Files put one behind the other bring their byte order marks with them.
        if line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        Ok(Some(line))
    }

    fn too_long(&self, line: u64) -> Error {
        Error::usage(format!(
            "{}, line {line}: more than {} MB in one line",
            self.path.display(),
            self.most_bytes >> 20
        ))
        .at_path(&self.path)
        .at_line(line)
        .hint("export the cards again without pictures")
    }
}

/// Whether the value is quoted-printable, so that `=` at the end of a line is no character of it.
fn is_quoted_printable(line: &[u8]) -> bool {
    let head = line.split(|byte| *byte == b':').next().unwrap_or_default();
    head.to_ascii_uppercase().windows(16).any(|word| word == b"QUOTED-PRINTABLE")
}
