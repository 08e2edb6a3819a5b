use crate::contact::Contact;
use crate::error::Result;
use crate::journal::{AsApplied, Key, KnownContact, Memory, Taken};
use crate::ledger::LedgerHandle;
use crate::reconcile::Keys;

/// What the ledger has of the contact that a row is about.
#[derive(Clone, Debug, Default)]
pub struct RememberedRow {
    /// Keys of the contact's identifiers.
    pub keys: Vec<Key>,
    /// What it remembers of the contact: by the most specific identifier that leads to one.
    pub known: Option<KnownContact>,
    /// In its place, if the row is as last applied to it.
    pub as_applied: Option<AsApplied>,
    /// What the row desires as one value, where the ledger was asked by it.
    pub digest: Option<Key>,
    /// A create of the same person whose end nobody knows.
    pub open_create: Option<Taken>,
}

/// A row that the ledger is asked about.
pub struct AskedRow<'a> {
    pub contact: &'a Contact,
    /// What it desires as one value, if it is enough to know that it was applied.
    pub digest: Option<Key>,
}

impl<'a> From<&'a Contact> for AskedRow<'a> {
    fn from(contact: &'a Contact) -> Self {
        Self { contact, digest: None }
    }
}

impl RememberedRow {
    /// What is there of a row before the ledger was asked.
    pub fn unknown(keys: &Keys, row: Option<&AskedRow<'_>>) -> Self {
        let keys = row.map_or_else(Vec::new, |row| keys.identifiers(&row.contact.identifiers));
        Self { keys, ..Self::default() }
    }
}

/// Asks the ledger once about a batch of rows, of which some may have no contact: what it has of each, in
/// order. Without `remembers`, only what is open counts.
///
/// # Errors
/// Those of the ledger.
pub async fn remembered(
    ledger: &LedgerHandle,
    keys: &Keys,
    rows: impl Iterator<Item = Option<AskedRow<'_>>>,
    remembers: bool,
) -> Result<Vec<RememberedRow>> {
    let (of_rows, digests): (Vec<Vec<Key>>, Vec<Option<Key>>) =
        rows.map(|row| (RememberedRow::unknown(keys, row.as_ref()).keys, row.and_then(|row| row.digest))).unzip();
    let all = of_rows.concat();
    let mut open = Vec::new();
    if !all.is_empty() {
        open = ledger.open_creates(keys.account(), &all).await?;
    }
    let mut from = 0;
    let mut next = |keys: &Vec<Key>| {
        let here = from..from + keys.len();
        from = here.end;
        first(&mut open, here)
    };
    let open: Vec<Option<Taken>> = of_rows.iter().map(&mut next).collect();
    // A row whose contact somebody is making is settled, whatever was applied.
    let asked: Vec<Option<Key>> =
        digests.iter().zip(&open).map(|(digest, open)| digest.filter(|_| open.is_none())).collect();
    let mut memories: Vec<Option<Memory>> = vec![None; of_rows.len()];
    if remembers {
        most_specific(ledger, keys, (&of_rows, &asked), &mut memories).await?;
    }
    let rows =
        of_rows.into_iter().zip(digests).zip(memories).zip(open).map(|(((keys, digest), memory), open_create)| {
            let row = RememberedRow { keys, digest, open_create, ..RememberedRow::default() };
            match memory {
                Some(Memory::Whole(known)) => RememberedRow { known: Some(known), ..row },
                Some(Memory::AsApplied(applied)) => RememberedRow { as_applied: Some(applied), ..row },
                None => row,
            }
        });
    Ok(rows.collect())
}

/// Asks for each row by its first key, then by its second for those of whom nobody is known, and so on: mostly a row
/// is known by its first.
async fn most_specific(
    ledger: &LedgerHandle,
    keys: &Keys,
    (of_rows, digests): (&[Vec<Key>], &[Option<Key>]),
    memories: &mut [Option<Memory>],
) -> Result<()> {
    for place in 0..of_rows.iter().map(Vec::len).max().unwrap_or(0) {
        let rows = of_rows.iter().zip(digests).zip(memories.iter_mut());
        let (asked, unknown): (Vec<(Key, Option<Key>)>, Vec<_>) = rows
            .filter(|(_, memory)| memory.is_none())
            .filter_map(|((keys, digest), memory)| Some(((*keys.get(place)?, *digest), memory)))
            .unzip();
        if asked.is_empty() {
            continue;
        }
        for (memory, found) in unknown.into_iter().zip(ledger.known_or_applied(keys.account(), &asked).await?) {
            *memory = found;
        }
    }
    Ok(())
}

/// The first that is there, of those in this range; none, if nothing was asked.
fn first<T>(found: &mut [Option<T>], range: std::ops::Range<usize>) -> Option<T> {
    found.get_mut(range)?.iter_mut().find_map(Option::take)
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn a_row_has_what_its_own_keys_lead_to_and_nothing_of_its_neighbours() {
        let mut found = [Some(1), None, Some(2), Some(3), None];
        assert_eq!(first(&mut found, 0..0), None, "a row without identifiers");
        assert_eq!(first(&mut found, 0..1), Some(1));
        assert_eq!(first(&mut found, 1..4), Some(2), "the most specific counts");
        assert_eq!(first(&mut found, 4..5), None);
        assert_eq!(first::<u8>(&mut [], 0..1), None);
    }
}
