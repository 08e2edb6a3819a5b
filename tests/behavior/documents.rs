//! Pages that are written from the same lists as the cases. `just pages` writes them; a page that
//! says something else than the code fails here.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use rolo::contact::{CallKind, Limits, ListAll, Source, Sourced};
use rolo::services::{self, Service, ServiceEntry};

use crate::case::{self, Form};
use crate::limits;
use crate::stage::Stage;

/// Set, the pages are written and not compared.
const WRITE: &str = "ROLO_WRITE_PAGES";

pub fn trials() -> Vec<Trial> {
    let page = |path: &'static str, text: fn() -> String| {
        Trial::test(format!("documents::{path}"), move || holds(path, &text()).map_err(Failed::from))
    };
    let mut trials = vec![page("docs/behavior-matrix.md", matrix), page("docs/services.md", overview)];
    for entry in services::ALL {
        let name = format!("documents::docs/services/{}.md", entry.name);
        trials.push(Trial::test(name, move || {
            holds(&format!("docs/services/{}.md", entry.name), &service_page(entry)).map_err(Failed::from)
        }));
    }
    trials
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn holds(path: &str, text: &str) -> Result<(), String> {
    let file = root().join(path);
    if std::env::var_os(WRITE).is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).map_err(|error| error.to_string())?;
        return Ok(());
    }
    match fs::read_to_string(&file) {
        Ok(held) if held == text => Ok(()),
        Ok(held) => {
            let lines = held.lines().zip(text.lines()).enumerate();
            let first = lines.filter(|(_, (held, text))| held != text).map(|(n, _)| n + 1).next();
            Err(format!("{path} is stale from line {}: run `just pages`", first.unwrap_or(0)))
        }
        Err(error) => Err(format!("{path}: {error}: run `just pages`")),
    }
}

