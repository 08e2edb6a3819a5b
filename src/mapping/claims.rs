//! What speaks for each field on each column of a file.

use std::collections::HashMap;

use super::evidence::{Seen, Shape};
use super::facts::Facts;
use super::file::{ColumnRule, Feeds, Mapping};
use super::guessed::{ColumnEvidence, Guess, Sureness};
use super::headers::{
    ELSEWHERE, Spelling, custom_field_name, custom_name, field_of, is_channel, qualified_field, speaks_of_phones,
};
use super::looks::LooksLike;
use super::sample::Sample;
use super::standard::{self, EXTRA, LISTS, TAGS};
use crate::contact::{Field, FieldKind};

/// What speaks for one field on one column.
pub(super) struct Claim {
    pub field: String,
    pub because: String,
    /// The same in a few words.
    pub brief: String,
    pub sure: Sureness,
    /// Smaller is better: how exactly the header fits.
    pub rank: usize,
    /// What the header says that the cells hold.
    pub kind: Option<FieldKind>,
}

/// `38 of the 40 cells looked at are countries`.
pub(super) fn cells_that_are(fitting: usize, all: usize, what: &str) -> String {
    if fitting == all {
        format!("the {all} cells looked at are {what}")
    } else {
        format!("{fitting} of the {all} cells looked at are {what}")
    }
}

/// Ranks of headers that stand behind every plain spelling.
pub(super) const BY_CELLS: usize = usize::MAX;

/// A guess under way.
pub(super) struct Guessing<'a> {
    pub headers: &'a [String],
    pub facts: &'a Facts<'a>,
    pub sample: &'a Sample,
    pub looks: &'a dyn LooksLike,
    pub seen: Vec<Seen>,
    pub own_export: bool,
    pub claims: Vec<Option<Claim>>,
    pub rules: Vec<Option<ColumnRule>>,
    pub columns: Vec<ColumnEvidence>,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
}

