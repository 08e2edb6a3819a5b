//! Services made up for the tests, and small helpers of the mapping and validation tests.

#![expect(clippy::unwrap_used, reason = "a failed helper fails the test that called it")]

use std::time::Duration;

use rolo::contact::{
    Capabilities, ClearBy, Contact, CreateSafety, FieldDefinition, FieldKind, FieldSpec, Filters, IdentifierKind,
    Limits, ListAll, Position, Quota, RowError, Source, Sourced,
};
use rolo::error::{Error, Result};
use rolo::mapping::{Facts, Forward, Guess, Mapping, Sample, guess};
use rolo::table::RowBatch;
use rolo::validate::{Looks, Validator};

const ASSUMED: Source = Source::Assumed("made up for a test");

/// A service of the tests.
pub struct Made {
    pub name: &'static str,
    pub fields: Vec<FieldSpec>,
    pub capabilities: Capabilities,
    pub limits: Limits,
    pub definitions: Option<Vec<FieldDefinition>>,
}

impl Made {
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            service: self.name,
            fields: &self.fields,
            capabilities: &self.capabilities,
            limits: &self.limits,
            definitions: self.definitions.as_deref(),
        }
    }
}

pub fn spec(name: &'static str, kind: fn() -> FieldKind) -> FieldSpec {
    FieldSpec {
        name,
        wire: name,
        kind,
        create: true,
        update: true,
        read: true,
        group: None,
        max_chars: None,
        source: ASSUMED,
    }
}

fn read_only(name: &'static str, kind: fn() -> FieldKind) -> FieldSpec {
    FieldSpec { create: false, update: false, ..spec(name, kind) }
}

/// A service with first and last names, custom fields and tags, found by phone and e-mail.
pub fn two_names() -> Made {
    let mut company = spec("company", || FieldKind::Text);
    company.max_chars = Some(12);
    Made {
        name: "two-names",
        fields: vec![
            spec("first_name", || FieldKind::Text),
            spec("last_name", || FieldKind::Text),
            spec("phone", || FieldKind::Phone),
            spec("email", || FieldKind::Email),
            company,
            spec("language", || FieldKind::Language),
            spec("country", || FieldKind::Country),
            spec("description", || FieldKind::Text),
            spec("status", || FieldKind::Choice(vec!["open".into(), "closed".into()])),
            spec("blocked", || FieldKind::Boolean),
            read_only("locale", || FieldKind::Text),
            read_only("created_at", || FieldKind::Timestamp),
        ],
        capabilities: capabilities(),
        limits: limits(),
        definitions: None,
    }
}

/// A service with one full name, lists, no custom fields, and an id of the user's own.
pub fn one_name() -> Made {
    let mut capabilities = capabilities();
    capabilities.custom_fields = false;
    capabilities.custom_replace = false;
    capabilities.find_by = &[IdentifierKind::ExternalId, IdentifierKind::Phone];
    capabilities.tags_add = false;
    capabilities.tags_remove = false;
    capabilities.lists_add = true;
    capabilities.lists_in_create = true;
    Made {
        name: "one-name",
        fields: vec![
            spec("external_id", || FieldKind::Text),
            spec("name", || FieldKind::Text),
            spec("phone", || FieldKind::Phone),
            spec("email", || FieldKind::Email),
            read_only("updated_at", || FieldKind::Timestamp),
        ],
        capabilities,
        limits: limits(),
        definitions: None,
    }
}

/// A service that takes everything.
pub fn everything() -> Made {
    const NAMES: &[&str] = &[
        "external_id",
        "service_id",
        "name",
        "first_name",
        "last_name",
        "phone",
        "email",
        "company",
        "language",
        "country",
        "country_name",
        "city",
        "region",
        "time_zone",
        "locale",
        "gender",
        "avatar_url",
        "blocked",
        "description",
        "comments",
        "inbox_id",
        "source_id",
        "facebook",
        "github",
        "instagram",
        "linkedin",
        "twitter",
        "telegram",
        "instagram_id",
        "channel",
        "current_campaign",
        "current_campaign_data",
        "chat_window_open",
        "custom_channel",
        "chat_widget_id",
        "bot_active",
        "do_not_disturb",
        "lifecycle",
        "status",
        "assignee",
        "availability",
    ];
    let mut capabilities = capabilities();
    capabilities.tags_replace = true;
    capabilities.custom_replace = true;
    capabilities.lists_add = true;
    capabilities.lists_remove = true;
    let mut fields: Vec<_> = NAMES.iter().map(|name| spec(name, || FieldKind::Text)).collect();
    fields
        .extend(["created_at", "updated_at", "last_activity_at"].map(|name| read_only(name, || FieldKind::Timestamp)));
    Made { name: "example", fields, capabilities, limits: limits(), definitions: None }
}

