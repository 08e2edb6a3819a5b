//! What a person chose for the columns of a file, as a mapping.

use std::collections::BTreeMap;

use super::form::PostedForm;
use crate::contact::Field;
use crate::error::{Error, Result};
use crate::mapping::{BadCells, ColumnRule, Duplicates, Feeds, Mapping, SetAction};

/// What a select has for a column that is not sent.
pub const NOTHING: &str = "nothing";
/// What it has for a custom field whose name stands beside it.
pub const CUSTOM: &str = "custom";

const ACTIONS: [(SetAction, &str); 3] =
    [(SetAction::Add, "add"), (SetAction::Remove, "remove"), (SetAction::Replace, "replace")];

/// What a column feeds by a mapping, itself or where another is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fed {
    pub feeds: Option<Feeds>,
    /// Which of several columns it is, from 1.
    pub order: Option<usize>,
    pub separators: Vec<String>,
}

impl Fed {
    pub fn of(mapping: &Mapping, header: &str) -> Self {
        let place = |rule: &ColumnRule| rule.first_of.iter().position(|name| name == header).map(|at| at + 1);
        if let Some(rule) = mapping.columns.get(header) {
            let separators = rule.separators.clone();
            return Self { feeds: Some(rule.feeds.clone()), order: place(rule), separators };
        }
        let stands_in = mapping.columns.values().find(|rule| place(rule).is_some());
        stands_in.map_or_else(Self::default, |rule| Self {
            feeds: Some(rule.feeds.clone()),
            order: place(rule),
            separators: Vec::new(),
        })
    }
}

/// The value that a select has for it.
pub fn value_of(feeds: Option<&Feeds>) -> String {
    let action = |action: &SetAction| ACTIONS.iter().find(|(known, _)| known == action).map_or("add", |(_, name)| name);
    match feeds {
        None | Some(Feeds::Nothing) => NOTHING.to_owned(),
        Some(Feeds::Field(name)) => format!("field:{name}"),
        Some(Feeds::Tags(set)) => format!("tags:{}", action(set)),
        Some(Feeds::Lists(set)) => format!("lists:{}", action(set)),
    }
}

/// What the value of a select stands for; a custom field has its name beside it.
fn feeds_of(value: &str, custom: Option<&str>, header: &str) -> Result<Feeds> {
    let action = |name: &str| ACTIONS.iter().find(|(_, known)| *known == name).map(|(action, _)| *action);
    let found = match value.split_once(':') {
        None if value == NOTHING => Some(Feeds::Nothing),
        None if value == CUSTOM => {
            let name = custom.ok_or_else(|| {
                Error::usage(format!("the custom field that {header} feeds has no name"))
                    .hint("write its name beside the choice")
            })?;
            Some(Feeds::Field(Field::custom(name).name().to_owned()))
        }
        Some(("field", name)) if !name.is_empty() => Some(Feeds::Field(name.to_owned())),
        Some(("tags", name)) => action(name).map(Feeds::Tags),
        Some(("lists", name)) => action(name).map(Feeds::Lists),
        _ => None,
    };
    found.ok_or_else(|| Error::usage(format!("not what a column can feed: {value}")))
}

/// The mapping that was `before`, with what a form says of each of these columns. Columns that feed one field do so
/// in the order of their numbers, the first with a usable cell.
pub fn chosen(before: &Mapping, headers: &[String], form: &PostedForm) -> Result<Mapping> {
    let mut mapping = Mapping { columns: BTreeMap::new(), ..before.clone() };
    let mut fields: BTreeMap<String, Vec<(usize, &String)>> = BTreeMap::new();
    for (index, header) in headers.iter().enumerate() {
        let Some(value) = form.get(&format!("feeds.{index}")) else {
            // A page that was made before the file had this column.
            mapping.columns.extend(before.columns.get(header).map(|rule| (header.clone(), rule.clone())));
            continue;
        };
        let feeds = feeds_of(value, form.get(&format!("custom.{index}")), header)?;
        let was = before.columns.get(header).filter(|rule| rule.feeds == feeds);
        match feeds {
            Feeds::Field(name) => {
                let order = form.get(&format!("order.{index}")).and_then(|order| order.parse().ok());
                fields.entry(name).or_default().push((order.unwrap_or(usize::MAX), header));
            }
            // What nobody ever said anything of stays so: it is listed as left out.
            Feeds::Nothing if Fed::of(before, header).feeds.is_none() => {}
            feeds => {
                let mut rule = was.cloned().unwrap_or_else(|| ColumnRule::new(feeds));
                if let Some(separator) = form.exact(&format!("separator.{index}")) {
                    rule.separators = separators(separator);
                }
                mapping.columns.insert(header.clone(), rule);
            }
        }
    }
    let moved = form.get("move").and_then(|moved| Move::parse(moved, headers));
    for (name, mut columns) in fields {
        columns.sort_by_key(|(order, _)| *order);
        if let Some(moved) = &moved {
            moved.within(&mut columns);
        }
        let Some((_, first)) = columns.first() else { continue };
        let feeds = Feeds::Field(name.clone());
        let headed = before.columns.values().find(|rule| rule.feeds == feeds);
        let was = before.columns.get(*first).filter(|rule| rule.feeds == feeds).or(headed);
        let mut rule = was.cloned().unwrap_or_else(|| ColumnRule::new(feeds));
        rule.first_of =
            if columns.len() > 1 { columns.iter().map(|(_, header)| (*header).clone()).collect() } else { Vec::new() };
        mapping.columns.insert((*first).clone(), rule);
    }
    mapping.bad_cells = match form.get("bad_cells") {
        Some("cell") => BadCells::Cell,
        Some("row") => BadCells::Row,
        _ => mapping.bad_cells,
    };
    mapping.duplicates = match form.get("duplicates") {
        Some("reject") => Duplicates::Reject,
        Some("first") => Duplicates::First,
        Some("last") => Duplicates::Last,
        Some("merge") => Duplicates::Merge,
        _ => mapping.duplicates,
    };
    Ok(mapping)
}

