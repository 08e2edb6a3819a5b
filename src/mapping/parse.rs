//! Mapping files read: TOML, with errors that name line and column.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::Spanned;

use super::condition::Condition;
use super::file::{
    BadCells, Blank, ColumnRule, Constants, CustomFields, Duplicates, Feeds, Grade, Mapping, MergedRule, Numbers,
    SetAction,
};
use crate::contact::{FieldKind, IdentifierKind, ImportMode, Overwrite};
use crate::error::{Error, Result, nearest};

impl Mapping {
    /// Reads the text of a mapping file. `file` names it in errors.
    ///
    /// # Errors
    /// Kind `Usage`, with file, line and column, for anything that is not a mapping.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let written: WrittenMapping = toml::from_str(text).map_err(|error| {
            let hint = suggestion(error.message());
            let fault = at(file, text, error.span().map_or(0, |span| span.start), &plain(error.message()));
            match hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        })?;
        let mut columns = BTreeMap::new();
        for (header, rule) in written.columns {
            let place = header.span().start;
            let header = header.into_inner();
            let rule = rule.check(&header).map_err(|(message, hint)| at(file, text, place, &message).hint(hint))?;
            columns.insert(header, rule);
        }
        let match_by = written
            .match_by
            .map(|names| names.into_iter().map(|name| identifier(&name, text, file)).collect::<Result<_>>())
            .transpose()?;
        let place = written.conditions.as_ref().map_or(0, |conditions| conditions.span().start);
        let conditions = written.conditions.into_iter().flat_map(Spanned::into_inner);
        let conditions = conditions
            .map(|condition| {
                Condition::parse(&condition).map_err(|(message, hint)| at(file, text, place, &message).hint(hint))
            })
            .collect::<Result<_>>()?;
        let constants = constants(written.constants).map_err(|(place, message)| at(file, text, place, &message))?;
        Ok(Self {
            service: written.service,
            region: written.region,
            match_by,
            mode: written.mode,
            blank: written.blank,
            overwrite: written.overwrite.0,
            custom_fields: written.custom_fields,
            bad_cells: written.bad_cells,
            merged: written.merged,
            duplicates: written.duplicates,
            conditions,
            columns,
            constants,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMapping {
    service: Option<String>,
    region: Option<String>,
    #[serde(rename = "match")]
    match_by: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    mode: ImportMode,
    #[serde(default)]
    blank: Blank,
    #[serde(default)]
    overwrite: WrittenOverwrite,
    #[serde(default)]
    custom_fields: CustomFields,
    #[serde(default)]
    bad_cells: BadCells,
    #[serde(default)]
    merged: MergedRule,
    #[serde(default)]
    duplicates: Duplicates,
    #[serde(rename = "where")]
    conditions: Option<Spanned<OneOrMore<String>>>,
    #[serde(default)]
    columns: BTreeMap<Spanned<String>, WrittenColumn>,
    #[serde(default)]
    constants: BTreeMap<Spanned<String>, toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColumn {
    field: Option<String>,
    tags: Option<SetAction>,
    lists: Option<SetAction>,
    #[serde(default)]
    ignore: bool,
    overwrite: Option<WrittenOverwrite>,
    blank: Option<Blank>,
    #[serde(rename = "type")]
    kind: Option<WrittenKind>,
    values: Option<Vec<String>>,
    format: Option<String>,
    time_zone: Option<String>,
    region_column: Option<String>,
    numbers: Option<Numbers>,
    check: Option<Grade>,
    separator: Option<OneOrMore<String>>,
    first_of: Option<Vec<String>>,
    bad_cells: Option<BadCells>,
}

/// A text, or a list of them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "wanted a text or a list of texts")]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> IntoIterator for OneOrMore<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
        .into_iter()
    }
}

impl WrittenColumn {
    /// The rule, or what is wrong with it and its cure.
    fn check(self, header: &str) -> Result<ColumnRule, (String, String)> {
        let mut feeds = Vec::new();
        feeds.extend(self.field.map(Feeds::Field));
        feeds.extend(self.tags.map(Feeds::Tags));
        feeds.extend(self.lists.map(Feeds::Lists));
        if self.ignore {
            feeds.push(Feeds::Nothing);
        }
        let cure = "give each column exactly one of: field = \"...\", tags = \"add\", lists = \"add\", ignore = true";
        let one = match <[Feeds; 1]>::try_from(feeds) {
            Ok([one]) => one,
            Err(none) if none.is_empty() => return Err((format!("the column feeds nothing: {header}"), cure.into())),
            Err(_) => return Err((format!("the column feeds several things: {header}"), cure.into())),
        };
        if matches!(one, Feeds::Lists(SetAction::Replace)) {
            let message = format!("lists can be added to or removed from, not replaced: {header}");
            return Err((message, "write lists = \"add\" or lists = \"remove\"".into()));
        }
        let kind = match (self.values, self.kind) {
            (None, kind) => kind.map(|kind| kind.0),
            (Some(_), Some(_)) => {
                let message = format!("a column with values has no type of its own: {header}");
                return Err((message, "remove type, or remove values".into()));
            }
            (Some(values), None) => Some(choice(&values, header)?),
        };
        Ok(ColumnRule {
            feeds: one,
            overwrite: self.overwrite.map(|overwrite| overwrite.0),
            blank: self.blank,
            kind,
            format: self.format,
            time_zone: self.time_zone,
            region_column: self.region_column,
            numbers: self.numbers,
            grade: self.check,
            separators: self.separator.into_iter().flatten().collect(),
            first_of: self.first_of.unwrap_or_default(),
            bad_cells: self.bad_cells,
        })
    }
}

/// What a column may hold, by its list of values.
fn choice(values: &[String], header: &str) -> Result<FieldKind, (String, String)> {
    let is_twice = |at: usize| values[..at].iter().any(|value| value.trim() == values[at].trim());
    if values.is_empty() || values.iter().any(|value| value.trim().is_empty()) || (0..values.len()).any(is_twice) {
        let cure = "write each value once, such as values = [\"free\", \"gold\"]";
        return Err((format!("values is no list of different texts: {header}"), cure.into()));
    }
    Ok(FieldKind::Choice(values.iter().map(|value| value.trim().to_owned()).collect()))
}

fn identifier(name: &Spanned<String>, text: &str, file: &str) -> Result<IdentifierKind> {
    let word = name.get_ref();
    IdentifierKind::from_name(word).ok_or_else(|| {
        let names = IdentifierKind::ALL.map(IdentifierKind::name);
        let message = format!("unknown identifier {word}, expected one of {}", names.join(", "));
        let error = at(file, text, name.span().start, &message);
        match nearest(word, names) {
            Some(near) => error.hint(format!("did you mean: {near}")),
            None => error,
        }
    })
}

#[derive(Default)]
struct WrittenOverwrite(Overwrite);

impl<'de> Deserialize<'de> for WrittenOverwrite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        overwrite_from_name(&name).map(Self).ok_or_else(|| {
            D::Error::custom(format!("unknown policy `{name}`, expected one of `always`, `if_empty`, `never`"))
        })
    }
}

