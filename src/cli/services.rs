use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use super::{CommandContext, Exit, listing_width, print};
use crate::config::rate_words;
use crate::contact::{CallKind, CreateSafety, Limits, ListAll, RemoteId, Source, Sourced};
use crate::error::Result;
use crate::report::TextTable;
use crate::services::{self, Service, ServiceEntry};

const EXAMPLES: &str = "\
Examples:
  rolo services                 every service and what it can do
  rolo services NAME            one of them: limits, fields and operations, each with its source";

/// Show what each service can do, its limits, and where that was read.
///
/// [assumed] marks what nobody states, and an account may need to correct.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ServicesCommand {
    /// Name of one service.
    service: Option<String>,
}

pub fn run(args: &ServicesCommand, context: &CommandContext) -> Result<Exit> {
    if let Some(name) = &args.service {
        let entry = services::find(name)?;
        let service = entry.connect_to_sandbox()?;
        print(&if context.json { format!("{}\n", to_json(entry, &*service)) } else { details(entry, &*service) })?;
        return Ok(Exit::Done);
    }
    let mut table = TextTable::new(["service", "product", "quota", "contacts", "tags", "lists", "list all"]);
    for entry in services::ALL {
        let service = entry.connect_to_sandbox()?;
        if context.json {
            print(&format!("{}\n", to_json(entry, &*service)))?;
        } else {
            table.add_row(overview(entry, &*service));
        }
    }
    if !context.json {
        let words = table.words(listing_width());
        print(&format!("{words}\n`rolo services NAME` tells the rest\n"))?;
    }
    Ok(Exit::Done)
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = listing_width() {
        table.set_width(width);
    }
    table
}

fn overview(entry: &ServiceEntry, service: &dyn Service) -> [String; 7] {
    let has = |kinds: &[CallKind]| {
        let names: Vec<_> = kinds
            .iter()
            .filter(|kind| service.capabilities().has(**kind))
            .map(|kind| kind.name().split(' ').next().unwrap_or_default())
            .collect();
        if names.is_empty() { "-".to_owned() } else { names.join(" ") }
    };
    [
        entry.name.to_owned(),
        entry.title.to_owned(),
        format!("{}{}", rate_words(service.limits().quota.value), mark(service.limits().quota.source)),
        has(&[CallKind::Find, CallKind::Read, CallKind::Create, CallKind::Update, CallKind::Upsert, CallKind::Delete]),
        has(&[CallKind::AddTags, CallKind::RemoveTags, CallKind::ReplaceTags]),
        has(&[CallKind::AddToList, CallKind::RemoveFromList]),
        lists_all(service.capabilities().list_all).to_owned(),
    ]
}

const fn lists_all(reach: ListAll) -> &'static str {
    match reach {
        ListAll::Yes => "yes",
        ListAll::ByField => "by a field's value",
        ListAll::No => "no",
    }
}

/// What becomes of a create whose answer was lost.
const fn safety(of: CreateSafety) -> &'static str {
    match of {
        CreateSafety::Upsert => "sent again freely: the service finds the contact itself",
        CreateSafety::UniqueConstraint => "sent again: a second one is refused, and then looked up",
        CreateSafety::SearchOnly => "looked up first, as only a search shows it",
        CreateSafety::Nothing => "never sent again by itself",
    }
}

fn mark(source: Source) -> &'static str {
    if source.is_assumed() { " [assumed]" } else { "" }
}

fn details(entry: &ServiceEntry, service: &dyn Service) -> String {
    let (url, source) = (entry.base_url, entry.base_url_source);
    let mut parts = vec![format!("{} ({})\nbase URL: {url}{} ({source})\n", entry.name, entry.title, mark(source))];

    let mut limits = table();
    for (name, value, source) in limit_rows(service) {
        limits.add_row([name.to_owned(), format!("{value}{}", mark(source)), source.to_string()]);
    }
    section(&mut parts, "limits", &limits);

    let mut settings = table();
    for spec in entry.settings {
        let kind = match (spec.required, spec.default) {
            (true, _) => "required".to_owned(),
            (false, "") => "optional".to_owned(),
            (false, default) => format!("default {default}"),
        };
        settings.add_row([spec.name.to_owned(), kind, spec.meaning.to_owned(), spec.source.to_string()]);
    }
    section(&mut parts, "settings of an account", &settings);

    let mut fields = table();
    for field in service.fields() {
        let uses = [(field.create, "create"), (field.update, "update"), (field.read, "read")];
        let uses: Vec<_> = uses.into_iter().filter(|(can, _)| *can).map(|(_, name)| name).collect();
        fields.add_row([
            field.name.to_owned(),
            uses.join(" "),
            field.max_chars.map(|most| format!("at most {most} characters")).unwrap_or_default(),
            field.source.to_string(),
        ]);
    }
    section(&mut parts, "fields", &fields);

    let mut operations = table();
    for operation in service.capabilities().operations {
        let calls: Vec<_> = operation.calls.iter().map(|kind| kind.name()).collect();
        let used = if calls.is_empty() { "not used".to_owned() } else { calls.join(", ") };
        operations.add_row([operation.title, operation.path, &used, operation.note]);
    }
    section(&mut parts, "operations of the vendor's documents", &operations);
    if !service.capabilities().list_leaves_out.is_empty() {
        parts.push(format!("\na full listing leaves out: {}\n", service.capabilities().list_leaves_out));
    }
    if let Some(pages) = service.contact_pages(entry.base_url) {
        let source = pages.source;
        parts.push(format!("\na contact's page: {} ({source})\n", pages.url(&RemoteId("ID".to_owned()))));
    }
    parts.concat()
}

