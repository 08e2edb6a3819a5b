//! Numbers of one line that are written in two ways, because a country changed how its mobile numbers
//! are dialed and services, above all messengers, kept the old way for those who had it.
//!
//! | country | the two forms | source |
//! | --- | --- | --- |
//! | Brazil | `+55 41 9 8799-1234` and `+55 41 8799-1234`: mobiles got a ninth digit from 2012 to 2016. Lines that begin with 2 to 5 are fixed ones and got none | Anatel, Resolução 553/2010; google/libphonenumber#1618 |
//! | Mexico | `+52 55 4163 7145` and `+52 1 55 4163 7145`: the 1 before mobiles ended on 2019-08-03 | IFT, Plan Técnico Fundamental de Numeración of 2018; google/libphonenumber#2693 |
//! | Argentina | `+54 9 11 2345-6789` and `+54 11 2345-6789`: the 9 stands before mobiles when called from abroad, and only there | google/libphonenumber, FAQ on mobile prefixes of Argentina |
//!
//! Plain digits in and out: whether a number exists is not asked here.

use std::borrow::Cow;

/// The other E.164 form of the line that has this E.164 number, if it has one.
///
/// Looking a contact up by its phone means looking for the number and for this.
pub fn other_form(e164: &str) -> Option<String> {
    let digits = digits_of(e164)?;
    let (country, national) = digits.split_at(2);
    match (country, national.as_bytes()) {
        ("55", [_, _, b'9', b'6'..=b'9', ..]) if national.len() == 11 => {
            Some(format!("+55{}{}", &national[..2], &national[3..]))
        }
        ("55", [_, _, b'6'..=b'9', ..]) if national.len() == 10 => {
            Some(format!("+55{}9{}", &national[..2], &national[2..]))
        }
        ("52", [b'1', ..]) if national.len() == 11 => Some(format!("+52{}", &national[1..])),
        ("52", _) if national.len() == 10 => Some(format!("+521{national}")),
        ("54", [b'9', ..]) if national.len() == 11 => Some(format!("+54{}", &national[1..])),
        ("54", [b'1'..=b'3', ..]) if national.len() == 10 => Some(format!("+549{national}")),
        _ => None,
    }
}

/// One text for all forms of a line, by which two numbers are compared. Not a number to be called.
pub fn line(e164: &str) -> Cow<'_, str> {
    match other_form(e164) {
        // The shorter form stands for both.
        Some(other) if other.len() < e164.len() => Cow::Owned(other),
        _ => Cow::Borrowed(e164),
    }
}

/// The digits of an E.164 number that is long enough to have two forms.
fn digits_of(e164: &str) -> Option<&str> {
    let digits = e164.strip_prefix('+')?;
    (matches!(digits.len(), 12 | 13) && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_form_of_each_form_is_the_first_again() {
        for (new, old) in [
            ("+5541987991234", "+554187991234"),
            ("+5511961234567", "+551161234567"),
            ("+525541637145", "+5215541637145"),
            ("+5491123456789", "+541123456789"),
            ("+5492974123456", "+542974123456"),
        ] {
            assert_eq!(other_form(new).as_deref(), Some(old), "{new}");
            assert_eq!(other_form(old).as_deref(), Some(new), "{old}");
            assert_eq!(line(new), line(old));
        }
    }

    #[test]
    fn a_fixed_line_and_a_number_of_another_country_have_one_form() {
        for number in [
            // Brazilian fixed lines begin with 2 to 5; what begins with 9 and then 4 or 5 is a mobile that
            // never had eight digits, and without its 9 would be somebody's fixed line.
            "+554132345678",
            "+5511945678901",
            "+5511345678",
            "+34600123456",
            "+447400123456",
            "+12125550123",
            "+521234",
            "525541637145",
            "+52554163714x",
            "+é2554163714",
            "",
        ] {
            assert_eq!(other_form(number), None, "{number}");
            assert_eq!(line(number), number);
        }
    }
}
