//! Numbers as a sheet shows them, where that matters for contacts: leading zeros, signs and
//! brackets of phone formats, dates. A sheet also rounds, groups thousands and shows percent: there
//! the plain number is kept, since that is what a field of a service wants.

use calamine::ExcelDateTime;

/// Digits that a spreadsheet keeps of a number.
const KEPT_DIGITS: u32 = 15;

/// 9999-12-31 of the epoch that begins later; what lies behind is no date.
const LAST_DAY: f64 = 2_957_003.0;

/// A number format, as far as it is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberFormat {
    /// Patterns for whole numbers with the condition each is for, tried in order.
    masks: Vec<(Condition, Vec<Place>)>,
    has_day: bool,
    has_time: bool,
}

/// Which whole numbers, zero or above, a section is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Always,
    Most(u64),
    Less(u64),
    Least(u64),
    More(u64),
    Exactly(u64),
}

impl Condition {
    fn holds(self, number: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Most(bound) => number <= bound,
            Self::Less(bound) => number < bound,
            Self::Least(bound) => number >= bound,
            Self::More(bound) => number > bound,
            Self::Exactly(bound) => number == bound,
        }
    }
}

/// One place of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `0`: a digit, zero if there is none.
    Digit,
    /// `#` and `?`: a digit, nothing if there is none.
    DigitIfAny,
    Literal(char),
}

/// A number as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    /// Whether a spreadsheet has lost digits of it.
    pub digits_lost: bool,
}

impl NumberFormat {
    pub fn parse(code: &str) -> Self {
        let sections = sections(code);
        let first = sections.first();
        Self {
            masks: masks(&sections),
            has_day: first.is_some_and(|section| section.has(&['y', 'd'])),
            has_time: first.is_some_and(|section| section.has(&['h', 's'])),
        }
    }

    /// Whether numbers are shown as days or times.
    pub fn is_moment(&self) -> bool {
        self.has_day || self.has_time
    }

    /// A number that is no date.
    pub fn show(&self, number: f64) -> Shown {
        if !number.is_finite() {
            return Shown { text: number.to_string(), digits_lost: false };
        }
        let whole = number.fract() == 0.0;
        let digits_lost = whole && number.abs() >= 1e15 && !holds_all_digits(number);
        if whole && (0.0..1e15).contains(&number) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 10^15")]
            let number = number as u64;
            let mask = self.masks.iter().find(|(condition, _)| condition.holds(number)).map(|(_, mask)| mask);
            let digits = number.to_string();
            let text =
                mask.filter(|mask| !mask.is_empty()).map_or_else(|| digits.clone(), |mask| masked(&digits, mask));
            return Shown { text, digits_lost };
        }
        Shown { text: plain(number), digits_lost }
    }

    /// A day, a time or both, ISO 8601; the plain number where the calendar has no such day.
    pub fn show_date(&self, date: ExcelDateTime) -> Shown {
        let number = date.as_f64();
        if date.is_duration() || !(0.0..=LAST_DAY).contains(&number) {
            let text = if date.is_duration() && (0.0..1e6).contains(&number) { elapsed(number) } else { plain(number) };
            return Shown { text, digits_lost: false };
        }
        let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
        let day = format!("{year:04}-{month:02}-{day:02}");
        let time = format!("{hour:02}:{minute:02}:{second:02}");
        let time = if milli == 0 { time } else { format!("{time}.{milli:03}") };
        let text = match (self.has_day, self.has_time) {
            (false, true) if number < 1.0 => time,
            (_, true) => format!("{day}T{time}"),
            (_, false) => day,
        };
        Shown { text, digits_lost: false }
    }
}

/// Whether all digits of a whole number of 16 digits or more are still there: a spreadsheet puts
/// zeros behind the fifteenth, so anything else there was written by a program that kept them.
fn holds_all_digits(number: f64) -> bool {
    // Above 2^53 neighbouring whole numbers share one floating point number.
    let exact = number.abs() <= 9_007_199_254_740_992.0;
    let digits = format!("{:.0}", number.abs());
    exact && digits.bytes().skip(KEPT_DIGITS as usize).any(|digit| digit != b'0')
}

