//! Custom fields that a file feeds and the account lacks, and what each is to hold.

use super::facts::Facts;
use super::few_words::FewWords;
use super::file::{Feeds, Mapping};
use super::headers::{custom_field_name, custom_name};
use super::looks::LooksLike;
use super::parse::kind_name;
use super::placeholder::is_placeholder;
use super::sample::Sample;
use crate::contact::{Field, FieldDefinition, FieldKind, trim_unseen};

/// A custom field that the account lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct NewField {
    /// As the account would define it.
    pub definition: FieldDefinition,
    /// Rows in which the column that feeds it holds something.
    pub filled: u64,
    /// Where it would be text and could be a list: the words that its column holds again and again.
    pub few_words: Vec<String>,
}

impl NewField {
    /// What the field is to hold, in a word.
    pub fn kind(&self) -> &'static str {
        kind_name(&self.definition.kind)
    }
}

/// The custom fields that a mapping, or without one the headers of a file, name and that the account
/// doesn't define. What each holds is said by the mapping or the header (`custom.seats:number`), else
/// by its values, and is text where the service has no such fields.
pub fn new_fields(
    mapping: Option<&Mapping>,
    headers: &[String],
    sample: &Sample,
    facts: &Facts<'_>,
    looks: &dyn LooksLike,
) -> Vec<NewField> {
    let mut fields: Vec<NewField> = Vec::new();
    let mut add = |name: &str, stated: Option<FieldKind>, column: Option<usize>| {
        if fields.iter().any(|field| field.definition.name == name) {
            return;
        }
        let is_stated = stated.is_some();
        let kind = stated.unwrap_or_else(|| column.map_or(FieldKind::Text, |column| kind_of(sample, column, looks)));
        let kind = facts.capabilities.kind_created(&kind);
        let list = FieldKind::Choice(Vec::new());
        let open = column.filter(|_| kind == FieldKind::Text && facts.capabilities.kind_created(&list) == list);
        let few_words = open.filter(|_| !is_stated).map(|column| FewWords::of(&sample.rows, column));
        let few_words = few_words.as_ref().and_then(FewWords::choices).unwrap_or_default();
        let few_words = few_words.into_iter().map(|(word, _)| word.to_owned()).collect();
        let filled = column.map_or(sample.contacts, |column| sample.filled.get(column).copied().unwrap_or_default());
        let definition = FieldDefinition { name: name.to_owned(), alias: None, kind };
        fields.push(NewField { definition, filled, few_words });
    };
    let Some(mapping) = mapping else {
        for (column, header) in headers.iter().enumerate() {
            let Some(written) = custom_name(header) else { continue };
            let (name, stated) = custom_field_name(written);
            if !is_defined(written, facts) && !is_defined(name, facts) {
                add(name, stated, Some(column));
            }
        }
        return fields;
    };
    for (column, header) in headers.iter().enumerate() {
        let Some(rule) = mapping.columns.get(header) else { continue };
        let Feeds::Field(field) = &rule.feeds else { continue };
        let name = field.strip_prefix(Field::CUSTOM_PREFIX);
        if let Some(name) = name.filter(|name| facts.definition(name).is_none()) {
            add(name, rule.kind.clone(), Some(column));
        }
    }
    for name in mapping.constants.fields.keys().filter_map(|field| field.strip_prefix(Field::CUSTOM_PREFIX)) {
        if facts.definition(name).is_none() {
            add(name, None, None);
        }
    }
    fields
}

/// Whether a guess would take a field of the account for this name.
fn is_defined(name: &str, facts: &Facts<'_>) -> bool {
    facts.definition(name).is_some() || facts.definition_alike(name).is_some()
}

/// What all the values of a column are; text if there are none.
fn kind_of(sample: &Sample, column: usize, looks: &dyn LooksLike) -> FieldKind {
    let cells = || {
        let cells = sample.rows.rows().map(move |row| trim_unseen(row.cell(column)));
        cells.filter(|cell| !cell.is_empty() && !is_placeholder(cell))
    };
    if cells().next().is_none() {
        return FieldKind::Text;
    }
    let all = |fits: &dyn Fn(&str) -> bool| cells().all(fits);
    if all(&is_number) {
        FieldKind::Number
    } else if all(&|cell| ["true", "false", "yes", "no"].iter().any(|word| word.eq_ignore_ascii_case(cell))) {
        FieldKind::Boolean
    } else if all(&is_date) {
        FieldKind::Date
    } else if all(&|cell| cell.starts_with("https://") || cell.starts_with("http://")) {
        FieldKind::Url
    } else if all(&|cell| looks.email(cell).is_some()) {
        FieldKind::Email
    } else {
        FieldKind::Text
    }
}

/// A number that nobody would miss a sign of: no zero in front, and not so long that it is an id.
fn is_number(cell: &str) -> bool {
    const LONGEST: usize = 9;
    let bare = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = bare.split_once('.').map_or((bare, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = digits(whole) && whole.len() <= LONGEST && (whole == "0" || !whole.starts_with('0'));
    // Three digits may as well be thousands.
    is_plain && fraction.is_none_or(|fraction| digits(fraction) && fraction.len() != 3)
}

/// `YYYY-MM-DD`, which nobody reads in two ways.
fn is_date(cell: &str) -> bool {
    let shape: String = cell.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    shape == "9999-99-99"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_numbers() {
        for number in ["0", "7", "-12", "12.5", "0.25", "123456789"] {
            assert!(is_number(number), "{number}");
        }
        for text in ["", "007", "1.234", "1,5", "12 ", "+12", "1e5", "1234567890", ".5", "5."] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn only_a_day_that_is_read_in_one_way_is_a_date() {
        assert!(is_date("2026-02-03"));
        assert!(!is_date("03/02/2026") && !is_date("2026-2-3") && !is_date("2026-02-03 10:00"));
    }
}
