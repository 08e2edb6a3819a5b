//! What the ledger knows of one person, for whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use super::new_fields::fields_created;
use crate::contact::{Identifier, IdentifierKind};
use crate::error::{Error, Result};
use crate::ledger::LedgerHandle;
use crate::report::words::moment;
use crate::report::{number, story};

/// All that was ever done to one contact, as a story.
///
/// # Errors
/// Those of reading the ledger.
pub async fn told_of(identifier: &Identifier, ledger: &LedgerHandle) -> Result<String> {
    let events = ledger.history(&ledger.hasher().identifier(identifier)).await?;
    let pruned = PrunedBefore::of(ledger).await?;
    if events.is_empty() {
        let nothing = "nothing was ever done to this contact, as far as this ledger knows\n";
        return Ok(format!("{nothing}{}", pruned.words()));
    }
    let (mut runs, mut fields) = (Vec::new(), BTreeMap::new());
    for id in events.iter().map(|event| &event.run).collect::<BTreeSet<_>>() {
        let Some(run) = ledger.run(id).await? else { continue };
        fields.insert(id.clone(), fields_created(ledger, &run).await?);
        runs.push(run);
    }
    Ok(format!("{}{}", story(&events, &runs, &fields), pruned.words()))
}

/// Runs of which nobody knows any more whose contacts they changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrunedBefore {
    pub runs: u64,
    /// When the latest of them began.
    pub latest: u64,
}

impl PrunedBefore {
    /// Those of a ledger.
    ///
    /// # Errors
    /// Those of reading it.
    pub async fn of(ledger: &LedgerHandle) -> Result<Self> {
        let mut pruned = Self::default();
        for run in ledger.runs(usize::MAX >> 1).await? {
            if run.pruned.is_some() {
                pruned.runs += 1;
                pruned.latest = pruned.latest.max(run.new.started);
            }
        }
        Ok(pruned)
    }

    fn words(&self) -> String {
        match self.runs {
            0 => String::new(),
            1 => format!("not told: what the run of {} did, which was pruned\n", moment(self.latest)),
            runs => format!(
                "not told: what {} runs did, which were pruned, the latest of {}\n",
                number(runs),
                moment(self.latest)
            ),
        }
    }
}

/// An identifier as a person types it: its kind is seen, or stands before a colon.
///
/// # Errors
/// Kind `Usage` if its kind can't be seen.
pub fn parse_identifier(text: &str) -> Result<Identifier> {
    let text = text.trim();
    if let Some((kind, value)) = text.split_once(':')
        && let Some(kind) = IdentifierKind::from_name(kind)
        && !value.trim().is_empty()
    {
        return Ok(Identifier::new(kind, value.trim()));
    }
    if text.contains('@') {
        return Ok(Identifier::new(IdentifierKind::Email, text));
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    if digits.strip_prefix('+').is_some_and(|rest| rest.len() >= 5 && rest.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(Identifier::new(IdentifierKind::Phone, digits));
    }
    Err(Error::usage("the kind of this identifier can't be seen")
        .hint("write a phone with + and country code, an e-mail address, or KIND:VALUE, such as external_id:4711"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_seen_or_stands_before_a_colon() {
        for (text, kind, value) in [
            ("+44 7911 123-456", IdentifierKind::Phone, "+447911123456"),
            ("ann@example.org", IdentifierKind::Email, "ann@example.org"),
            ("external_id: 4711", IdentifierKind::ExternalId, "4711"),
            ("service_id:viber/a:b", IdentifierKind::ServiceId, "viber/a:b"),
            ("id:815", IdentifierKind::Id, "815"),
        ] {
            assert_eq!(parse_identifier(text).unwrap(), Identifier::new(kind, value));
        }
        for text in ["", "4711", "ann", "id:", "+", "07911 123456"] {
            let error = parse_identifier(text).unwrap_err();
            assert!(text.is_empty() || !error.message.contains(text), "a person stays out of errors");
        }
    }
}