/// Without an exponent, and without what floating point adds behind the fifteenth digit.
fn plain(number: f64) -> String {
    if number.fract() == 0.0 {
        return if number == 0.0 { "0".into() } else { format!("{number:.0}") };
    }
    let rounded: f64 = format!("{number:.*e}", KEPT_DIGITS as usize - 1).parse().unwrap_or(number);
    format!("{rounded}")
}

fn elapsed(days: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the caller allows 0 to 1,000,000 days"
    )]
    let seconds = (days * 86_400.0).round() as u64;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn masked(digits: &str, mask: &[Place]) -> String {
    let places = mask.iter().filter(|place| !matches!(place, Place::Literal(_))).count();
    let mut left = digits.trim_start_matches('0').chars().collect::<Vec<_>>();
    let mut shown = Vec::new();
    let mut places_left = places;
    // From the right, as places fill from there; the first place takes all digits that are left.
    for place in mask.iter().rev() {
        match place {
            Place::Literal(literal) => shown.push(*literal),
            Place::Digit | Place::DigitIfAny => {
                places_left -= 1;
                match left.pop() {
                    Some(digit) => shown.push(digit),
                    None if *place == Place::Digit => shown.push('0'),
                    None => {}
                }
                if places_left == 0 {
                    while let Some(digit) = left.pop() {
                        shown.push(digit);
                    }
                }
            }
        }
    }
    shown.iter().rev().collect()
}

/// The masks of the sections that are for numbers of zero and above.
fn masks(sections: &[Section]) -> Vec<(Condition, Vec<Place>)> {
    let mask = |section: &Section| section.mask().unwrap_or_default();
    match sections {
        [first, others @ ..] if first.condition.is_some() => {
            let others =
                others.iter().take(2).map(|section| (section.condition.unwrap_or(Condition::Always), mask(section)));
            first.condition.map(|condition| (condition, mask(first))).into_iter().chain(others).collect()
        }
        [positive, _negative, zero, ..] => {
            vec![(Condition::Exactly(0), mask(zero)), (Condition::Always, mask(positive))]
        }
        [first, ..] => vec![(Condition::Always, mask(first))],
        [] => Vec::new(),
    }
}

/// A section of a format code: one of up to four between semicolons.
struct Section {
    condition: Option<Condition>,
    symbols: Vec<Symbol>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbol {
    /// Has a meaning of its own.
    Code(char),
    /// Stands for itself: quoted or escaped.
    Text(char),
}

impl Section {
    /// The section as a mask, if it is one: places for digits and the punctuation of phone numbers.
    fn mask(&self) -> Option<Vec<Place>> {
        let mut mask = Vec::new();
        for symbol in &self.symbols {
            mask.push(match symbol {
                Symbol::Code('0') => Place::Digit,
                Symbol::Code('#' | '?') => Place::DigitIfAny,
                Symbol::Code(literal @ (' ' | '-' | '(' | ')' | '+'))
                | Symbol::Text(literal @ (' ' | '-' | '(' | ')' | '+' | '.' | '/')) => Place::Literal(*literal),
                // A digit that the format adds, such as the country code in "+44"0.
                Symbol::Text(literal) if literal.is_ascii_digit() => Place::Literal(*literal),
                _ => return None,
            });
        }
        mask.iter().any(|place| !matches!(place, Place::Literal(_))).then_some(mask)
    }

    fn has(&self, letters: &[char]) -> bool {
        self.symbols.iter().any(|symbol| matches!(symbol, Symbol::Code(c) if letters.contains(&c.to_ascii_lowercase())))
    }
}

fn sections(code: &str) -> Vec<Section> {
    let mut sections = vec![Section { condition: None, symbols: Vec::new() }];
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        let Some(section) = sections.last_mut() else { break };
        match character {
            ';' => sections.push(Section { condition: None, symbols: Vec::new() }),
            '"' => section.symbols.extend(characters.by_ref().take_while(|c| *c != '"').map(Symbol::Text)),
            '\\' => section.symbols.extend(characters.next().map(Symbol::Text)),
            // The width of a character, or a character to fill the cell with.
            '_' | '*' => drop(characters.next()),
            '[' => {
                let bracket: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let elapsed =
                    !bracket.is_empty() && bracket.chars().all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's'));
                if elapsed {
                    section.symbols.extend(bracket.chars().map(Symbol::Code));
                } else if let Some(condition) = condition(&bracket) {
                    section.condition = Some(condition);
                }
            }
            other => section.symbols.push(Symbol::Code(other)),
        }
    }
    sections
}

