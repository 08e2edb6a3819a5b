//! A mapping proposed from headers and a sample.

use std::collections::{BTreeMap, HashMap};

use super::evidence::Seen;
use super::facts::Facts;
use super::file::{ColumnRule, Feeds, Mapping, SetAction};
use super::guess_names::settle_parts;
use super::headers::{custom_name, field_of, key};
use super::standard::{self, EXTRA, LISTS, TAGS};
use crate::contact::Field;
use crate::table::RowBatch;

/// A proposed mapping with the reasons for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    pub mapping: Mapping,
    /// One for each header, in order.
    pub columns: Vec<ColumnEvidence>,
    /// What a person should look at, in words.
    pub notes: Vec<String>,
}

/// What was decided for one column, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnEvidence {
    pub header: String,
    /// Whether the mapping says anything of the column; if not, it is unmapped.
    pub mapped: bool,
    /// The reason, in words.
    pub because: String,
    /// For an unmapped column: the field it could feed, as a mapping file writes it.
    pub could_be: Option<String>,
}

/// What speaks for one field on one column.
pub(super) struct Claim {
    pub field: String,
    pub because: String,
    /// Smaller is better: how exactly the header fits.
    pub rank: usize,
    pub filled: usize,
}

/// Proposes a mapping for a file with these headers and first rows, for one service.
///
/// A header is known by its spelling and believed if the cells don't contradict it. A column is left
/// unmapped, and listed, if its header is unknown, unless its cells are plainly e-mail addresses or
/// international phone numbers. It becomes a custom field only where its header says so or the account
/// defines such a field.
pub fn guess(headers: &[String], sample: &RowBatch, facts: &Facts<'_>) -> Guess {
    let mut guessing = Guessing::new(headers, sample, facts);
    guessing.claim_columns();
    guessing.claim_by_cells();
    settle_parts(&mut guessing.claims, headers, sample);
    guessing.settle();
    guessing.region();
    guessing.finish()
}

struct Guessing<'a> {
    headers: &'a [String],
    facts: &'a Facts<'a>,
    rows: usize,
    seen: Vec<Seen>,
    own_export: bool,
    claims: Vec<Option<Claim>>,
    rules: Vec<Option<ColumnRule>>,
    columns: Vec<ColumnEvidence>,
    notes: Vec<String>,
}

impl<'a> Guessing<'a> {
    fn new(headers: &'a [String], sample: &RowBatch, facts: &'a Facts<'a>) -> Self {
        let columns = headers
            .iter()
            .map(|header| ColumnEvidence {
                header: header.clone(),
                mapped: false,
                because: "the header is not a known spelling of any field".into(),
                could_be: None,
            })
            .collect();
        Self {
            headers,
            facts,
            rows: sample.len(),
            seen: (0..headers.len()).map(|column| Seen::column(sample, column)).collect(),
            own_export: is_own_export(headers, facts),
            claims: headers.iter().map(|_| None).collect(),
            rules: headers.iter().map(|_| None).collect(),
            columns,
            notes: Vec::new(),
        }
    }

