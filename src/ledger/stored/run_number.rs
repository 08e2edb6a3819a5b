//! The name of a run as a number: six bytes instead of seventeen in what is known of each contact.

use crate::journal::RunId;

/// How many names a minute has room for.
const PLACES: u64 = 36 * 36 * 36;

/// The number of a name that [`run_name`](super::run_name) gave.
pub(super) fn run_number(run: &RunId) -> Option<u64> {
    let name: &[u8; 17] = run.0.as_bytes().try_into().ok()?;
    let number = |from: usize, to: usize| {
        name[from..to]
            .iter()
            .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
    };
    let small = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let at = jiff::civil::DateTime::new(number(0, 4)?, small(4)?, small(6)?, small(9)?, small(11)?, 0, 0).ok()?;
    if name[8] != b'-' || name[13] != b'-' || name[14..].iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let seconds = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let place =
        name[14..].iter().try_fold(0, |place, byte| Some(place * 36 + u64::from(char::from(*byte).to_digit(36)?)))?;
    Some(u64::try_from(seconds).ok()? / 60 * PLACES + place)
}

/// The run with this number.
pub(super) fn run_of(number: u64) -> Option<RunId> {
    let seconds = i64::try_from(number / PLACES * 60).ok()?;
    let minute = super::run_prefix(u64::try_from(seconds).ok()?).ok()?;
    let digit = |power: u32| char::from_digit(u32::try_from(number % PLACES / 36_u64.pow(power) % 36).ok()?, 36);
    Some(RunId(format!("{minute}{}{}{}", digit(2)?, digit(1)?, digit(0)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_one_of_its_number() {
        for name in ["20261121-0931-k3f", "19700101-0000-000", "20991231-2359-zzz"] {
            let run = RunId(name.to_owned());
            assert_eq!(run_of(run_number(&run).unwrap()).unwrap(), run, "{name}");
        }
        for other in ["", "before", "20261121-0931-K3F", "20261321-0931-k3f", "20261121-0931-k3fa", "20261121-0931-k3"]
        {
            assert_eq!(run_number(&RunId(other.to_owned())), None, "{other}");
        }
        assert_eq!(run_of(u64::MAX), None);
    }
}