fn capabilities() -> Capabilities {
    Capabilities {
        find_by: &[IdentifierKind::Phone, IdentifierKind::Email],
        address_by: &[],
        read: true,
        find_tells_fields: true,
        writes_tell_fields: true,
        find_tells_tags: true,
        create: true,
        create_needs: &[],
        create_needs_fields: &[],
        create_tells_id: true,
        edits_tell_id: false,
        create_with_custom_fields: true,
        create_safety: Sourced::new(CreateSafety::SearchOnly, ASSUMED),
        search_lag: Sourced::new(Duration::ZERO, ASSUMED),
        update: true,
        custom_fields: true,
        custom_replace: false,
        custom_typed: false,
        clear_custom_by: ClearBy::Update,
        upsert: false,
        delete: true,
        tags_add: true,
        tags_remove: true,
        tags_replace: false,
        tags_read: false,
        tags_in_create: false,
        tags_in_update: false,
        tags_address_by: &[],
        tags_ignore_case: false,
        lists_add: false,
        lists_remove: false,
        lists_in_create: false,
        list_all: ListAll::Yes,
        filters: Filters::default(),
        list_starts: &[],
        list_leaves_out: "",
        find_by_listing: false,
        messages: false,
        fields_defined: false,
        creates_fields: &[],
        tags_defined: false,
        operations: &[],
    }
}

fn limits() -> Limits {
    Limits {
        quota: Sourced::new(Quota { calls: 200, per: Duration::from_secs(60) }, ASSUMED),
        quota_scope: "account",
        counts_apart: None,
        concurrency: Sourced::new(4, ASSUMED),
        fields_per_create: None,
        fields_per_update: None,
        tags_per_add: None,
        tags_per_remove: None,
        identifiers_per_find: Sourced::new(1, ASSUMED),
        identifiers_per_filter: None,
        page_size: None,
        tag_chars: Some(Sourced::new(20, ASSUMED)),
        custom_name_chars: Some(Sourced::new(30, ASSUMED)),
        custom_value_chars: Some(Sourced::new(50, ASSUMED)),
    }
}

pub fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Rows as a reader gives them: the header is line 1.
pub fn batch(rows: &[&[&str]]) -> RowBatch {
    let mut batch = RowBatch::new();
    for (index, row) in rows.iter().enumerate() {
        batch.begin_row(Position { index: index as u64, line: index as u64 + 2, sheet: 0 });
        for cell in *row {
            batch.push_cell(cell);
        }
    }
    batch
}

/// The guess of a file with these rows, with the checks that rows have to pass.
pub fn guessed(columns: &[&str], rows: &[&[&str]], made: &Made) -> Guess {
    guess(&headers(columns), &Sample::of(columns.len(), batch(rows)), &made.facts(), &Looks::default(), &[])
}

/// The mapping in `toml`, compiled for columns and service.
pub fn forward(toml: &str, columns: &[&str], made: &Made) -> Result<Forward> {
    Mapping::parse(toml, "test.toml")?.forward(&headers(columns), &made.facts(), None)
}

/// The error of compiling it, as a user reads it: message, then hint.
pub fn refusal(toml: &str, columns: &[&str], made: &Made) -> String {
    let error = forward(toml, columns, made).expect_err("the mapping can't work");
    words(&error)
}

pub fn words(error: &Error) -> String {
    format!("{error} ({})", error.hint.as_deref().unwrap_or("no hint"))
}

/// Rows checked by a mapping.
pub fn checked(
    toml: &str,
    columns: &[&str],
    made: &Made,
    rows: &[&[&str]],
) -> Vec<std::result::Result<Contact, Vec<RowError>>> {
    let forward = forward(toml, columns, made).unwrap();
    let mut validator = Validator::new(forward).unwrap();
    if validator.wants_survey() {
        validator.survey(&batch(rows), true);
    }
    let told = |unsent: rolo::validate::Unsent| unsent.errors;
    validator.check(&batch(rows)).into_iter().map(|row| row.map_err(told)).collect()
}

/// `field=value` of each change, in order; a cleared field is `field=`.
pub fn fields(contact: &Contact) -> Vec<String> {
    contact.fields.iter().map(|change| format!("{}={}", change.field, change.value.as_text())).collect()
}

/// `column:code` of each error, in order.
pub fn codes(errors: &[RowError]) -> Vec<String> {
    errors.iter().map(|error| format!("{}:{}", error.column.as_deref().unwrap_or("row"), error.code)).collect()
}