    /// What each header says by itself.
    fn claim_columns(&mut self) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for header in self.headers {
            *times.entry(header).or_default() += 1;
        }
        for column in 0..self.headers.len() {
            let header = &self.headers[column];
            if header.trim().is_empty() {
                self.columns[column].because = "the column has no name".into();
            } else if times[header.as_str()] > 1 {
                self.columns[column].because = "another column has the same name".into();
            } else {
                self.claim_header(column, header);
            }
        }
    }

    fn claim_header(&mut self, column: usize, header: &str) {
        if let Some(name) = self.custom_field(header) {
            let because = match self.facts.definition(&name) {
                Some(_) => format!("the account defines the custom field {name}"),
                None => "the header names a custom field".to_owned(),
            };
            self.claim(column, format!("{}{name}", Field::CUSTOM_PREFIX), because, 0);
        } else if header == EXTRA && self.own_export {
            self.leave_out(column, "what no field stands for, written by an export and never sent");
        } else if header == "id" {
            self.claim_id(column);
        } else if standard::is_standard(header) || header == TAGS || header == LISTS {
            self.claim_known(column, header, 0, format!("the header is the field {header}"));
        } else if let Some(spelling) = field_of(header) {
            let because = format!("the header is a spelling of {}", spelling.field);
            self.claim_known(column, spelling.field, spelling.rank + 1, because);
        }
    }

    /// The custom field that a header names, if the service can take it.
    fn custom_field(&self, header: &str) -> Option<String> {
        if !self.facts.capabilities.custom_fields {
            return None;
        }
        let stated = custom_name(header);
        let Some(definitions) = self.facts.definitions else { return stated.map(str::to_owned) };
        let defined = |name: &str| definitions.iter().find(|definition| definition.name == name);
        let alike = |name: &str| {
            let mut alike = definitions.iter().filter(|definition| key(&definition.name) == key(name));
            alike.next().filter(|_| alike.next().is_none())
        };
        // A standard field keeps its own name, even if the account has a custom field of that name.
        let standard = stated.is_none() && (standard::is_standard(header) || header == TAGS || header == LISTS);
        if standard {
            return None;
        }
        let found = stated.and_then(defined).or_else(|| stated.and_then(alike));
        let found =
            found.or_else(|| if field_of(header).is_none() { defined(header).or_else(|| alike(header)) } else { None });
        found.map(|definition| definition.name.clone())
    }

    /// A column called `id` holds the service's ids only in a file that the service's export wrote;
    /// in any other file it counts rows or comes from another system, and would hit strangers.
    fn claim_id(&mut self, column: usize) {
        if self.own_export {
            self.claim(column, "id".into(), "the file has the columns of an export from this service".into(), 0);
        } else {
            let because = "an id, but nothing shows that it is the service's own";
            self.leave_unmapped(column, because.into(), Some("field = \"id\"".into()));
        }
    }

    /// Claims a field of ours if the service has it and the cells don't speak against it.
    fn claim_known(&mut self, column: usize, field: &str, rank: usize, because: String) {
        let facts = self.facts;
        let service = facts.service;
        if field == TAGS || field == LISTS {
            let has = if field == TAGS { facts.has_tags() } else { facts.has_lists() };
            if has {
                self.claim(column, field.to_owned(), because, rank);
            } else {
                self.leave_unmapped(column, format!("{because}, which {service} has none of"), None);
            }
            return;
        }
        let seen = &self.seen[column];
        let because = match seen.fitting(field) {
            Some((fitting, what)) if seen.filled > 0 => {
                let count = format!("{fitting} of {} filled cells look like {what}", seen.filled);
                if fitting * 2 < seen.filled {
                    self.leave_unmapped(column, format!("{because}, but only {count}"), None);
                    return;
                }
                format!("{because}; {count}")
            }
            _ => because,
        };
        let identifier = standard::identifier(field).is_some_and(|kind| facts.identifies_by(kind));
        let name = matches!(field, "name" | "first_name" | "last_name")
            && (facts.writes("name") || (facts.writes("first_name") && facts.writes("last_name")));
        if facts.writes(field) || identifier || name {
            self.claim(column, field.to_owned(), because, rank);
        } else if facts.spec(field).is_some() {
            self.leave_out(column, &format!("{because}, which {service} only tells and never takes"));
        } else if field == "country_name" && facts.writes("country") {
            self.claim(column, "country".into(), because, rank + 1);
        } else if field == "country" && facts.writes("country_name") {
            self.claim(column, "country_name".into(), because, rank + 1);
        } else {
            let could_be = facts.capabilities.custom_fields.then(|| format!("field = \"custom.{field}\""));
            self.leave_unmapped(column, format!("{because}, which {service} has not"), could_be);
        }
    }

    /// Columns with an unknown header whose cells leave no doubt.
    fn claim_by_cells(&mut self) {
        for (field, what) in [("email", "e-mail addresses"), ("phone", "phone numbers with a country code")] {
            let claimed = self.claims.iter().flatten().any(|claim| claim.field == field);
            let possible = self.facts.writes(field);
            if claimed || !possible {
                continue;
            }
            let plain = |column: &usize| {
                let seen = &self.seen[*column];
                let fitting = if field == "email" { seen.emails } else { seen.international };
                let free = self.claims[*column].is_none() && self.rules[*column].is_none();
                free && field_of(&self.headers[*column]).is_none()
                    && seen.filled >= 3
                    && fitting * 10 >= seen.filled * 9
            };
            let columns: Vec<_> = (0..self.headers.len()).filter(plain).collect();
            let unique =
                |column: usize| self.headers.iter().filter(|header| **header == self.headers[column]).count() == 1;
            if let [column] = columns[..]
                && unique(column)
                && !self.headers[column].trim().is_empty()
            {
                let seen = &self.seen[column];
                let because = format!("the header is unknown, but the {} filled cells are {what}", seen.filled);
                self.claim(column, field.to_owned(), because, usize::MAX);
            }
        }
    }

    /// One column for each field: the best header, then the fullest column, then the first.
    fn settle(&mut self) {
        self.settle_names();
        let mut best: BTreeMap<String, usize> = BTreeMap::new();
        for (column, claim) in self.claims.iter().enumerate() {
            let Some(claim) = claim else { continue };
            let better = best.get(&claim.field).is_none_or(|held| {
                let held = self.claims[*held].as_ref();
                held.is_none_or(|held| {
                    let empty = |claim: &Claim| claim.filled == 0;
                    (empty(claim), claim.rank) < (empty(held), held.rank)
                })
            });
            if better {
                best.insert(claim.field.clone(), column);
            }
        }
        for column in 0..self.headers.len() {
            let Some(claim) = self.claims[column].take() else { continue };
            let winner = best[&claim.field];
            if winner == column {
                self.map(column, claim);
            } else {
                let because = format!("{}, but {} feeds it already", claim.because, self.headers[winner]);
                self.leave_unmapped(column, because, Some(format!("field = \"{}\"", claim.field)));
            }
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

    /// A column with the country of phone numbers that are written without one.
    fn region(&mut self) {
        let phone = |rule: &Option<ColumnRule>| matches!(rule, Some(ColumnRule { feeds: Feeds::Field(name), .. }) if name == "phone");
        let Some(column) = self.rules.iter().position(phone) else { return };
        let national = self.seen[column].phones - self.seen[column].international;
        if national == 0 {
            return;
        }
        let countries = (0..self.headers.len()).filter(|country| {
            let seen = &self.seen[*country];
            let known =
                field_of(&self.headers[*country]).is_some_and(|s| matches!(s.field, "country" | "country_name"));
            known && seen.filled > 0 && seen.countries * 2 >= seen.filled
        });
        let countries: Vec<_> = countries.collect();
        if let [country] = countries[..] {
            if let Some(rule) = &mut self.rules[column] {
                rule.region_column = Some(self.headers[country].clone());
            }
            let evidence = &mut self.columns[country];
            if !evidence.mapped {
                evidence.because = format!("{}; tells the country of {}", evidence.because, self.headers[column]);
            }
        } else {
            let of = self.seen[column].phones;
            self.notes
                .push(format!("{national} of {of} phone numbers have no country code: state the country as region"));
        }
    }

    fn finish(self) -> Guess {
        let mut mapping = Mapping { service: Some(self.facts.service.to_owned()), ..Mapping::default() };
        for (header, rule) in self.headers.iter().zip(self.rules) {
            if let Some(rule) = rule {
                mapping.columns.insert(header.clone(), rule);
            }
        }
        let mut notes = self.notes;
        if self.rows == 0 {
            notes.push("the file has no rows, so only headers were looked at".into());
        }
        Guess { mapping, columns: self.columns, notes }
    }

    fn claim(&mut self, column: usize, field: String, because: String, rank: usize) {
        let filled = self.seen[column].filled;
        self.claims[column] = Some(Claim { field, because, rank, filled });
    }

    fn map(&mut self, column: usize, claim: Claim) {
        let feeds = match claim.field.as_str() {
            TAGS => Feeds::Tags(SetAction::Add),
            LISTS => Feeds::Lists(SetAction::Add),
            _ => Feeds::Field(claim.field),
        };
        let mut rule = ColumnRule::new(feeds);
        if matches!(rule.feeds, Feeds::Tags(_) | Feeds::Lists(_)) {
            rule.separator = Some(if self.own_export { ';' } else { self.seen[column].separator() });
        }
        self.rules[column] = Some(rule);
        self.columns[column].mapped = true;
        self.columns[column].because = claim.because;
    }

    fn leave_out(&mut self, column: usize, because: &str) {
        self.rules[column] = Some(ColumnRule::new(Feeds::Nothing));
        self.columns[column].mapped = true;
        because.clone_into(&mut self.columns[column].because);
    }

    fn leave_unmapped(&mut self, column: usize, because: String, could_be: Option<String>) {
        self.columns[column].because = because;
        self.columns[column].could_be = could_be;
    }
}

/// Whether the headers are those that an export from this service has: the id, every standard field
/// that the service tells, and none that it doesn't.
fn is_own_export(headers: &[String], facts: &Facts<'_>) -> bool {
    let has = |name: &str| headers.iter().any(|header| header == name);
    let ours = |header: &String| match header.as_str() {
        "id" | TAGS | LISTS | EXTRA => true,
        name if name.starts_with(Field::CUSTOM_PREFIX) => true,
        name => facts.spec(name).is_some_and(|spec| spec.read) || standard::identifier(name).is_some(),
    };
    has("id") && headers.iter().all(ours) && facts.fields.iter().filter(|spec| spec.read).all(|spec| has(spec.name))
}
