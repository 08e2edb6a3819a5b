use std::fmt;

use super::words::count;

/// How much of an account an export holds, and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Pages were read, `read` contacts in all. A filter may have chosen them.
    Listed {
        listed: Listed,
        filtered: bool,
        /// What the service's listing leaves out, in words; empty if nothing.
        leaves_out: &'static str,
    },
    /// No more was wanted than the first so many.
    Limited { limit: u64, filtered: bool },
    /// The rows of a file were looked up.
    LookedUp(LookedUp),
}

/// How sure a listing is to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// At the last page the service counted `total`, and all were read.
    Whole { total: u64, came_later: u64, went: u64 },
    /// Contacts came, went or moved in each pass.
    Moved { passes: usize, read: u64, total: Option<u64> },
    /// The service tells no count, and two passes showed the same.
    Twice { read: u64 },
    /// The service tells no count, and one pass was made.
    Once,
}

/// How the rows of a file of identifiers fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookedUp {
    pub found: u64,
    pub missing: u64,
    pub unusable: u64,
    pub repeated: u64,
    pub ambiguous: u64,
    /// Rows behind the limit.
    pub not_reached: u64,
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = |filtered: bool| if filtered { "matching contact" } else { "contact" };
        match self {
            Self::Limited { limit, filtered } => {
                write!(f, "not complete, as asked: the first {}", count(*limit, noun(*filtered)))
            }
            Self::LookedUp(rows) => rows.fmt(f),
            Self::Listed { listed, filtered, leaves_out } => {
                listed.write(f, noun(*filtered))?;
                if leaves_out.is_empty() { Ok(()) } else { write!(f, "; its listing leaves out {leaves_out}") }
            }
        }
    }
}

impl Listed {
    fn write(self, f: &mut fmt::Formatter<'_>, noun: &str) -> fmt::Result {
        match self {
            Self::Whole { total, came_later, went } => {
                let counted = count(total, noun);
                write!(f, "complete: at the last page the service counted {counted}, and all were read")?;
                for (n, what) in [(came_later, "that came later"), (went, "that went meanwhile left out")] {
                    if n > 0 {
                        write!(f, "; {} {what}", count(n, noun))?;
                    }
                }
                Ok(())
            }
            Self::Moved { passes, read, total: Some(total) } => write!(
                f,
                "not known to be complete: contacts came, went or moved in each of {passes} passes; {} read, and the \
                 service counted {total}; export again when less is changed",
                count(read, noun)
            ),
            Self::Moved { passes, read, total: None } => write!(
                f,
                "not known to be complete: contacts came, went or moved in each of {passes} passes, and the service \
                 does not say how many there are; {} read; export again when less is changed",
                count(read, noun)
            ),
            Self::Twice { read } => write!(
                f,
                "read to the end until two passes showed the same: {}; the service does not say how many there are",
                count(read, noun)
            ),
            Self::Once => write!(
                f,
                "read to the end, once: the service does not say how many {noun}s there are, so one that came, went \
                 or moved meanwhile may be missing"
            ),
        }
    }
}

impl fmt::Display for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a full dump: {} found by the rows of the file", self.found)?;
        for (n, what) in [
            (self.missing, "rows whose contact is not on the service"),
            (self.unusable, "rows without a usable identifier"),
            (self.repeated, "rows that name a contact named before"),
            (self.ambiguous, "rows whose identifiers are several contacts'"),
            (self.not_reached, "rows not looked up, as the limit was reached"),
        ] {
            if n > 0 {
                write!(f, "; {what}: {n}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(listed: Listed) -> String {
        Extent::Listed { listed, filtered: false, leaves_out: "" }.to_string()
    }

    #[test]
    fn complete_is_said_only_of_a_count_that_was_reached() {
        assert_eq!(
            words(Listed::Whole { total: 3, came_later: 1, went: 2 }),
            "complete: at the last page the service counted 3 contacts, and all were read; 1 contact that came later; \
             2 contacts that went meanwhile left out"
        );
        for listed in [
            Listed::Moved { passes: 3, read: 2, total: Some(3) },
            Listed::Moved { passes: 3, read: 2, total: None },
            Listed::Twice { read: 2 },
            Listed::Once,
        ] {
            assert!(!words(listed).starts_with("complete"), "{}", words(listed));
        }
        let limited = Extent::Limited { limit: 1, filtered: true };
        assert_eq!(limited.to_string(), "not complete, as asked: the first 1 matching contact");
    }

    #[test]
    fn what_a_listing_leaves_out_is_said_with_it() {
        let extent = Extent::Listed { listed: Listed::Once, filtered: true, leaves_out: "those without a phone" };
        assert_eq!(
            extent.to_string(),
            "read to the end, once: the service does not say how many matching contacts there are, so one that came, \
             went or moved meanwhile may be missing; its listing leaves out those without a phone"
        );
    }

    #[test]
    fn a_look_up_by_rows_tells_what_became_of_the_others() {
        let rows = LookedUp { found: 122, missing: 3, unusable: 2, repeated: 1, ambiguous: 4, not_reached: 2 };
        assert_eq!(
            Extent::LookedUp(rows).to_string(),
            "not a full dump: 122 found by the rows of the file; rows whose contact is not on the service: 3; \
             rows without a usable identifier: 2; rows that name a contact named before: 1; \
             rows whose identifiers are several contacts': 4; \
             rows not looked up, as the limit was reached: 2"
        );
    }
}
