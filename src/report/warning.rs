use std::fmt;

use super::words::count;

/// Something worth doing, or at least worth a look, that came up while a run was under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A call went well, and the service has something to say about it, in its own words.
    OfService { message: String },
    /// With a new access token came a new refresh token.
    RefreshTokenChanged,
    /// A credential was refused, and no new one could be got.
    NotRenewed { message: String },
    /// The rows that were to be sent first all went well.
    FirstRowsWentWell { rows: u64 },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfService { message } => f.write_str(message),
            Self::RefreshTokenChanged => {
                f.write_str("the service gave a new refresh token, which holds for this run: get one for the next")
            }
            Self::NotRenewed { message } => write!(f, "the access token could not be renewed: {message}"),
            Self::FirstRowsWentWell { rows: 1 } => f.write_str("the first row went well: going on with the others"),
            Self::FirstRowsWentWell { rows } => {
                write!(f, "the first {} all went well: going on with the others", count(*rows, "row"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_went_first_are_told_as_one_or_as_many() {
        let words = |rows| Warning::FirstRowsWentWell { rows }.to_string();
        assert_eq!(words(1), "the first row went well: going on with the others");
        assert_eq!(words(1200), "the first 1,200 rows all went well: going on with the others");
    }
}
