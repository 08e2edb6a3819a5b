use super::file::Mapping;

/// A proposed mapping with the reasons for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guess {
    pub mapping: Mapping,
    /// One for each header, in order.
    pub columns: Vec<ColumnEvidence>,
    /// What a person should know, in words.
    pub notes: Vec<String>,
    /// What a person should do something about, in words.
    pub warnings: Vec<String>,
}

/// What was decided for one column, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnEvidence {
    pub header: String,
    /// Whether the mapping says anything of the column; if not, it is unmapped.
    pub mapped: bool,
    pub sure: Sureness,
    /// The reason, in words.
    pub because: String,
    /// The reason in a few words, where a field was found.
    pub brief: String,
    /// For an unmapped column: the field it could feed, as a mapping file writes it.
    pub could_be: Option<String>,
}

/// How sure a guess is of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sureness {
    /// The header is a name of ours or of the account's, or the cells confirm it.
    Sure,
    /// The header is known, and cells can't confirm it.
    Likely,
    /// Header and cells disagree, or only one of them speaks.
    #[default]
    Unsure,
}

impl Sureness {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Likely => "likely",
            Self::Unsure => "unsure",
        }
    }
}
