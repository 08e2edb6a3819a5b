//! One cell, by the rule of its column.

use std::borrow::Cow;

use super::boolean::check_boolean;
use super::date::check_date;
use super::email::read_email;
use super::fault::{CellFault, Understood};
use super::number::check_number;
use super::numbering::{self, Region};
use super::phone::{Phone, PhoneRegion, loose_phone, read_phone};
use super::text::{
    check_characters, check_choice, check_country, check_json, check_language, check_length, check_service_id,
    check_text, is_spreadsheet_error,
};
use super::timestamp::{check_time, check_timestamp};
use super::url::check_url;
use crate::contact::{IdentifierKind, Value, is_invisible, trim_unseen};
use crate::mapping::{Check, FieldFeed, Grade, Numbers, country_code};
use crate::table::{CellFlag, RowView};

/// The value in a cell that is not blank.
pub(super) fn check_cell(cell: &str, feed: &FieldFeed, region: PhoneRegion<'_>) -> Result<Understood, CellFault> {
    let cell = &*formula_text(cell);
    let trimmed = trim_unseen(cell);
    if is_spreadsheet_error(trimmed) {
        return Err(failed_formula());
    }
    let strict = check_kind(cell, trimmed, feed, region);
    let understood = match strict {
        Err(fault) if feed.grade == Grade::Loose => loose(trimmed, fault)?.into(),
        other => other?,
    };
    if let Value::Text(text) = &understood.value {
        check_length(text, feed.max_chars)?;
    }
    Ok(understood)
}

/// The phone number in a cell, as a column of strict phone numbers takes it.
pub(super) fn check_phone_cell(
    cell: &str,
    region: PhoneRegion<'_>,
    numbers: Option<Numbers>,
) -> Result<Phone, CellFault> {
    let cell = &*formula_text(cell);
    let trimmed = trim_unseen(cell);
    if is_spreadsheet_error(trimmed) { Err(failed_formula()) } else { read_phone(trimmed, region, numbers) }
}

fn check_kind(cell: &str, trimmed: &str, feed: &FieldFeed, region: PhoneRegion<'_>) -> Result<Understood, CellFault> {
    let plain = || without_invisible(trimmed);
    let value = match &feed.check {
        Check::Text if IdentifierKind::from_name(feed.field.name()).is_some() => check_text(&plain()),
        Check::Text if feed.trim => check_text(trimmed),
        // Free text keeps its white space, and the line breaks it begins or ends with.
        Check::Text => check_text(cell.trim_matches(is_invisible)),
        Check::Json(kind) => return check_stated(trimmed, kind.as_deref(), feed, region),
        Check::Phone { numbers, .. } => {
            let Phone { e164, note } = read_phone(trimmed, region, *numbers)?;
            return Ok(Understood { value: Value::Text(e164), note });
        }
        Check::Email => return read_email(trimmed),
        Check::Language => return check_language(&plain()),
        Check::Country => return check_country(&plain()),
        Check::Url => check_url(&plain()),
        Check::Boolean => check_boolean(&plain()),
        Check::Number(mark) => check_number(&plain(), *mark),
        Check::Date(order) => check_date(&plain(), order),
        Check::Timestamp { order, zone } => check_timestamp(&plain(), order, zone.as_ref()),
        Check::Time => check_time(&plain()),
        Check::Choice(choices) => check_choice(trimmed, choices),
        Check::ServiceId => check_service_id(&plain()),
    };
    value.map(Understood::from)
}

/// A value of JSON, whose text is read as the account's field of this kind takes it.
fn check_stated(
    cell: &str,
    kind: Option<&Check>,
    feed: &FieldFeed,
    region: PhoneRegion<'_>,
) -> Result<Understood, CellFault> {
    let value = check_json(cell)?;
    match kind {
        Some(check) if !value.is_empty() => {
            let text = value.as_text();
            check_kind(&text, trim_unseen(&text), &FieldFeed { check: check.clone(), ..feed.clone() }, region)
        }
        _ => Ok(value.into()),
    }
}

