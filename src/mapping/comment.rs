//! A guessed mapping written as a file that explains itself.

use std::fmt::Write as _;

use super::file::{
    BadCells, Blank, ColumnRule, CustomFields, Duplicates, Feeds, Grade, Mapping, MergedRule, Numbers, SetAction,
};
use super::guessed::{ColumnEvidence, Guess};
use super::parse::{kind_name, overwrite_name};
use crate::contact::{FieldKind, ImportMode, Overwrite};

/// The text of a mapping file: the guess with the evidence for every column as comments. Reading it
/// back gives the same mapping.
pub fn write_commented(guess: &Guess) -> String {
    let mut text = String::new();
    let mapped = guess.columns.iter().filter(|column| column.mapped).count();
    line(&mut text, &format!("# {mapped} of {} columns are mapped. Change what is wrong;", guess.columns.len()));
    line(&mut text, "# docs/mapping-file.md describes every key.");
    for words in guess.warnings.iter().chain(&guess.notes) {
        comment(&mut text, words);
    }
    text.push('\n');
    top(&mut text, &guess.mapping);
    for column in &guess.columns {
        write_column(&mut text, column, guess.mapping.columns.get(&column.header));
    }
    let known = |header: &str| guess.columns.iter().any(|column| column.header == header);
    for (header, rule) in guess.mapping.columns.iter().filter(|(header, _)| !known(header)) {
        text.push('\n');
        table(&mut text, header, rule);
    }
    constants(&mut text, &guess.mapping);
    text
}

impl Mapping {
    /// The text of a mapping file, without any evidence.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        top(&mut text, self);
        for (header, rule) in &self.columns {
            text.push('\n');
            table(&mut text, header, rule);
        }
        constants(&mut text, self);
        text
    }
}

fn top(text: &mut String, mapping: &Mapping) {
    if let Some(service) = &mapping.service {
        line(text, &format!("service = {}", quoted(service)));
    }
    match &mapping.region {
        Some(region) => line(text, &format!("region = {}", quoted(region))),
        None => line(text, "# region = \"ES\"  # country of phone numbers that are written without one"),
    }
    match &mapping.match_by {
        Some(kinds) => {
            let names: Vec<_> = kinds.iter().map(|kind| quoted(kind.name())).collect();
            line(text, &format!("match = [{}]", names.join(", ")));
        }
        None => line(text, "# match = [\"phone\"]  # what contacts are found by; all identifiers unless stated"),
    }
    let mode = match mapping.mode {
        ImportMode::Upsert => "upsert",
        ImportMode::Create => "create",
        ImportMode::Update => "update",
    };
    line(text, &format!("mode = \"{mode}\"  # upsert, create (only new contacts) or update (only known ones)"));
    let blank = blank_name(mapping.blank);
    line(text, &format!("blank = \"{blank}\"  # an empty cell says nothing (ignore) or empties the field (clear)"));
    let overwrite = overwrite_name(mapping.overwrite);
    line(text, &format!("overwrite = \"{overwrite}\"  # always, if_empty or never"));
    if mapping.custom_fields != CustomFields::Merge {
        line(text, "custom_fields = \"replace\"");
    }
    let bad_cells = bad_cells_name(mapping.bad_cells);
    line(
        text,
        &format!("bad_cells = \"{bad_cells}\"  # a cell that can't be used: reject its row, or leave out the cell"),
    );
    if mapping.merged == MergedRule::Repeat {
        line(text, "merged = \"repeat\"");
    }
    let duplicates = duplicates_name(mapping.duplicates);
    line(text, &format!("duplicates = \"{duplicates}\"  # rows that name one contact: reject, first, last or merge"));
    if mapping.conditions.is_empty() {
        line(text, "# where = [\"Consent = yes\"]  # only rows like this are sent");
    } else {
        let conditions: Vec<_> = mapping.conditions.iter().map(|condition| quoted(&condition.to_string())).collect();
        line(text, &format!("where = [{}]", conditions.join(", ")));
    }
}

fn write_column(text: &mut String, column: &ColumnEvidence, rule: Option<&ColumnRule>) {
    text.push('\n');
    if let Some(rule) = rule {
        comment(text, &column.because);
        table(text, &column.header, rule);
    } else if column.mapped {
        comment(text, &format!("{}: {}", column.header, column.because));
    } else {
        comment(text, &format!("Not mapped: {}.", column.because));
        comment(text, &format!("[columns.{}]", quoted(&column.header)));
        comment(text, column.could_be.as_deref().unwrap_or("ignore = true"));
    }
}

