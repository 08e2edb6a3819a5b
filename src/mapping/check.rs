//! The rule by which the cells of one column are read, made from a field's kind and a column's words.

use jiff::tz::TimeZone;

use super::file::{ColumnRule, Feeds, Grade, Numbers};
use super::parse::kind_name;
use super::placeholder::is_placeholder;
use crate::contact::FieldKind;

/// How a cell is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    Text,
    Phone {
        /// Column that holds the country of this column's numbers.
        region_column: Option<usize>,
        /// How numbers without a plus sign are read; `None` where the column doesn't settle it.
        numbers: Option<Numbers>,
    },
    Email,
    Url,
    Boolean,
    Number(DecimalMark),
    Date(DateOrder),
    Timestamp {
        order: DateOrder,
        /// Zone of moments written without one.
        zone: Option<TimeZone>,
    },
    Time,
    Language,
    Country,
    Choice(Vec<String>),
    /// The cell is a value of JSON; where the account says what the field holds, its text is read by that.
    Json(Option<Box<Check>>),
    /// `service/service_id`.
    ServiceId,
}

/// In which order a day with slashes is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// Nobody said: a day that could be read two ways is refused.
    #[default]
    Unstated,
    DayFirst,
    MonthFirst,
    YearFirst,
    /// A pattern of `strptime`, such as `%d %b %Y`.
    Pattern(String),
}

/// What stands before the fraction of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// Nobody said: a point, and commas only where they can be nothing but separators of thousands.
    #[default]
    Unstated,
    /// A point; commas separate thousands.
    Point,
    /// A comma; points separate thousands.
    Comma,
}

impl DecimalMark {
    /// As a mapping file writes it; `None` where nothing is written.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Unstated => None,
            Self::Point => Some("decimal-point"),
            Self::Comma => Some("decimal-comma"),
        }
    }
}

impl DateOrder {
    /// As a mapping file writes it; `None` where nothing is written.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Unstated => None,
            Self::DayFirst => Some("day-first"),
            Self::MonthFirst => Some("month-first"),
            Self::YearFirst => Some("year-first"),
            Self::Pattern(pattern) => Some(pattern),
        }
    }
}

impl Check {
    /// Whether any word may be a value, so that none is a word for "nothing".
    pub(crate) fn takes_any_word(&self) -> bool {
        match self {
            Self::Json(_) => true,
            Self::Choice(choices) => choices.iter().any(|choice| is_placeholder(choice)),
            _ => false,
        }
    }

    /// The rule for a field of this kind whose column says that its cells are JSON.
    pub(crate) fn in_json(kind: &FieldKind) -> Result<Self, (String, String)> {
        let inner = match kind {
            FieldKind::Text | FieldKind::Json => None,
            defined => Some(Box::new(Self::new(defined, &ColumnRule::new(Feeds::Nothing))?)),
        };
        Ok(Self::Json(inner))
    }

    /// The rule for a field of this kind, with what the column says about its cells. An error is the
    /// message and its cure.
    pub(crate) fn new(kind: &FieldKind, rule: &ColumnRule) -> Result<Self, (String, String)> {
        let takes_format = matches!(kind, FieldKind::Date | FieldKind::Timestamp | FieldKind::Number);
        if let Some(format) = rule.format.as_deref().filter(|_| !takes_format) {
            let message = format!("a format has no meaning for a {}: {format}", kind_name(kind));
            return Err((message, "remove format, or set type = \"date\", \"timestamp\" or \"number\"".into()));
        }
        if let Some(zone) = rule.time_zone.as_deref().filter(|_| *kind != FieldKind::Timestamp) {
            let message = format!("a time zone has no meaning for a {}: {zone}", kind_name(kind));
            return Err((message, "remove time_zone, or set type = \"timestamp\"".into()));
        }
        if let Some(column) = rule.region_column.as_deref().filter(|_| *kind != FieldKind::Phone) {
            let message = format!("a region column has no meaning for a {}: {column}", kind_name(kind));
            return Err((message, "remove region_column".into()));
        }
        if rule.numbers.is_some() && *kind != FieldKind::Phone {
            let message = format!("numbers has no meaning for a {}", kind_name(kind));
            return Err((message, "remove numbers, or set type = \"phone\"".into()));
        }
        let loosened = [FieldKind::Phone, FieldKind::Email, FieldKind::Url, FieldKind::Language, FieldKind::Country]
            .contains(kind);
        if rule.grade == Some(Grade::Loose) && !loosened {
            let message = format!("a loose check has no meaning for a {}", kind_name(kind));
            return Err((
                message,
                "remove check: it is for phones, e-mails, web addresses, languages and countries".into(),
            ));
        }
        Ok(match kind {
            FieldKind::Text => Self::Text,
            FieldKind::Phone => Self::Phone { region_column: None, numbers: rule.numbers },
            FieldKind::Email => Self::Email,
            FieldKind::Url => Self::Url,
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Number => Self::Number(decimal_mark(rule.format.as_deref())?),
            FieldKind::Date => Self::Date(date_order(rule.format.as_deref())?),
            FieldKind::Timestamp => Self::Timestamp {
                order: date_order(rule.format.as_deref())?,
                zone: rule.time_zone.as_deref().map(time_zone).transpose()?,
            },
            FieldKind::Time => Self::Time,
            FieldKind::Language => Self::Language,
            FieldKind::Country => Self::Country,
            FieldKind::Choice(choices) => Self::Choice(choices.clone()),
            FieldKind::Json => Self::Json(None),
        })
    }
}

fn decimal_mark(format: Option<&str>) -> Result<DecimalMark, (String, String)> {
    match format {
        None => Ok(DecimalMark::Unstated),
        Some("decimal-point") => Ok(DecimalMark::Point),
        Some("decimal-comma") => Ok(DecimalMark::Comma),
        Some(other) => Err((
            format!("not a format of numbers: {other}"),
            "write format = \"decimal-point\" or format = \"decimal-comma\"".into(),
        )),
    }
}

fn date_order(format: Option<&str>) -> Result<DateOrder, (String, String)> {
    match format {
        None => Ok(DateOrder::Unstated),
        Some("day-first") => Ok(DateOrder::DayFirst),
        Some("month-first") => Ok(DateOrder::MonthFirst),
        Some("year-first") => Ok(DateOrder::YearFirst),
        Some(pattern) if pattern.contains('%') && pattern_works(pattern) => Ok(DateOrder::Pattern(pattern.to_owned())),
        Some(other) => Err((
            format!("not a format of dates: {other}"),
            "write \"day-first\", \"month-first\", \"year-first\" or a pattern such as \"%d.%m.%Y\"".into(),
        )),
    }
}

/// Whether a day written by the pattern is read back by it as a day.
fn pattern_works(pattern: &str) -> bool {
    let moment = jiff::civil::date(2026, 11, 21).at(13, 45, 30, 0);
    jiff::fmt::strtime::format(pattern, moment).is_ok_and(|text| {
        jiff::fmt::strtime::parse(pattern, &text).and_then(|read| read.to_date()).is_ok_and(|day| day == moment.date())
    })
}

fn time_zone(name: &str) -> Result<TimeZone, (String, String)> {
    TimeZone::get(name).map_err(|_| {
        (format!("not a time zone: {name}"), "write a name of the IANA database, such as \"Europe/Madrid\"".into())
    })
}
