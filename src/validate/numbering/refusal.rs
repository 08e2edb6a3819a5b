/// Why digits are no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not digits that a number can be made of.
    NotANumber,
    /// No country has the calling code they begin with.
    UnknownCountryCode,
    /// Fewer digits than any number has.
    TooFewDigits,
    /// More digits than any number has.
    TooManyDigits,
    /// Fewer digits than a number of the country has.
    TooShort,
    /// More digits than a number of the country has.
    TooLong,
    /// A number of the country, but for its area code.
    AreaCodeMissing,
    /// Nobody has such a number, though some of its country have as many digits.
    NoSuchNumber,
}
