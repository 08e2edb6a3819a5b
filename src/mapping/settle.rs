//! From claims to rules: which column has a field that several claim, and how its cells are read.

use std::collections::{BTreeMap, BTreeSet};

use super::check::DecimalMark;
use super::claims::{Claim, Guessing, cells_that_are};
use super::condition::Condition;
use super::decimal::decimal_warning;
use super::evidence::Seen;
use super::evidence::Shape;
use super::file::{ColumnRule, Feeds, Numbers, SetAction};
use super::headers::{AGAINST_CONTACT, contact_wish, field_of, is_channel, qualified_field};
use super::placeholder::is_placeholder;
use super::standard::{LISTS, TAGS};
use super::tags::{DEFAULT_SEPARATOR, is_system_group, split_set};
use crate::contact::{Field, FieldKind, trim_unseen};
use crate::table::CellFlag;

impl Guessing<'_> {
    /// One column for each field: the fullest, then the best header, then the first. Those that could
    /// stand in for it do so where the field identifies a person.
    pub fn settle(&mut self) {
        self.settle_names();
        let mut claimants: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (column, claim) in self.claims.iter().enumerate() {
            if let Some(claim) = claim {
                claimants.entry(claim.field.clone()).or_default().push(column);
            }
        }
        for (field, mut columns) in claimants {
            columns.sort_by_key(|column| self.preference(*column));
            self.give(&field, &columns);
        }
    }

    /// What decides between two columns for one field, smaller first: an exact name of a custom field
    /// before one that is only alike, then how full it is of values meant for the field, in quarters of the file,
    /// then the spelling.
    pub(super) fn preference(&self, column: usize) -> (usize, std::cmp::Reverse<u64>, usize, usize) {
        let Some(claim) = &self.claims[column] else { return (0, std::cmp::Reverse(0), 0, column) };
        let alike = if claim.field.contains('.') { claim.rank } else { 0 };
        let quarters = (self.meant(column, &claim.field) * 4).div_ceil(self.sample.contacts.max(1));
        (alike, std::cmp::Reverse(quarters), claim.rank, column)
    }

    /// Rows of the file in which a column holds something that was meant for the field, as far as the sample
    /// tells.
    fn meant(&self, column: usize, field: &str) -> u64 {
        let seen = &self.seen[column];
        let filled = self.filled(column);
        match Shape::of_field(field).map(|shape| shape.meant(seen)) {
            Some(meant) if seen.filled > 0 => filled * meant as u64 / seen.filled as u64,
            _ => filled,
        }
    }

    /// Gives a field to the first of its columns; the others stand in for it, or are left out.
    fn give(&mut self, field: &str, columns: &[usize]) {
        let Some((&winner, others)) = columns.split_first() else { return };
        let mut chain = vec![self.headers[winner].clone()];
        for &column in others {
            let Some(claim) = self.claims[column].take() else { continue };
            let stands_in = Shape::of_field(field).is_some_and(|shape| {
                let seen = &self.seen[column];
                seen.filled > 0 && shape.meant(seen) * 2 >= seen.filled
            });
            if stands_in {
                chain.push(self.headers[column].clone());
                self.columns[column].mapped = true;
                self.columns[column].sure = claim.sure;
                self.columns[column].brief = claim.brief;
                self.columns[column].because =
                    format!("{}; taken where {} holds none", claim.because, self.headers[winner]);
            } else {
                let because = format!("{}, but {} feeds it already", claim.because, self.headers[winner]);
                let could_be = match field {
                    TAGS | LISTS => format!("{field} = \"add\""),
                    _ => format!("field = \"{field}\""),
                };
                self.leave_unmapped(column, because, Some(could_be));
            }
        }
        if let Some(claim) = self.claims[winner].take() {
            self.map(winner, claim, chain);
        }
    }

    fn map(&mut self, column: usize, claim: Claim, chain: Vec<String>) {
        let feeds = match claim.field.as_str() {
            TAGS => Feeds::Tags(SetAction::Add),
            LISTS => Feeds::Lists(SetAction::Add),
            _ => Feeds::Field(claim.field),
        };
        let (mut because, mut brief) = (claim.because, claim.brief);
        let mut rule = ColumnRule::new(feeds);
        rule.kind = claim.kind;
        let defined = match &rule.feeds {
            Feeds::Field(field) => {
                field.strip_prefix(Field::CUSTOM_PREFIX).and_then(|name| self.facts.definition(name))
            }
            _ => None,
        };
        let kind = rule.kind.clone().or_else(|| defined.map(|definition| definition.kind.clone()));
        rule.format = match kind {
            Some(FieldKind::Date | FieldKind::Timestamp) => {
                self.looks.day_order(&self.texts(column)).and_then(|order| order.name().map(str::to_owned))
            }
            // A header that says the type may be an export's, which writes a point, so that nothing is open.
            Some(FieldKind::Number) if rule.kind.is_some() => {
                self.looks.decimal_mark(&self.texts(column)).and_then(DecimalMark::name).map(str::to_owned)
            }
            Some(FieldKind::Number) => self.decimal_mark(column),
            _ => None,
        };
        if let Some(format) = &rule.format {
            because.push_str(&format!("; read as {format}, which some of its cells show"));
            brief.push_str(&format!(", {format}"));
        }
        if chain.len() > 1 {
            rule.first_of = chain;
        }
        if matches!(rule.feeds, Feeds::Tags(_) | Feeds::Lists(_)) {
            let (separators, split, words) = separators(&self.seen[column], self.own_export);
            if split.is_empty() && !self.own_export {
                self.warn_of_blanks(column);
            }
            rule.separators = separators;
            because.push_str(&words);
            if !split.is_empty() {
                brief = split;
            }
        }
        self.rules[column] = Some(rule);
        self.columns[column].mapped = true;
        self.columns[column].sure = claim.sure;
        self.columns[column].because = because;
        self.columns[column].brief = brief;
    }

    /// The cells of a column that are texts: a number of a workbook is read in one way only.
    fn texts(&self, column: usize) -> Vec<&str> {
        let rows = self.sample.rows.rows().filter(|row| row.typed(column).is_none());
        rows.map(|row| row.cell(column)).collect()
    }

    /// What stands before the fraction in a column of numbers, as a mapping writes it. Where its cells leave
    /// that open, and one of them could be a thousand, that is warned of.
    fn decimal_mark(&mut self, column: usize) -> Option<String> {
        let cells = self.texts(column);
        let settled = self.looks.decimal_mark(&cells).and_then(DecimalMark::name);
        if settled.is_none() {
            self.warnings.extend(decimal_warning(&self.headers[column], &cells, self.looks));
        }
        settled.map(str::to_owned)
    }

    /// Some programs put blanks between tags, which in others are part of their names: where all words look
    /// like tags of their own, that is said.
    fn warn_of_blanks(&mut self, column: usize) {
        let cells = self.sample.rows.rows().map(|row| trim_unseen(row.cell(column)));
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty() && !is_placeholder(cell)).collect();
        let is_mark = |c: char| c.is_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | ':' | '.' | '/');
        let is_plain = |cell: &&str| cell.split(' ').all(|word| word.chars().all(is_mark));
        let Some(example) = cells.iter().find(|cell| cell.contains(' ')) else { return };
        if cells.iter().all(is_plain) {
            let header = &self.headers[column];
            self.warnings.push(format!(
                "{header}: \"{example}\" is taken for one tag: write separator = \" \" for this column if each \
                 word is one"
            ));
        }
    }

    /// Where full and divided names stand side by side, those are taken that tell the whole name in
    /// the form the service has.
    fn settle_names(&mut self) {
        let facts = self.facts;
        let has = |field: &str| self.claims.iter().flatten().any(|claim| claim.field == field);
        let (full, first, last) = (has("name"), has("first_name"), has("last_name"));
        if !full || !(first || last) || (facts.writes("name") && facts.divides_names()) {
            return;
        }
        let take_full = facts.writes("name") || !(first && last);
        for column in 0..self.headers.len() {
            let Some(claim) = &self.claims[column] else { continue };
            let is_full = claim.field == "name";
            let is_part = matches!(claim.field.as_str(), "first_name" | "last_name");
            if (is_full && !take_full) || (is_part && take_full) {
                let because = format!("{}, which other columns tell in the form the service has", claim.because);
                self.claims[column] = None;
                self.leave_unmapped(column, because, None);
            }
        }
    }

    /// How the numbers of the phone column are read that are written without a country code: by a column
    /// of countries, by a plus that the whole column left out, or by what a person states.
    pub fn phone_numbers(&mut self) {
        let Some(column) = self.rules.iter().position(|rule| rule.as_ref().is_some_and(feeds_phone)) else { return };
        let seen = &self.seen[column];
        let (all, national) = (seen.phones, seen.national);
        if national == 0 {
            return;
        }
        let countries = (0..self.headers.len()).filter(|country| {
            let seen = &self.seen[*country];
            let known =
                field_of(&self.headers[*country]).is_some_and(|s| matches!(s.field, "country" | "country_name"));
            // A calling code beside a number is as good as its country.
            known && seen.filled > 0 && (seen.countries + seen.calling_codes) * 2 >= seen.filled
        });
        let countries: Vec<_> = countries.collect();
        let header = &self.headers[column];
        let cells: Vec<&str> = self.sample.rows.rows().map(|row| row.cell(column)).collect();
        let settled = self.looks.numbers(&cells);
        if let Some((numbers, words)) = &settled {
            if let Some(rule) = &mut self.rules[column] {
                rule.numbers = Some(*numbers);
            }
            let read = if *numbers == Numbers::International { "international" } else { "national" };
            self.notes.push(format!("{header}: {words}, so all are read as {read}"));
        }
        if settled.is_some_and(|(numbers, _)| numbers == Numbers::International) {
            // A plus that was left out is the whole answer.
        } else if let [country] = countries[..] {
            if let Some(rule) = &mut self.rules[column] {
                rule.region_column = Some(self.headers[country].clone());
            }
            let evidence = &mut self.columns[country];
            if !evidence.mapped {
                evidence.because = format!("{}; tells the country of {header}", evidence.because);
            }
        } else if !self.looks.knows_region() {
            let whole = self.looks.whole_but_for_plus(&cells);
            let or = if whole * 2 >= national {
                format!(
                    "; {whole} of them are valid with a plus sign in front: write numbers = \"international\" for \
                     {header} if they begin with a country code"
                )
            } else {
                String::new()
            };
            self.notes.push(format!(
                "{national} of {all} phone numbers have no country code: state the country as region{or}"
            ));
        }
    }

    /// Counts the cells of the phone columns that a row could send, now that it is settled how they are read.
    pub fn count_phones(&mut self) {
        let Some(winner) = self.rules.iter().position(|rule| rule.as_ref().is_some_and(feeds_phone)) else { return };
        let Some(rule) = self.rules[winner].clone() else { return };
        let place = |header: &String| self.headers.iter().position(|other| other == header);
        let country = rule.region_column.as_ref().and_then(place);
        let chain: Vec<usize> = rule.first_of.iter().filter_map(place).chain([winner]).collect();
        for column in chain.into_iter().collect::<BTreeSet<_>>() {
            let (mut all, mut fitting) = (0, 0);
            for row in self.sample.rows.rows() {
                let cell = trim_unseen(row.cell(column));
                if cell.is_empty() || is_placeholder(cell) {
                    continue;
                }
                all += 1;
                let country = country.map_or("", |country| row.cell(country));
                let is_whole = row.flag(column) != Some(CellFlag::DigitsLost);
                fitting += usize::from(is_whole && self.looks.sends_phone(row.cell(column), rule.numbers, country));
            }
            if all > 0 {
                let evidence = &mut self.columns[column];
                let what = if fitting == all { "phone numbers" } else { "phone numbers that can be sent" };
                evidence.because = format!("{}; {}", evidence.because, cells_that_are(fitting, all, what));
                let comma = if evidence.brief.is_empty() { "" } else { ", " };
                evidence.brief.push_str(&format!("{comma}{fitting} of {all} fit"));
            }
        }
    }

    /// What a person should look at before anything is sent: columns of phone numbers or e-mail addresses
    /// that feed nothing, and columns that say who wants to be written to and that no row is chosen by.
    pub fn point_out(&mut self, chosen_by: &[Condition]) {
        let total = self.sample.contacts;
        self.point_out_fax();
        let mut wishes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for column in 0..self.headers.len() {
            let (header, filled) = (&self.headers[column], self.filled(column));
            let evidence = &self.columns[column];
            if filled > 0
                && !evidence.mapped
                && let Some((shape, fits)) = self.left_out_shape(column)
            {
                let what = shape.plural();
                let holds = if fits { format!("holds {what}") } else { format!("is headed as {what}, and has values") };
                self.warnings.push(format!(
                    "{header} {holds} in {filled} of {total} rows and feeds nothing: {}",
                    evidence.because
                ));
            }
            let is_asked = chosen_by.iter().any(|condition| condition.column == *header);
            if let Some(says) = contact_wish(header).filter(|_| filled > 0 && !is_asked) {
                wishes.entry(says).or_default().push(column);
            }
        }
        for (says, columns) in wishes {
            let names: Vec<&str> = columns.iter().map(|column| self.headers[*column].as_str()).collect();
            let choice = wish_condition(&self.seen[columns[0]].examples, says);
            let (first, verb) = (names[0], if names.len() == 1 { "says" } else { "say" });
            let names = names.join(", ");
            self.warnings.push(format!(
                "{names} {verb} {says}, and nobody is left out for it: choose rows with where or --only, such as \
                 --only '{first} {choice}'"
            ));
        }
    }

    /// Address books write beside each number what it is: one that is said to be a fax is sent like any other.
    fn point_out_fax(&mut self) {
        for column in 0..self.headers.len() {
            let header = &self.headers[column];
            let Some(name) = header.strip_suffix(" - Value") else { continue };
            let is_label = |other: &String| *other == format!("{name} - Label") || *other == format!("{name} - Type");
            let Some(label) = self.headers.iter().position(is_label) else { continue };
            let is_fax = |cell: &str| cell.to_lowercase().contains("fax");
            let rows = self.sample.rows.rows();
            let faxes = rows.filter(|row| is_fax(row.cell(label)) && !trim_unseen(row.cell(column)).is_empty()).count();
            let is_phone = field_of(header).is_some_and(|found| found.field == Shape::Phone.field());
            if faxes > 0 && self.columns[column].mapped && is_phone {
                let label = &self.headers[label];
                self.warnings.push(format!(
                    "{header} is a fax in {faxes} of the rows looked at, as {label} says, and is sent like any phone: \
                     empty it there if it is none"
                ));
            }
        }
    }

    /// What an unmapped column plainly holds, or its header says that it does, and whether its cells do.
    fn left_out_shape(&self, column: usize) -> Option<(Shape, bool)> {
        let seen = &self.seen[column];
        let header = &self.headers[column];
        let said = field_of(header).or_else(|| qualified_field(header)).map(|spelling| spelling.field);
        let said = said.filter(|_| !is_channel(header));
        Shape::ALL.into_iter().find_map(|shape| {
            let plain = seen.filled > 0 && shape.plain(seen) * 2 >= seen.filled;
            let meant = shape.meant(seen) * 2 >= seen.filled.max(1);
            (plain || said == Some(shape.field())).then_some((shape, plain || meant))
        })
    }
}

