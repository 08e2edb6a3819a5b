use super::check::{DateOrder, DecimalMark};
use super::file::Numbers;

/// Whoever can tell what a cell holds. The guess asks the same checks that rows will have to pass,
/// which live above this room, so it is handed them.
pub trait LooksLike {
    /// What the cell is as a phone number; `None` if it is none.
    fn phone(&self, cell: &str) -> Option<PhoneLook>;

    /// Whether a row can send the cell as a phone number, with `numbers` for those without a plus sign and what
    /// the row holds as its country, if anything.
    fn sends_phone(&self, cell: &str, numbers: Option<Numbers>, country: &str) -> bool;

    /// What the cell is as an e-mail address; `None` if nobody meant one.
    fn email(&self, cell: &str) -> Option<EmailLook>;

    /// Whether the cell is the calling code of a country, such as 44 or +44.
    fn calling_code(&self, cell: &str) -> bool;

    /// How the numbers of a column are written that have no plus sign, with the evidence in words; `None`
    /// if its cells don't settle it.
    fn numbers(&self, cells: &[&str]) -> Option<(Numbers, String)>;

    /// How many of the cells are numbers without a plus sign that are valid with one.
    fn whole_but_for_plus(&self, cells: &[&str]) -> usize;

    /// Whether the country of numbers without a country code is stated already.
    fn knows_region(&self) -> bool;

    /// In which order the days of a column are written; `None` if its cells don't settle it.
    fn day_order(&self, cells: &[&str]) -> Option<DateOrder>;

    /// What stands before the fraction of the numbers of a column; `None` if its cells don't settle it.
    fn decimal_mark(&self, cells: &[&str]) -> Option<DecimalMark>;
}

/// What a cell is as an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailLook {
    /// Usable as it stands, or without what stands around it.
    Usable,
    /// Meant as an address and not usable: two addresses, half a domain.
    Damaged,
}

/// What a cell is as a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneLook {
    /// Usable as it stands.
    International,
    /// A number without a country code.
    National,
    /// Meant as a number and not usable: digits lost, two numbers, an extension.
    Damaged,
}