/// Services against cases.
fn matrix() -> String {
    let stages = Stage::services();
    let mut page = "# What every service was seen to do\n\n\
        Written by `just pages` from the cases of `tests/behavior`, which run on every push against the \
        embedded server. Each case is run for each service, with the settings of the sandbox, and again for \
        accounts that are set up otherwise.\n\n\
        - **works**: the case was run and holds.\n\
        - *refused*: the service has no such thing. What was run is that it is refused before anything is sent; \
        the last column says why, and what is done or would work in its place.\n\
        - a number: the limit, with which the case was run; `-` where the service states none.\n"
        .to_owned();
    let labels: Vec<_> = stages.iter().map(|stage| stage.label.clone()).collect();
    let mut heads = labels.clone();
    heads.push("where it is refused".to_owned());
    let cases = case::all();
    let mut topics: Vec<&str> = Vec::new();
    for case in &cases {
        if !topics.contains(&case.topic) {
            topics.push(case.topic);
        }
    }
    for topic in topics {
        let rows = cases.iter().filter(|case| case.topic == topic).map(|case| {
            let forms: Vec<_> = stages.iter().map(|stage| case.form(stage)).collect();
            let mut cells: Vec<_> = forms
                .iter()
                .map(|form| if *form == Form::Works { "**works**".to_owned() } else { "*refused*".to_owned() })
                .collect();
            let refused = forms.contains(&Form::Refuses);
            cells.push(if refused { why_refused(&case.path()).to_owned() } else { String::new() });
            (case.name.replace('_', " "), cells)
        });
        section(&mut page, &topic.replace('_', " "), &heads, rows);
    }
    let mut names: Vec<&str> = Vec::new();
    for stage in &stages {
        for (name, _) in limits::of(stage) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let rows = names.iter().map(|name| {
        let cells = stages.iter().map(|stage| {
            let has = limits::of(stage).iter().any(|(known, _)| known == name);
            if has { limit(&stage.limits(), name) } else { "-".to_owned() }
        });
        (name.replace('_', " "), cells.collect())
    });
    section(&mut page, "limits", &labels, rows);
    page
}

/// Why a service refuses a case, and what is done or would work in its place.
fn why_refused(case: &str) -> &'static str {
    match case {
        "create::created_contact_is_found"
        | "create::every_field_of_a_create_is_stored"
        | "duplicates::a_second_create_is_told" => {
            "contacts appear by writing in: a new row fails, known ones are updated"
        }
        "upsert::one_call_creates_or_updates" => "no such call is used: a look-up, then a create or an update",
        "read::contact_is_read_by_its_id" => "no such operation: the look-up tells the contact",
        "delete::deleted_contact_is_gone" => "no such operation: an undo says which contacts it leaves",
        "custom_fields::set_in_a_create" => {
            "no create, no custom fields, or not in a create: then an update follows it"
        }
        "custom_fields::replaced_whole" => "custom fields that no column feeds stay: custom_fields = \"merge\"",
        "custom_fields::defined_ones_are_listed" => "a contact takes any custom field: nothing to compare with",
        path if path.starts_with("custom_fields::") => "no document has custom fields: map to a field of the service",
        "tags::added_tags_are_listed" => "no tags, or only a whole set: it is read, and written with the new ones",
        "tags::removed_tags_are_gone" => "no tags, no removal, or only a whole set: it is written without them",
        "tags::replaced_tags_are_all_there_is" => "where tags are added and removed, an import does both",
        "tags::tags_of_a_contact_are_read" => "no tags, or every answer tells them",
        "tags::tags_of_the_account_are_listed" => "no such operation: tags are made by being added",
        "tags::an_import_adds_tags" => "no tags are documented: leave the column out",
        "tags::an_import_removes_tags" | "tags::an_import_replaces_tags" => {
            "no tags, or no removal: tags = \"add\", or leave the column out"
        }
        path if path.starts_with("lists::") => {
            "no lists, or no such operation on them: tags do instead where there are some"
        }
        path if path.starts_with("lookup::") => {
            if path == "lookup::a_part_of_an_email_is_somebody_else" {
                "the row fails: nobody has the e-mail, and nobody can be created"
            } else {
                "no look-up: contacts are matched by one listing, kept in the ledger"
            }
        }
        "paging::every_contact_once" | "export::every_contact_is_a_row" => {
            "no listing: an export takes a file of phones or e-mails (--ids)"
        }
        path if path.starts_with("paging::") => "the listing has no such filter: export all, and filter the file",
        "export::contacts_of_a_file_are_looked_up" => "no look-up: export all",
        "export::messages_are_read" => "no document has a path for it: leave `--with messages` out",
        "whole::an_export_imported_again_changes_nothing" => "no listing: an export takes a file of identifiers",
        other => panic!("no words for the refusal of {other}"),
    }
}

fn section(page: &mut String, title: &str, heads: &[String], rows: impl Iterator<Item = (String, Vec<String>)>) {
    let mut title = title.to_owned();
    title[..1].make_ascii_uppercase();
    let _ = write!(page, "\n## {title}\n\n| |{}\n| --- |{}\n", cells(heads), " --- |".repeat(heads.len()));
    for (name, row) in rows {
        let _ = writeln!(page, "| {name} |{}", cells(&row));
    }
}

fn cells(texts: &[String]) -> String {
    texts.iter().map(|text| format!(" {text} |")).collect()
}

/// The number a limit's case was run with.
fn limit(limits: &Limits, name: &str) -> String {
    let known = |limit: &Option<Sourced<usize>>| limit.map(|limit| limit.value.to_string()).unwrap_or_default();
    match name {
        "calls_of_a_window" | "calls_of_a_window_are_ours_to_keep" => rate(limits),
        "requests_at_once" => limits.concurrency.value.to_string(),
        "fields_of_a_create" => known(&limits.fields_per_create),
        "fields_of_an_update" => known(&limits.fields_per_update),
        "tags_of_a_call_that_adds" => known(&limits.tags_per_add),
        "tags_of_a_call_that_removes" => known(&limits.tags_per_remove),
        "identifiers_of_a_look_up" => {
            limits.identifiers_per_filter.unwrap_or(limits.identifiers_per_find).value.to_string()
        }
        "contacts_of_a_page" => limits.page_size.map(|size| size.value.to_string()).unwrap_or_default(),
        "characters_of_a_tag" => known(&limits.tag_chars),
        "characters_of_a_custom_field_name" => known(&limits.custom_name_chars),
        other => panic!("no number for {other}"),
    }
}

