use super::check::Check;
use super::file::{Blank, Mode, SetAction};
use crate::contact::{CustomEdit, Field, IdentifierKind, Overwrite};

/// A mapping compiled for one file and one service: what `validate` runs over every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    pub(super) headers: Vec<String>,
    pub(super) feeds: Vec<Feed>,
    pub(super) constants: Vec<Constant>,
    pub(super) constant_tags: Vec<String>,
    pub(super) constant_lists: Vec<String>,
    pub(super) match_by: Vec<IdentifierKind>,
    pub(super) mode: Mode,
    pub(super) custom: CustomEdit,
    pub(super) region: Option<&'static str>,
    pub(super) unmapped: Vec<String>,
    pub(super) ignored: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// One column, or two that make one name, and what becomes of their cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Position of the column, from 0.
    pub column: usize,
    pub blank: Blank,
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
    pub separator: char,
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
    pub fn feeds(&self) -> &[Feed] {
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

    pub fn mode(&self) -> Mode {
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

    /// Columns that feed nothing although nobody said so.
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
