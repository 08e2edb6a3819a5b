/// What contacts can be sorted by, in the order in which the keys are applied, however they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Email,
    Name,
    Phone,
    LastActivity,
    Created,
    Company,
    City,
    Country,
    /// Nothing at all, differently on each page.
    Shuffled(i64),
}
