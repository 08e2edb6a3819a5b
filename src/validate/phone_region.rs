//! Whether the numbers of a column are those of the country that is stated for them.

use super::numbering::{self, Region};
use super::phone::{PhoneRegion, meant_international, read_phone};
use super::phone_text::read_digits;
use crate::mapping::{Numbers, country_code};

/// Fewer numbers than this say nothing about a column.
const FEWEST: usize = 10;

/// Numbers that are asked about; the first ones of the column that have no country code.
const MOST: usize = 100;

/// Countries that are named where their numbers fit better.
const MOST_NAMED: usize = 3;

/// Countries whose numbers the column may hold instead: those with the most phones (ITU, 2024), and those that
/// keep a plan of their own beside them.
const CANDIDATES: &str = "US GB FR DE ES IT NL BE PT PL SE CH AT IE GR RO CZ DK NO FI UA RU TR IN \
    CN JP KR ID MY SG PH TH VN HK TW AU NZ BR MX AR CO CL PE ZA NG KE EG AE";

/// What to say where at least half of a column's numbers without a country code are none of `region` (a code or
/// a name): how many, and what they would fit. `None` where they fit, or are too few to tell.
pub fn region_doubt(cells: &[&str], region: &str) -> Option<String> {
    let code = country_code(region)?;
    let stated = numbering::region(code)?;
    let bare = cells.iter().filter_map(|cell| read_digits(cell).ok());
    let bare: Vec<String> = bare
        .filter(|digits| !digits.international && !digits.text.starts_with("00"))
        .map(|digits| digits.text)
        .take(MOST)
        .collect();
    let of = |region: Region| {
        let is_of = |text: &&String| read_phone(text, PhoneRegion::Known(region), Some(Numbers::National)).is_ok();
        bare.iter().filter(is_of).count()
    };
    let strangers = bare.len() - of(stated);
    if bare.len() < FEWEST || strangers * 2 < bare.len() {
        return None;
    }
    let begins = format!("{strangers} of {} phone numbers without a country code are none of {code}", bare.len());
    let is_stranger = |text: &&String| read_phone(text, PhoneRegion::Known(stated), Some(Numbers::National)).is_err();
    let abroad = bare.iter().filter(is_stranger).filter(|text| meant_international(text).is_some()).count();
    // Nearly any digits are a number of a country whose numbers have any length, and few are one of the world.
    if abroad * 4 >= strangers * 3 {
        return Some(format!(
            "{begins}, and {abroad} of those are valid with a plus sign in front: write numbers = \"international\" for \
             this column if they begin with a country code"
        ));
    }
    let mut fits: Vec<(usize, &'static str)> = CANDIDATES
        .split_whitespace()
        .filter(|candidate| *candidate != code)
        .filter_map(|candidate| Some((of(numbering::region(candidate)?), candidate)))
        .collect();
    let best = fits.iter().map(|(count, _)| *count).max().unwrap_or_default();
    if best * 4 < bare.len() * 3 {
        return Some(format!("{begins}: state their country, with --region or a column of countries (region_column)"));
    }
    fits.retain(|(count, _)| *count == best);
    let named: Vec<&str> = fits.iter().take(MOST_NAMED).map(|(_, code)| *code).collect();
    let state = match named[..] {
        [only] => format!("--region {only} if that is their country"),
        _ => "with --region which of them is theirs".to_owned(),
    };
    Some(format!("{begins}, and {best} would be of {}: state {state}", named.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(cells: &[String], region: &str) -> Option<String> {
        region_doubt(&cells.iter().map(String::as_str).collect::<Vec<_>>(), region)
    }

    #[test]
    fn numbers_of_another_country_are_told_with_the_country_they_fit() {
        // Mobiles of Spain: nine digits that begin with 6, of which Great Britain has none.
        let spanish: Vec<String> = (0..12).map(|n| format!("6123456{n:02}")).collect();
        let said = doubt(&spanish, "GB").expect("a doubt");
        assert!(said.starts_with("12 of 12 phone numbers without a country code are none of GB"), "{said}");
        assert!(said.contains("12 would be of FR or DE or ES: state with --region which of them is theirs"), "{said}");
        assert_eq!(doubt(&spanish, "Spain"), None);
        assert_eq!(doubt(&spanish[..9], "GB"), None, "too few");
    }

    #[test]
    fn a_plus_that_was_left_out_is_told_as_such() {
        let bare: Vec<String> = (0..12).map(|n| format!("346123456{n:02}")).collect();
        let said = doubt(&bare, "GB").expect("a doubt");
        assert!(said.contains("numbers = \"international\""), "{said}");
        // So it is where a third of them are numbers of the country.
        let mixed: Vec<String> = bare.into_iter().chain((0..6).map(|n| format!("07400 1004{n:02}"))).collect();
        let said = doubt(&mixed, "GB").expect("a doubt");
        assert!(
            said.contains("12 of 18 phone numbers") && said.contains("12 of those are valid with a plus"),
            "{said}"
        );
    }
}