/// The condition in `[<=9999999]`; colors and languages are none.
fn condition(bracket: &str) -> Option<Condition> {
    let bound_behind = |operator: &str| bracket.strip_prefix(operator)?.trim().parse().ok();
    bound_behind("<=")
        .map(Condition::Most)
        .or_else(|| bound_behind(">=").map(Condition::Least))
        .or_else(|| bound_behind("<").map(Condition::Less))
        .or_else(|| bound_behind(">").map(Condition::More))
        .or_else(|| bound_behind("=").map(Condition::Exactly))
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    fn shown(number: f64, code: &str) -> String {
        NumberFormat::parse(code).show(number).text
    }

    fn date(number: f64, code: &str, is_1904: bool) -> String {
        NumberFormat::parse(code).show_date(ExcelDateTime::new(number, ExcelDateTimeType::DateTime, is_1904)).text
    }

    #[test]
    fn masks_show_what_the_sheet_shows() {
        assert_eq!(shown(7.0, "00000"), "00007");
        assert_eq!(shown(0.0, "00000"), "00000");
        assert_eq!(shown(123_456.0, "00000"), "123456");
        assert_eq!(shown(447_400_123_456.0, "\"+\"0"), "+447400123456");
        assert_eq!(shown(447_400_123_456.0, "+#"), "+447400123456");
        assert_eq!(shown(7_400_123_456.0, "\"+44\"0000000000"), "+447400123456");
        assert_eq!(shown(4_155_550_100.0, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####"), "(415) 555-0100");
        assert_eq!(shown(5_550_100.0, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####"), "555-0100");
        assert_eq!(shown(12.0, "0;-0"), "12");
        assert_eq!(shown(0.0, "0;-0;\"none\""), "0");
    }

    #[test]
    fn other_formats_leave_the_plain_number() {
        for code in ["General", "#,##0", "0.00", "0%", "0.00E+00", "@", "0\" kg\"", "_(* #,##0_)", "[$€-407]0", ""] {
            assert_eq!(shown(447_400_123_456.0, code), "447400123456", "{code}");
        }
        assert_eq!(shown(-5.0, "00000"), "-5");
        assert_eq!(shown(12.5, "00000"), "12.5");
        assert_eq!(shown(0.1 + 0.2, "General"), "0.3");
        assert_eq!(shown(1e-7, "General"), "0.0000001");
        assert_eq!(shown(-0.0, "General"), "0");
    }

    #[test]
    fn digits_are_lost_only_where_a_spreadsheet_put_zeros() {
        let lost = |number: f64| NumberFormat::default().show(number).digits_lost;
        assert!(!lost(999_999_999_999_999.0));
        assert!(lost(1_234_567_890_123_450.0));
        assert!(!lost(1_234_567_890_123_456.0));
        assert!(lost(12_345_678_901_234_500_000.0));
        assert_eq!(shown(1_234_567_890_123_450.0, "General"), "1234567890123450");
    }

    #[test]
    fn dates_follow_epoch_and_format() {
        assert_eq!(date(45_322.0, "mm-dd-yy", false), "2024-01-31");
        assert_eq!(date(43_860.0, "yyyy\\-mm\\-dd", true), "2024-01-31");
        assert_eq!(date(45_322.5, "m/d/yy h:mm", false), "2024-01-31T12:00:00");
        assert_eq!(date(45_322.5, "d-mmm", false), "2024-01-31");
        assert_eq!(date(0.75, "h:mm", false), "18:00:00");
        assert_eq!(date(1.0, "yyyy-mm-dd", false), "1900-01-01");
        assert_eq!(date(447_400_123_456.0, "yyyy-mm-dd", false), "447400123456");
        let elapsed = ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(NumberFormat::parse("[h]:mm:ss").show_date(elapsed).text, "36:00:00");
    }
}
