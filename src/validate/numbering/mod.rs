//! Numbering plans: which digits are a phone number of which country. The only place that calls the
//! library of phone numbers.
//!
//! Verdicts are those of the library over its own table, `plans.bin`: libphonenumber's metadata, Apache-2.0,
//! Copyright (C) 2009 The Libphonenumber Authors. What is digits alone is read by `plans`, in a tenth of
//! the time; the rest is the library's. A test holds the copy of the table to the original, and another one
//! the verdicts.
//!
//! The library compiles an expression for each country and kind of number when it first needs it. Its
//! `\d` is a digit of any script, which makes an expression some thirty times as large; what is asked
//! here has ASCII digits alone, so the expressions are compiled over those.

mod automaton;
mod plan;
mod plans;
mod refusal;

use std::sync::LazyLock;

pub use rlibphonenumber::Region;
use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneMetadata, PhoneNumber, PhoneNumberDesc, PhoneNumberFormat, PhoneNumberUtil,
    ValidationError, get_national_significant_number_owned,
};

use plans::{PLANS, Read, table};

pub use plans::TABLE;
pub use refusal::Refusal;

static LIBRARY: LazyLock<PhoneNumberUtil> = LazyLock::new(|| {
    let mut plans = table();
    plans.metadata.iter_mut().for_each(over_ascii_digits);
    PhoneNumberUtil::new_for_metadata(plans).expect("each country of plans.bin is one that the library knows")
});

/// Digits divided into a country's calling code and the rest. Whether there is such a number is
/// [`Number::check`]'s to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(Held);

#[derive(Clone, Debug, PartialEq)]
enum Held {
    Read(Read),
    Library(Box<PhoneNumber>),
}

impl Number {
    /// A number as it is dialed from abroad: `text` is a plus sign and ASCII digits.
    pub fn international(text: &str) -> Result<Self, Refusal> {
        let digits = text.strip_prefix('+').filter(|digits| are_digits(digits));
        let read = digits.and_then(|digits| PLANS.international(digits));
        read.map_or_else(|| by_library(text, None), |read| read.map(|read| Self(Held::Read(read))))
    }

    /// A number as it is dialed in `region`, in ASCII digits.
    pub fn national(digits: &str, region: Region) -> Result<Self, Refusal> {
        let read = if are_digits(digits) { PLANS.national(digits, region) } else { None };
        read.map_or_else(|| by_library(digits, Some(region)), |read| read.map(|read| Self(Held::Read(read))))
    }

    /// Whether the number exists, or why it can't.
    pub fn check(&self) -> Result<(), Refusal> {
        let number = match &self.0 {
            Held::Read(read) => return read.verdict,
            Held::Library(number) => number,
        };
        if LIBRARY.is_valid_number(number) {
            return Ok(());
        }
        Err(match LIBRARY.is_possible_number_with_reason(number) {
            Ok(NumberLengthType::IsPossibleLocalOnly) => Refusal::AreaCodeMissing,
            Ok(NumberLengthType::IsPossible) | Err(ValidationError::InvalidLength) => Refusal::NoSuchNumber,
            Err(ValidationError::TooShort) => Refusal::TooShort,
            Err(ValidationError::TooLong) => Refusal::TooLong,
            Err(ValidationError::InvalidCountryCode) => Refusal::UnknownCountryCode,
        })
    }

    /// `+34600123456`. Up to seventeen digits, where a country's own plan is wider than E.164.
    pub fn e164(&self) -> String {
        match &self.0 {
            Held::Read(Read { calling_code, national, .. }) => format!("+{calling_code}{national}"),
            Held::Library(number) => {
                let national = get_national_significant_number_owned(number);
                format!("+{}{national}", number.country_code)
            }
        }
    }

    pub fn calling_code(&self) -> i32 {
        match &self.0 {
            Held::Read(read) => read.calling_code,
            Held::Library(number) => number.country_code,
        }
    }

    /// The country that the calling code is known for.
    pub fn country(&self) -> Option<Region> {
        let code = self.calling_code();
        PLANS.country(code).or_else(|| LIBRARY.get_region_for_country_code(code))
    }

