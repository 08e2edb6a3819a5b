use crate::contact::Contact;
use crate::error::Result;
use crate::journal::{Key, KnownContact, Taken};
use crate::ledger::LedgerHandle;
use crate::reconcile::Keys;

/// What the ledger has of the contact that a row is about.
#[derive(Clone, Debug, Default)]
pub struct RememberedRow {
    /// Keys of the contact's identifiers.
    pub keys: Vec<Key>,
    /// What it remembers of the contact: by the most specific identifier that leads to one.
    pub known: Option<KnownContact>,
    /// A create of the same person whose end nobody knows.
    pub open_create: Option<Taken>,
}

impl RememberedRow {
    /// What is there of a row before the ledger was asked.
    pub fn unknown(keys: &Keys, contact: Option<&Contact>) -> Self {
        let keys = contact.map_or_else(Vec::new, |contact| keys.identifiers(&contact.identifiers));
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
    contacts: impl Iterator<Item = Option<&Contact>>,
    remembers: bool,
) -> Result<Vec<RememberedRow>> {
    let of_rows: Vec<Vec<Key>> = contacts.map(|contact| RememberedRow::unknown(keys, contact).keys).collect();
    let all = of_rows.concat();
    let mut open = Vec::new();
    if !all.is_empty() {
        open = ledger.open_creates(keys.account(), &all).await?;
    }
    let mut known: Vec<Option<KnownContact>> = vec![None; of_rows.len()];
    if remembers {
        most_specific(ledger, keys, &of_rows, &mut known).await?;
    }
    let mut from = 0;
    Ok(of_rows
        .into_iter()
        .zip(known)
        .map(|(keys, known)| {
            let here = from..from + keys.len();
            from = here.end;
            RememberedRow { known, open_create: first(&mut open, here), keys }
        })
        .collect())
}

/// Asks for each row by its first key, then by its second for those of whom nobody is known, and so on: mostly a row
/// is known by its first.
async fn most_specific(
    ledger: &LedgerHandle,
    keys: &Keys,
    of_rows: &[Vec<Key>],
    known: &mut [Option<KnownContact>],
) -> Result<()> {
    for place in 0..of_rows.iter().map(Vec::len).max().unwrap_or(0) {
        let unknown = of_rows.iter().zip(known.iter_mut()).filter(|(_, known)| known.is_none());
        let (asked, unknown): (Vec<Key>, Vec<_>) =
            unknown.filter_map(|(keys, known)| Some((*keys.get(place)?, known))).unzip();
        if asked.is_empty() {
            continue;
        }
        for (known, found) in unknown.into_iter().zip(ledger.known(keys.account(), &asked).await?) {
            *known = found;
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
