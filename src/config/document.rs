use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result, nearest};
use crate::storage::Address;

/// The text of a configuration file, to tell where in it something stands.
pub(super) struct Document<'a> {
    text: &'a str,
    path: &'a Path,
}

impl<'a> Document<'a> {
    pub fn new(text: &'a str, path: &'a Path) -> Self {
        Self { text, path }
    }

    /// The whole file as a table.
    pub fn root(&self) -> Result<Spanned<DeTable<'a>>> {
        DeTable::parse(self.text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
            self.error(&error.span().unwrap_or(0..0), format!("not valid TOML: {message}"))
        })
    }

    pub fn section<'d>(&'d self, name: &str, table: &'d Spanned<DeTable<'a>>) -> Section<'d, 'a> {
        Section { document: self, name: name.to_owned(), span: table.span(), table: table.get_ref() }
    }

    /// `rolo.toml:3:9`: file, line and column, counted from 1, columns in characters.
    pub fn place(&self, span: &Range<usize>) -> String {
        let (line, character) = self.line_and_character(span);
        format!("{}:{line}:{character}", self.path.display())
    }

    fn line_and_character(&self, span: &Range<usize>) -> (u64, u64) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let character = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line as u64, character as u64)
    }

    pub fn error(&self, span: &Range<usize>, message: impl AsRef<str>) -> Error {
        self.placed(span, Error::usage(message.as_ref()))
    }

    /// The error with the place that it is about, in its words and beside them.
    pub fn placed(&self, span: &Range<usize>, error: Error) -> Error {
        let (line, character) = self.line_and_character(span);
        let error = error.reworded(|message| format!("{}: {message}", self.place(span)));
        error.at_path(self.path).at_line(line).at_character(character)
    }

    /// A path of the file, made relative to the folder that holds the file.
    /// A path that is looked for from where the file is; an address is one from anywhere.
    pub fn path(&self, path: &str) -> PathBuf {
        if Address::of(Path::new(path)).is_some() {
            return PathBuf::from(path);
        }
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

/// One table of the file, read key by key.
pub(super) struct Section<'d, 'a> {
    document: &'d Document<'a>,
    /// Its heading, such as `accounts.support`; empty for the whole file.
    name: String,
    span: Range<usize>,
    table: &'d DeTable<'a>,
}

impl<'d, 'a> Section<'d, 'a> {
    pub fn document(&self) -> &'d Document<'a> {
        self.document
    }

    /// Where the section begins.
    pub fn place(&self) -> String {
        self.document.place(&self.span)
    }

    /// The error, about the whole section, with its place.
    pub fn placed(&self, error: Error) -> Error {
        self.document.placed(&self.span, error)
    }

    /// An error about the whole section, with its place.
    pub fn error(&self, message: impl AsRef<str>) -> Error {
        self.document.error(&self.span, message)
    }

    pub fn names(&self) -> impl Iterator<Item = &'d str> + use<'d, 'a> {
        self.table.iter().map(|(key, _)| key.get_ref().as_ref())
    }

    /// Refuses every key but `known`, with the one that was probably meant.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        for (key, _) in self.table {
            if !known.contains(&key.get_ref().as_ref()) {
                return Err(self.unknown(key, known));
            }
        }
        Ok(())
    }

    fn unknown(&self, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) -> Error {
        let message = if self.name.is_empty() {
            format!("unknown section: {}", key.get_ref())
        } else {
            format!("[{}] has no setting called: {}", self.name, key.get_ref())
        };
        self.document
            .error(&key.span(), message)
            .hint(match nearest(key.get_ref(), known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it may have {}", known.join(", ")),
            })
            .in_setting(self.full_name(key.get_ref()))
    }

    pub fn get(&self, key: &str) -> Option<&'d Spanned<DeValue<'a>>> {
        self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    /// The text at `key`, and its place.
    pub fn text(&self, key: &str) -> Result<Option<(String, String)>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let text = value.get_ref().as_str().ok_or_else(|| self.not_a(key, value, "text in quotes"))?;
        Ok(Some((text.to_owned(), self.document.place(&value.span()))))
    }

    /// The text at `key`, without which the section makes no sense.
    pub fn required_text(&self, key: &str) -> Result<String> {
        match self.text(key)? {
            Some((text, _)) => Ok(text),
            None => Err(self
                .document
                .error(&self.span, format!("[{}] lacks a setting: {key}", self.name))
                .hint(format!("add `{key} = \"…\"`"))
                .in_setting(self.full_name(key))),
        }
    }

    pub fn flag(&self, key: &str) -> Result<bool> {
        let Some(value) = self.get(key) else { return Ok(false) };
        value.get_ref().as_bool().ok_or_else(|| self.not_a(key, value, "true or false"))
    }

    pub fn count(&self, key: &str) -> Result<Option<u64>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.get_ref().as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        number.map(Some).ok_or_else(|| self.not_a(key, value, "a whole number"))
    }

    pub fn path(&self, key: &str) -> Result<Option<PathBuf>> {
        Ok(self.text(key)?.map(|(path, _)| self.document.path(&path)))
    }

    pub fn section(&self, key: &str) -> Result<Option<Section<'d, 'a>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let table = value.get_ref().as_table().ok_or_else(|| self.not_a(key, value, "a table"))?;
        let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        Ok(Some(Section { document: self.document, name, span: value.span(), table }))
    }

    /// As [`Section::section`], of a key that is known to be there.
    pub fn required_section(&self, key: &str) -> Result<Section<'d, 'a>> {
        self.section(key)?.ok_or_else(|| self.document.error(&self.span, format!("a table is missing: {key}")))
    }

    /// That the value at `key` is not what it should be. Shows no value: it might be a secret.
    pub fn not_a(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Error {
        let found = match value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.document
            .error(&value.span(), format!("{} should be {expected}, not {found}", self.named(key)))
            .in_setting(self.full_name(key))
    }

    /// `error`, about the value at `key`, with its place.
    pub fn wrong(&self, key: &str, error: Error) -> Error {
        let span = self.get(key).map_or(self.span.clone(), Spanned::span);
        let named = error.reworded(|message| format!("{}: {message}", self.named(key)));
        self.document.placed(&span, named).in_setting(self.full_name(key))
    }

    /// `accounts.support.rate`.
    fn full_name(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn named(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{key} of [{}]", self.name) }
    }
}

/// A list of texts; `None` where it is anything else.
pub(super) fn texts(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    let words = value.get_ref().as_array()?;
    words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect()
}
