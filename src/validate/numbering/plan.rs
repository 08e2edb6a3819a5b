//! What the library's table says of one country: its expressions, and how many digits its numbers have.

use std::sync::OnceLock;

use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc, Region};

use super::automaton::Automaton;
use super::refusal::Refusal;

/// What a number of so many digits is, as far as their count tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Possible,
    LocalOnly,
    TooShort,
    TooLong,
    Invalid,
}

impl Length {
    /// Why a number that is none is refused.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Possible | Self::Invalid => Refusal::NoSuchNumber,
            Self::LocalOnly => Refusal::AreaCodeMissing,
            Self::TooShort => Refusal::TooShort,
            Self::TooLong => Refusal::TooLong,
        }
    }
}

/// What the expressions of a country say of digits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// They are a number of one of its kinds.
    pub is_number: bool,
    /// They are what its numbers are in general, whatever their count.
    pub general: bool,
    /// They begin as only numbers of this country do.
    pub leading: bool,
    /// They begin with what is dialed before a number at home.
    pub prefixed: bool,
    /// They begin with what is dialed before a calling code.
    pub abroad: bool,
}

/// What stands before a number.
#[derive(Debug, Default)]
pub(super) enum Prefix {
    #[default]
    None,
    /// These digits and nothing else.
    Digits(String),
    /// What only the library can take off.
    Expression,
}

/// The numbering plan of a country.
#[derive(Debug)]
pub(super) struct Plan {
    pub region: Region,
    pub calling_code: i32,
    pub is_main: bool,
    pub prefix: Prefix,
    pub abroad: Prefix,
    /// Some countries read a short number as another, which is longer.
    pub is_transformed: bool,
    /// Those that numbers of any kind have and those that are dialed within an area alone, a bit for each count.
    lengths: u64,
    local_lengths: u64,
    /// What nearly every number is, and the kinds of number that few are, which are asked of the others alone.
    usual: Expressions,
    rare: Expressions,
}

/// Expressions that are asked together.
#[derive(Debug, Default)]
struct Expressions {
    written: Vec<String>,
    /// What they are, in their order.
    roles: Vec<Role>,
    automaton: OnceLock<Option<Automaton>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    General(Option<u64>),
    Kind(Option<u64>),
    Leading,
    Prefix,
    Abroad,
}

impl Plan {
    /// `None` for a country that only the library understands.
    #[expect(deprecated, reason = "these fields are empty once the library has taken the table, which it has not yet")]
    pub fn of(country: PhoneMetadata) -> Option<Self> {
        let general = country.general_desc.unwrap_or_default();
        let mut plan = Self {
            region: Region::from_code(&country.id).ok()?,
            calling_code: country.country_code?,
            is_main: country.main_country_for_code.unwrap_or_default(),
            prefix: prefix(country.national_prefix_for_parsing.as_deref()),
            abroad: prefix(country.international_prefix.as_deref()),
            is_transformed: country.national_prefix_transform_rule.is_some(),
            lengths: mask(&general.possible_length),
            local_lengths: mask(&general.possible_length_local_only),
            usual: Expressions::default(),
            rare: Expressions::default(),
        };
        let usual = &mut plan.usual;
        usual.add(general.national_number_pattern.as_deref(), Role::General(counts(&general)))?;
        usual.add(country.leading_digits.as_deref(), Role::Leading)?;
        if matches!(plan.prefix, Prefix::Expression) {
            usual.add(country.national_prefix_for_parsing.as_deref(), Role::Prefix)?;
        }
        if matches!(plan.abroad, Prefix::Expression) {
            usual.add(country.international_prefix.as_deref(), Role::Abroad)?;
        }
        for kind in [country.fixed_line, country.mobile].into_iter().flatten() {
            usual.add(kind.national_number_pattern.as_deref(), Role::Kind(counts(&kind)))?;
        }
        let rare = [
            country.premium_rate,
            country.toll_free,
            country.shared_cost,
            country.voip,
            country.personal_number,
            country.pager,
            country.uan,
            country.voicemail,
        ];
        for kind in rare.into_iter().flatten() {
            plan.rare.add(kind.national_number_pattern.as_deref(), Role::Kind(counts(&kind)))?;
        }
        Some(plan)
    }

