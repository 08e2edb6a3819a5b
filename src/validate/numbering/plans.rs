//! Digits read as a number by the plans of all countries, as the library reads them.
//!
//! The library takes what it is given for any text, and asks up to a dozen expressions one after the other.
//! Here there are digits alone, and a country's expressions are one automaton. The steps are the library's,
//! in its order; the few that need more than digits and such expressions are left to it.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use rlibphonenumber::{PhoneMetadataCollection, Region};

use super::plan::{Length, Plan, Prefix};
use super::refusal::Refusal;

/// The library's table as it ships it.
pub const TABLE: &[u8] = include_bytes!("plans.bin");

pub(super) static PLANS: LazyLock<Plans> = LazyLock::new(|| Plans::of(table()));

pub(super) fn table() -> PhoneMetadataCollection {
    PhoneMetadataCollection::decode(TABLE).expect("plans.bin is the table that the tests hold it to")
}

/// Digits of a number behind its calling code.
const DIGITS: std::ops::RangeInclusive<usize> = 2..=17;

/// More digits than this are left to the library.
const MOST: usize = 40;

/// A calling code, the digits behind it, and whether there is such a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    pub calling_code: i32,
    pub national: String,
    pub verdict: Result<(), Refusal>,
}

/// What came of reading: `None` where only the library can tell.
type Reading = Option<Result<Read, Refusal>>;

#[derive(Debug)]
pub(super) struct Plans {
    countries: Vec<Plan>,
    /// For each calling code its countries, the main one first; empty for one that is nobody's or that only
    /// the library understands.
    by_code: Vec<Vec<usize>>,
    by_region: HashMap<Region, usize>,
    /// For each calling code the digits that a number behind it has at the least.
    fewest: HashMap<i32, usize>,
    /// Calling codes that are somebody's.
    is_code: Vec<bool>,
}

impl Plans {
    fn of(table: PhoneMetadataCollection) -> Self {
        let mut all = Self {
            countries: Vec::new(),
            by_code: vec![Vec::new(); 1000],
            by_region: HashMap::new(),
            fewest: HashMap::new(),
            is_code: vec![false; 1000],
        };
        let mut not_understood = Vec::new();
        for country in table.metadata {
            let code = country.country_code.unwrap_or_default();
            if let Some(is_code) = usize::try_from(code).ok().and_then(|code| all.is_code.get_mut(code)) {
                *is_code = true;
            }
            match Plan::of(country) {
                Some(plan) => all.add(plan),
                None => not_understood.push(code),
            }
        }
        for code in not_understood.into_iter().filter_map(|code| usize::try_from(code).ok()) {
            if let Some(sharing) = all.by_code.get_mut(code) {
                sharing.clear();
            }
            all.fewest.insert(i32::try_from(code).unwrap_or_default(), 0);
        }
        all
    }

    fn add(&mut self, plan: Plan) {
        let at = self.countries.len();
        let fewest = self.fewest.entry(plan.calling_code).or_insert_with(|| plan.fewest_digits());
        *fewest = plan.fewest_digits().min(*fewest);
        if let Some(sharing) = usize::try_from(plan.calling_code).ok().and_then(|code| self.by_code.get_mut(code)) {
            sharing.insert(if plan.is_main { 0 } else { sharing.len() }, at);
        }
        if plan.region != Region::World {
            self.by_region.insert(plan.region, at);
        }
        self.countries.push(plan);
    }

    /// Digits behind a plus sign.
    pub fn international(&self, digits: &str) -> Reading {
        self.behind_plus(digits).filter(|_| digits.len() > 2)
    }

    /// Digits as they are dialed in `region`.
    pub fn national(&self, digits: &str, region: Region) -> Reading {
        if !(2..=MOST).contains(&digits.len()) {
            return None;
        }
        let plan = &self.countries[*self.by_region.get(&region)?];
        let seen = plan.look(digits)?;
        if seen.abroad {
            let Prefix::Digits(dialed) = &plan.abroad else { return None };
            let rest = &digits[dialed.len()..];
            // No calling code begins with a zero.
            if !rest.starts_with('0') {
                return self.behind_plus(rest);
            }
        }
        let code = plan.calling_code.to_string();
        if let Some(rest) = digits.strip_prefix(&code) {
            let rest = without_prefix(plan, rest)?;
            if !seen.general && plan.look(rest)?.general || plan.length(digits.len()) == Length::TooLong {
                let main = self.by_code.get(usize::try_from(plan.calling_code).ok()?)?.first()?;
                return self.behind_code(&self.countries[*main], rest);
            }
        }
        self.behind_code(plan, digits)
    }

