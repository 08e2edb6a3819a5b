//! A mapping held against a file's headers and a service, and compiled.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::check::Check;
use super::codes::country_code;
use super::facts::Facts;
use super::file::{Blank, ColumnRule, CustomFields, Feeds, Mapping, SetAction};
use super::forward::{Becomes, ColumnFeed, Constant, FieldFeed, Forward, NameFeed, SetFeed};
use super::resolve::{Refusal, resolve, writable};
use super::tags::DEFAULT_SEPARATOR;
use crate::contact::{ClearBy, CustomEdit, Field, IdentifierKind, ImportMode};
use crate::error::{Error, Result, nearest};

impl Mapping {
    /// The mapping compiled for a file with these headers and for this service.
    ///
    /// `default_region` is the country of phone numbers that neither the cell, a column nor the
    /// mapping tells the country of.
    ///
    /// # Errors
    /// Kind `Usage`, naming the column and the cure, for whatever can't work: an unknown column or
    /// field, a field the service lacks or only tells, a custom field the account doesn't define,
    /// two columns that feed one field, tags or lists on a service without them, no identifier.
    pub fn forward(&self, headers: &[String], facts: &Facts<'_>, default_region: Option<&str>) -> Result<Forward> {
        self.check_top(facts)?;
        let region = self.region.as_deref().or(default_region).map(region).transpose()?;
        let places = self.places(headers)?;
        let region_columns: HashSet<_> =
            self.columns.values().filter_map(|rule| rule.region_column.as_deref()).collect();
        let stand_ins = self.stand_ins(headers)?;
        let conditions: Vec<_> = self
            .conditions
            .iter()
            .map(|condition| Ok((place(&condition.column, headers, "in where or --only")?, condition.test.clone())))
            .collect::<Result<_>>()?;
        let used = |column: usize, header: &str| {
            region_columns.contains(header)
                || stand_ins.contains(header)
                || conditions.iter().any(|(used, _)| *used == column)
        };
        self.all_defined(facts)?;
        let mut compiled = Compiled::default();
        for (column, header) in headers.iter().enumerate() {
            match self.columns.get(header) {
                Some(rule) => self
                    .column(column, header, rule, headers, facts, &mut compiled)
                    .map_err(|refusal| refused(header, refusal))?,
                None if used(column, header) => {}
                None => compiled.unmapped.push(header.clone()),
            }
        }
        self.names(&places, facts, &mut compiled)?;
        self.constants(facts, &mut compiled)?;
        compiled.feeds.sort_by_key(|feed| feed.column);
        let match_by = self.match_by(headers, facts, &compiled)?;
        for feed in &mut compiled.feeds {
            if let Becomes::Field(feed) = &mut feed.becomes {
                feed.identifier = feed.identifier.filter(|kind| match_by.contains(kind));
            }
        }
        if facts.definitions.is_none() && facts.capabilities.fields_defined && compiled.feeds_custom() {
            let note = format!("custom fields were not compared with those that {} defines", facts.service);
            compiled.notes.push(note);
        }
        Ok(Forward {
            headers: headers.to_vec(),
            feeds: compiled.feeds,
            constants: compiled.constants,
            constant_tags: self.constants.tags.clone(),
            constant_lists: self.constants.lists.clone(),
            match_by,
            mode: self.mode,
            custom: match self.custom_fields {
                CustomFields::Merge => CustomEdit::Merge,
                CustomFields::Replace => CustomEdit::Replace,
            },
            region,
            duplicates: self.duplicates,
            conditions,
            unmapped: compiled.unmapped,
            ignored: compiled.ignored,
            notes: compiled.notes,
        })
    }