impl<'a> Guessing<'a> {
    pub fn new(headers: &'a [String], sample: &'a Sample, facts: &'a Facts<'a>, looks: &'a dyn LooksLike) -> Self {
        let evidence = |header: &String| ColumnEvidence {
            header: header.clone(),
            mapped: false,
            sure: Sureness::Unsure,
            because: "the header is not a known spelling of any field".into(),
            brief: String::new(),
            could_be: None,
        };
        Self {
            headers,
            facts,
            sample,
            looks,
            seen: (0..headers.len()).map(|column| Seen::column(&sample.rows, column, looks)).collect(),
            own_export: is_own_export(headers, facts),
            claims: headers.iter().map(|_| None).collect(),
            rules: headers.iter().map(|_| None).collect(),
            columns: headers.iter().map(evidence).collect(),
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Rows of the file in which a column holds something.
    pub fn filled(&self, column: usize) -> u64 {
        self.sample.filled.get(column).copied().unwrap_or_default()
    }

    /// What each header says by itself.
    pub fn claim_columns(&mut self) {
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
        self.claim_qualified();
    }

    fn claim_header(&mut self, column: usize, header: &str) {
        if let Some(found) = self.custom_field(header) {
            if let Some(because) = self.facts.definition(&found.name).and_then(|field| self.facts.ambiguous(field)) {
                self.warnings.push(format!("{header} feeds nothing: {because}; {}", self.facts.how_to_tell_apart()));
                self.leave_unmapped(column, because, None);
                return;
            }
            let (because, brief) = if self.facts.definition(&found.name).is_some() {
                (format!("the account defines the custom field {}", found.name), "a field of the account")
            } else {
                ("the header names a custom field".to_owned(), "named by its header")
            };
            let (sure, brief) = (Sureness::Sure, brief.to_owned());
            let field = format!("{}{}", Field::CUSTOM_PREFIX, found.name);
            self.claims[column] = Some(Claim { field, because, brief, sure, rank: found.rank, kind: found.kind });
        } else if let Some(name) = custom_name(header).filter(|_| self.facts.definitions.is_some()) {
            let (name, _) = custom_field_name(name);
            let because = format!("the account defines no custom field of this name: {name}");
            let (filled, rows) = (self.filled(column), self.sample.contacts);
            let cure =
                if self.facts.capabilities.creates_fields.is_empty() { "" } else { "; --create-fields creates it" };
            let warning = format!("{header} feeds nothing: {because}; it has values in {filled} of {rows} rows{cure}");
            self.warnings.push(warning);
            self.leave_unmapped(column, because, Some(format!("field = \"{}{name}\"", Field::CUSTOM_PREFIX)));
        } else if header == EXTRA && self.own_export {
            self.leave_out(column, "what no field stands for, written by an export and never sent");
        } else if header == "id" {
            self.claim_id(column);
        } else if standard::is_standard(header) || header == TAGS || header == LISTS {
            self.claim_known(column, header, 0, format!("the header is the field {header}"));
        } else if let Some(spelling) = field_of(header) {
            let because = format!("the header is a spelling of {}", spelling.field);
            self.claim_known(column, spelling.field, spelling.rank + 1, because);
        } else if names_an_id(header) {
            let because = "an id or a reference, but nothing shows that contacts are known by it".to_owned();
            let could_be = self.facts.writes("external_id").then(|| "field = \"external_id\"".to_owned());
            self.leave_unmapped(column, because, could_be);
        }
    }

    /// The custom field that a header names, if the service can take it.
    fn custom_field(&self, header: &str) -> Option<NamedField> {
        if !self.facts.capabilities.custom_fields {
            return None;
        }
        let stated = custom_name(header);
        if self.facts.definitions.is_none() {
            let (name, kind) = custom_field_name(stated?);
            return Some(NamedField { name: name.to_owned(), kind, rank: 0 });
        }
        // A standard field keeps its own name, even if the account has a custom field of that name.
        let standard = stated.is_none() && (standard::is_standard(header) || header == TAGS || header == LISTS);
        if standard || (stated.is_none() && field_of(header).is_some()) {
            return None;
        }
        let written = stated.unwrap_or(header);
        let (bare, kind) = if stated.is_some() { custom_field_name(written) } else { (written, None) };
        let exact = |name: &str| self.facts.definition(name);
        if let Some(found) = exact(written) {
            return Some(NamedField { name: found.name.clone(), kind: self.kept_kind(&found.kind), rank: 0 });
        }
        let (found, rank) = match exact(bare) {
            Some(found) => (found, 0),
            None => (self.facts.definition_alike(bare)?, 1),
        };
        // What the account says of its field counts; the header adds to it only where that is "text", or how the
        // cells are written.
        let kind = kind
            .filter(|kind| matches!(found.kind, FieldKind::Text) || found.kind == *kind || *kind == FieldKind::Json);
        Some(NamedField { name: found.name.clone(), kind: kind.or_else(|| self.kept_kind(&found.kind)), rank })
    }

    /// The account's kind of a field, for the mapping to keep where nobody asks the account for it again.
    fn kept_kind(&self, kind: &FieldKind) -> Option<FieldKind> {
        let is_asked = self.facts.capabilities.fields_defined;
        let is_plain = matches!(kind, FieldKind::Text | FieldKind::Choice(_));
        (!is_asked && !is_plain).then(|| kind.clone())
    }

    /// A column called `id` holds the service's ids only in a file that the service's export wrote;
    /// in any other file it counts rows or comes from another system, and would hit strangers.
    fn claim_id(&mut self, column: usize) {
        if self.own_export {
            let because = "the file has the columns of an export from this service";
            self.claim(column, "id", because, "an export's column", Sureness::Sure, 0);
        } else {
            let because = "an id, but nothing shows that it is the service's own";
            self.leave_unmapped(column, because.into(), Some("field = \"id\"".into()));
        }
    }

    /// Claims a field of ours if the service has it and the cells don't speak against it.
    fn claim_known(&mut self, column: usize, field: &str, rank: usize, because: String) {
        let facts = self.facts;
        let service = facts.service;
        let mut sure = if rank == 0 { Sureness::Sure } else { Sureness::Likely };
        if field == TAGS || field == LISTS {
            let has = if field == TAGS { facts.has_tags() } else { facts.has_lists() };
            if has {
                self.claim(column, field, &because, brief(rank), sure, rank);
            } else {
                self.leave_unmapped(column, format!("{because}, which {service} has none of"), None);
            }
            return;
        }
        let seen = &self.seen[column];
        if is_name(field) && seen.no_names * 2 > seen.filled {
            let (no, all) = (seen.no_names, seen.filled);
            let because = format!("{because}, but {no} of the {all} cells looked at are no names");
            self.leave_unmapped(column, because, None);
            return;
        }
        let mut brief = brief(rank).to_owned();
        let because = match seen.fitting(field) {
            Some((meant, fitting, what)) if seen.filled > 0 => {
                let all = seen.filled;
                let count = cells_that_are(fitting, all, what);
                // A header that is exactly a phone or an e-mail is mapped whatever its cells are: bad ones
                // are errors of their rows. The name of a channel may as well head a yes or no.
                let believed = Shape::of_field(field).is_some() && !is_channel(&self.headers[column]);
                if meant * 2 < all && !believed {
                    self.leave_unmapped(column, format!("{because}, but only {count}"), None);
                    return;
                }
                sure = match meant * 10 {
                    nine if nine >= all * 9 => Sureness::Sure,
                    _ if meant * 2 >= all => Sureness::Likely,
                    _ => Sureness::Unsure,
                };
                if field == Shape::Phone.field() {
                    // How many can be sent depends on the country, which is settled later.
                    brief.clear();
                    because
                } else {
                    brief = format!("{fitting} of {all} fit");
                    format!("{because}; {count}")
                }
            }
            _ => because,
        };
        let identifier = standard::identifier(field).is_some_and(|kind| facts.identifies_by(kind));
        let name =
            is_name(field) && (facts.writes("name") || (facts.writes("first_name") && facts.writes("last_name")));
        if facts.writes(field) || identifier || name {
            self.claim(column, field, &because, &brief, sure, rank);
        } else if facts.spec(field).is_some() {
            self.leave_out(column, &format!("{because}, which {service} only tells and never takes"));
        } else if field == "country_name" && facts.writes("country") {
            self.claim(column, "country", &because, &brief, sure, rank + 1);
        } else if field == "country" && facts.writes("country_name") {
            self.claim(column, "country_name", &because, &brief, sure, rank + 1);
        } else {
            let could_be = facts.capabilities.custom_fields.then(|| format!("field = \"custom.{field}\""));
            self.leave_unmapped(column, format!("{because}, which {service} has not"), could_be);
        }
    }

    /// Headers that say which phone or e-mail it is: a second one, and where no header is plainly the phone,
    /// one that is somewhere: `Work phone`.
    fn claim_qualified(&mut self) {
        for shape in Shape::ALL {
            let claims =
                |column: &usize| self.claims[*column].as_ref().is_some_and(|claim| claim.field == shape.field());
            let claimed = (0..self.headers.len()).filter(claims).min_by_key(|column| self.preference(*column));
            for column in 0..self.headers.len() {
                let Some(Spelling { rank, .. }) = self.qualified(column, shape) else { continue };
                let words = format!("the header is a kind of {}", shape.field());
                if !self.facts.writes(shape.field()) {
                    let because = format!("{words}, which {} has not", self.facts.service);
                    self.leave_unmapped(column, because, None);
                } else if let Some(plain) = claimed.filter(|_| rank >= ELSEWHERE) {
                    let (plain, header) = (&self.headers[plain], &self.headers[column]);
                    let because = format!(
                        "{words}, and {plain} is plainly one; first_of = [\"{plain}\", \"{header}\"] takes it where \
                         {plain} holds none"
                    );
                    self.leave_unmapped(column, because, Some(format!("field = \"{}\"", shape.field())));
                } else {
                    self.claim_known(column, shape.field(), rank, words);
                    if let Some(claim) = &mut self.claims[column] {
                        claim.sure = Sureness::Unsure;
                    }
                }
            }
        }
    }

    /// The spelling of a header that says which phone or e-mail of the person it is, if nothing is known
    /// of its column yet.
    fn qualified(&self, column: usize, shape: Shape) -> Option<Spelling> {
        let free = self.claims[column].is_none() && self.rules[column].is_none();
        let header = &self.headers[column];
        let once = self.headers.iter().filter(|other| *other == header).count() == 1;
        let found = qualified_field(header).filter(|found| found.field == shape.field())?;
        (free && once && field_of(header).is_none()).then_some(found)
    }

    /// Columns with an unknown header whose cells leave no doubt.
    pub fn claim_by_cells(&mut self) {
        for shape in Shape::ALL {
            let claimed = self.claims.iter().flatten().any(|claim| claim.field == shape.field());
            if claimed || !self.facts.writes(shape.field()) {
                continue;
            }
            let plain = |column: &usize| {
                let seen = &self.seen[*column];
                let header = &self.headers[*column];
                let free = self.claims[*column].is_none() && self.rules[*column].is_none();
                let once = self.headers.iter().filter(|other| *other == header).count() == 1;
                // `Contact` may head names and numbers alike.
                let unknown = field_of(header).is_none_or(|found| is_name(found.field)) && !header.trim().is_empty();
                free && once && unknown && seen.filled >= 3 && shape.plain(seen) * 10 >= seen.filled * 9
            };
            let columns: Vec<_> = (0..self.headers.len()).filter(plain).collect();
            if let [column] = columns[..] {
                let what = shape.plural();
                let because =
                    format!("the header is unknown, but the {} cells looked at are {what}", self.seen[column].filled);
                self.claim(column, shape.field(), &because, "by its values", Sureness::Unsure, BY_CELLS);
            }
        }
    }

    fn claim(&mut self, column: usize, field: &str, because: &str, brief: &str, sure: Sureness, rank: usize) {
        let (field, because, brief) = (field.to_owned(), because.to_owned(), brief.to_owned());
        self.claims[column] = Some(Claim { field, because, brief, sure, rank, kind: None });
    }

    pub fn leave_out(&mut self, column: usize, because: &str) {
        self.rules[column] = Some(ColumnRule::new(Feeds::Nothing));
        self.columns[column].mapped = true;
        self.columns[column].sure = Sureness::Sure;
        because.clone_into(&mut self.columns[column].because);
    }

    pub fn leave_unmapped(&mut self, column: usize, because: String, could_be: Option<String>) {
        self.columns[column].because = because;
        self.columns[column].could_be = could_be;
    }

    pub fn finish(self) -> Guess {
        let mut mapping = Mapping { service: Some(self.facts.service.to_owned()), ..Mapping::default() };
        for (header, rule) in self.headers.iter().zip(self.rules) {
            if let Some(rule) = rule {
                mapping.columns.insert(header.clone(), rule);
            }
        }
        let mut notes = self.notes;
        if self.sample.contacts == 0 {
            notes.push("the file has no rows, so only headers were looked at".into());
        }
        Guess { mapping, columns: self.columns, notes, warnings: self.warnings }
    }
}

/// The custom field that a header names.
struct NamedField {
    name: String,
    kind: Option<FieldKind>,
    /// 0 where the header has the very name, 1 where it is only alike.
    rank: usize,
}

const fn brief(rank: usize) -> &'static str {
    if rank == 0 { "named by its header" } else { "by its header" }
}

fn is_name(field: &str) -> bool {
    matches!(field, "name" | "first_name" | "last_name")
}

/// Whether a header says that its column holds somebody's ids or references.
fn names_an_id(header: &str) -> bool {
    let words = super::headers::words(header);
    let last = words.last().map(String::as_str);
    matches!(last, Some("id" | "ref" | "reference" | "uuid" | "guid"))
        || (words.len() > 1
            && matches!(last, Some("number" | "no" | "code" | "nr" | "key"))
            && !speaks_of_phones(header))
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
