//! The numbering plans give the verdicts of the library with its own table, over numbers of all countries.

use std::path::PathBuf;
use std::process::Command;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
    ValidationError,
};
use rolo::contact::phone_forms::other_form;
use rolo::validate::numbering::{Number, Refusal, TABLE, may_exist_abroad};

/// Numbers that are compared; `ROLO_PHONES` asks for more. A third of them are made from examples, the
/// others are any digits.
fn how_many() -> usize {
    std::env::var("ROLO_PHONES").ok().and_then(|text| text.parse().ok()).unwrap_or(30_000)
}

/// What the library itself says of digits; a refusal in place of each of its errors.
fn theirs(text: &str, region: Option<Region>) -> Result<(PhoneNumber, Result<(), Refusal>), Refusal> {
    let number = PHONE_NUMBER_UTIL.parse(text, region).map_err(|error| match error {
        ParseError::InvalidCountryCode => Refusal::UnknownCountryCode,
        ParseError::NotANumber(_) => Refusal::NotANumber,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => Refusal::TooFewDigits,
        ParseError::TooLongNsn => Refusal::TooManyDigits,
    })?;
    let verdict = if PHONE_NUMBER_UTIL.is_valid_number(&number) {
        Ok(())
    } else {
        Err(match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number) {
            Ok(NumberLengthType::IsPossible) | Err(ValidationError::InvalidLength) => Refusal::NoSuchNumber,
            Ok(NumberLengthType::IsPossibleLocalOnly) => Refusal::AreaCodeMissing,
            Err(ValidationError::InvalidCountryCode) => Refusal::UnknownCountryCode,
            Err(ValidationError::TooShort) => Refusal::TooShort,
            Err(ValidationError::TooLong) => Refusal::TooLong,
        })
    };
    Ok((number, verdict))
}

/// Compares all that is asked of a number; says whether it exists.
fn compare(text: &str, region: Option<Region>) -> bool {
    let ours = match region {
        Some(region) => Number::national(text, region),
        None => Number::international(text),
    };
    let place = || format!("{text} in {region:?}");
    let (ours, (theirs, verdict)) = match (ours, theirs(text, region)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (ours, theirs) => {
            assert_eq!(ours.err(), theirs.err(), "{}", place());
            return false;
        }
    };
    assert_eq!(ours.check(), verdict, "{}", place());
    assert_eq!(ours.calling_code(), theirs.country_code, "{}", place());
    assert_eq!(ours.country(), PHONE_NUMBER_UTIL.get_region_for_country_code(theirs.country_code), "{}", place());
    let written = |format| PHONE_NUMBER_UTIL.format(&theirs, format).into_owned();
    assert_eq!(ours.e164(), written(PhoneNumberFormat::E164), "{}", place());
    assert_eq!(ours.as_written_at_home(), written(PhoneNumberFormat::National), "{}", place());
    verdict.is_ok()
}

/// What is said not to exist with a plus sign in front doesn't, in no form of the line. Says whether that
/// was said.
fn ruled_out(digits: &str) -> bool {
    if digits.starts_with('0') || may_exist_abroad(digits) {
        return false;
    }
    let whole = format!("+{digits}");
    for form in std::iter::once(whole.clone()).chain(other_form(&whole)) {
        assert!(!theirs(&form, None).is_ok_and(|(_, verdict)| verdict.is_ok()), "{form}");
    }
    true
}

/// SplitMix64: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn digit(&mut self) -> char {
        char::from(b'0' + u8::try_from(self.below(10)).unwrap())
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.digit()).collect()
    }
}

