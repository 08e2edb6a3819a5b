//! The program as somebody at a terminal has it: what it shows is read, and answers are typed.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::world::{Bare as _, World};

/// A command in a terminal of its own, by `script` of util-linux.
pub struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    seen: String,
}

impl Terminal {
    /// Runs the program in a terminal of so many columns.
    pub fn start(world: &World, columns: u16, arguments: &str) -> Self {
        Self::shell(world, columns, &format!("exec \"$ROLO\" {arguments}"))
    }

    /// Runs a line of a shell there, to which the program is `$ROLO`.
    pub fn shell(world: &World, columns: u16, line: &str) -> Self {
        let line = format!("stty rows 24 cols {columns}; {line}");
        let mut command = Command::new("script");
        command.bare().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", world.home());
        command.env("TERM", "xterm").env("SHELL", "/bin/sh").current_dir(world.home());
        command.env("ROLO", env!("CARGO_BIN_EXE_rolo"));
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, keys, screen, seen: String::new() }
    }

    /// Waits until the words stand on the screen, after all that was waited for before, and types a line.
    pub fn answer(&mut self, question: &str, line: &str) {
        self.until(question);
        writeln!(self.keys, "{line}").unwrap();
    }

    /// Presses Ctrl-C, once these words stand there.
    pub fn interrupt(&mut self, question: &str) {
        self.until(question);
        self.keys.write_all(b"\x03").unwrap();
    }

    fn until(&mut self, words: &str) {
        let from = self.seen.len();
        while !self.seen[from..].contains(words) {
            assert!(self.read(), "{words} was not shown: {}", self.seen);
        }
    }

    /// All that was shown, and the code it ended with.
    pub fn end(mut self) -> (String, i32) {
        while self.read() {}
        (self.seen, self.child.wait().unwrap().code().unwrap())
    }

    fn read(&mut self) -> bool {
        let mut byte = [0];
        match self.screen.read(&mut byte) {
            Ok(1) => self.seen.push(char::from(byte[0])),
            _ => return false,
        }
        true
    }
}
