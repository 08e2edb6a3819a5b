//! The mapping file: what each column feeds, as a person wrote it. The page `docs/mapping-file.md`
//! describes every key.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::condition::Condition;
use crate::contact::{FieldKind, IdentifierKind, ImportMode, Overwrite};

/// Which column feeds which field, and by which rules. What a mapping file says, unchecked against
/// any file or service: [`Mapping::forward`] does that.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The service this mapping was made for; checked against the account's.
    pub service: Option<String>,
    /// ISO 3166 country of phone numbers written without one.
    pub region: Option<String>,
    /// What a contact is found by; `None` for every mapped identifier that the service can use.
    pub match_by: Option<Vec<IdentifierKind>>,
    pub mode: ImportMode,
    pub blank: Blank,
    pub overwrite: Overwrite,
    pub custom_fields: CustomFields,
    pub bad_cells: BadCells,
    pub merged: MergedRule,
    pub duplicates: Duplicates,
    /// What a row must be like to be sent: all of these. The key is `where`.
    pub conditions: Vec<Condition>,
    /// By header.
    pub columns: BTreeMap<String, ColumnRule>,
    pub constants: Constants,
}

/// What an empty cell means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blank {
    /// Nothing is said about the field.
    #[default]
    Ignore,
    /// The field is to be emptied.
    Clear,
}

/// What becomes of custom fields that the mapping doesn't name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CustomFields {
    /// They stay.
    #[default]
    Merge,
    /// They are taken away, where the service can do that.
    Replace,
}

/// What becomes of a row with a cell that can't be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BadCells {
    /// The row is rejected.
    #[default]
    Row,
    /// The cell is left out, the others are sent, and the row says so.
    Cell,
}

/// What merged cells of a sheet count for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergedRule {
    /// Their first row; the others say so.
    #[default]
    First,
    /// Each row they cover.
    Repeat,
}

/// What becomes of rows that name one contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// The first is sent, the others are errors.
    #[default]
    Reject,
    /// The first is sent, the others are skipped.
    First,
    /// The last is sent, the others are skipped.
    Last,
    /// One contact is made of all: each field's last filled cell, and the tags of all rows.
    Merge,
}

/// What is done with the names in a cell of tags or lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetAction {
    Add,
    Remove,
    /// They become all there are. Tags only.
    Replace,
}

/// How phone numbers without a plus sign are read, where the column as a whole settles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// They begin with a country code.
    International,
    /// They are written as they are dialed in their country.
    National,
}

/// How much a value must pass before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// It must be right as far as anybody can tell.
    #[default]
    Strict,
    /// It must be something that the service takes.
    Loose,
}

/// What one column feeds.
#[derive(Clone, Debug, PartialEq)]
pub enum Feeds {
    /// A standard field by our name, or `custom.NAME`.
    Field(String),
    Tags(SetAction),
    Lists(SetAction),
    /// Left out on purpose.
    Nothing,
}

/// One column of the mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnRule {
    pub feeds: Feeds,
    pub overwrite: Option<Overwrite>,
    pub blank: Option<Blank>,
    /// What the cells hold, where the service's table doesn't say or says only "text".
    pub kind: Option<FieldKind>,
    /// How dates or numbers are written.
    pub format: Option<String>,
    /// IANA name of the zone of moments written without one.
    pub time_zone: Option<String>,
    /// Header of the column with the country of this column's phone numbers.
    pub region_column: Option<String>,
    /// How phone numbers without a plus sign are read.
    pub numbers: Option<Numbers>,
    /// How much the cells must pass. The key is `check`.
    pub grade: Option<Grade>,
    /// What stands between two tags or lists; a semicolon if empty. The key is `separator`.
    pub separators: Vec<String>,
    /// Columns that feed the field, this one among them: the first with a usable cell does, row by row.
    /// Empty if only this column feeds it.
    pub first_of: Vec<String>,
    /// What becomes of a row whose cell of this column can't be used.
    pub bad_cells: Option<BadCells>,
}

impl ColumnRule {
    pub fn new(feeds: Feeds) -> Self {
        Self {
            feeds,
            overwrite: None,
            blank: None,
            kind: None,
            format: None,
            time_zone: None,
            region_column: None,
            numbers: None,
            grade: None,
            separators: Vec::new(),
            first_of: Vec::new(),
            bad_cells: None,
        }
    }

    pub fn field(name: impl Into<String>) -> Self {
        Self::new(Feeds::Field(name.into()))
    }
}

/// Values that every row gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constants {
    /// Field and value as it would stand in a cell, in order of the field's name.
    pub fields: BTreeMap<String, String>,
    pub tags: Vec<String>,
    pub lists: Vec<String>,
}

impl Constants {
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.tags.is_empty() && self.lists.is_empty()
    }
}