fn feeds_phone(rule: &ColumnRule) -> bool {
    matches!(&rule.feeds, Feeds::Field(name) if name == Shape::Phone.field())
}

/// The condition by which those are chosen who may be written to, by a value of the column: a word such as
/// yes, no or checked, and nothing that could be a person's.
fn wish_condition(examples: &[String], says: &str) -> String {
    const YES: [&str; 15] = [
        "yes",
        "true",
        "1",
        "y",
        "x",
        "checked",
        "on",
        "ja",
        "si",
        "sí",
        "sim",
        "oui",
        "subscribed",
        "granted",
        "i agree",
    ];
    const NO: [&str; 11] =
        ["no", "false", "0", "n", "unchecked", "off", "nein", "non", "não", "unsubscribed", "never_subscribed"];
    let among = |words: &[&str]| {
        let is = |example: &&String| words.iter().any(|word| word.eq_ignore_ascii_case(example));
        examples.iter().find(is)
    };
    let against = says == AGAINST_CONTACT;
    let (yes, no) = (among(&YES), among(&NO));
    match (against, yes, no) {
        (false, Some(yes), _) => format!("= {yes}"),
        (false, None, Some(no)) => format!("!= {no}"),
        (true, Some(yes), _) => format!("!= {yes}"),
        (true, None, Some(no)) => format!("= {no}"),
        (false, None, None) => "= yes".into(),
        (true, None, None) => "is blank".into(),
    }
}

