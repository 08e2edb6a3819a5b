//! What commands about history ask of the ledger.

use super::Context;
use crate::contact::{Identifier, RowRecord};
use crate::error::{Error, Result};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Key, Ledger, Run, RunId};

/// Records fetched at a time, so that memory doesn't grow with the run.
const PAGE: usize = 1000;

/// Runs that are looked through for one that was misspelt.
const RECENT: usize = 500;

/// The ledger and the run with this name, or the latest.
pub fn find(name: Option<&str>, context: &Context) -> Result<(SqliteLedger, Run)> {
    let none = || Error::usage("there are no runs yet").hint("`rolo import FILE` makes one, in the sandbox");
    let ledger = context.ledger()?.ok_or_else(none)?;
    let run = match name {
        None => ledger.runs(1)?.into_iter().next().ok_or_else(none)?,
        Some(name) => match ledger.run(&RunId(name.to_owned()))? {
            Some(run) => run,
            None => return Err(unknown(name, &ledger)?),
        },
    };
    Ok((ledger, run))
}

fn unknown(name: &str, ledger: &SqliteLedger) -> Result<Error> {
    let runs = ledger.runs(RECENT)?;
    let near = runs
        .iter()
        .map(|run| (strsim::damerau_levenshtein(name, &run.id.0), run))
        .filter(|(distance, run)| *distance <= 3 || run.id.0.starts_with(name))
        .min_by_key(|(distance, _)| *distance);
    Ok(Error::usage(format!("no run is called: {name}")).hint(match near {
        Some((_, run)) => format!("did you mean {}?", run.id),
        None => "`rolo runs` lists them".to_owned(),
    }))
}

/// The records of a run's rows, in order, fetched in pages.
pub fn rows<'l>(ledger: &'l dyn Ledger, run: &RunId) -> impl Iterator<Item = Result<(u64, RowRecord)>> + use<'l> {
    let run = run.clone();
    let mut page = Vec::new().into_iter();
    let mut next = Some(0);
    std::iter::from_fn(move || {
        loop {
            if let Some(row) = page.next() {
                return Some(Ok(row));
            }
            let found = match ledger.rows(&run, next?, PAGE) {
                Ok(found) => found,
                Err(error) => {
                    next = None;
                    return Some(Err(error));
                }
            };
            next = found.last().map(|(index, _)| index + 1);
            page = found.into_iter();
        }
    })
}

/// The key under which the engine records this identifier.
pub fn key(ledger: &dyn Ledger, identifier: &Identifier) -> Key {
    ledger.key(identifier.kind.name(), &identifier.comparable())
}