    fn check_top(&self, facts: &Facts<'_>) -> Result<()> {
        let can = facts.capabilities;
        let service = facts.service;
        if let Some(made_for) = self.service.as_deref().filter(|made_for| *made_for != service) {
            return Err(Error::usage(format!("the mapping is for another service: {made_for}"))
                .in_service(service)
                .hint(format!("the account's service is {service}: change or remove service in the mapping")));
        }
        let refuse =
            |what: &str, cure: &str| Err(Error::usage(format!("{service} {what}")).in_service(service).hint(cure));
        match self.mode {
            ImportMode::Create if !can.create => refuse("can't create contacts", "write mode = \"update\"")?,
            ImportMode::Update if !can.update => refuse("can't update contacts", "write mode = \"create\"")?,
            _ => {}
        }
        if self.custom_fields == CustomFields::Replace && !can.custom_replace {
            let cure = "write custom_fields = \"merge\"";
            refuse("can't take away custom fields that a row doesn't name", cure)?;
        }
        let adds_tags = can.tags_add || can.tags_in_create || can.tags_in_update;
        if !adds_tags && !self.constants.tags.is_empty() {
            refuse("can't add tags", "remove tags from [constants]")?;
        }
        let adds_lists = can.lists_add || can.lists_in_create;
        if !adds_lists && !self.constants.lists.is_empty() {
            refuse("can't add contacts to lists", "remove lists from [constants]")?;
        }
        Ok(())
    }

    /// The place of each mapped column, by header.
    fn places(&self, headers: &[String]) -> Result<HashMap<&str, usize>> {
        let mut places = HashMap::new();
        for header in self.columns.keys() {
            places.insert(header.as_str(), place(header, headers, "in the mapping")?);
        }
        Ok(places)
    }

    /// Names every custom field that the account lacks, where there are several.
    fn all_defined(&self, facts: &Facts<'_>) -> Result<()> {
        let lacking = self.undefined_fields(facts);
        if lacking.len() < 2 {
            return Ok(());
        }
        let message = format!("the account defines no custom fields of these names: {}", lacking.join(", "));
        Err(Error::usage(message)
            .hint(format!("{} first, or set ignore = true for their columns", facts.how_to_create("them"))))
    }

    /// Custom fields that columns or constants feed and the account, as far as its fields were read,
    /// doesn't define.
    pub fn undefined_fields(&self, facts: &Facts<'_>) -> Vec<String> {
        let columns = self.columns.values().filter_map(|rule| match &rule.feeds {
            Feeds::Field(name) => Some(name),
            _ => None,
        });
        let custom =
            columns.chain(self.constants.fields.keys()).filter_map(|name| name.strip_prefix(Field::CUSTOM_PREFIX));
        let mut lacking: Vec<String> = Vec::new();
        for name in custom.filter(|_| facts.definitions.is_some() && facts.capabilities.custom_fields) {
            if facts.definition(name).is_none() && !lacking.iter().any(|other| other == name) {
                lacking.push(name.to_owned());
            }
        }
        lacking
    }

    /// Headers of columns that stand in for another one.
    fn stand_ins(&self, headers: &[String]) -> Result<HashSet<&str>> {
        let mut stand_ins = HashSet::new();
        for (header, rule) in self.columns.iter().filter(|(_, rule)| !rule.first_of.is_empty()) {
            let refuse = |message: String, cure: &str| Err(refused(header, (message, cure.to_owned())));
            if !matches!(rule.feeds, Feeds::Field(_)) {
                return refuse("first_of is for fields only".into(), "remove first_of; several columns may feed tags");
            }
            if !rule.first_of.contains(header) {
                return refuse("first_of doesn't name its own column".into(), "name it where it stands in the order");
            }
            for other in rule.first_of.iter().filter(|other| *other != header) {
                place(other, headers, "in first_of")?;
                if self.columns.contains_key(other) {
                    return refuse(
                        format!("first_of names a column that has a table of its own: {other}"),
                        "remove the other table, or take the column out of first_of",
                    );
                }
                if !stand_ins.insert(other.as_str()) {
                    return refuse(format!("first_of names a column twice: {other}"), "name it once");
                }
            }
        }
        Ok(stand_ins)
    }