/// A column that goes one place further to the front or to the back among those that feed its field.
struct Move<'a> {
    header: &'a String,
    is_earlier: bool,
}

impl<'a> Move<'a> {
    /// `3.earlier`
    fn parse(text: &str, headers: &'a [String]) -> Option<Self> {
        let (index, way) = text.split_once('.')?;
        Some(Self { header: headers.get(index.parse::<usize>().ok()?)?, is_earlier: way == "earlier" })
    }

    fn within(&self, columns: &mut [(usize, &String)]) {
        let Some(at) = columns.iter().position(|(_, header)| *header == self.header) else { return };
        let other = if self.is_earlier { at.checked_sub(1) } else { Some(at + 1).filter(|at| *at < columns.len()) };
        if let Some(other) = other {
            columns.swap(at, other);
        }
    }
}

/// Separators as they are written in a field: one after the other, blanks between them.
fn separators(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> PostedForm {
        PostedForm::new(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn headers() -> Vec<String> {
        ["Mobile", "Phone 2", "Labels", "Note"].map(String::from).to_vec()
    }

    fn before() -> Mapping {
        Mapping::parse(
            "[columns.Mobile]\nfield = \"phone\"\nfirst_of = [\"Mobile\", \"Phone 2\"]\nnumbers = \"international\"\n\
             [columns.Labels]\ntags = \"add\"\nseparator = \";\"\n",
            "test",
        )
        .unwrap()
    }

    #[test]
    fn what_a_mapping_says_is_what_the_form_shows_and_gives_back() {
        let before = before();
        let shown = |header: &str| value_of(Fed::of(&before, header).feeds.as_ref());
        assert_eq!(
            headers().iter().map(|header| shown(header)).collect::<Vec<_>>(),
            ["field:phone", "field:phone", "tags:add", "nothing"]
        );
        assert_eq!(Fed::of(&before, "Phone 2").order, Some(2));
        let same = form(&[
            ("feeds.0", "field:phone"),
            ("order.0", "1"),
            ("feeds.1", "field:phone"),
            ("order.1", "2"),
            ("feeds.2", "tags:add"),
            ("separator.2", ";"),
            ("feeds.3", "nothing"),
        ]);
        assert_eq!(chosen(&before, &headers(), &same).unwrap(), before);
    }

    #[test]
    fn the_order_of_columns_for_one_field_is_that_of_their_numbers() {
        let other = form(&[
            ("feeds.0", "field:phone"),
            ("order.0", "2"),
            ("feeds.1", "field:phone"),
            ("order.1", "1"),
            ("feeds.2", "nothing"),
            ("feeds.3", "custom"),
            ("custom.3", "note"),
        ]);
        let mapping = chosen(&before(), &headers(), &other).unwrap();
        let phone = &mapping.columns["Phone 2"];
        assert_eq!(phone.first_of, ["Phone 2", "Mobile"]);
        assert!(phone.numbers.is_some(), "how the field's numbers are read stays");
        assert!(!mapping.columns.contains_key("Mobile"));
        assert_eq!(mapping.columns["Labels"].feeds, Feeds::Nothing, "what was sent is left out on purpose");
        assert_eq!(mapping.columns["Note"].feeds, Feeds::Field("custom.note".into()));
    }

    #[test]
    fn a_button_moves_a_column_by_one_place_and_never_out_of_its_list() {
        let order = |moved: &str| {
            let fields = [("feeds.0", "field:phone"), ("order.0", "1"), ("feeds.1", "field:phone"), ("order.1", "2")];
            let form = form(&[&fields[..], &[("move", moved)]].concat());
            let mapping = chosen(&before(), &headers(), &form).unwrap();
            mapping.columns.values().find(|rule| !rule.first_of.is_empty()).unwrap().first_of.clone()
        };
        assert_eq!(order("1.earlier"), ["Phone 2", "Mobile"]);
        assert_eq!(order("0.later"), ["Phone 2", "Mobile"]);
        for stays in ["0.earlier", "1.later", "7.later", "x"] {
            assert_eq!(order(stays), ["Mobile", "Phone 2"], "{stays}");
        }
    }

    #[test]
    fn what_can_not_be_fed_is_refused() {
        for (value, custom) in [("custom", ""), ("field:", ""), ("tags:burn", ""), ("x", "")] {
            let form = form(&[("feeds.0", value), ("custom.0", custom)]);
            assert!(chosen(&before(), &headers(), &form).is_err(), "{value}");
        }
    }
}
