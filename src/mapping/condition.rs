//! Which rows are sent: conditions on their cells, of `where` in a mapping and of `--only`.

use std::fmt;

use super::placeholder::is_placeholder;
use crate::contact::trim_unseen;

/// A condition that a row must meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Header of the column.
    pub column: String,
    pub test: Test,
}

/// What a cell must be like. Cells and values are compared without case and without white space at
/// their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Is(String),
    IsNot(String),
    IsOneOf(Vec<String>),
    Blank,
    NotBlank,
}

const CURE: &str = "write it as 'Consent = yes', 'Status != closed', 'Country in DE, AT', 'Phone is not blank'";

impl Condition {
    /// Reads `COLUMN = VALUE`, `COLUMN != VALUE`, `COLUMN in VALUE, VALUE`, `COLUMN is blank` or
    /// `COLUMN is not blank`. A column or value that holds such a word stands in quotation marks.
    ///
    /// # Errors
    /// What is wrong, and the cure, if it is none of these.
    pub fn parse(text: &str) -> Result<Self, (String, String)> {
        let refused = || (format!("not a condition: {text}"), CURE.to_owned());
        let (column, rest) = column(text.trim()).ok_or_else(refused)?;
        let test = if let Some(value) = rest.strip_prefix("!=") {
            Test::IsNot(one(value).ok_or_else(refused)?)
        } else if let Some(value) = rest.strip_prefix('=') {
            Test::Is(one(value.strip_prefix('=').unwrap_or(value)).ok_or_else(refused)?)
        } else if let Some(values) = word(rest, "in") {
            Test::IsOneOf(several(values).filter(|values| !values.is_empty()).ok_or_else(refused)?)
        } else if word(rest, "is not blank").is_some_and(str::is_empty) {
            Test::NotBlank
        } else if word(rest, "is blank").is_some_and(str::is_empty) {
            Test::Blank
        } else {
            return Err(refused());
        };
        Ok(Self { column, test })
    }
}

impl fmt::Display for Condition {
    /// As [`Condition::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", quoted(&self.column))?;
        match &self.test {
            Test::Is(value) => write!(f, "= {}", quoted(value)),
            Test::IsNot(value) => write!(f, "!= {}", quoted(value)),
            Test::IsOneOf(values) => {
                write!(f, "in {}", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
            }
            Test::Blank => f.write_str("is blank"),
            Test::NotBlank => f.write_str("is not blank"),
        }
    }
}

impl fmt::Display for Test {
    /// As a person reads it behind the name of its column: `= yes`, `in DE, AT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => write!(f, "= {value}"),
            Self::IsNot(value) => write!(f, "!= {value}"),
            Self::IsOneOf(values) => write!(f, "in {}", values.join(", ")),
            Self::Blank => f.write_str("is blank"),
            Self::NotBlank => f.write_str("is not blank"),
        }
    }
}

impl Test {
    /// Whether a cell is like that.
    pub fn holds(&self, cell: &str) -> bool {
        let cell = trim_unseen(cell);
        let same = |value: &String| cell == value || cell.to_lowercase() == value.to_lowercase();
        match self {
            Self::Is(value) => same(value),
            Self::IsNot(value) => !same(value),
            Self::IsOneOf(values) => values.iter().any(same),
            Self::Blank => cell.is_empty() || is_placeholder(cell),
            Self::NotBlank => !cell.is_empty() && !is_placeholder(cell),
        }
    }
}

/// The column at the start of a condition, and the rest from the first operator on.
fn column(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let (column, rest) = unquoted(text)?;
        return Some((column, rest.trim_start()));
    }
    // Words of an operator may stand in a header as well (`Opt in = yes`): the sign counts before them,
    // and what can only stand at the end counts first.
    let words = |name: &str| {
        text.char_indices()
            .map(|(at, _)| at)
            .find(|at| text[..*at].ends_with(char::is_whitespace) && word(&text[*at..], name).is_some())
    };
    let ending = |name: &str| words(name).filter(|at| word(&text[*at..], name) == Some(""));
    let at = ending("is not blank")
        .or_else(|| ending("is blank"))
        .or_else(|| text.find('=').map(|at| if text[..at].ends_with('!') { at - 1 } else { at }))
        .or_else(|| words("in"))?;
    let column = text[..at].trim();
    (!column.is_empty()).then(|| (column.to_owned(), &text[at..]))
}

/// What follows the words `name` at the start of `text`.
fn word<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(|_| &text[name.len()..])?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

fn one(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with('"') {
        return Some(text.to_owned());
    }
    unquoted(text).filter(|(_, rest)| rest.trim().is_empty()).map(|(value, _)| value)
}

fn several(mut text: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Some(values);
        }
        let (value, rest) = if text.starts_with('"') {
            let (value, rest) = unquoted(text)?;
            (value, rest.trim_start())
        } else {
            let end = text.find(',').unwrap_or(text.len());
            (text[..end].trim().to_owned(), &text[end..])
        };
        values.push(value);
        text = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
}

/// A text in quotation marks, in which a doubled one stands for itself, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut rest = inner;
    loop {
        let end = rest.find('"')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (String, Test) {
        let condition = Condition::parse(text).unwrap();
        (condition.column, condition.test)
    }

    #[test]
    fn conditions_are_read_as_people_write_them() {
        assert_eq!(read("Consent = yes"), ("Consent".into(), Test::Is("yes".into())));
        assert_eq!(read("Consent=yes"), ("Consent".into(), Test::Is("yes".into())));
        assert_eq!(read("Do not contact != 1"), ("Do not contact".into(), Test::IsNot("1".into())));
        assert_eq!(
            read("Country in DE, \"a, b\""),
            ("Country".into(), Test::IsOneOf(vec!["DE".into(), "a, b".into()]))
        );
        assert_eq!(read("E-mail is blank"), ("E-mail".into(), Test::Blank));
        assert_eq!(read("Opt in is not blank"), ("Opt in".into(), Test::NotBlank));
        assert_eq!(read("Opt in = yes"), ("Opt in".into(), Test::Is("yes".into())));
        assert_eq!(read("\"a = b\" = yes"), ("a = b".into(), Test::Is("yes".into())));
        assert_eq!(read("Status = "), ("Status".into(), Test::Is(String::new())));
        for text in ["", "Consent", "= yes", "Country in", "\"Consent = yes"] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cells_are_compared_without_case_and_blanks_are_what_nobody_sees() {
        assert!(Test::Is("Yes".into()).holds(" yes\u{200b}"));
        assert!(!Test::Is("yes".into()).holds("yes, later"));
        assert!(Test::IsNot("yes".into()).holds(""));
        assert!(Test::Blank.holds(" ") && Test::Blank.holds("N/A") && !Test::Blank.holds("0"));
        assert!(Test::NotBlank.holds("0"));
        assert!(Test::IsOneOf(vec!["DE".into(), "AT".into()]).holds("at"));
    }

    proptest! {
        #[test]
        fn a_condition_that_is_shown_reads_back(column in "[a-z= \"!,]{1,8}", value in "[a-z= \",]{0,8}", which in 0..5) {
            let test = match which {
                0 => Test::Is(value),
                1 => Test::IsNot(value),
                2 => Test::IsOneOf(vec![value, "x".into()]),
                3 => Test::Blank,
                _ => Test::NotBlank,
            };
            let condition = Condition { column, test };
            prop_assert_eq!(Condition::parse(&condition.to_string()), Ok(condition));
        }
    }
}
