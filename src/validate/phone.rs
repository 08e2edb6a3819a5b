//! Phone numbers to E.164.
//!
//! A number that begins with a plus sign or an international prefix stands for itself. Any other is
//! read as a national number of a known country, and refused where none is known: about three in a
//! hundred numbers without a plus are valid numbers of somebody else when a country is guessed from
//! their first digits. Where a number can be read two ways that are both valid, it is refused too.

use super::fault::{CellFault, shown};
use super::numbering::{Number, Refusal, Region, may_exist_abroad};
use super::phone_text::{Digits, not_a_number, read_digits};
use crate::contact::phone_forms::other_form;
use crate::mapping::Numbers;

/// What is known of the country of a number that is written without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneRegion<'a> {
    Known(Region),
    /// Nobody said.
    Unknown,
    /// The region column holds this, which is no country.
    NotACountry(&'a str),
}

/// Digits of an E.164 number, its country code included (ITU-T E.164, 6.1).
const MOST_DIGITS: usize = 15;

/// A phone number as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    pub e164: String,
    /// What was left out or is written otherwise today.
    pub note: Option<CellFault>,
}

/// The E.164 form of the phone number in a cell.
pub fn check_phone(cell: &str, region: PhoneRegion<'_>) -> Result<String, CellFault> {
    read_phone(cell, region, None).map(|phone| phone.e164)
}

/// The phone number in a cell. `numbers` says how those without a plus sign are read, where the column
/// as a whole settles it.
pub fn read_phone(cell: &str, region: PhoneRegion<'_>, numbers: Option<Numbers>) -> Result<Phone, CellFault> {
    if is_e164(cell) {
        return international(&cell[1..]);
    }
    let digits = read_digits(cell)?;
    let phone = number_of(&digits, region, numbers)?;
    Ok(match digits.label {
        Some(label) if phone.note.is_none() => {
            let message = format!("read as {}, and left out: {}", phone.e164, shown(&label));
            Phone { note: Some(CellFault::new("phone.label_left_out", message)), ..phone }
        }
        _ => phone,
    })
}

/// A plus sign and the digits of a cell, where a service may take them although no such number is
/// known: at most fifteen, and none but a country code in front.
pub(super) fn loose_phone(cell: &str) -> Option<String> {
    let digits = read_digits(cell).ok().filter(|digits| digits.international)?;
    let fits = (2..=MOST_DIGITS).contains(&digits.text.len()) && !digits.text.starts_with('0');
    fits.then(|| format!("+{}", digits.text))
}

fn number_of(digits: &Digits, region: PhoneRegion<'_>, numbers: Option<Numbers>) -> Result<Phone, CellFault> {
    let text = digits.text.as_str();
    if digits.international {
        return international(text);
    }
    check_placeholder(digits)?;
    if let Some(rest) = text.strip_prefix("00") {
        return prefixed(rest, text, region);
    }
    if numbers == Some(Numbers::International) && !text.starts_with('0') {
        return international(text);
    }
    match region {
        PhoneRegion::Known(region) => national(digits, region, numbers),
        PhoneRegion::NotACountry(country) => Err(CellFault::new(
            "phone.no_country",
            format!(
                "no country code, and the country beside it is not one ({}), write + and the country code",
                shown(country)
            ),
        )),
        PhoneRegion::Unknown if text.len() > MOST_DIGITS => Err(over_fifteen()),
        PhoneRegion::Unknown => Err(CellFault::new(
            "phone.no_country",
            match meant_international(text) {
                Some(number) => format!("no country code, write {number} if that is meant, or state the country"),
                None => "no country code, write + and the country code, or state the country with --region".into(),
            },
        )),
    }
}

/// Refuses what people type where a number is demanded and they have none: one digit again and again,
/// or the row of keys.
fn check_placeholder(digits: &Digits) -> Result<(), CellFault> {
    let text = digits.text.as_str();
    let one_digit = text.len() >= 5 && text.bytes().all(|digit| Some(digit) == text.bytes().next());
    let keys = text.len() >= 7 && ["1234567890", "0123456789"].iter().any(|keys| keys.starts_with(text));
    if one_digit || (keys && digits.groups.len() == 1) {
        let message = "digits that stand for no number, write it with + and the country code if it is one";
        return Err(CellFault::new("phone.placeholder", message));
    }
    Ok(())
}

/// A plus sign and 7 to 15 digits.
fn is_e164(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    (8..=16).contains(&bytes.len()) && bytes[0] == b'+' && bytes[1..].iter().all(u8::is_ascii_digit)
}

/// A number whose digits begin with a country calling code.
fn international(digits: &str) -> Result<Phone, CellFault> {
    let mut written = String::with_capacity(digits.len() + 1);
    written.push('+');
    written.push_str(digits);
    let number = Number::international(&written).map_err(refused);
    let known = number.and_then(|number| accepted(&number).map_err(|fault| in_country(fault, &number)));
    let fault = match known {
        Ok(e164) => return Ok(Phone { e164, note: None }),
        Err(fault) => fault,
    };
    todays_form(&written).ok_or(fault)
}

/// The message with the country whose numbers are meant.
fn in_country(fault: CellFault, number: &Number) -> CellFault {
    if fault.code != "phone.invalid_for_country" {
        return fault;
    }
    let country_code = number.calling_code();
    let country = number.country().map_or_else(String::new, |region| format!(" ({region})"));
    CellFault::new(
        fault.code,
        format!("no such number under the country code +{country_code}{country}, check its digits"),
    )
}