fn overwrite_from_name(name: &str) -> Option<Overwrite> {
    [Overwrite::Always, Overwrite::IfEmpty, Overwrite::Never]
        .into_iter()
        .find(|overwrite| overwrite_name(*overwrite) == name)
}

/// As a mapping file writes it.
pub(crate) const fn overwrite_name(overwrite: Overwrite) -> &'static str {
    match overwrite {
        Overwrite::Always => "always",
        Overwrite::IfEmpty => "if_empty",
        Overwrite::Never => "never",
    }
}

/// A kind in a word, for messages and mapping files.
pub(crate) fn kind_name(kind: &FieldKind) -> &'static str {
    kind.name().unwrap_or("list")
}

struct WrittenKind(FieldKind);

impl<'de> Deserialize<'de> for WrittenKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        FieldKind::from_name(&name).map(Self).ok_or_else(|| {
            let names: Vec<_> = FieldKind::NAMED.iter().map(|(name, _)| format!("`{name}`")).collect();
            D::Error::custom(format!("unknown type `{name}`, expected one of {}", names.join(", ")))
        })
    }
}

fn constants(written: BTreeMap<Spanned<String>, toml::Value>) -> Result<Constants, (usize, String)> {
    let mut constants = Constants::default();
    for (key, value) in written {
        let place = key.span().start;
        let key = key.into_inner();
        match (key.as_str(), value) {
            ("tags", value) => constants.tags = texts(value).map_err(|why| (place, why))?,
            ("lists", value) => constants.lists = texts(value).map_err(|why| (place, why))?,
            // A dotted key without quotes is a table in TOML.
            ("custom", toml::Value::Table(table)) => {
                for (name, value) in table {
                    let field = format!("custom.{name}");
                    let text = scalar(value).ok_or_else(|| (place, not_scalar(&field)))?;
                    constants.fields.insert(field, text);
                }
            }
            (_, value) => {
                let text = scalar(value).ok_or_else(|| (place, not_scalar(&key)))?;
                constants.fields.insert(key, text);
            }
        }
    }
    Ok(constants)
}

