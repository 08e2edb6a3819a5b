//! One cell, by the rule of its column.

use std::borrow::Cow;

use rlibphonenumber::Region;

use super::boolean::check_boolean;
use super::date::check_date;
use super::email::check_email;
use super::fault::Fault;
use super::number::check_number;
use super::phone::{PhoneRegion, check_phone};
use super::text::{
    check_characters, check_choice, check_country, check_json, check_language, check_length, check_service_id,
    check_text, is_spreadsheet_error,
};
use super::timestamp::{check_time, check_timestamp};
use super::url::check_url;
use crate::contact::Value;
use crate::mapping::{Check, FieldFeed, country_code};
use crate::table::RowView;

/// The value in a cell that is not blank.
pub(super) fn check_cell(cell: &str, feed: &FieldFeed, region: PhoneRegion<'_>) -> Result<Value, Fault> {
    let trimmed = cell.trim();
    if is_spreadsheet_error(trimmed) {
        let message = "a formula that failed in the spreadsheet, mend it there or empty the cell";
        return Err(Fault::new("value.spreadsheet_error", message));
    }
    let value = match &feed.check {
        Check::Text => check_text(if feed.trim { trimmed } else { cell }),
        Check::Phone { .. } => check_phone(trimmed, region).map(Value::Text),
        Check::Email => check_email(trimmed),
        Check::Url => check_url(trimmed),
        Check::Boolean => check_boolean(trimmed),
        Check::Number(mark) => check_number(trimmed, *mark),
        Check::Date(order) => check_date(trimmed, order),
        Check::Timestamp { order, zone } => check_timestamp(trimmed, order, zone.as_ref()),
        Check::Time => check_time(trimmed),
        Check::Language => check_language(trimmed),
        Check::Country => check_country(trimmed),
        Check::Choice(choices) => check_choice(trimmed, choices),
        Check::Json => check_json(trimmed),
        Check::ServiceId => check_service_id(trimmed),
    }?;
    if let Value::Text(text) = &value {
        check_length(text, feed.max_chars)?;
    }
    Ok(value)
}

/// One tag or list out of a cell of several.
pub(super) fn check_set_name(name: &str, max_chars: Option<usize>) -> Result<(), Fault> {
    if is_spreadsheet_error(name) {
        let message = "a formula that failed in the spreadsheet, mend it there or empty the cell";
        return Err(Fault::new("value.spreadsheet_error", message));
    }
    check_characters(name)?;
    check_length(name, max_chars)
}

/// The country of the phone numbers of a row: its region column first, then `default`.
pub(super) fn region_of<'a>(check: &Check, row: &RowView<'a>, default: Option<Region>) -> PhoneRegion<'a> {
    let stated = match check {
        Check::Phone { region_column: Some(column) } => row.cell(*column).trim(),
        _ => "",
    };
    if stated.is_empty() {
        return default.map_or(PhoneRegion::Unknown, PhoneRegion::Known);
    }
    match country_code(stated).and_then(|code| Region::from_code(code).ok()) {
        Some(region) => PhoneRegion::Known(region),
        None => PhoneRegion::NotACountry(stated),
    }
}

/// Whether the reader of the file already said that this cell can't be used, so that nothing more is
/// to be said about it. The one place that asks the table layer about a single cell.
pub(super) fn told_by_reader(row: &RowView<'_>, column: usize) -> bool {
    row.errors().iter().any(|(_, error)| error.column_index == column)
}

/// The text of a value as an identifier holds it.
pub(super) fn identifier_text(value: &Value) -> Cow<'_, str> {
    value.as_text()
}
