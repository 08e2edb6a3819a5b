//! Phone numbers to E.164.
//!
//! A number that begins with a plus sign or an international prefix stands for itself. Any other is
//! read as a national number of a known country, and refused where none is known: about three in a
//! hundred numbers without a plus are valid numbers of somebody else when a country is guessed from
//! their first digits. Where a number can be read two ways that are both valid, it is refused too.

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, Region, ValidationError,
};

use super::fault::{Fault, shown};
use super::phone_text::{Digits, not_a_number, read_digits};

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

/// The E.164 form of the phone number in a cell.
pub fn check_phone(cell: &str, region: PhoneRegion<'_>) -> Result<String, Fault> {
    if is_e164(cell) {
        return international(&cell[1..]);
    }
    let Digits { international: plus, text } = read_digits(cell)?;
    if plus {
        return international(&text);
    }
    match (text.strip_prefix("00"), region) {
        (Some(rest), region) => prefixed(rest, &text, region),
        (None, PhoneRegion::Known(region)) => national(&text, region),
        (None, PhoneRegion::NotACountry(country)) => Err(Fault::new(
            "phone.no_country",
            format!(
                "no country code, and the country beside it is not one ({}), write + and the country code",
                shown(country)
            ),
        )),
        (None, PhoneRegion::Unknown) => Err(Fault::new(
            "phone.no_country",
            match meant_international(&text) {
                Some(number) => format!("no country code, write {number} if that is meant, or state the country"),
                None => "no country code, write + and the country code, or state the country with --region".into(),
            },
        )),
    }
}

/// Compiles what the library keeps for a region, so that threads don't wait for each other.
pub(super) fn warm(region: Region) {
    if let Ok(example) = PHONE_NUMBER_UTIL.get_example_number(region) {
        PHONE_NUMBER_UTIL.is_valid_number(&example);
        let _ = PHONE_NUMBER_UTIL.parse(PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::National), Some(region));
    }
}

/// A plus sign and 7 to 15 digits.
fn is_e164(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    (8..=16).contains(&bytes.len()) && bytes[0] == b'+' && bytes[1..].iter().all(u8::is_ascii_digit)
}

/// A number whose digits begin with a country calling code.
fn international(digits: &str) -> Result<String, Fault> {
    let mut written = String::with_capacity(digits.len() + 1);
    written.push('+');
    written.push_str(digits);
    let number = PHONE_NUMBER_UTIL.parse(&written, None).map_err(|error| refused(&error))?;
    accepted(&number).map_err(|fault| match fault.code {
        "phone.invalid_for_country" => {
            let country = PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code);
            let country = country.map_or_else(String::new, |region| format!(" ({region})"));
            Fault::new(
                fault.code,
                format!("no such number under the country code +{}{country}, check its digits", number.country_code),
            )
        }
        _ => fault,
    })
}

/// A number of `region`, written as it is dialed there or without its trunk prefix.
fn national(digits: &str, region: Region) -> Result<String, Fault> {
    let here =
        PHONE_NUMBER_UTIL.parse(digits, Some(region)).map_err(|error| refused(&error)).and_then(|n| accepted(&n));
    let calling_code = PHONE_NUMBER_UTIL.get_country_code_for_region(region);
    let begins_with_code = calling_code.is_some_and(|code| digits.starts_with(&code.to_string()));
    match here {
        Ok(number) if begins_with_code => match meant_international(digits) {
            Some(other) if other != number => Err(ambiguous(&number, &other)),
            _ => Ok(number),
        },
        Ok(number) => Ok(number),
        Err(fault) => Err(match meant_international(digits) {
            Some(number) => Fault::new(
                "phone.invalid_for_country",
                format!("not a number of {region}, write {number} if that is meant"),
            ),
            None if fault.code == "phone.invalid_for_country" => {
                Fault::new(fault.code, format!("no such number in {region}, check its digits"))
            }
            None => fault,
        }),
    }
}

/// Digits after `00`, which most of the world dials before a country code; `whole` has the `00`.
fn prefixed(rest: &str, whole: &str, region: PhoneRegion<'_>) -> Result<String, Fault> {
    let abroad = international(rest);
    let PhoneRegion::Known(region) = region else { return abroad };
    let here = PHONE_NUMBER_UTIL.parse(whole, Some(region)).ok().and_then(|number| accepted(&number).ok());
    match (abroad, here) {
        (Ok(number), Some(other)) if number != other => Err(ambiguous(&number, &other)),
        (Err(_), Some(number)) => Ok(number),
        (abroad, _) => abroad,
    }
}

/// The number that digits without a plus sign would be with one.
fn meant_international(digits: &str) -> Option<String> {
    if digits.starts_with('0') { None } else { international(digits).ok() }
}

/// The E.164 form of a number that exists.
fn accepted(number: &PhoneNumber) -> Result<String, Fault> {
    if PHONE_NUMBER_UTIL.is_valid_number(number) {
        let formatted = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164).into_owned();
        // The metadata of a few countries is wider than E.164, which ends at fifteen digits.
        if formatted.len() > 1 + MOST_DIGITS {
            return Err(Fault::new("phone.too_long", "more than fifteen digits, which no service takes"));
        }
        return Ok(formatted);
    }
    Err(match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
        Ok(NumberLengthType::IsPossibleLocalOnly) => {
            Fault::new("phone.too_short", "the area code is missing, write the whole number")
        }
        Err(ValidationError::TooShort) => Fault::new("phone.too_short", "too few digits for a number of its country"),
        Err(ValidationError::TooLong) => Fault::new("phone.too_long", "too many digits for a number of its country"),
        Err(ValidationError::InvalidCountryCode) => unknown_country_code(),
        Ok(NumberLengthType::IsPossible) | Err(ValidationError::InvalidLength) => {
            Fault::new("phone.invalid_for_country", "no such number in its country, check its digits")
        }
    })
}

fn refused(error: &ParseError) -> Fault {
    match error {
        ParseError::InvalidCountryCode => unknown_country_code(),
        ParseError::NotANumber(_) => not_a_number(),
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => {
            Fault::new("phone.too_short", "too few digits for a phone number")
        }
        ParseError::TooLongNsn => Fault::new("phone.too_long", "too many digits for a phone number"),
    }
}

fn unknown_country_code() -> Fault {
    Fault::new("phone.unknown_country_code", "no country has this calling code, check the digits after the +")
}

fn ambiguous(one: &str, other: &str) -> Fault {
    Fault::new("phone.ambiguous", format!("could be {one} or {other}, write the one that is meant"))
}
