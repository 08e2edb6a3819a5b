use std::fmt;

/// Lines that are named of rows of one kind.
const NAMED: usize = 5;

/// How many rows of one kind there are, and the lines of the first ones.
#[derive(Default)]
pub struct FirstLines {
    pub rows: u64,
    lines: Vec<u64>,
}

impl FirstLines {
    pub fn add(&mut self, line: u64) {
        self.rows += 1;
        if self.lines.len() < NAMED {
            self.lines.push(line);
        }
    }
}

/// `lines 2, 7 and 40 more`.
impl fmt::Display for FirstLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines.iter().map(u64::to_string).collect();
        let word = if self.rows == 1 { "line" } else { "lines" };
        write!(f, "{word} {}", lines.join(", "))?;
        match self.rows - self.lines.len() as u64 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
