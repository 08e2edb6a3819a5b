use super::cell::{check_phone_cell, region_stated};
use super::date::settle_day_order;
use super::email::check_email;
use super::number::settle_decimal_mark;
use super::numbering;
use super::phone::{PhoneRegion, check_phone};
use super::phone_column::settle_numbers;
use crate::contact::trim_unseen;
use crate::mapping::{DateOrder, DecimalMark, EmailLook, LooksLike, Numbers, PhoneLook, country_code};

/// The checks of rows, as a guess asks them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looks<'a> {
    /// Country of phone numbers that are written without one, a code or a name, if it is stated.
    pub region: Option<&'a str>,
}

/// Digits below which nothing is a phone number, and a check is not worth its time.
const FEWEST_DIGITS: usize = 5;
/// Digits of a number that is written without its country code (ITU-T E.164: fifteen with it).
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

impl LooksLike for Looks<'_> {
    fn phone(&self, cell: &str) -> Option<PhoneLook> {
        let digits = cell.chars().filter(|character| character.is_numeric()).count();
        if cell.len() > 256 || digits < FEWEST_DIGITS {
            return None;
        }
        match check_phone(cell, PhoneRegion::Unknown) {
            Ok(_) => Some(PhoneLook::International),
            Err(fault) if matches!(fault.code, "phone.no_country" | "phone.ambiguous") && !is_date(cell) => {
                NATIONAL_DIGITS.contains(&digits).then_some(PhoneLook::National)
            }
            Err(fault) => matches!(
                fault.code,
                "phone.digits_lost" | "phone.has_extension" | "phone.several_numbers" | "phone.invalid_for_country"
            )
            .then_some(PhoneLook::Damaged),
        }
    }

    fn sends_phone(&self, cell: &str, numbers: Option<Numbers>, country: &str) -> bool {
        let default = self.region.and_then(country_code).and_then(numbering::region);
        check_phone_cell(cell, region_stated(trim_unseen(country), default), numbers).is_ok()
    }

    fn email(&self, cell: &str) -> Option<EmailLook> {
        if !cell.contains('@') {
            return None;
        }
        match check_email(cell) {
            Ok(_) => Some(EmailLook::Usable),
            // A row leaves out what stands around the address.
            Err(fault) if fault.code == "email.not_bare" => Some(EmailLook::Usable),
            Err(fault) => {
                matches!(fault.code, "email.several_addresses" | "email.domain").then_some(EmailLook::Damaged)
            }
        }
    }

    fn calling_code(&self, cell: &str) -> bool {
        numbering::region_of_calling_code(cell).is_some()
    }

    fn numbers(&self, cells: &[&str]) -> Option<(Numbers, String)> {
        let evidence = settle_numbers(cells.iter().copied(), self.region);
        evidence.settled.map(|numbers| (numbers, evidence.words()))
    }

    fn whole_but_for_plus(&self, cells: &[&str]) -> usize {
        settle_numbers(cells.iter().copied(), self.region).international
    }

    fn knows_region(&self) -> bool {
        self.region.is_some()
    }

    fn day_order(&self, cells: &[&str]) -> Option<DateOrder> {
        settle_day_order(cells.iter().copied())
    }

    fn decimal_mark(&self, cells: &[&str]) -> Option<DecimalMark> {
        settle_decimal_mark(cells.iter().copied())
    }
}

/// `2024-01-31`, `31.12.2024`: eight digits in three groups, four of them a year.
fn is_date(cell: &str) -> bool {
    let groups: Vec<_> = cell.split(['-', '/', '.']).collect();
    let year = |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    groups.len() == 3
        && groups.iter().all(|group| (1..=4).contains(&group.len()))
        && (year(groups[0]) || year(groups[2]))
        && groups[1].len() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: Looks<'static> = Looks { region: None };

    #[test]
    fn phone_numbers_are_told_from_dates_and_amounts() {
        for cell in ["+447400123456", "+44 7400 123456 ext. 12", "4.47E+11", "'+447400123456", "+44 (0)7400 123456"] {
            assert!(LOOKS.phone(cell).is_some(), "{cell}");
        }
        assert_eq!(LOOKS.phone("06.12.34.56.78"), Some(PhoneLook::National));
        for cell in ["2024-01-31", "31.12.2024", "12.50", "iPhone 12", "12345678901234567890", "123456", ""] {
            assert_eq!(LOOKS.phone(cell), None, "{cell}");
        }
    }

    #[test]
    fn what_a_row_can_send_depends_on_the_country_that_is_stated() {
        let germany = Looks { region: Some("Germany") };
        assert!(germany.sends_phone("0171 3920031", None, ""));
        assert!(!germany.sends_phone("0171 3920031", None, "Narnia"), "the row's own country counts before");
        assert!(!LOOKS.sends_phone("0171 3920031", None, "") && LOOKS.sends_phone("0171 3920031", None, "+49"));
        assert!(LOOKS.sends_phone("447400100380", Some(Numbers::International), ""));
        assert!(!germany.sends_phone("#N/A", None, ""));
    }

    #[test]
    fn addresses_that_a_row_would_refuse_for_their_dress_are_still_addresses() {
        for cell in
            ["anna@example.com", "Anna <anna@example.com>", "mailto:anna@example.com", "a@b.example; c@d.example"]
        {
            assert!(LOOKS.email(cell).is_some(), "{cell}");
        }
        assert_eq!((LOOKS.email("n/a"), LOOKS.email("@anna")), (None, None));
        assert_eq!(LOOKS.email("anna@example"), Some(EmailLook::Damaged));
        assert_eq!(LOOKS.email("Anna <anna@example.com>"), Some(EmailLook::Usable));
    }
}