/// An example of each kind of number of each country: the country, if it is one, and its digits with and
/// without the calling code.
fn examples() -> Vec<(Option<Region>, String, String)> {
    const KINDS: [PhoneNumberType; 10] = [
        PhoneNumberType::FixedLine,
        PhoneNumberType::Mobile,
        PhoneNumberType::TollFree,
        PhoneNumberType::PremiumRate,
        PhoneNumberType::SharedCost,
        PhoneNumberType::VoIP,
        PhoneNumberType::PersonalNumber,
        PhoneNumberType::Pager,
        PhoneNumberType::UAN,
        PhoneNumberType::VoiceMail,
    ];
    let mut regions: Vec<Region> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
    // The library keeps them in no order.
    regions.sort_by_key(ToString::to_string);
    let mut examples = Vec::new();
    let mut add = |region: Option<Region>, number: &PhoneNumber| {
        let whole = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164)[1..].to_owned();
        let home = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::National);
        examples.push((region, whole, home.chars().filter(char::is_ascii_digit).collect()));
    };
    for region in regions {
        for kind in KINDS {
            if let Ok(number) = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind) {
                add(Some(region), &number);
            }
        }
    }
    let mut codes: Vec<i32> = PHONE_NUMBER_UTIL.get_supported_global_network_calling_codes().collect();
    codes.sort_unstable();
    for code in codes {
        add(None, &PHONE_NUMBER_UTIL.get_example_number_for_non_geo_entity(code).unwrap());
    }
    examples
}

#[test]
fn verdicts_are_the_librarys_over_numbers_of_all_countries() {
    let examples = examples();
    let mut dice = Dice(42);
    let (mut exist, mut ruled_out_at_home) = (0, 0);
    for round in 0..how_many() / 3 {
        let (region, whole, home) = &examples[round % examples.len()];
        let mut digits: Vec<char> = if dice.below(2) == 0 { whole } else { home }.chars().collect();
        // The last digits of an example may be any; those in front say whose it is.
        let from = if dice.below(4) == 0 { 0 } else { digits.len().saturating_sub(6) };
        for _ in 0..dice.below(6) {
            let at = from + dice.below(digits.len() - from);
            digits[at] = dice.digit();
        }
        match dice.below(12) {
            0 => drop(digits.pop()),
            1 => digits.push(dice.digit()),
            2 => digits.insert(0, '0'),
            3 => drop(digits.remove(0)),
            _ => {}
        }
        let digits: String = digits.into_iter().collect();
        exist += usize::from(compare(&format!("+{digits}"), None));
        ruled_out_at_home += usize::from(ruled_out(&digits));
        if let Some(region) = region {
            exist += usize::from(compare(&digits, Some(*region)));
        }
    }
    // Else nothing but refusals was compared.
    assert!(exist * 4 > how_many() / 3, "only {exist} of the numbers exist");
    assert!(ruled_out_at_home * 20 > how_many() / 3, "only {ruled_out_at_home} are ruled out");
}

#[test]
fn verdicts_are_the_librarys_over_any_digits() {
    let mut regions: Vec<Region> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
    regions.sort_by_key(ToString::to_string);
    let codes: Vec<i32> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
    let mut dice = Dice(7);
    for round in 0..how_many() / 3 {
        let length = 1 + dice.below(18);
        let region = regions[round % regions.len()];
        compare(&dice.digits(length), Some(region));
        ruled_out(&dice.digits(length));
        let code = codes[dice.below(codes.len())];
        let prefix = match dice.below(8) {
            0 => String::new(),
            1 => format!("{code}0"),
            _ => code.to_string(),
        };
        compare(&format!("+{prefix}{}", dice.digits(length.min(13))), None);
    }
}

/// After an update of the library its `src/generated/metadata/metadata.bin` is copied to
/// `src/validate/numbering/plans.bin`.
#[test]
fn the_table_of_numbering_plans_is_the_librarys_own() {
    let said = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    // Both wait for ever under a library that moves the date.
    let compiler = said(Command::new("rustc").arg("-vV").env_remove("LD_PRELOAD"));
    let host = compiler.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // What other platforms alone need was never downloaded here.
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .env_remove("LD_PRELOAD")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let library = packages.iter().find(|package| package["name"] == "rlibphonenumber").unwrap();
    let manifest = PathBuf::from(library["manifest_path"].as_str().unwrap());
    let theirs = std::fs::read(manifest.with_file_name("src/generated/metadata/metadata.bin")).unwrap();
    assert!(TABLE == theirs, "plans.bin is not the table of {}", library["id"]);
}