    fn column(
        &self,
        column: usize,
        header: &str,
        rule: &ColumnRule,
        headers: &[String],
        facts: &Facts<'_>,
        compiled: &mut Compiled,
    ) -> Result<(), Refusal> {
        let blank = rule.blank.unwrap_or(self.blank);
        let overwrite = rule.overwrite.unwrap_or(self.overwrite);
        if !rule.separators.is_empty() && !matches!(rule.feeds, Feeds::Tags(_) | Feeds::Lists(_)) {
            return Err(("a separator is for tags and lists only".into(), "remove separator".into()));
        }
        if !matches!(rule.feeds, Feeds::Field(_)) && (rule.numbers.is_some() || rule.grade.is_some()) {
            return Err(("numbers and check are for the values of fields".into(), "remove numbers and check".into()));
        }
        for separator in &rule.separators {
            if separator.is_empty() || separator.contains(|c: char| c == '"' || c.is_alphanumeric()) {
                let message = format!("this can't stand between tags: {separator}");
                return Err((message, "write separator = \";\", \",\", \" ::: \" or a list of several".into()));
            }
        }
        let becomes = match &rule.feeds {
            Feeds::Nothing => {
                compiled.ignored.push(header.to_owned());
                return Ok(());
            }
            Feeds::Tags(action) => Becomes::Tags(tags(*action, rule, facts)?),
            Feeds::Lists(action) => Becomes::Lists(lists(*action, rule, facts)?),
            // Names that the service divides otherwise are made when all columns are known.
            Feeds::Field(name) if converted(name, facts) && !self.keeps_part(name, facts) => {
                if !rule.first_of.is_empty() {
                    let message = format!("{} divides names otherwise, so one column has to tell them", facts.service);
                    return Err((message, "remove first_of".into()));
                }
                compiled.claim(name, header)?;
                compiled.converted.insert(name.clone(), header.to_owned());
                return Ok(());
            }
            Feeds::Field(name) => {
                let name = &*facts.canonical(name);
                compiled.claim(name, header)?;
                let mut feed = resolve(name, rule, overwrite, facts)?;
                if blank == Blank::Clear && feed.field.custom_name().is_some() && cant_clear(facts) {
                    let message = format!("{} can't take a custom field's value away: {name}", facts.service);
                    return Err((message, "write blank = \"ignore\" for this column".into()));
                }
                if let (Check::Phone { region_column, .. }, Some(wanted)) = (&mut feed.check, &rule.region_column) {
                    let at = place(wanted, headers, "as region_column").map_err(|error| {
                        (error.message, error.hint.unwrap_or_else(|| "name a column of the file".into()))
                    })?;
                    *region_column = Some(at);
                }
                Becomes::Field(feed)
            }
        };
        let mut order = Vec::new();
        for name in &rule.first_of {
            order.extend(headers.iter().position(|header| header == name));
        }
        let (column, stand_ins) = match order.split_first() {
            Some((first, rest)) => (*first, rest.to_vec()),
            None => (column, Vec::new()),
        };
        let bad_cells = rule.bad_cells.unwrap_or(self.bad_cells);
        compiled.feeds.push(ColumnFeed { column, stand_ins, blank, bad_cells, becomes });
        Ok(())
    }

    /// Whether a part of a name goes to the service as it is, since a column feeds the whole name too
    /// and the service takes both.
    fn keeps_part(&self, part: &str, facts: &Facts<'_>) -> bool {
        let whole = |rule: &ColumnRule| matches!(&rule.feeds, Feeds::Field(name) if name == "name");
        part != "name" && facts.writes(part) && self.columns.values().any(whole)
    }

    /// Names for a service that divides them otherwise than the columns do.
    fn names(&self, places: &HashMap<&str, usize>, facts: &Facts<'_>, compiled: &mut Compiled) -> Result<()> {
        let converted = std::mem::take(&mut compiled.converted);
        let found = |name: &str| {
            let header = converted.get(name)?;
            Some((header.clone(), *places.get(header.as_str())?, self.columns.get(header)?.clone()))
        };
        let feed = |field: &str, header: &str, rule: &ColumnRule| {
            resolve(field, rule, rule.overwrite.unwrap_or(self.overwrite), facts).map_err(|r| refused(header, r))
        };
        let mut feeds = Vec::new();
        if let Some((header, column, rule)) = found("name") {
            let first = feed("first_name", &header, &rule)?;
            let last = feed("last_name", &header, &rule)?;
            compiled.claim("first_name", &header).map_err(|refusal| refused(&header, refusal))?;
            compiled.claim("last_name", &header).map_err(|refusal| refused(&header, refusal))?;
            compiled.notes.push(format!("{header}: each name is split into first_name and last_name"));
            let becomes = Becomes::Name(NameFeed::Split { first, last });
            feeds.push(self.name_feed(column, &rule, becomes));
        }
        let (first, last) = (found("first_name"), found("last_name"));
        if let Some((header, column, rule)) = first.as_ref().or(last.as_ref()) {
            compiled.claim("name", header).map_err(|refusal| refused(header, refusal))?;
            let name = feed("name", header, rule)?;
            let last_column = first.as_ref().and(last.as_ref()).map(|(_, column, _)| *column);
            let words = match (&first, &last) {
                (Some((first, ..)), Some((last, ..))) => format!("{first} and {last} are joined into name"),
                _ => format!("{header}: becomes the whole name"),
            };
            compiled.notes.push(words);
            let becomes = Becomes::Name(NameFeed::Join { name, last_column });
            feeds.push(self.name_feed(*column, rule, becomes));
        }
        compiled.feeds.append(&mut feeds);
        Ok(())
    }