fn rate(limits: &Limits) -> String {
    let quota = limits.quota.value;
    let span = match quota.per.as_secs() {
        1 => "second".to_owned(),
        60 => "minute".to_owned(),
        3600 => return format!("{} an hour", quota.calls),
        seconds => format!("{seconds} s"),
    };
    format!("{} a {span}", quota.calls)
}

fn connected(entry: &ServiceEntry) -> std::sync::Arc<dyn Service> {
    Stage::services().into_iter().find(|stage| stage.entry.name == entry.name).unwrap().service()
}

/// Services against operations.
fn overview() -> String {
    let mut page = "# Services\n\n\
        Written by `just pages` from the tables in the code, which `rolo services` shows too. What was tested of \
        each stands in [what every service was seen to do](behavior-matrix.md). *off* means that a setting of the \
        account turns it on; *assumed* marks what no document says.\n\n"
        .to_owned();
    page.push_str("| service | product | page |\n| --- | --- | --- |\n");
    for entry in services::ALL {
        let _ = writeln!(page, "| `{}` | {} | [{}](services/{}.md) |", entry.name, entry.title, entry.name, entry.name);
    }
    let heads: Vec<_> = services::ALL.iter().map(|entry| format!("`{}`", entry.name)).collect();
    let services: Vec<_> = services::ALL.iter().map(connected).collect();
    let all_on: Vec<_> = Stage::all();
    let can_be_on = |name: &str, kind: CallKind| {
        all_on.iter().any(|stage| stage.entry.name == name && stage.capabilities().has(kind))
    };
    let rows = CallKind::ALL.into_iter().map(|kind| {
        let row = services.iter().map(|service| match (service.capabilities().has(kind), kind) {
            (true, CallKind::List) if service.capabilities().list_all == ListAll::ByField => "by a value".to_owned(),
            (true, _) => "yes".to_owned(),
            (false, _) if can_be_on(service.name(), kind) => "*off*".to_owned(),
            (false, _) => "-".to_owned(),
        });
        (kind.name().to_owned(), row.collect())
    });
    section(&mut page, "calls", &heads, rows);
    type Fact = fn(&dyn Service) -> String;
    let facts: [(&str, Fact); 8] = [
        ("found by", |service| kinds(service.capabilities().find_by)),
        ("matched by one listing", |service| yes(service.capabilities().find_by_listing)),
        ("a create needs", |service| {
            let can = service.capabilities();
            let needs = [kinds(can.create_needs), can.create_needs_fields.join(", ")];
            let needs: Vec<_> = needs.into_iter().filter(|text| text != "-" && !text.is_empty()).collect();
            if !can.create || needs.is_empty() { "-".to_owned() } else { needs.join("; ") }
        }),
        ("custom fields", |service| yes(service.capabilities().custom_fields)),
        ("tags by import", |service| {
            let can = service.capabilities();
            let adds = can.tags_add || can.tags_replace;
            let removes = can.tags_remove || can.tags_replace;
            let words: Vec<_> =
                [(adds, "add"), (removes, "remove")].iter().filter(|(on, _)| *on).map(|(_, w)| *w).collect();
            if words.is_empty() { "-".to_owned() } else { words.join(", ") }
        }),
        ("listing by tag", |service| yes(service.capabilities().filters.tag)),
        ("listing by time of change", |service| yes(service.capabilities().filters.updated_since)),
        ("calls", |service| format!("{}{}", rate(service.limits()), assumed(service.limits().quota.source))),
    ];
    let rows = facts
        .iter()
        .map(|(name, fact)| ((*name).to_owned(), services.iter().map(|service| fact(service.as_ref())).collect()));
    section(&mut page, "what else differs", &heads, rows);
    page
}

