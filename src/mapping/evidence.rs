//! What the cells of a sample say about a column.

use super::codes::{country_code, language_code};
use super::looks::{EmailLook, LooksLike, PhoneLook};
use super::placeholder::is_placeholder;
use super::tags::{SEPARATORS, json_list, separators_in};
use crate::contact::trim_unseen;
use crate::table::RowBatch;

/// What was seen in one column of the sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Cells of the sample that hold something.
    pub filled: usize,
    /// Cells that a person meant as phone numbers.
    pub phones: usize,
    /// Those that are usable as they stand.
    pub international: usize,
    /// Those without a country code.
    pub national: usize,
    /// Those that no row could send.
    pub damaged_phones: usize,
    /// Cells that a person meant as e-mail addresses.
    pub emails: usize,
    /// Those that no row could send.
    pub damaged_emails: usize,
    /// Cells that are nobody's name: numbers, addresses, yes and no.
    pub no_names: usize,
    pub countries: usize,
    /// Cells that are the calling code of a country.
    pub calling_codes: usize,
    pub languages: usize,
    /// Cells that are a list of texts in JSON.
    pub json_lists: usize,
    /// For each of [`SEPARATORS`], the cells in which it stands.
    with: [usize; SEPARATORS.len()],
    /// How many cells hold each pair: the first and not the second.
    alone: [[usize; SEPARATORS.len()]; SEPARATORS.len()],
    /// The first few different values.
    pub examples: Vec<String>,
}

/// Different values kept of a column, to be shown.
const EXAMPLES: usize = 3;

impl Seen {
    /// What the cells of a column say.
    pub fn column(sample: &RowBatch, column: usize, looks: &dyn LooksLike) -> Self {
        let mut seen = Self::default();
        for row in sample.rows() {
            let cell = trim_unseen(row.cell(column));
            if !cell.is_empty() && !is_placeholder(cell) {
                seen.cell(cell, looks);
            }
        }
        seen
    }

    fn cell(&mut self, cell: &str, looks: &dyn LooksLike) {
        self.filled += 1;
        if self.examples.len() < EXAMPLES && !self.examples.iter().any(|example| example == cell) {
            self.examples.push(cell.to_owned());
        }
        // A cell this long is none of the things looked for.
        if cell.len() > 4096 {
            return;
        }
        match looks.phone(cell) {
            None => {}
            Some(PhoneLook::International) => {
                self.phones += 1;
                self.international += 1;
            }
            Some(PhoneLook::National) => {
                self.phones += 1;
                self.national += 1;
            }
            Some(PhoneLook::Damaged) => {
                self.phones += 1;
                self.damaged_phones += 1;
            }
        }
        let email = looks.email(cell);
        self.emails += usize::from(email.is_some());
        self.damaged_emails += usize::from(email == Some(EmailLook::Damaged));
        let is_yes_or_no = ["true", "false", "yes", "no"].iter().any(|word| cell.eq_ignore_ascii_case(word));
        let has_letters = cell.chars().any(char::is_alphabetic);
        self.no_names += usize::from(is_yes_or_no || !has_letters || cell.contains('@'));
        self.countries += usize::from(country_code(cell).is_some());
        self.calling_codes += usize::from(looks.calling_code(cell));
        // A region behind a language is left out when it is sent.
        let language = cell.split(['-', '_']).next().unwrap_or_default();
        self.languages += usize::from(language_code(cell).or_else(|| language_code(language)).is_some());
        if json_list(cell).is_some() {
            self.json_lists += 1;
            return;
        }
        let found = separators_in(cell);
        for one in 0..found.len() {
            self.with[one] += usize::from(found[one]);
            for other in 0..found.len() {
                self.alone[one][other] += usize::from(found[one] && !found[other]);
            }
        }
    }

    /// What stands between the names in the cells: the separator of most cells, and any that does the
    /// same in a fifth of them without it. Empty where nothing stands between names.
    pub fn separators(&self) -> Vec<&'static str> {
        let mut main = 0;
        for which in 1..SEPARATORS.len() {
            if self.with[which] > self.with[main] {
                main = which;
            }
        }
        if self.with[main] == 0 {
            return Vec::new();
        }
        let several = self.with.iter().max().copied().unwrap_or_default();
        let others = (0..SEPARATORS.len()).filter(|which| *which != main);
        let mut separators = vec![SEPARATORS[main]];
        separators.extend(others.filter(|which| self.alone[*which][main] * 5 > several).map(|which| SEPARATORS[which]));
        separators
    }

    /// How many of the filled cells were meant for the field, and how many of those fit it, as far as the
    /// cells alone tell; `None` for a field that any text fits.
    pub fn fitting(&self, field: &str) -> Option<(usize, usize, &'static str)> {
        match (Shape::of_field(field), field) {
            (Some(shape), _) => {
                let meant = shape.meant(self);
                Some((meant, meant - shape.damaged(self), shape.plural()))
            }
            (None, "country") => Some((self.countries, self.countries, "countries")),
            (None, "language") => Some((self.languages, self.languages, "languages")),
            _ => None,
        }
    }
}

/// Kinds of values that cells show by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Phone,
    Email,
}

impl Shape {
    pub const ALL: [Self; 2] = [Self::Email, Self::Phone];

    pub const fn of_field(field: &str) -> Option<Self> {
        match field.as_bytes() {
            b"phone" => Some(Self::Phone),
            b"email" => Some(Self::Email),
            _ => None,
        }
    }

    pub const fn field(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    pub const fn plural(self) -> &'static str {
        match self {
            Self::Phone => "phone numbers",
            Self::Email => "e-mail addresses",
        }
    }

    /// Cells that have this shape and that no row could send.
    const fn damaged(self, seen: &Seen) -> usize {
        match self {
            Self::Phone => seen.damaged_phones,
            Self::Email => seen.damaged_emails,
        }
    }

    /// Cells of a column that were meant to be such a value: those that have its shape, damaged ones included.
    pub const fn meant(self, seen: &Seen) -> usize {
        match self {
            Self::Phone => seen.phones,
            Self::Email => seen.emails,
        }
    }

    /// Cells that leave no doubt about the shape, whatever the header says.
    pub const fn plain(self, seen: &Seen) -> usize {
        match self {
            Self::Phone => seen.international,
            Self::Email => seen.emails,
        }
    }
}