    fn name_feed(&self, column: usize, rule: &ColumnRule, becomes: Becomes) -> ColumnFeed {
        let blank = rule.blank.unwrap_or(self.blank);
        let bad_cells = rule.bad_cells.unwrap_or(self.bad_cells);
        ColumnFeed { column, stand_ins: Vec::new(), blank, bad_cells, becomes }
    }

    fn constants(&self, facts: &Facts<'_>, compiled: &mut Compiled) -> Result<()> {
        for (field, text) in &self.constants.fields {
            let place = format!("[constants] {field}");
            let field = &*facts.canonical(field);
            let rule = ColumnRule::field(field);
            compiled.claim(field, &place).map_err(|refusal| refused_constant(&place, refusal))?;
            let mut feed =
                resolve(field, &rule, self.overwrite, facts).map_err(|refusal| refused_constant(&place, refusal))?;
            if !feed.store {
                let cure = "map a column to it".to_owned();
                return Err(refused_constant(&place, ("every contact would be the same one".into(), cure)));
            }
            feed.identifier = None;
            compiled.constants.push(Constant { feed, text: text.clone() });
        }
        Ok(())
    }

    fn match_by(&self, headers: &[String], facts: &Facts<'_>, compiled: &Compiled) -> Result<Vec<IdentifierKind>> {
        let mapped: Vec<_> = IdentifierKind::ALL.into_iter().filter(|kind| compiled.feeds_field(kind.name())).collect();
        let usable: Vec<_> = IdentifierKind::ALL.into_iter().filter(|kind| facts.identifies_by(*kind)).collect();
        let names = |kinds: &[IdentifierKind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        if let Some(wanted) = &self.match_by {
            for kind in wanted {
                if !usable.contains(kind) {
                    let service = facts.service;
                    return Err(Error::usage(format!("{service} can't find contacts by this identifier: {kind}"))
                        .in_service(service)
                        .hint(format!("match can name: {}", names(&usable))));
                }
                if !mapped.contains(kind) {
                    return Err(Error::usage(format!("match names an identifier that no column feeds: {kind}"))
                        .hint(format!("map a column to {kind}, or remove it from match")));
                }
            }
        }
        let chosen: Vec<_> = match &self.match_by {
            Some(wanted) => mapped.iter().copied().filter(|kind| wanted.contains(kind)).collect(),
            None => mapped.iter().copied().filter(|kind| usable.contains(kind)).collect(),
        };
        if chosen.is_empty() {
            return Err(Error::usage("no column feeds an identifier, so no contact could be found again")
                .hint(format!("map a column to one of: {}; the columns are: {}", names(&usable), listed(headers))));
        }
        Ok(chosen)
    }
}

/// A mapping half compiled.
#[derive(Default)]
struct Compiled {
    feeds: Vec<ColumnFeed>,
    constants: Vec<Constant>,
    /// Which column, or constant, feeds each field.
    claimed: BTreeMap<String, String>,
    /// Name fields that the service divides otherwise, and their headers.
    converted: BTreeMap<String, String>,
    unmapped: Vec<String>,
    ignored: Vec<String>,
    notes: Vec<String>,
}

impl Compiled {
    fn claim(&mut self, field: &str, header: &str) -> Result<(), Refusal> {
        match self.claimed.insert(field.to_owned(), header.to_owned()) {
            None => Ok(()),
            Some(other) => Err((
                format!("two columns feed one field: {field}, also fed by {other}"),
                "set ignore = true for one of them, or let it stand in for the other with first_of".into(),
            )),
        }
    }

    fn field_feeds(&self) -> impl Iterator<Item = &FieldFeed> {
        self.feeds.iter().filter_map(|feed| match &feed.becomes {
            Becomes::Field(feed) => Some(feed),
            _ => None,
        })
    }