fn not_scalar(field: &str) -> String {
    format!("a constant is one text, number, boolean or date: {field}")
}

fn texts(value: toml::Value) -> Result<Vec<String>, String> {
    let not_texts = || "constant tags and lists are a list of texts, such as [\"fair 2026\"]".to_owned();
    let toml::Value::Array(items) = value else { return Err(not_texts()) };
    items
        .into_iter()
        .map(|item| match item {
            toml::Value::String(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(not_texts()),
        })
        .collect()
}

/// A TOML scalar as it would stand in a cell.
fn scalar(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) if number.is_finite() => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Datetime(moment) => Some(moment.to_string()),
        _ => None,
    }
}

/// An error at a byte of the file.
fn at(file: &str, text: &str, place: usize, message: &str) -> Error {
    let before = text.get(..place).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Error::usage(format!("{file}, line {line}, column {column}: {message}"))
        .at_line(line as u64)
        .at_character(column as u64)
}

/// The parser's words in the form of ours: one line, lower-case, no period.
fn plain(message: &str) -> String {
    let line = message.trim().lines().collect::<Vec<_>>().join(", ").replace('`', "");
    let line = line.replace("unknown variant", "unknown value").replace("unknown field", "unknown key");
    let line = line.replace("string or table", "a text in quotation marks");
    let line = line.strip_suffix('.').unwrap_or(&line).to_owned();
    let mut characters = line.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "not a mapping file".to_owned(),
    }
}

/// "did you mean", from words such as: unknown field `feild`, expected one of `field`, `tags`.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next().filter(|_| message.starts_with("unknown"))?;
    let names: Vec<&str> = quoted.collect();
    let elsewhere = || {
        let of_column = COLUMN_KEYS.contains(&wrong) && !names.contains(&"field");
        let of_file = FILE_KEYS.contains(&wrong) && names.contains(&"field");
        of_column
            .then(|| format!("{wrong} belongs to a column: write it below [columns.\"HEADER\"]"))
            .or_else(|| of_file.then(|| format!("{wrong} is said of the whole file: write it above the first column")))
    };
    elsewhere().or_else(|| nearest(wrong, names.iter().copied()).map(|right| format!("did you mean: {right}")))
}

/// Keys that a column alone has, and those that the whole file alone has.
const COLUMN_KEYS: [&str; 12] = [
    "field",
    "tags",
    "lists",
    "ignore",
    "type",
    "values",
    "format",
    "time_zone",
    "region_column",
    "numbers",
    "check",
    "first_of",
];
const FILE_KEYS: [&str; 8] = ["service", "region", "match", "mode", "custom_fields", "merged", "duplicates", "where"];
