//! Numbering plans: which digits are a phone number of which country. The only place that calls the
//! library of phone numbers.
//!
//! The library compiles an expression for each country and kind of number when it first needs it. Its
//! `\d` is a digit of any script, which makes an expression some thirty times as large; what is asked
//! here has ASCII digits alone, so the expressions are compiled over those. To have that done before the
//! library takes them, the plans are read from a copy of its own table, `plans.bin`: libphonenumber's
//! metadata, Apache-2.0, Copyright (C) 2009 The Libphonenumber Authors. A test holds the copy to the
//! original, and another one the verdicts.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
pub use rlibphonenumber::Region;
use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneMetadata, PhoneMetadataCollection, PhoneNumber, PhoneNumberDesc,
    PhoneNumberFormat, PhoneNumberUtil, ValidationError, get_national_significant_number_owned,
};

static PLANS: LazyLock<PhoneNumberUtil> = LazyLock::new(|| {
    let mut plans = table();
    plans.metadata.iter_mut().for_each(over_ascii_digits);
    PhoneNumberUtil::new_for_metadata(plans).expect("each country of plans.bin is one that the library knows")
});

/// For each calling code, the digits that a number behind it has at the least.
static FEWEST_DIGITS: LazyLock<HashMap<i32, usize>> = LazyLock::new(|| {
    let mut fewest = HashMap::new();
    for plan in table().metadata {
        let shortest = fewest_digits(&plan);
        let held = fewest.entry(plan.country_code()).or_insert(shortest);
        *held = shortest.min(*held);
    }
    fewest
});

fn table() -> PhoneMetadataCollection {
    PhoneMetadataCollection::decode(TABLE).expect("plans.bin is the table that the tests hold it to")
}

/// The library's table as it ships it.
pub const TABLE: &[u8] = include_bytes!("plans.bin");

/// Why digits are no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not digits that a number can be made of.
    NotANumber,
    /// No country has the calling code they begin with.
    UnknownCountryCode,
    /// Fewer digits than any number has.
    TooFewDigits,
    /// More digits than any number has.
    TooManyDigits,
    /// Fewer digits than a number of the country has.
    TooShort,
    /// More digits than a number of the country has.
    TooLong,
    /// A number of the country, but for its area code.
    AreaCodeMissing,
    /// Nobody has such a number, though some of its country have as many digits.
    NoSuchNumber,
}

/// Digits divided into a country's calling code and the rest. Whether there is such a number is
/// [`Number::check`]'s to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(PhoneNumber);

impl Number {
    /// A number as it is dialed from abroad: `text` is a plus sign and ASCII digits.
    pub fn international(text: &str) -> Result<Self, Refusal> {
        PLANS.parse(text, None).map(Self).map_err(|error| refusal(&error))
    }

    /// A number as it is dialed in `region`, in ASCII digits.
    pub fn national(digits: &str, region: Region) -> Result<Self, Refusal> {
        PLANS.parse(digits, Some(region)).map(Self).map_err(|error| refusal(&error))
    }

    /// Whether the number exists, or why it can't.
    pub fn check(&self) -> Result<(), Refusal> {
        if PLANS.is_valid_number(&self.0) {
            return Ok(());
        }
        Err(match PLANS.is_possible_number_with_reason(&self.0) {
            Ok(NumberLengthType::IsPossibleLocalOnly) => Refusal::AreaCodeMissing,
            Ok(NumberLengthType::IsPossible) | Err(ValidationError::InvalidLength) => Refusal::NoSuchNumber,
            Err(ValidationError::TooShort) => Refusal::TooShort,
            Err(ValidationError::TooLong) => Refusal::TooLong,
            Err(ValidationError::InvalidCountryCode) => Refusal::UnknownCountryCode,
        })
    }

    /// `+34600123456`. Up to seventeen digits, where a country's own plan is wider than E.164.
    pub fn e164(&self) -> String {
        let national = get_national_significant_number_owned(&self.0);
        format!("+{}{national}", self.0.country_code)
    }

    pub fn calling_code(&self) -> i32 {
        self.0.country_code
    }

    /// The country that the calling code is known for.
    pub fn country(&self) -> Option<Region> {
        PLANS.get_region_for_country_code(self.0.country_code)
    }

    /// The number as its own country writes it: `(415) 555-2671`.
    pub fn as_written_at_home(&self) -> String {
        PLANS.format(&self.0, PhoneNumberFormat::National).into_owned()
    }
}

/// Whether a number with these digits behind a plus sign may exist: no where their calling code is
/// nobody's, or too few digits follow it. Quicker than to ask for the number, and for most digits that
/// are dialed at home the answer is no.
pub fn may_exist_abroad(digits: &str) -> bool {
    (1..=3).find_map(|length| {
        let (code, rest) = digits.split_at_checked(length)?;
        let fewest = FEWEST_DIGITS.get(&code.parse().ok()?)?;
        Some(rest.len() >= *fewest)
    }) == Some(true)
}

/// The country that is known for a calling code as people write it beside a number: `44`, `+44`, `0044`.
pub fn region_of_calling_code(text: &str) -> Option<Region> {
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text).trim();
    let is_code = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let code = digits.parse().ok().filter(|_| is_code)?;
    PLANS.get_region_for_country_code(code).filter(|region| *region != Region::World)
}

/// The region of an ISO 3166 code of two letters.
pub fn region(code: &str) -> Option<Region> {
    Region::from_code(code).ok()
}

/// Compiles what the library keeps for a region, so that threads don't wait for each other.
pub(super) fn warm(region: Region) {
    if let Ok(example) = PLANS.get_example_number(region) {
        let example = Number(example);
        let _ = example.check();
        drop(Number::national(&example.as_written_at_home(), region));
    }
}

fn refusal(error: &ParseError) -> Refusal {
    match error {
        ParseError::InvalidCountryCode => Refusal::UnknownCountryCode,
        ParseError::NotANumber(_) => Refusal::NotANumber,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => Refusal::TooFewDigits,
        ParseError::TooLongNsn => Refusal::TooManyDigits,
    }
}

#[expect(deprecated, reason = "this field is empty once the library has taken the table, which it has not")]
fn fewest_digits(plan: &PhoneMetadata) -> usize {
    // Some countries read a short number as another, which is longer.
    if plan.national_prefix_transform_rule.is_some() {
        return 0;
    }
    let lengths = plan.general_desc.iter().flat_map(|kinds| &kinds.possible_length);
    lengths.filter_map(|length| usize::try_from(*length).ok()).min().unwrap_or_default()
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