    /// What the country's expressions say of these ASCII digits; `None` if only the library can tell.
    pub fn look(&self, digits: &str) -> Option<Seen> {
        let mut seen = Seen {
            prefixed: matches!(&self.prefix, Prefix::Digits(prefix) if digits.starts_with(prefix)),
            abroad: matches!(&self.abroad, Prefix::Digits(prefix) if digits.starts_with(prefix)),
            ..Seen::default()
        };
        let (mut general, mut kind) = (false, false);
        let has_length = |lengths: Option<u64>| lengths.is_none_or(|lengths| has(lengths, digits.len()));
        for role in self.usual.matched(digits)? {
            match role {
                Role::General(lengths) => {
                    seen.general = true;
                    general = has_length(lengths);
                }
                Role::Kind(lengths) => kind |= has_length(lengths),
                Role::Leading => seen.leading = true,
                Role::Prefix => seen.prefixed = true,
                Role::Abroad => seen.abroad = true,
            }
        }
        let is_rare = |role: Role| matches!(role, Role::Kind(lengths) if has_length(lengths));
        seen.is_number = general && (kind || self.rare.matched(digits)?.any(is_rare));
        Some(seen)
    }

    /// What the count of a number's digits tells.
    pub fn length(&self, digits: usize) -> Length {
        if self.lengths == 0 {
            return Length::Invalid;
        }
        let (least, most) = (self.lengths.trailing_zeros() as usize, 63 - self.lengths.leading_zeros() as usize);
        if digits >= 64 {
            Length::TooLong
        } else if has(self.local_lengths, digits) {
            Length::LocalOnly
        } else if digits < least {
            Length::TooShort
        } else if digits > most {
            Length::TooLong
        } else if has(self.lengths, digits) {
            Length::Possible
        } else {
            Length::Invalid
        }
    }

    /// The least digits of a number.
    pub fn fewest_digits(&self) -> usize {
        if self.is_transformed || self.lengths == 0 { 0 } else { self.lengths.trailing_zeros() as usize }
    }
}

impl Expressions {
    /// Adds an expression of the table, each of which is written `^(?:…)$`; that of a kind of number is all of
    /// the digits, any other their beginning.
    fn add(&mut self, expression: Option<&str>, role: Role) -> Option<()> {
        let Some(expression) = expression else { return Some(()) };
        if !expression.starts_with("^(?:") || !expression.ends_with(")$") {
            return None;
        }
        let expression = match role {
            Role::General(_) | Role::Kind(_) => expression.to_owned(),
            Role::Leading | Role::Prefix | Role::Abroad => {
                format!("{}[0-9]*$", &expression[..expression.len() - 1])
            }
        };
        let mut held = self.written.iter().zip(&self.roles);
        if !held.any(|(held, of)| *held == expression && *of == role) {
            self.written.push(expression);
            self.roles.push(role);
        }
        Some(())
    }

    /// What those are that match the digits; `None` if only the library can tell.
    fn matched(&self, digits: &str) -> Option<impl Iterator<Item = Role>> {
        let matched = match self.written.len() {
            0 => 0,
            _ => self.automaton.get_or_init(|| Automaton::of(&self.written)).as_ref()?.matched(digits),
        };
        Some(self.roles.iter().enumerate().filter(move |(at, _)| matched & (1 << at) != 0).map(|(_, role)| *role))
    }
}

fn has(lengths: u64, count: usize) -> bool {
    count < 64 && lengths & (1 << count) != 0
}

/// A bit for each count of digits; -1 stands for none.
fn mask(lengths: &[i32]) -> u64 {
    let counts = lengths.iter().filter_map(|length| u32::try_from(*length).ok());
    counts.filter(|count| *count < 64).fold(0, |mask, count| mask | 1 << count)
}

/// The counts that a kind of number is held to, if it is.
fn counts(kind: &PhoneNumberDesc) -> Option<u64> {
    (!kind.possible_length.is_empty()).then(|| mask(&kind.possible_length))
}

fn prefix(expression: Option<&str>) -> Prefix {
    let Some(expression) = expression else { return Prefix::None };
    let inner = expression.strip_prefix("^(?:").and_then(|inner| inner.strip_suffix(")$"));
    match inner.filter(|inner| !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(digits) => Prefix::Digits(digits.to_owned()),
        None => Prefix::Expression,
    }
}
