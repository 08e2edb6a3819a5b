//! Phone numbers, with results worked out by hand from national numbering plans.

#![expect(clippy::unwrap_used, reason = "a failed helper fails the test that called it")]

use proptest::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use rolo::validate::{PhoneRegion, check_phone};

fn read(cell: &str, region: Option<&str>) -> Result<String, &'static str> {
    let region = region.map_or(PhoneRegion::Unknown, |code| PhoneRegion::Known(Region::from_code(code).unwrap()));
    check_phone(cell, region).map_err(|fault| fault.code)
}

#[test]
fn numbers_become_e164() {
    for (cell, region, number) in [
        // Written whole, the region doesn't matter.
        ("+34600123456", None, "+34600123456"),
        ("+34 600 12 34 56", Some("US"), "+34600123456"),
        ("0034 600 123 456", None, "+34600123456"),
        ("0034 600 123 456", Some("US"), "+34600123456"),
        ("+44 (0)20 7946 0018", None, "+442079460018"),
        // Italian numbers keep their zero.
        ("+39 06 6982 1234", None, "+390669821234"),
        ("06 6982 1234", Some("IT"), "+390669821234"),
        // National, with and without the trunk prefix a spreadsheet takes off.
        ("07400 123456", Some("GB"), "+447400123456"),
        ("7400123456", Some("GB"), "+447400123456"),
        ("(415) 555-2671", Some("US"), "+14155552671"),
        ("1-415-555-2671", Some("US"), "+14155552671"),
        ("8 (912) 345-67-89", Some("RU"), "+79123456789"),
        ("(11) 96123-4567", Some("BR"), "+5511961234567"),
        ("06 12 34 56 78", Some("FR"), "+33612345678"),
        // With the country's own code but no plus.
        ("447400123456", Some("GB"), "+447400123456"),
        ("34600123456", Some("ES"), "+34600123456"),
        // What a spreadsheet does to numbers.
        ("34600123456.0", Some("ES"), "+34600123456"),
        ("'+34600123456", None, "+34600123456"),
        ("+٣٤٦٠٠١٢٣٤٥٦", None, "+34600123456"),
        ("tel:+34-600-123456", None, "+34600123456"),
        ("011 34 600 123 456", Some("US"), "+34600123456"),
    ] {
        assert_eq!(read(cell, region), Ok(number.to_owned()), "{cell} in {region:?}");
    }
}

#[test]
fn numbers_that_would_reach_a_stranger_are_refused() {
    for (cell, region, code) in [
        ("600123456", None, "phone.no_country"),
        ("34600123456", None, "phone.no_country"),
        ("020 7946 0018", None, "phone.no_country"),
        ("34600123456", Some("US"), "phone.invalid_for_country"),
        ("34600123456.0", None, "phone.no_country"),
        ("+34 600", None, "phone.too_short"),
        ("+34 600 123 456 789 01", None, "phone.too_long"),
        ("+34 000 123 456", None, "phone.invalid_for_country"),
        ("+1 123 456 7890", None, "phone.invalid_for_country"),
        ("+999 600 123 456", None, "phone.unknown_country_code"),
        ("+0034600123456", None, "phone.unknown_country_code"),
        ("4.47E+11", Some("GB"), "phone.digits_lost"),
        ("555-2671", Some("US"), "phone.too_short"),
        ("0", Some("ES"), "phone.not_a_number"),
        ("+", None, "phone.not_a_number"),
        ("+44 (0)", None, "phone.too_short"),
        // A German extension may be long; E.164 ends at fifteen digits, and this has seventeen.
        ("+494808866666614 24", None, "phone.too_long"),
        // German numbers have no fixed length: 0491 5112345678 is Leer, +49 1511 2345678 a mobile.
        ("4915112345678", Some("DE"), "phone.ambiguous"),
    ] {
        assert_eq!(read(cell, region), Err(code), "{cell} in {region:?}");
    }
}

#[test]
fn a_refusal_says_what_may_be_meant() {
    let message = |cell: &str, region| check_phone(cell, region).unwrap_err().message;
    let text = message("34600123456", PhoneRegion::Unknown);
    assert!(text.contains("write +34600123456 if that is meant"), "{text}");
    let text = message("34600123456", PhoneRegion::Known(Region::US));
    assert_eq!(text, "not a number of US, write +34600123456 if that is meant");
    let text = message("600123456", PhoneRegion::NotACountry("Narnia"));
    assert!(text.contains("(Narnia)"), "{text}");
    let text = message("+34 000 123 456", PhoneRegion::Unknown);
    assert!(text.contains("+34 (ES)"), "{text}");
}

#[test]
fn the_example_number_of_every_country_is_read_in_every_form() {
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        let example = PHONE_NUMBER_UTIL.get_example_number(region).unwrap();
        let e164 = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::E164).into_owned();
        let whole = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::International).into_owned();
        assert_eq!(check_phone(&e164, PhoneRegion::Unknown), Ok(e164.clone()), "{region}");
        assert_eq!(check_phone(&whole, PhoneRegion::Unknown), Ok(e164.clone()), "{region}: {whole}");
        let national = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::National).into_owned();
        let read = check_phone(&national, PhoneRegion::Known(region)).map_err(|fault| fault.code);
        assert!(read == Ok(e164.clone()) || read == Err("phone.ambiguous"), "{region}: {national}: {read:?}");
    }
}

proptest! {
    #[test]
    fn the_short_way_for_whole_numbers_gives_what_the_long_way_gives(digits in "[1-9][0-9]{4,16}") {
        // A space sends the number through the cleaning that a strict one skips.
        let spaced = format!("+{} {}", &digits[..2], &digits[2..]);
        let strict = check_phone(&format!("+{digits}"), PhoneRegion::Unknown);
        prop_assert_eq!(strict, check_phone(&spaced, PhoneRegion::Unknown));
    }

    #[test]
    fn an_accepted_number_is_read_back_as_itself(cell in "[+]?[0-9 ()./-]{5,18}", region in prop_oneof![Just("ES"), Just("US"), Just("DE"), Just("IT")]) {
        if let Ok(number) = read(&cell, Some(region)) {
            prop_assert_eq!(read(&number, None), Ok(number.clone()));
            prop_assert_eq!(read(&number, Some("GB")), Ok(number));
        }
    }

    #[test]
    fn no_text_makes_the_phone_check_panic(cell in "(?s).{0,40}", digits in "[0-9+#*,;x٠-٩ .()eE/-]{0,30}") {
        let _ = read(&cell, Some("ES"));
        let _ = read(&digits, Some("US"));
        let _ = read(&digits, None);
    }
}
