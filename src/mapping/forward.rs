use super::check::Check;
use super::condition::Test;
use super::file::{BadCells, Blank, Duplicates, Grade, SetAction};
use crate::contact::{CustomEdit, Field, IdentifierKind, ImportMode, Overwrite};

/// A mapping compiled for one file and one service: what `validate` runs over every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    pub(super) headers: Vec<String>,
    pub(super) feeds: Vec<ColumnFeed>,
    pub(super) constants: Vec<Constant>,
    pub(super) constant_tags: Vec<String>,
    pub(super) constant_lists: Vec<String>,
    pub(super) match_by: Vec<IdentifierKind>,
    pub(super) mode: ImportMode,
    pub(super) custom: CustomEdit,
    pub(super) region: Option<&'static str>,
    pub(super) duplicates: Duplicates,
    pub(super) conditions: Vec<(usize, Test)>,
    pub(super) unmapped: Vec<String>,
    pub(super) ignored: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// One column, or two that make one name, and what becomes of their cells.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnFeed {
    /// Position of the column, from 0.
    pub column: usize,
    /// Columns that stand in for it, in order, where its cell is empty or can't be used.
    pub stand_ins: Vec<usize>,
    pub blank: Blank,
    pub bad_cells: BadCells,
    pub becomes: Becomes,
}

/// What a column's cells become.
#[derive(Clone, Debug, PartialEq)]
pub enum Becomes {
    Field(FieldFeed),
    Name(NameFeed),
    Tags(SetFeed),
    Lists(SetFeed),
}

/// A cell that becomes the value of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldFeed {
    pub field: Field,
    pub check: Check,
    pub overwrite: Overwrite,
    /// Longest value in characters.
    pub max_chars: Option<usize>,
    /// White space at the ends means nothing.
    pub trim: bool,
    /// How much a cell must pass.
    pub grade: Grade,
    /// The identifier this field is, where contacts are found by it.
    pub identifier: Option<IdentifierKind>,
    /// Whether the value is stored; an id of the service only finds.
    pub store: bool,
}

/// Cells that are names, for a service that divides names otherwise. See [`super::split_name`].
#[derive(Clone, Debug, PartialEq)]
pub enum NameFeed {
    /// A full name becomes a first and a last name.
    Split { first: FieldFeed, last: FieldFeed },
    /// A first and a last name become a full name. The feed's own column is the first name, unless
    /// there is only a last name.
    Join { name: FieldFeed, last_column: Option<usize> },
}

/// A cell that holds several names.
#[derive(Clone, Debug, PartialEq)]
pub struct SetFeed {
    pub action: SetAction,
    /// What stands between the names. Never empty.
    pub separators: Vec<String>,
    /// Longest name in characters.
    pub max_chars: Option<usize>,
}

/// A value that every row gets, as it would stand in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    pub feed: FieldFeed,
    pub text: String,
}

impl Forward {
    /// The file's headers, in order.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// What the columns become, in the order of the columns.
    pub fn feeds(&self) -> &[ColumnFeed] {
        &self.feeds
    }

    pub fn constants(&self) -> &[Constant] {
        &self.constants
    }

    /// Tags added to every contact.
    pub fn constant_tags(&self) -> &[String] {
        &self.constant_tags
    }

    /// Lists every contact is added to.
    pub fn constant_lists(&self) -> &[String] {
        &self.constant_lists
    }

    /// What contacts are found by, most specific first. Never empty.
    pub fn match_by(&self) -> &[IdentifierKind] {
        &self.match_by
    }

    pub fn mode(&self) -> ImportMode {
        self.mode
    }

    /// What becomes of custom fields that no column feeds.
    pub fn custom_edit(&self) -> CustomEdit {
        self.custom
    }

    /// ISO 3166 country of phone numbers that nothing else tells the country of.
    pub fn region(&self) -> Option<&'static str> {
        self.region
    }

    /// What becomes of rows that name one contact.
    pub fn duplicates(&self) -> Duplicates {
        self.duplicates
    }

    /// What a row must be like to be sent, by position of the column.
    pub fn conditions(&self) -> &[(usize, Test)] {
        &self.conditions
    }

    /// Whether the column is sent, or has a say in what is.
    pub fn uses(&self, column: usize) -> bool {
        self.conditions.iter().any(|(used, _)| *used == column)
            || self.feeds.iter().any(|feed| {
                let more = match &feed.becomes {
                    Becomes::Name(NameFeed::Join { last_column, .. }) => *last_column == Some(column),
                    Becomes::Field(FieldFeed { check: Check::Phone { region_column, .. }, .. }) => {
                        *region_column == Some(column)
                    }
                    _ => false,
                };
                feed.column == column || feed.stand_ins.contains(&column) || more
            })
    }

    /// Columns that the mapping leaves out without saying so.
    pub fn unmapped(&self) -> &[String] {
        &self.unmapped
    }

    /// Columns the mapping leaves out on purpose.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// What is worth knowing and needs no action: names converted, definitions not read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Columns that a contact may be found by, those that stand in for them among them.
    pub fn identifying_columns(&self) -> Vec<usize> {
        let identifies =
            |feed: &&ColumnFeed| matches!(&feed.becomes, Becomes::Field(field) if field.identifier.is_some());
        self.feeds
            .iter()
            .filter(identifies)
            .flat_map(|feed| std::iter::once(feed.column).chain(feed.stand_ins.iter().copied()))
            .collect()
    }

    /// Columns whose cells may be one of a few words, and these.
    pub fn choices(&self) -> Vec<(usize, &[String])> {
        let mut choices = Vec::new();
        for feed in &self.feeds {
            if let Becomes::Field(FieldFeed { check: Check::Choice(words), .. }) = &feed.becomes {
                choices.push((feed.column, words.as_slice()));
            }
        }
        choices
    }

    /// Custom fields whose cells state no type: they are text, unless the account has another for them.
    pub fn untyped(&self) -> Vec<Field> {
        let of_column = |feed: &ColumnFeed| match &feed.becomes {
            Becomes::Field(feed) => Some(feed.clone()),
            _ => None,
        };
        let columns = self.feeds.iter().filter_map(of_column);
        let feeds = columns.chain(self.constants.iter().map(|constant| constant.feed.clone()));
        let untyped = feeds.filter(|feed| feed.check == Check::Text && feed.field.custom_name().is_some());
        untyped.map(|feed| feed.field).collect()
    }

    /// Whether any row can change tags.
    pub fn touches_tags(&self) -> bool {
        !self.constant_tags.is_empty() || self.feeds.iter().any(|feed| matches!(feed.becomes, Becomes::Tags(_)))
    }

    /// Whether any row can change lists.
    pub fn touches_lists(&self) -> bool {
        !self.constant_lists.is_empty() || self.feeds.iter().any(|feed| matches!(feed.becomes, Becomes::Lists(_)))
    }

    /// Fields that rows may set, each once, in order.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        for feed in &self.feeds {
            match &feed.becomes {
                Becomes::Field(feed) if feed.store => fields.push(feed.field.clone()),
                Becomes::Name(NameFeed::Split { first, last }) => {
                    fields.extend([first.field.clone(), last.field.clone()]);
                }
                Becomes::Name(NameFeed::Join { name, .. }) => fields.push(name.field.clone()),
                Becomes::Field(_) | Becomes::Tags(_) | Becomes::Lists(_) => {}
            }
        }
        fields.extend(self.constants.iter().map(|constant| constant.feed.field.clone()));
        fields
    }
}