fn kinds(kinds: &[rolo::contact::IdentifierKind]) -> String {
    if kinds.is_empty() {
        return "-".to_owned();
    }
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

fn yes(flag: bool) -> String {
    if flag { "yes" } else { "-" }.to_owned()
}

fn assumed(source: Source) -> &'static str {
    if source.is_assumed() { " *assumed*" } else { "" }
}

/// The page beside the code, and what the code says.
fn service_page(entry: &'static ServiceEntry) -> String {
    let service = connected(entry);
    let mut page = beside_the_code(entry.name).trim_end().to_owned();
    page.push_str("\n\n## Every operation of the vendor's documents\n\n");
    page.push_str("Written by `just pages` from the code, like all that follows.\n\n");
    page.push_str("| operation | request | used for | note | source |\n| --- | --- | --- | --- | --- |\n");
    for operation in service.capabilities().operations {
        let calls: Vec<_> = operation.calls.iter().map(|kind| kind.name()).collect();
        let used = if calls.is_empty() { "*not used*".to_owned() } else { calls.join(", ") };
        let (title, path, note) = (operation.title, operation.path, escaped(operation.note));
        let _ = writeln!(page, "| {title} | `{path}` | {used} | {note} | {} |", escaped(&operation.source.to_string()));
    }
    page.push_str("\n## Limits\n\n| limit | value | source |\n| --- | --- | --- |\n");
    let limits = service.limits();
    let mut row = |name: &str, value: String, source: Source| {
        let _ = writeln!(page, "| {name} | {value} | {} |", escaped(&source.to_string()));
    };
    row(&format!("calls for each {}", limits.quota_scope), rate(limits), limits.quota.source);
    if let Some(source) = limits.counts_apart {
        row("calls, if its headers show it", "that many of each operation".to_owned(), source);
    }
    row("requests at once", limits.concurrency.value.to_string(), limits.concurrency.source);
    let known = [
        ("fields a create", limits.fields_per_create),
        ("fields an update", limits.fields_per_update),
        ("tags a call that adds", limits.tags_per_add),
        ("tags a call that removes", limits.tags_per_remove),
        ("identifiers a look-up", Some(limits.identifiers_per_find)),
        ("identifiers a listing, where it is shown to find them", limits.identifiers_per_filter),
        ("characters of a tag", limits.tag_chars),
        ("characters of a custom field's name", limits.custom_name_chars),
        ("characters of a custom field's value", limits.custom_value_chars),
    ];
    for (name, limit) in known.into_iter().filter_map(|(name, limit)| Some((name, limit?))) {
        row(name, limit.value.to_string(), limit.source);
    }
    if let Some(size) = limits.page_size {
        row("contacts a page", size.value.to_string(), size.source);
    }
    page.push_str(
        "\n## Fields\n\n| field | vendor's key | create | update | read |\n| --- | --- | --- | --- | --- |\n",
    );
    for spec in service.fields() {
        let (create, update, read) = (yes(spec.create), yes(spec.update), yes(spec.read));
        let _ = writeln!(page, "| `{}` | `{}` | {create} | {update} | {read} |", spec.name, spec.wire);
    }
    page
}

/// The README of the folder that implements a service; three share one.
fn beside_the_code(name: &str) -> String {
    let folder = match name {
        "respondio-v1" => "respondio/v1",
        "respondio" => "respondio/v2",
        "99digital" | "engagelab" => "chatwoot",
        other => other,
    };
    let path = root().join("src/services").join(folder).join("README.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.replace("(../v2/README.md)", "(respondio.md)").replace("(../v1/README.md)", "(respondio-v1.md)")
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