fn section(parts: &mut Vec<String>, title: &str, table: &Table) {
    if !table.is_empty() {
        parts.push(format!("\n{title}\n{}\n", table.trim_fmt()));
    }
}

/// Every limit and sourced capability: name, value in words, source.
fn limit_rows(service: &dyn Service) -> Vec<(&'static str, String, Source)> {
    let Limits {
        quota,
        quota_scope,
        counts_apart,
        concurrency,
        fields_per_create,
        fields_per_update,
        tags_per_add,
        tags_per_remove,
        identifiers_per_find,
        identifiers_per_filter,
        page_size,
        tag_chars,
        custom_name_chars,
        custom_value_chars,
    } = service.limits();
    let capabilities = service.capabilities();
    let mut rows = vec![
        ("calls", format!("{} for each {quota_scope}", rate_words(quota.value)), quota.source),
        ("requests at once", concurrency.value.to_string(), concurrency.source),
        ("identifiers a look-up", identifiers_per_find.value.to_string(), identifiers_per_find.source),
    ];
    rows.extend(
        counts_apart.map(|source| ("calls, if its headers show it", "that many of each operation".to_owned(), source)),
    );
    let mut known = |name, limit: &Option<Sourced<usize>>| {
        rows.extend(limit.map(|limit| (name, limit.value.to_string(), limit.source)));
    };
    known("identifiers a listing, where it is shown to find them", identifiers_per_filter);
    known("fields a create", fields_per_create);
    known("fields an update", fields_per_update);
    known("tags a call that adds", tags_per_add);
    known("tags a call that removes", tags_per_remove);
    known("characters of a tag", tag_chars);
    known("characters of a custom field's name", custom_name_chars);
    known("characters of a custom field's value", custom_value_chars);
    rows.extend(page_size.map(|size| ("contacts a page", size.value.to_string(), size.source)));
    rows.push((
        "safety of a create",
        safety(capabilities.create_safety.value).to_owned(),
        capabilities.create_safety.source,
    ));
    rows.push((
        "search shows a new contact after",
        crate::report::words::span(capabilities.search_lag.value),
        capabilities.search_lag.source,
    ));
    rows
}

fn to_json(entry: &ServiceEntry, service: &dyn Service) -> serde_json::Value {
    let capabilities = service.capabilities();
    let limits: Vec<_> = limit_rows(service)
        .into_iter()
        .map(|(name, value, source)| {
            json!({"limit": name, "value": value, "source": source.to_string(), "assumed": source.is_assumed()})
        })
        .collect();
    let operations: Vec<_> = capabilities
        .operations
        .iter()
        .map(|operation| {
            json!({
                "title": operation.title,
                "path": operation.path,
                "calls": operation.calls.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
                "note": operation.note,
                "source": operation.source.to_string(),
            })
        })
        .collect();
    json!({
        "service": entry.name,
        "title": entry.title,
        "base_url": entry.base_url,
        "calls": CallKind::ALL.into_iter().filter(|kind| capabilities.has(*kind)).map(CallKind::name).collect::<Vec<_>>(),
        "find_by": capabilities.find_by.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "limits": limits,
        "settings": entry.settings.iter().map(|spec| json!({
            "name": spec.name,
            "required": spec.required,
            "default": spec.default,
            "meaning": spec.meaning,
            "source": spec.source.to_string(),
        })).collect::<Vec<_>>(),
        "fields": service.fields().iter().map(|field| field.name).collect::<Vec<_>>(),
        "operations": operations,
    })
}
