use std::io::{self, Write as _};

use indicatif::ProgressDrawTarget;

use super::{CommandContext, Environment};
use crate::error::{Error, Result};
use crate::report::{JsonReporter, Progress, Reporter, Several, error_line, escape};
use crate::{clock, platform};

/// Writes data to standard output. A reader that has gone away (`| head`) is no error.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::stopped("standard output can't be written").caused_by(error))
        }
        _ => Ok(()),
    }
}

/// Says that an option is given that this command has no use for, if it is.
pub fn unused(why: &str, option: &str, is_given: bool, context: &CommandContext) {
    if is_given && !context.quiet {
        drop(writeln!(io::stderr().lock(), "{why}: {option} is not used"));
    }
}

/// Columns of the terminal that standard error is, at this moment; `None` where it is none.
pub fn width() -> Option<u16> {
    platform::terminal_width(&io::stderr())
}

/// The same of standard output, where data is listed.
pub fn listing_width() -> Option<u16> {
    platform::terminal_width(&io::stdout())
}

/// Whoever shows how a run gets on: a bar or lines on standard error, unless quiet, and JSON lines
/// on standard output if asked for.
pub fn progress(context: &CommandContext) -> Box<dyn Reporter> {
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    if context.json {
        reporters.push(Box::new(JsonReporter::new(Box::new(io::stdout()))));
    }
    let drawn = context.environment.watched && !matches!(context.environment.get("TERM"), None | Some("dumb"));
    if context.quiet {
    } else if drawn {
        reporters.push(Box::new(Progress::bar(ProgressDrawTarget::stderr(), width, clock::calendar())));
    } else {
        reporters.push(Box::new(Progress::lines(Box::new(io::stderr()), clock::calendar())));
    }
    Box::new(Several(reporters))
}

/// Writes an error to standard error: what happened, why, and what to do; and, if asked for, as a last
/// line of JSON to standard output.
pub fn show_error(error: &Error, json: bool, environment: &Environment) {
    if json {
        drop(writeln!(io::stdout().lock(), "{}", error_line(error)));
    }
    drop(io::stderr().lock().write_all(error_words(error, environment.color()).as_bytes()));
}

fn error_words(error: &Error, color: bool) -> String {
    let paint = |code: &str, word: &str| if color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() };
    let mut lines = vec![format!("{} {}\n", paint("1;31", "error:"), escape(&error.message))];
    for cause in error.causes() {
        lines.push(format!("{} {}\n", paint("1", "cause:"), escape(&cause)));
    }
    if let Some(hint) = &error.hint {
        lines.push(format!("{} {}\n", paint("1;36", "hint:"), escape(hint)));
    }
    lines.concat()
}

/// Makes a panic say that it is a bug, and where, but not with which values: they may be personal.
pub fn announce_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let words = format!(
            "error: rolo {} broke{place}\nhint: this is a bug in rolo: please report it with the command you ran\n",
            env!("CARGO_PKG_VERSION")
        );
        drop(io::stderr().lock().write_all(words.as_bytes()));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes_and_its_cure() {
        let error = Error::usage("the mapping can't be read: a\u{1b}b.toml")
            .caused_by(io::Error::other("permission denied"))
            .hint("make it readable");
        assert_eq!(
            error_words(&error, false),
            "error: the mapping can't be read: a<U+001B>b.toml\ncause: permission denied\nhint: make it readable\n"
        );
        assert!(error_words(&error, true).starts_with("\u{1b}[1;31merror:\u{1b}[0m the mapping"));
    }
}