fn table(text: &mut String, header: &str, rule: &ColumnRule) {
    line(text, &format!("[columns.{}]", quoted(header)));
    match &rule.feeds {
        Feeds::Field(field) => line(text, &format!("field = {}", quoted(field))),
        Feeds::Tags(action) => line(text, &format!("tags = \"{}\"", action_name(*action))),
        Feeds::Lists(action) => line(text, &format!("lists = \"{}\"", action_name(*action))),
        Feeds::Nothing => line(text, "ignore = true"),
    }
    if !rule.first_of.is_empty() {
        let names: Vec<_> = rule.first_of.iter().map(|name| quoted(name)).collect();
        line(text, &format!("first_of = [{}]", names.join(", ")));
    }
    if !rule.separators.is_empty() {
        line(text, &format!("separator = {}", list(&rule.separators)));
    }
    let stated = match &rule.kind {
        Some(FieldKind::Choice(values)) => {
            let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
            line(text, &format!("values = [{}]", values.join(", ")));
            None
        }
        kind => kind.as_ref(),
    };
    let keys = [
        ("overwrite", rule.overwrite.map(|overwrite: Overwrite| overwrite_name(overwrite).to_owned())),
        ("blank", rule.blank.map(|blank| blank_name(blank).to_owned())),
        ("type", stated.map(|kind| kind_name(kind).to_owned())),
        ("format", rule.format.clone()),
        ("time_zone", rule.time_zone.clone()),
        ("region_column", rule.region_column.clone()),
        ("numbers", rule.numbers.map(|numbers| numbers_name(numbers).to_owned())),
        ("check", rule.grade.map(|grade| grade_name(grade).to_owned())),
        ("bad_cells", rule.bad_cells.map(|bad_cells| bad_cells_name(bad_cells).to_owned())),
    ];
    for (key, value) in keys {
        if let Some(value) = value {
            line(text, &format!("{key} = {}", quoted(&value)));
        }
    }
}

fn constants(text: &mut String, mapping: &Mapping) {
    let constants = &mapping.constants;
    if constants.is_empty() {
        return;
    }
    text.push_str("\n[constants]\n");
    for (key, names) in [("tags", &constants.tags), ("lists", &constants.lists)] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
            line(text, &format!("{key} = [{}]", names.join(", ")));
        }
    }
    for (field, value) in &constants.fields {
        line(text, &format!("{} = {}", quoted(field), quoted(value)));
    }
}

fn line(text: &mut String, words: &str) {
    text.push_str(words);
    text.push('\n');
}

/// Words as a comment of one line, whatever a header brought into them.
fn comment(text: &mut String, words: &str) {
    text.push_str("# ");
    for character in words.chars() {
        if character.is_control() {
            text.push(' ');
        } else {
            text.push(character);
        }
    }
    text.push('\n');
}

/// A text, or a list of several.
fn list(texts: &[String]) -> String {
    match texts {
        [one] => quoted(one),
        several => format!("[{}]", several.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
    }
}

/// A basic string of TOML.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            _ if character.is_control() => {
                // Writing to a string can't fail.
                let _ = write!(text, "\\u{:04X}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

const fn action_name(action: SetAction) -> &'static str {
    match action {
        SetAction::Add => "add",
        SetAction::Remove => "remove",
        SetAction::Replace => "replace",
    }
}

const fn blank_name(blank: Blank) -> &'static str {
    match blank {
        Blank::Ignore => "ignore",
        Blank::Clear => "clear",
    }
}

const fn bad_cells_name(bad_cells: BadCells) -> &'static str {
    match bad_cells {
        BadCells::Row => "row",
        BadCells::Cell => "cell",
    }
}

const fn duplicates_name(duplicates: Duplicates) -> &'static str {
    match duplicates {
        Duplicates::Reject => "reject",
        Duplicates::First => "first",
        Duplicates::Last => "last",
        Duplicates::Merge => "merge",
    }
}

const fn numbers_name(numbers: Numbers) -> &'static str {
    match numbers {
        Numbers::International => "international",
        Numbers::National => "national",
    }
}

const fn grade_name(grade: Grade) -> &'static str {
    match grade {
        Grade::Strict => "strict",
        Grade::Loose => "loose",
    }
}
