//! Words that name options of the command line, as the page says them.

use std::borrow::Cow;

/// What of the command line there is on the page, and what it is called there; longer ones before those they begin
/// with.
const CONTROLS: [(&str, &str); 14] = [
    ("--sheet all", "“Sheet: all that have the same columns” (File, Read it another way)"),
    ("--sheet", "“Sheet” (File, Read it another way)"),
    ("--header-row", "“Line that names the columns” (File, Read it another way)"),
    ("--header none", "“No line names the columns” (File, Read it another way)"),
    ("--delimiter", "“Between cells” (File, Read it another way)"),
    ("--encoding", "“Encoding” (File, Read it another way)"),
    ("--visible-only", "“Leave out rows that are hidden” (File, Read it another way)"),
    ("--region", "“Country of phone numbers without a country code” (File, Read it another way)"),
    ("--mapping", "what is saved under Columns"),
    ("--edits", "what is mended under Problems"),
    ("--live", "“Look at the account, to be exact” (Plan and send)"),
    ("--unthrottled", "“don't wait for the service's limits” (Plan and send)"),
    ("--canary", "“a few first” (Plan and send)"),
    ("--yes", "the button on this page"),
];

/// The same words, with the controls of the page in place of the options that they stand for. Commands, which stand
/// between backticks, stay as they are.
pub fn on_page(words: &str) -> Cow<'_, str> {
    if !words.contains("--") {
        return Cow::Borrowed(words);
    }
    let pieces: Vec<String> = words
        .split('`')
        .enumerate()
        .map(|(at, piece)| match CONTROLS.iter().find(|(option, _)| *option == piece) {
            // One option between backticks is no command.
            Some((_, control)) if at % 2 == 1 => (*control).to_owned(),
            _ if at % 2 == 1 => format!("`{piece}`"),
            _ => CONTROLS.iter().fold(piece.to_owned(), |said, (option, control)| replaced(&said, option, control)),
        })
        .collect();
    Cow::Owned(pieces.concat())
}

/// A message of a row, or several. What is before their end may be a cell, which is quoted as it is.
pub fn message_on_page(message: &str) -> Cow<'_, str> {
    let found = CONTROLS.iter().find_map(|(option, control)| Some((message.strip_suffix(option)?, control)));
    match found {
        Some((before, control)) if before.ends_with(' ') => Cow::Owned(format!("{before}{control}")),
        _ => Cow::Borrowed(message),
    }
}

/// Whole options alone: `--header` is no part of `--header-row`.
fn replaced(text: &str, option: &str, control: &str) -> String {
    let (mut said, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(option) {
        let (before, after) = (&rest[..at], &rest[at + option.len()..]);
        let is_whole = !after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
        said.push_str(before);
        said.push_str(if is_whole { control } else { option });
        rest = after;
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_said_as_the_control_that_does_the_same() {
        let said = on_page("sheet \"A\" is read: --sheet names another, --sheet all reads both");
        assert!(!said.contains("--") && said.contains("“Sheet” (File"), "{said}");
        assert!(said.contains("“Sheet: all that have the same columns”"), "{said}");
        let said = on_page("say so with --header none: else say where it is with --header-row");
        assert!(!said.contains("--") && said.contains("“Line that names the columns”"), "{said}");
    }

    #[test]
    fn a_message_is_said_by_its_end_and_what_it_quotes_stays() {
        let said = message_on_page("no country code, or state the country with --region");
        assert!(
            said.ends_with("with “Country of phone numbers without a country code” (File, Read it another way)"),
            "{said}"
        );
        let quoted = "not a number: --region is not one";
        assert_eq!(message_on_page(quoted), quoted);
    }

    #[test]
    fn commands_and_what_the_page_has_no_control_for_stay() {
        for words in ["`rolo undo R --yes` puts back the rest", "`--verify` looks at all", "--sheets", "nothing"] {
            assert_eq!(on_page(words), words);
        }
        assert_eq!(on_page("`--region` or `rolo show`"), format!("{} or `rolo show`", CONTROLS[7].1));
    }
}