    /// The number as its own country writes it: `(415) 555-2671`.
    pub fn as_written_at_home(&self) -> String {
        let number = match &self.0 {
            Held::Read(read) => &of_library(read),
            Held::Library(number) => &**number,
        };
        LIBRARY.format(number, PhoneNumberFormat::National).into_owned()
    }
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn by_library(text: &str, region: Option<Region>) -> Result<Number, Refusal> {
    let number = LIBRARY.parse(text, region).map_err(|error| refusal(&error))?;
    Ok(Number(Held::Library(Box::new(number))))
}

/// A number as the library holds it: the zeros in front stand apart, but for the last digit.
fn of_library(Read { calling_code, national, .. }: &Read) -> PhoneNumber {
    let zeros = national.bytes().take_while(|digit| *digit == b'0').count().min(national.len() - 1);
    PhoneNumber {
        country_code: *calling_code,
        national_number: national.parse().unwrap_or_default(),
        italian_leading_zero: (zeros > 0).then_some(true),
        number_of_leading_zeros: i32::try_from(zeros).ok().filter(|zeros| *zeros > 1),
        ..PhoneNumber::default()
    }
}

/// Whether a number with these digits behind a plus sign may exist: no where their calling code is
/// nobody's, or too few digits follow it. Quicker than to ask for the number, and for most digits that
/// are dialed at home the answer is no.
pub fn may_exist_abroad(digits: &str) -> bool {
    PLANS.may_exist(digits)
}

/// The country that is known for a calling code as people write it beside a number: `44`, `+44`, `0044`.
pub fn region_of_calling_code(text: &str) -> Option<Region> {
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text).trim();
    let is_code = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let code = digits.parse().ok().filter(|_| is_code)?;
    PLANS.country(code).filter(|region| *region != Region::World)
}

/// The region of an ISO 3166 code of two letters.
pub fn region(code: &str) -> Option<Region> {
    Region::from_code(code).ok()
}

/// Makes what is kept of a region before it is asked for, so that threads don't wait for each other.
pub(super) fn warm(region: Region) {
    PLANS.warm(region);
}

fn refusal(error: &ParseError) -> Refusal {
    match error {
        ParseError::InvalidCountryCode => Refusal::UnknownCountryCode,
        ParseError::NotANumber(_) => Refusal::NotANumber,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => Refusal::TooFewDigits,
        ParseError::TooLongNsn => Refusal::TooManyDigits,
    }
}

#[expect(deprecated, reason = "these fields are empty once the library has taken the table, which it has not yet")]
fn over_ascii_digits(plan: &mut PhoneMetadata) {
    let kinds = [
        &mut plan.general_desc,
        &mut plan.fixed_line,
        &mut plan.mobile,
        &mut plan.toll_free,
        &mut plan.premium_rate,
        &mut plan.shared_cost,
        &mut plan.personal_number,
        &mut plan.voip,
        &mut plan.pager,
        &mut plan.uan,
        &mut plan.emergency,
        &mut plan.voicemail,
        &mut plan.short_code,
        &mut plan.standard_rate,
        &mut plan.carrier_specific,
        &mut plan.sms_services,
        &mut plan.no_international_dialling,
    ];
    let of_kinds = kinds
        .into_iter()
        .flatten()
        .filter_map(|PhoneNumberDesc { national_number_pattern, .. }| national_number_pattern.as_mut());
    let formats = plan.number_format.iter_mut().chain(&mut plan.intl_number_format);
    let of_formats =
        formats.flat_map(|format| std::iter::once(&mut format.pattern).chain(&mut format.leading_digits_pattern));
    let of_country = [&mut plan.leading_digits, &mut plan.international_prefix, &mut plan.national_prefix_for_parsing];
    for expression in of_kinds.chain(of_formats).chain(of_country.into_iter().flatten()) {
        if expression.contains("\\d") {
            *expression = expression.replace("\\d", "[0-9]");
        }
    }
}
