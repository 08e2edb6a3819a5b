//! Phone numbers, with results worked out by hand from national numbering plans.

#![expect(clippy::unwrap_used, reason = "a failed helper fails the test that called it")]

use proptest::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use rolo::mapping::Numbers;
use rolo::validate::{PhoneRegion, check_phone, read_phone};

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
        // Grouped as nobody groups a number that begins with +41.
        ("415-555-2671", Some("US"), "+14155552671"),
        // Zeros that are dialed at home and not from abroad, and Italy's that stays.
        ("+44 07400 100941", None, "+447400100941"),
        ("+49 0171 3920012", None, "+491713920012"),
        ("0044(0)7400 100944", Some("GB"), "+447400100944"),
        ("001 212 555 0124", Some("GB"), "+12125550124"),
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
        ("0000000000", Some("GB"), "phone.placeholder"),
        ("1234567890", Some("GB"), "phone.placeholder"),
        ("999 999 9999", Some("IN"), "phone.placeholder"),
        // A digit short of either form.
        ("+55419799123", None, "phone.invalid_for_country"),
    ] {
        assert_eq!(read(cell, region), Err(code), "{cell} in {region:?}");
    }
}

/// Digits that are valid with a plus sign as well, under regions whose numbers have no fixed length
/// (remote case 50c): the Spanish, British and Brazilian mobile would be strangers' numbers there.
#[test]
fn digits_with_two_readings_are_refused_for_every_region_with_both() {
    for region in ["DE", "AT", "IT"] {
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(Region::from_code(region).unwrap()).unwrap();
        for digits in ["34612345676", "447911123456", "5511912345678"] {
            let known = PhoneRegion::Known(Region::from_code(region).unwrap());
            let home = read_phone(digits, known, Some(Numbers::National));
            let fault = check_phone(digits, known).unwrap_err();
            match home {
                Ok(home) => {
                    assert_eq!(fault.code, "phone.ambiguous", "{digits} in {region}");
                    assert_eq!(home.e164, format!("+{code}{digits}"));
                    assert!(fault.message.contains(&format!("+{code}{digits} or +{digits}")), "{}", fault.message);
                }
                // Not a number of the region at all: refused with the one reading that is left.
                Err(_) => assert!(fault.message.contains(&format!("write +{digits}")), "{}", fault.message),
            }
        }
    }
}

#[test]
fn the_column_settles_what_single_cells_leave_open() {
    let read = |cell: &str, numbers| {
        read_phone(cell, PhoneRegion::Known(Region::DE), Some(numbers))
            .map(|phone| phone.e164)
            .map_err(|fault| fault.code)
    };
    assert_eq!(read("34612345676", Numbers::International), Ok("+34612345676".into()));
    assert_eq!(read("34612345676", Numbers::National), Ok("+4934612345676".into()));
    // What begins with a zero is dialed at home, whatever the rest of the column is.
    assert_eq!(read("0171 3920012", Numbers::International), Ok("+491713920012".into()));
    assert_eq!(read("0034 612 345 676", Numbers::National), Ok("+34612345676".into()));
    assert_eq!(read("+34 612 345 676", Numbers::National), Ok("+34612345676".into()));
    assert_eq!(read("3412345", Numbers::International), Err("phone.too_short"));
}

/// Numbers as messengers keep them (remote cases 01 and 02), read as what they are today.
#[test]
fn an_older_form_of_a_number_is_understood_and_said() {
    for (cell, region, number) in [
        ("+5215541637145", None, "+525541637145"),
        ("+554187991234", None, "+5541987991234"),
        ("(41) 8799-1234", Some("BR"), "+5541987991234"),
    ] {
        let region = region.map_or(PhoneRegion::Unknown, |code| PhoneRegion::Known(Region::from_code(code).unwrap()));
        let phone = read_phone(cell, region, None).unwrap();
        assert_eq!(phone.e164, number, "{cell}");
        assert_eq!(phone.note.map(|note| note.code), Some("phone.older_form"), "{cell}");
    }
    // Both are numbers of today, and the library says so.
    for number in ["+541123456789", "+5491123456789", "+525541637145", "+5541987991234"] {
        let phone = read_phone(number, PhoneRegion::Unknown, None).unwrap();
        assert_eq!((phone.e164.as_str(), phone.note), (number, None));
    }
}

#[test]
fn a_label_is_left_out_and_said() {
    let phone = read_phone("+44 7400 100374 (home)", PhoneRegion::Unknown, None).unwrap();
    assert_eq!(phone.e164, "+447400100374");
    let note = phone.note.unwrap();
    assert_eq!(note.code, "phone.label_left_out");
    assert_eq!(note.message, "read as +447400100374, and left out: home");
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

    /// The verdict is the library's: what is accepted is valid to it, and reads the same.
    #[test]
    fn an_accepted_number_is_what_the_library_reads(
        cell in "[+]?[0-9]{1,4}[ -]?[(]?[0-9]{2,5}[)]?[ -]?[0-9]{2,4}[ -]?[0-9]{0,4}|0[0-9]{6,11}|00[0-9]{8,13}",
        region in prop_oneof![Just("ES"), Just("US"), Just("DE"), Just("IT"), Just("GB"), Just("BR"), Just("MX"), Just("AR")],
    ) {
        let region = Region::from_code(region).unwrap();
        let ours = read_phone(&cell, PhoneRegion::Known(region), None);
        let theirs = PHONE_NUMBER_UTIL.parse(&cell, Some(region)).ok();
        let theirs = theirs.filter(|number| PHONE_NUMBER_UTIL.is_valid_number(number));
        let theirs = theirs.map(|number| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned());
        match ours {
            // Of a number in its older form the library knows only today's.
            Ok(phone) if phone.note.is_some() => prop_assert_eq!(theirs, None),
            // 00 is no prefix of the United States, and means the same there.
            Ok(phone) if cell.starts_with("00") => prop_assert!(theirs.is_none_or(|theirs| theirs == phone.e164)),
            Ok(phone) => prop_assert_eq!(theirs, Some(phone.e164)),
            Err(fault) if cell.starts_with('+') && fault.code != "phone.too_long" => prop_assert_eq!(theirs, None),
            Err(_) => {}
        }
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