/// The number that a line has today, for one that is no number any more and was written before its
/// country changed how mobile numbers are dialed. Services hold many of those.
fn todays_form(e164: &str) -> Option<Phone> {
    let today = other_form(e164)?;
    let e164 = accepted(&Number::international(&today).ok()?).ok()?;
    let message = format!("an older form of a number, read as {e164}");
    Some(Phone { e164, note: Some(CellFault::new("phone.older_form", message)) })
}

/// A number of `region`, written as it is dialed there or without its trunk prefix.
fn national(written: &Digits, region: Region, numbers: Option<Numbers>) -> Result<Phone, CellFault> {
    let digits = written.text.as_str();
    let here = in_region(digits, region);
    if numbers == Some(Numbers::National) {
        return here.map_err(|fault| named(fault, region));
    }
    match here {
        Ok(phone) => match meant_international(digits) {
            Some(other) if other != phone.e164 && !grouped_as_in(written, &phone.e164) => {
                Err(ambiguous(&phone.e164, &other))
            }
            _ => Ok(phone),
        },
        Err(fault) => Err(match meant_international(digits) {
            Some(number) => CellFault::new(
                "phone.invalid_for_country",
                format!("not a number of {region}, write {number} if that is meant"),
            ),
            None => named(fault, region),
        }),
    }
}

fn in_region(digits: &str, region: Region) -> Result<Phone, CellFault> {
    let number = Number::national(digits, region).map_err(refused)?;
    accepted(&number).map(|e164| Phone { e164, note: None }).or_else(|fault| todays_form(&number.e164()).ok_or(fault))
}

fn named(fault: CellFault, region: Region) -> CellFault {
    match fault.code {
        "phone.invalid_for_country" => {
            CellFault::new(fault.code, format!("no such number in {region}, check its digits"))
        }
        _ => fault,
    }
}

/// Whether the digits stand together as they do where the number is written in its own country, and so
/// were written by somebody who meant that country: `(415) 555-2671`.
fn grouped_as_in(written: &Digits, e164: &str) -> bool {
    let Ok(number) = Number::international(e164) else { return false };
    let national = number.as_written_at_home();
    let groups = national.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|digits| *digits > 0);
    written.groups.len() > 1 && groups.eq(written.groups.iter().copied())
}

/// Digits after `00`, which most of the world dials before a country code; `whole` has the `00`.
fn prefixed(rest: &str, whole: &str, region: PhoneRegion<'_>) -> Result<Phone, CellFault> {
    let abroad = international(rest);
    let PhoneRegion::Known(region) = region else { return abroad };
    let here = in_region(whole, region).ok();
    match (abroad, here) {
        (Ok(number), Some(other)) if number.e164 != other.e164 => Err(ambiguous(&number.e164, &other.e164)),
        (Err(_), Some(number)) => Ok(number),
        (abroad, _) => abroad,
    }
}

/// The number that digits without a plus sign would be with one.
pub(super) fn meant_international(digits: &str) -> Option<String> {
    if digits.starts_with('0') || !may_exist_abroad(digits) {
        return None;
    }
    let written = format!("+{digits}");
    existing(&written).or_else(|| existing(&other_form(&written)?))
}

/// The E.164 form of a number that is written so and exists.
fn existing(written: &str) -> Option<String> {
    let number = Number::international(written).ok().filter(|number| number.check().is_ok())?;
    Some(number.e164()).filter(|e164| e164.len() <= 1 + MOST_DIGITS)
}

/// The E.164 form of a number that exists.
fn accepted(number: &Number) -> Result<String, CellFault> {
    number.check().map_err(refused)?;
    let e164 = number.e164();
    // The metadata of a few countries is wider than E.164, which ends at fifteen digits.
    if e164.len() > 1 + MOST_DIGITS { Err(over_fifteen()) } else { Ok(e164) }
}

fn refused(refusal: Refusal) -> CellFault {
    let (code, message) = match refusal {
        Refusal::NotANumber => return not_a_number(),
        Refusal::UnknownCountryCode => return unknown_country_code(),
        Refusal::TooFewDigits => ("phone.too_short", "too few digits for a phone number"),
        Refusal::TooManyDigits => ("phone.too_long", "too many digits for a phone number"),
        Refusal::TooShort => ("phone.too_short", "too few digits for a number of its country"),
        Refusal::TooLong => ("phone.too_long", "too many digits for a number of its country"),
        Refusal::AreaCodeMissing => ("phone.too_short", "the area code is missing, write the whole number"),
        Refusal::NoSuchNumber => ("phone.invalid_for_country", "no such number in its country, check its digits"),
    };
    CellFault::new(code, message)
}

fn unknown_country_code() -> CellFault {
    CellFault::new("phone.unknown_country_code", "no country has this calling code, check the digits after the +")
}

fn ambiguous(one: &str, other: &str) -> CellFault {
    let cure =
        "write the one that is meant, or numbers = \"national\" or \"international\" for the column in the mapping";
    CellFault::new("phone.ambiguous", format!("could be {one} or {other}, {cure}"))
}

fn over_fifteen() -> CellFault {
    CellFault::new("phone.too_long", "more than fifteen digits, which no phone number has")
}