/// What a service may take although it is not known to be right. What has two meanings, or lost one,
/// stays refused.
fn loose(cell: &str, fault: CellFault) -> Result<Value, CellFault> {
    let taken = match fault.code {
        "phone.invalid_for_country" | "phone.unknown_country_code" | "phone.too_short" | "phone.too_long" => {
            loose_phone(cell)
        }
        "email.syntax" | "email.domain" => {
            let one_word = !cell.contains(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
            let parts = cell.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
            (one_word && parts.is_some_and(|(_, domain)| !domain.contains('@'))).then(|| cell.to_owned())
        }
        "value.not_a_url" | "value.not_a_language" | "value.not_a_country" if check_characters(cell).is_ok() => {
            Some(cell.to_owned())
        }
        _ => None,
    };
    taken.map(Value::Text).ok_or(fault)
}

/// The text of `="00123"`, by which people keep a spreadsheet from making a number of a text.
fn formula_text(cell: &str) -> Cow<'_, str> {
    let inner = cell.trim().strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(cell),
        Some(text) if !text.contains('"') => Cow::Borrowed(text),
        Some(text) => {
            let marks = text.replace("\"\"", "");
            // A mark that isn't doubled ends the text, and what follows is a formula.
            if marks.contains('"') { Cow::Borrowed(cell) } else { Cow::Owned(text.replace("\"\"", "\"")) }
        }
    }
}

fn without_invisible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|character| !is_invisible(*character)).collect())
}

fn failed_formula() -> CellFault {
    let message = "a formula that failed in the spreadsheet, mend it there or empty the cell";
    CellFault::new("value.spreadsheet_error", message)
}

/// One tag or list out of a cell of several.
pub(super) fn check_set_name(name: &str, max_chars: Option<usize>) -> Result<(), CellFault> {
    if is_spreadsheet_error(name) {
        return Err(failed_formula());
    }
    check_characters(name)?;
    check_length(name, max_chars)
}

/// The country of the phone numbers of a row: its region column first, then `default`.
pub(super) fn region_of<'a>(check: &Check, row: &RowView<'a>, default: Option<Region>) -> PhoneRegion<'a> {
    let stated = match check {
        Check::Phone { region_column: Some(column), .. } => trim_unseen(row.cell(*column)),
        _ => "",
    };
    region_stated(stated, default)
}

/// The country of phone numbers beside which `stated` stands, if anything does: else `default`.
pub(super) fn region_stated(stated: &str, default: Option<Region>) -> PhoneRegion<'_> {
    if stated.is_empty() {
        return default.map_or(PhoneRegion::Unknown, PhoneRegion::Known);
    }
    let region = country_code(stated).and_then(numbering::region);
    match region.or_else(|| numbering::region_of_calling_code(stated)) {
        Some(region) => PhoneRegion::Known(region),
        None => PhoneRegion::NotACountry(stated),
    }
}

/// A number so long that the spreadsheet dropped its last digits, unless it is an amount.
pub(super) fn digits_lost(row: &RowView<'_>, column: usize, field: &FieldFeed) -> Option<CellFault> {
    let code = match field.check {
        Check::Number(_) => return None,
        Check::Phone { .. } => "phone.digits_lost",
        _ => "value.digits_lost",
    };
    (row.flag(column) == Some(CellFlag::DigitsLost)).then(|| {
        let cause = "a spreadsheet keeps 15 digits of a number, and the last ones are gone";
        CellFault::new(code, format!("{cause}, set the column's format to text there and enter the number again"))
    })
}

/// Whether the reader of the file already said that this cell can't be used, so that nothing more is
/// to be said about it. The one place that asks the table layer about a single cell.
pub(super) fn told_by_reader(row: &RowView<'_>, column: usize) -> bool {
    row.is_wrong(column)
}

/// The text of a value as an identifier holds it.
pub(super) fn identifier_text(value: &Value) -> Cow<'_, str> {
    value.as_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_formula_that_is_only_a_text_is_read() {
        assert_eq!(formula_text("=\"00123\""), "00123");
        assert_eq!(formula_text(" =\"say \"\"hi\"\"\" "), "say \"hi\"");
        for cell in ["=\"a\"&\"b\"", "=A1", "=\"", "\"x\"", "x"] {
            assert_eq!(formula_text(cell), cell);
        }
    }
}