    fn feeds_field(&self, name: &str) -> bool {
        self.field_feeds().any(|feed| feed.field.name() == name)
    }

    fn feeds_custom(&self) -> bool {
        self.field_feeds().any(|feed| feed.field.custom_name().is_some())
    }
}

/// Whether the service divides names so that this one has to be joined or split. A part that is
/// written and never told could not be compared, and would be sent with every import.
fn converted(name: &str, facts: &Facts<'_>) -> bool {
    match name {
        "name" => !facts.writes("name") && facts.writes("first_name") && facts.writes("last_name"),
        "first_name" | "last_name" => facts.writes("name") && !facts.divides_names(),
        _ => false,
    }
}

fn cant_clear(facts: &Facts<'_>) -> bool {
    facts.capabilities.clear_custom_by == ClearBy::Unsupported
}

fn tags(action: SetAction, rule: &ColumnRule, facts: &Facts<'_>) -> Result<SetFeed, Refusal> {
    let can = facts.capabilities;
    let service = facts.service;
    let works = match action {
        SetAction::Add => can.tags_add || can.tags_replace || can.tags_in_create || can.tags_in_update,
        SetAction::Remove => can.tags_remove || can.tags_replace || can.tags_in_update,
        SetAction::Replace => can.tags_replace || can.tags_in_update || (can.tags_add && can.tags_remove),
    };
    if !works && !facts.has_tags() {
        return Err((
            format!("{service} has no tags"),
            format!("set ignore = true, or map it to: {}", writable(facts)),
        ));
    }
    if !works {
        let word = if action == SetAction::Remove { "removed" } else { "replaced" };
        return Err((format!("tags can't be {word} on {service}"), "write tags = \"add\"".into()));
    }
    Ok(set(action, rule, facts.limits.tag_chars.map(|limit| limit.value)))
}

fn lists(action: SetAction, rule: &ColumnRule, facts: &Facts<'_>) -> Result<SetFeed, Refusal> {
    let can = facts.capabilities;
    let service = facts.service;
    if !facts.has_lists() {
        return Err((
            format!("{service} has no lists"),
            if facts.has_tags() { "write tags = \"add\", or set ignore = true" } else { "set ignore = true" }.into(),
        ));
    }
    if action == SetAction::Remove && !can.lists_remove {
        return Err((format!("contacts can't be taken off lists on {service}"), "write lists = \"add\"".into()));
    }
    Ok(set(action, rule, None))
}

fn set(action: SetAction, rule: &ColumnRule, max_chars: Option<usize>) -> SetFeed {
    let separators =
        if rule.separators.is_empty() { vec![DEFAULT_SEPARATOR.to_owned()] } else { rule.separators.clone() };
    SetFeed { action, separators, max_chars }
}

/// Where the column with this header is.
fn place(header: &str, headers: &[String], named: &str) -> Result<usize> {
    let mut found = headers.iter().enumerate().filter(|(_, known)| *known == header).map(|(place, _)| place);
    match (found.next(), found.next()) {
        (Some(place), None) => Ok(place),
        (Some(first), Some(second)) => Err(Error::usage(format!("the file has this column twice: {header}"))
            .in_column(header)
            .hint(format!("rename one of columns {} and {}", first + 1, second + 1))),
        (None, _) => {
            let error = Error::usage(format!("the file has no column that stands {named}: {header}")).in_column(header);
            Err(match nearest(header, headers.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean: {near}")),
                None => error.hint(format!("the columns are: {}", listed(headers))),
            })
        }
    }
}

fn region(text: &str) -> Result<&'static str> {
    country_code(text).ok_or_else(|| {
        Error::usage(format!("not a country: {text}")).hint("write an ISO 3166 code of two letters, such as ES")
    })
}

fn refused(column: &str, (message, cure): Refusal) -> Error {
    Error::usage(format!("column {column}: {message}")).hint(cure).in_column(column)
}

/// `place` is such as `[constants] language`.
fn refused_constant(place: &str, (message, cure): Refusal) -> Error {
    Error::usage(format!("column {place}: {message}")).hint(cure).in_setting(place)
}

/// Headers for a message, the first dozen of them.
fn listed(headers: &[String]) -> String {
    let shown = headers[..headers.len().min(12)].join(", ");
    if headers.len() > 12 { format!("{shown} and {} more", headers.len() - 12) } else { shown }
}