/// What stands between the names of a column, and what a person is told of it, in a few words and in more.
fn separators(seen: &Seen, own_export: bool) -> (Vec<String>, String, String) {
    if own_export {
        return (vec![DEFAULT_SEPARATOR.to_owned()], String::new(), String::new());
    }
    let found: Vec<String> = seen.separators().into_iter().map(str::to_owned).collect();
    let mut names: Vec<String> = Vec::new();
    for example in &seen.examples {
        names.extend(split_set(example, &found));
    }
    let groups = names.iter().any(|name| is_system_group(name));
    names.retain(|name| !is_system_group(name));
    names.truncate(3);
    let mut split = String::new();
    if seen.json_lists > 0 {
        split.push_str("lists in JSON");
    }
    if !found.is_empty() {
        let shown: Vec<_> = found.iter().map(|separator| shown_separator(separator)).collect();
        let comma = if split.is_empty() { "" } else { ", " };
        split.push_str(&format!("{comma}split at {}", shown.join(" and ")));
    }
    let mut words = if split.is_empty() { String::new() } else { format!("; {split}") };
    if !names.is_empty() && (!found.is_empty() || seen.json_lists > 0) {
        words.push_str(&format!(": {}", names.join(" | ")));
    }
    if groups {
        words.push_str("; groups that the address book made, such as * myContacts, are left out");
    }
    let found = if found.is_empty() { vec![DEFAULT_SEPARATOR.to_owned()] } else { found };
    (found, split, words)
}

/// A separator as a person reads it: quoted, and by its name where it can't be seen.
fn shown_separator(separator: &str) -> String {
    match separator {
        "\n" => "line breaks".to_owned(),
        "\t" => "tabs".to_owned(),
        _ => format!("\"{separator}\""),
    }
}
