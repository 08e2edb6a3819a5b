//! One field of a mapping held against a service.

use super::check::Check;
use super::facts::Facts;
use super::file::ColumnRule;
use super::forward::FieldFeed;
use super::parse::kind_name;
use super::standard;
use crate::contact::{Field, FieldKind, IdentifierKind, Overwrite};
use crate::error::nearest;

/// Why a field can't be fed: the message and its cure.
pub(super) type Refusal = (String, String);

/// The feed of the field called `name` on this service.
pub(super) fn resolve(
    name: &str,
    rule: &ColumnRule,
    overwrite: Overwrite,
    facts: &Facts<'_>,
) -> Result<FieldFeed, Refusal> {
    match name.strip_prefix(Field::CUSTOM_PREFIX) {
        Some(custom) => resolve_custom(custom, rule, overwrite, facts),
        None => resolve_standard(name, rule, overwrite, facts),
    }
}

fn resolve_custom(
    name: &str,
    rule: &ColumnRule,
    overwrite: Overwrite,
    facts: &Facts<'_>,
) -> Result<FieldFeed, Refusal> {
    if !facts.capabilities.custom_fields {
        let message = format!("{} has no custom fields: custom.{name}", facts.service);
        return Err((message, format!("map the column to one of: {}", writable(facts))));
    }
    if name.trim().is_empty() {
        return Err(("a custom field has no name: custom.".into(), "write custom.NAME".into()));
    }
    let longest = facts.limits.custom_name_chars.map(|limit| limit.value);
    if longest.is_some_and(|longest| name.chars().count() > longest) {
        let message = format!(
            "the name of a custom field has at most {} characters on {}: {name}",
            longest.unwrap_or_default(),
            facts.service
        );
        return Err((message, "choose a shorter name".into()));
    }
    let mut defined = FieldKind::Text;
    if let Some(definitions) = facts.definitions {
        let Some(definition) = facts.definition(name) else {
            let known = definitions.iter().map(|definition| definition.name.as_str());
            let known = known.chain(definitions.iter().filter_map(|definition| definition.alias.as_deref()));
            let cure = match nearest(name, known) {
                Some(near) => format!("did you mean: custom.{near}"),
                None => format!("{} first, or set ignore = true", facts.how_to_create("the field")),
            };
            return Err((format!("the account defines no custom field of this name: {name}"), cure));
        };
        if let Some(why) = facts.ambiguous(definition) {
            return Err((why, facts.how_to_tell_apart()));
        }
        defined = definition.kind.clone();
    }
    // An export says of a column that its cells are JSON, not that the field holds structure.
    let check = if rule.kind == Some(FieldKind::Json) {
        Check::in_json(&defined)?
    } else {
        Check::new(&agreed_kind(name, &defined, rule)?, rule)?
    };
    Ok(FieldFeed {
        field: Field::custom(name),
        check,
        overwrite,
        max_chars: facts.limits.custom_value_chars.map(|limit| limit.value),
        trim: false,
        grade: rule.grade.unwrap_or_default(),
        identifier: None,
        store: true,
    })
}

fn resolve_standard(
    name: &str,
    rule: &ColumnRule,
    overwrite: Overwrite,
    facts: &Facts<'_>,
) -> Result<FieldFeed, Refusal> {
    if !standard::is_standard(name) {
        return Err(unknown(name, facts));
    }
    let identifier = standard::identifier(name).filter(|kind| facts.identifies_by(*kind));
    let spec = facts.spec(name);
    let store = facts.writes(name);
    if !store && identifier.is_none() {
        return Err(match spec {
            Some(_) => (
                format!("{} only tells this field, it can't be set: {name}", facts.service),
                "set ignore = true for this column".into(),
            ),
            None => lacking(name, facts),
        });
    }
    let kind = match identifier.or_else(|| standard::identifier(name)) {
        Some(IdentifierKind::Phone) => FieldKind::Phone,
        Some(IdentifierKind::Email) => FieldKind::Email,
        _ => spec.map_or(FieldKind::Text, |spec| (spec.kind)()),
    };
    let kind = agreed_kind(name, &kind, rule)?;
    let check = match identifier {
        Some(IdentifierKind::ServiceId) => Check::ServiceId,
        _ => Check::new(&kind, rule)?,
    };
    Ok(FieldFeed {
        field: Field::new(name),
        check,
        overwrite,
        max_chars: spec.and_then(|spec| spec.max_chars),
        trim: standard::is_single_line(name),
        grade: rule.grade.unwrap_or_default(),
        identifier,
        store,
    })
}

/// The kind of the service's table, made more exact by the column's `type` where the table says "text".
fn agreed_kind(name: &str, known: &FieldKind, rule: &ColumnRule) -> Result<FieldKind, Refusal> {
    match &rule.kind {
        None => Ok(known.clone()),
        // The account's own list counts: a value that it lacks is told with what it has.
        Some(FieldKind::Choice(_)) if matches!(known, FieldKind::Choice(_)) => Ok(known.clone()),
        Some(stated) if stated == known || *known == FieldKind::Text => Ok(stated.clone()),
        Some(stated) => Err((
            format!("the field is a {}, the column says {}: {name}", kind_name(known), kind_name(stated)),
            match stated {
                FieldKind::Choice(_) => "remove values".to_owned(),
                _ => format!("remove type, or write type = \"{}\"", kind_name(known)),
            },
        )),
    }
}

fn unknown(name: &str, facts: &Facts<'_>) -> Refusal {
    let cure = match name {
        "tags" => "write tags = \"add\" (or \"remove\", \"replace\") in place of field".to_owned(),
        "lists" => "write lists = \"add\" (or \"remove\") in place of field".to_owned(),
        _ => match nearest(name, standard::names()) {
            Some(near) => format!("did you mean: {near}"),
            None if facts.capabilities.custom_fields => format!("map it to custom.{name}"),
            None => format!("map the column to one of: {}", writable(facts)),
        },
    };
    (format!("no field is called: {name}"), cure)
}

fn lacking(name: &str, facts: &Facts<'_>) -> Refusal {
    let cure = if facts.capabilities.custom_fields {
        format!("map it to custom.{name}, or set ignore = true")
    } else {
        format!("set ignore = true, or map it to one of: {}", writable(facts))
    };
    (format!("{} has no field of this name: {name}", facts.service), cure)
}

/// What a column may feed on this service, for hints.
pub(super) fn writable(facts: &Facts<'_>) -> String {
    let mut names: Vec<_> = standard::names().filter(|name| facts.writes(name)).collect();
    if facts.capabilities.custom_fields {
        names.push("custom.NAME");
    }
    names.join(", ")
}
