//! Questions to whoever sits at the terminal, one line each.

use std::io::{self, IsTerminal as _, Write as _};

use secrecy::SecretString;

use super::asking::Asking;
use super::kept_input;
use crate::error::{Error, Result};
use crate::jobs;
use crate::platform;
use crate::report::escape;

/// Asks, if there is somebody to ask.
pub struct Dialogue {
    asks: bool,
}

impl Dialogue {
    pub fn new() -> Self {
        Self { asks: io::stdin().is_terminal() && io::stderr().is_terminal() }
    }

    pub const fn asks(&self) -> bool {
        self.asks
    }

    /// Says something before a question.
    pub fn say(&self, words: &str) {
        if self.asks {
            drop(io::stderr().lock().write_all(format!("{words}\n").as_bytes()));
        }
    }

    /// An answer without the white space around it; what stands in brackets if it is empty.
    ///
    /// # Errors
    /// Kind `Usage` if nobody can be asked, naming the option that answers as well, or if there is no answer;
    /// `Interrupted` after a signal.
    pub async fn ask(
        &self,
        question: &str,
        otherwise: Option<&str>,
        option: &str,
        job: &jobs::Context,
    ) -> Result<String> {
        self.can_ask(option)?;
        let brackets = otherwise.map_or(String::new(), |otherwise| format!(" [{}]", escape(otherwise)));
        prompt(&format!("{question}{brackets}: "));
        let answer = line(job).await?;
        let answer = answer.trim();
        match otherwise {
            Some(otherwise) if answer.is_empty() => Ok(otherwise.to_owned()),
            _ => Ok(answer.to_owned()),
        }
    }

    /// The same for a secret, which is not shown while it is typed.
    ///
    /// # Errors
    /// Those of [`Self::ask`]; kind `Usage` if typing can't be hidden.
    pub async fn ask_hidden(&self, question: &str, option: &str, job: &jobs::Context) -> Result<SecretString> {
        self.can_ask(option)?;
        let hidden = platform::hide_typing().map_err(|error| {
            Error::usage("this terminal can't hide what is typed").hint(format!("use {option}")).caused_by(error)
        })?;
        prompt(&format!("{question} (not shown): "));
        let answer = line(job).await;
        drop(hidden);
        prompt("\n");
        Ok(SecretString::from(answer?.trim().to_owned()))
    }

    fn can_ask(&self, option: &str) -> Result<()> {
        if self.asks {
            return Ok(());
        }
        Err(Error::usage(format!("nobody can be asked here, so say it: {option}"))
            .hint("`rolo account add --help` shows every option"))
    }
}

fn prompt(words: &str) {
    drop(io::stderr().write_all(words.as_bytes()).and_then(|()| io::stderr().flush()));
}

async fn line(job: &jobs::Context) -> Result<String> {
    let read = || {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|bytes| (bytes > 0).then_some(line))
    };
    let _asking = Asking::begin();
    match kept_input::interruptible(job, read).await? {
        Ok(Some(line)) => Ok(line),
        Ok(None) | Err(_) => Err(Error::usage("the answers ended before the questions: nothing was written")),
    }
}