    /// Digits that begin with a calling code.
    fn behind_plus(&self, digits: &str) -> Reading {
        if digits.len() > MOST {
            return None;
        }
        if digits.len() <= *DIGITS.start() {
            return Some(Err(Refusal::TooFewDigits));
        }
        let code =
            (1..=3).find(|length| self.is_code[code_of(&digits[..*length])]).filter(|_| !digits.starts_with('0'));
        let Some(length) = code else { return Some(Err(Refusal::UnknownCountryCode)) };
        let (code, rest) = digits.split_at(length);
        let main = self.by_code[code_of(code)].first()?;
        self.behind_code(&self.countries[*main], rest)
    }

    /// Digits that are a number of a country, with or without what is dialed before it at home.
    fn behind_code(&self, plan: &Plan, digits: &str) -> Reading {
        if digits.len() < *DIGITS.start() {
            return Some(Err(Refusal::TooFewDigits));
        }
        let rest = without_prefix(plan, digits)?;
        let is_too_short = matches!(plan.length(rest.len()), Length::LocalOnly | Length::TooShort | Length::Invalid);
        let national = if is_too_short { digits } else { rest };
        if !DIGITS.contains(&national.len()) {
            let few = national.len() < *DIGITS.start();
            return Some(Err(if few { Refusal::TooFewDigits } else { Refusal::TooManyDigits }));
        }
        let countries = self.by_code.get(usize::try_from(plan.calling_code).ok()?)?;
        let main = &self.countries[*countries.first()?];
        let exists = self.exists(countries, national)?;
        let verdict = if exists { Ok(()) } else { Err(main.length(national.len()).refusal()) };
        Some(Ok(Read { calling_code: plan.calling_code, national: national.to_owned(), verdict }))
    }

    /// Whether one of the countries that share a calling code has the number.
    fn exists(&self, countries: &[usize], national: &str) -> Option<bool> {
        for country in countries {
            let seen = self.countries[*country].look(national)?;
            if seen.is_number || seen.leading && countries.len() > 1 {
                return Some(seen.is_number);
            }
        }
        Some(false)
    }

    /// The country that is known for a calling code.
    pub fn country(&self, calling_code: i32) -> Option<Region> {
        let countries = self.by_code.get(usize::try_from(calling_code).ok()?)?;
        countries.first().map(|country| self.countries[*country].region)
    }

    /// See [`super::may_exist_abroad`].
    pub fn may_exist(&self, digits: &str) -> bool {
        (1..=3).find_map(|length| {
            let (code, rest) = digits.split_at_checked(length)?;
            let fewest = self.fewest.get(&code.parse().ok()?)?;
            Some(rest.len() >= *fewest)
        }) == Some(true)
    }

    /// Makes what is kept of a country before it is asked for, so that threads don't wait for each other.
    pub fn warm(&self, region: Region) {
        let _ = self.by_region.get(&region).and_then(|plan| self.countries[*plan].look(""));
    }
}

fn code_of(digits: &str) -> usize {
    digits.bytes().fold(0, |code, digit| code * 10 + usize::from(digit - b'0'))
}

/// Digits without what is dialed before a number at home; `None` if only the library can take it off.
fn without_prefix<'d>(plan: &Plan, digits: &'d str) -> Option<&'d str> {
    if digits.is_empty() || matches!(plan.prefix, Prefix::None) {
        return Some(digits);
    }
    let seen = plan.look(digits)?;
    if !seen.prefixed {
        return Some(digits);
    }
    let Prefix::Digits(prefix) = &plan.prefix else { return None };
    let rest = &digits[prefix.len()..];
    // What is a number before and is none behind keeps its digits.
    Some(if seen.general && !plan.look(rest)?.general { digits } else { rest })
}
