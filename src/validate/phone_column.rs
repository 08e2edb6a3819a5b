//! How the numbers of a whole column are written, where single cells leave it open.

use std::collections::HashSet;

use super::numbering::{self, Number, Region};
use super::phone::{PhoneRegion, meant_international, read_phone};
use super::phone_text::read_digits;
use crate::mapping::{Numbers, country_code};

/// Fewer cells than this settle nothing.
const FEWEST: usize = 5;

/// From this many cells on, a share of them is hardly chance.
const MANY: usize = 20;

/// Where nobody states a country, the numbers of a town of one of these may all be valid abroad: Los
/// Angeles begins with 323 as Antwerp does with +32 3, Porto Alegre with 51 9 as mobiles of Peru with
/// +51 9. These are large, and their numbers have one length, so that few others are valid there.
const LIKELY: [Region; 12] = [
    Region::US,
    Region::BR,
    Region::IN,
    Region::MX,
    Region::CN,
    Region::GB,
    Region::FR,
    Region::ES,
    Region::PL,
    Region::TR,
    Region::AU,
    Region::ZA,
];

/// What the cells of a column say about digits that are written without a plus sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumbersEvidence {
    /// Cells with digits alone, that begin neither with a plus sign nor with a zero.
    pub bare: usize,
    /// How many of those are valid numbers with a plus sign in front.
    pub international: usize,
    /// How many of those are valid numbers of the region, other than that. Without a region, of the
    /// likeliest one.
    pub national: usize,
    /// How many countries the numbers with a plus sign in front belong to.
    pub countries: usize,
    /// What follows from it.
    pub settled: Option<Numbers>,
}

impl NumbersEvidence {
    /// The evidence in words: `98.4 % of 250 numbers without a plus sign are valid with one`.
    pub fn words(&self) -> String {
        let share = |count: usize| {
            let thousandths = count * 1000 / self.bare.max(1);
            format!("{}.{} %", thousandths / 10, thousandths % 10)
        };
        match self.settled {
            Some(Numbers::National) => format!(
                "{} of {} numbers without a plus sign are valid in the region, {} with a plus sign in front",
                share(self.national),
                self.bare,
                share(self.international)
            ),
            _ => {
                format!("{} of {} numbers without a plus sign are valid with one", share(self.international), self.bare)
            }
        }
    }
}

/// Reads a sample of a column as country codes and as numbers of `region` (a code or a name), and
/// decides where the two differ.
///
/// Of national numbers only a few in a hundred happen to be valid with a plus sign, so a column of
/// which nearly all are is written with country codes, unless nearly all are valid at home as well and
/// all belong to one foreign country: then nobody can tell, and each cell has to be asked.
pub fn settle_numbers<'a>(cells: impl IntoIterator<Item = &'a str>, region: Option<&str>) -> NumbersEvidence {
    let region = region.and_then(country_code).and_then(numbering::region);
    let mut seen = NumbersEvidence::default();
    let regions = region.as_ref().map_or(&LIKELY[..], std::slice::from_ref);
    let mut national = [0; LIKELY.len()];
    let mut countries = HashSet::new();
    for cell in cells {
        let Ok(digits) = read_digits(cell) else { continue };
        if digits.international || digits.text.starts_with('0') {
            continue;
        }
        seen.bare += 1;
        let abroad = meant_international(&digits.text);
        if let Some(number) = &abroad {
            seen.international += 1;
            countries.insert(calling_code(number));
        }
        for (count, region) in national.iter_mut().zip(regions) {
            let here = read_phone(&digits.text, PhoneRegion::Known(*region), Some(Numbers::National)).ok();
            *count += usize::from(here.is_some_and(|here| abroad.as_ref() != Some(&here.e164)));
        }
    }
    seen.national = national.into_iter().max().unwrap_or_default();
    seen.countries = countries.len();
    // Nearly half of China's mobiles are valid in North America, 1 being its country code.
    let most = if seen.bare < MANY { 50 } else { 75 };
    let at_least = |count: usize, percent: usize| count * 100 >= seen.bare * percent;
    seen.settled = if seen.bare < FEWEST {
        None
    } else if at_least(seen.international, 95) && (!at_least(seen.national, 80) || seen.countries > 2) {
        Some(Numbers::International)
    } else if region.is_some() && at_least(seen.national, 90) && !at_least(seen.international, most) {
        Some(Numbers::National)
    } else {
        None
    };
    seen
}

fn calling_code(e164: &str) -> i32 {
    Number::international(e164).map_or(0, |number| number.calling_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(cells: &[&str], region: Option<&str>) -> Option<Numbers> {
        settle_numbers(cells.iter().copied(), region).settled
    }

    #[test]
    fn a_column_of_whole_numbers_without_their_plus_is_international() {
        let cells = ["447400100380", "34612345676", "5511912345678", "447911123456", "33612345678", "+4915112345678"];
        assert_eq!(settled(&cells, Some("Germany")), Some(Numbers::International));
        assert_eq!(settled(&cells, None), Some(Numbers::International));
        let evidence = settle_numbers(cells, None);
        assert_eq!(evidence.words(), "100.0 % of 5 numbers without a plus sign are valid with one");
    }

    #[test]
    fn a_column_of_numbers_as_they_are_dialed_at_home_is_national() {
        // +32 3 555 1234 is Antwerp, so the second is valid with a plus sign as well.
        let cells = ["2125550123", "3235551234", "4155552671", "(646) 555-0199", "9175550123", "7185550123"];
        assert_eq!(settled(&cells, Some("USA")), Some(Numbers::National));
        // +1 301 and +1 302 are Maryland and Delaware, while +1 391 is nobody.
        let operators = ["130", "139", "135", "138", "137", "131"];
        let mobiles: Vec<String> = (0..24).map(|n| format!("{}23456{:03}", operators[n % 6], 100 + n)).collect();
        let mobiles: Vec<&str> = mobiles.iter().map(String::as_str).collect();
        let evidence = settle_numbers(mobiles.iter().copied(), Some("China"));
        assert!(evidence.international > 0 && evidence.national == 24, "{evidence:?}");
        assert_eq!(evidence.settled, Some(Numbers::National), "{evidence:?}");
    }

    #[test]
    fn what_is_open_stays_open() {
        // Numbers of Spain under a German region: Germany has numbers of any length.
        let spanish = ["34612345671", "34612345672", "34612345673", "34612345674", "34612345675"];
        assert_eq!(settled(&spanish, Some("DE")), None);
        assert_eq!(settled(&spanish, None), Some(Numbers::International));
        // All of Los Angeles is Antwerp with a plus sign.
        let angeles = ["3235551231", "3235551232", "3235551233", "3235551234", "3235551235"];
        assert_eq!(settled(&angeles, Some("US")), None);
        assert_eq!(settled(&angeles, None), None);
        // All of Porto Alegre are mobiles of Peru with a plus sign.
        let alegre = ["51991234561", "51991234562", "51981234563", "(51) 99123-4564", "51996234565"];
        assert_eq!(settled(&alegre, None), None);
        assert_eq!(settled(&alegre, Some("BR")), None);
        assert_eq!(settled(&["447400100380"], None), None);
        assert_eq!(settled(&["n/a", ""], None), None);
    }
}
