//! Who is about to make whom, as one transaction sees and changes it. Others who write of the same account wait
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, Row};

use super::super::stored::{CREATE_LAG, back, int};
use super::errors::Trouble;
use super::runs::RunNumbers;
use super::session::Work;
use super::sql::{Pipeline, rows, v};
use crate::journal::{Key, RunId, Taken};

const COLUMNS: &str =
    "SELECT creating.account_id, creating.key, creating.run_id, run.name, creating.row, creating.since,
    creating.made FROM rolo.creating JOIN rolo.run ON run.id = creating.run_id";

/// Removes and adds what has changed: `$1` accounts and `$2` keys.
const REMOVE: &str = "DELETE FROM rolo.creating USING unnest($1, $2) AS gone (account, key)
    WHERE account_id = gone.account AND creating.key = gone.key";
const PUT: &str = "INSERT INTO rolo.creating (account_id, key, run_id, row, since, made)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
    ON CONFLICT (account_id, key) DO UPDATE SET run_id = excluded.run_id, row = excluded.row,
    since = excluded.since, made = excluded.made";

/// Whose an identifier is about to be, or is since a moment ago.
#[derive(Clone, Debug, PartialEq)]
struct Create {
    run: i64,
    name: RunId,
    row: u64,
    since: i64,
    made: Option<i64>,
}

impl Create {
    fn taken(&self) -> Taken {
        let is_made = self.made.is_some();
        Taken { run: self.name.clone(), row: self.row, since: back(self.since), is_made }
    }
}

/// Account and key.
type Place = (i64, Key);

/// The creates that a transaction has to do with.
#[derive(Default)]
pub(super) struct Creates {
    there: BTreeMap<Place, Create>,
    changed: BTreeSet<Place>,
}

impl Creates {
    /// Adds those of these places.
    pub(super) async fn load(&mut self, client: &Client, places: &BTreeSet<Place>) -> Result<(), Trouble> {
        if places.is_empty() {
            return Ok(());
        }
        let (accounts, keys): (Vec<i64>, Vec<&[u8]>) =
            places.iter().map(|(account, key)| (*account, &key.0[..])).unzip();
        let query = format!(
            "{COLUMNS} JOIN unnest($1, $2) AS wanted (account, key)
             ON creating.account_id = wanted.account AND creating.key = wanted.key"
        );
        self.add(rows(client, &query, &[v(&accounts), v(&keys)]).await?)
    }

    /// Adds those of these rows of a run.
    pub(super) async fn load_rows(&mut self, client: &Client, run: i64, rows_of: &[i64]) -> Result<(), Trouble> {
        if rows_of.is_empty() {
            return Ok(());
        }
        let query = format!("{COLUMNS} WHERE creating.run_id = $1 AND creating.row = ANY($2)");
        self.add(rows(client, &query, &[v(&run), v(&rows_of.to_vec())]).await?)
    }

    fn add(&mut self, found: Vec<Row>) -> Result<(), Trouble> {
        for row in found {
            let key = key(&row, 1)?;
            let create = Create {
                run: row.try_get(2)?,
                name: RunId(row.try_get(3)?),
                row: back(row.try_get(4)?),
                since: row.try_get(5)?,
                made: row.try_get(6)?,
            };
            self.there.entry((row.try_get(0)?, key)).or_insert(create);
        }
        Ok(())
    }

    /// Who else claims one of the keys, if somebody does; or has made it since this run looked: its look-up
    /// may be older than what it says is not there. `taken_over` are claims that the row has looked into.
    pub(super) fn conflict(&self, run: &RunNumbers, row: u64, keys: &[Key], taken_over: &[Taken]) -> Option<Taken> {
        let earliest = run.begun.saturating_sub(CREATE_LAG);
        let claims = keys.iter().filter_map(|key| self.there.get(&(run.account, *key)));
        claims
            .filter(|create| create.made.is_none_or(|made| made >= earliest))
            .filter(|create| create.run != run.id || create.row != row)
            .map(Create::taken)
            .find(|taken| !taken_over.contains(taken))
    }

    /// Claims the keys for a row, whoever had them.
    pub(super) fn claim(&mut self, account: i64, keys: &[Key], (run, name, row): (i64, &RunId, u64), now: i64) {
        for key in keys {
            let create = Create { run, name: name.clone(), row, since: now, made: None };
            self.there.insert((account, *key), create);
            self.changed.insert((account, *key));
        }
    }

    /// The row's creates were applied: from now on others only have to look again.
    pub(super) fn made(&mut self, run: i64, row: u64, now: i64) {
        for (place, create) in &mut self.there {
            if create.run == run && create.row == row && create.made.is_none() {
                create.made = Some(now);
                self.changed.insert(*place);
            }
        }
    }

    /// The row's creates were not applied.
    pub(super) fn end(&mut self, run: i64, row: u64) {
        self.remove(|_, create| create.run == run && create.row == row && create.made.is_none());
    }

    /// The creates of these identifiers were applied, whoever began them.
    pub(super) fn settled(&mut self, account: i64, keys: &[Key], now: i64) {
        for key in keys {
            if let Some(create) = self.there.get_mut(&(account, *key)).filter(|create| create.made.is_none()) {
                create.made = Some(now);
                self.changed.insert((account, *key));
            }
        }
    }

    /// The contact of these keys is gone: nobody has made it.
    pub(super) fn gone(&mut self, account: i64, keys: &[Key]) {
        self.remove(|place, create| place.0 == account && keys.contains(&place.1) && create.made.is_some());
    }

    fn remove(&mut self, which: impl Fn(&Place, &Create) -> bool) {
        let Self { there, changed } = self;
        there.retain(|place, create| {
            let goes = which(place, create);
            if goes {
                changed.insert(*place);
            }
            !goes
        });
    }

    /// What has changed, as columns.
    pub(super) fn changes(&self) -> CreateChanges {
        let mut changes = CreateChanges::default();
        for place in &self.changed {
            let (account, key) = (place.0, place.1.0.to_vec());
            match self.there.get(place) {
                None => {
                    changes.removed.0.push(account);
                    changes.removed.1.push(key);
                }
                Some(create) => {
                    changes.accounts.push(account);
                    changes.keys.push(key);
                    changes.runs.push(create.run);
                    changes.rows.push(int(create.row));
                    changes.since.push(create.since);
                    changes.made.push(create.made);
                }
            }
        }
        changes
    }
}

/// What a transaction changes of creates.
#[derive(Default)]
pub(super) struct CreateChanges {
    removed: (Vec<i64>, Vec<Vec<u8>>),
    accounts: Vec<i64>,
    keys: Vec<Vec<u8>>,
    runs: Vec<i64>,
    rows: Vec<i64>,
    since: Vec<i64>,
    made: Vec<Option<i64>>,
}

impl CreateChanges {
    pub(super) async fn send<'a>(&'a self, pipeline: &mut Pipeline<'a>) {
        if !self.removed.0.is_empty() {
            pipeline.send(REMOVE, vec![v(&self.removed.0), v(&self.removed.1)]).await;
        }
        if !self.accounts.is_empty() {
            let Self { accounts, keys, runs, rows, since, made, .. } = self;
            pipeline.send(PUT, vec![v(accounts), v(keys), v(runs), v(rows), v(since), v(made)]).await;
        }
    }
}

/// For each key, who claims it.
pub(super) async fn open(work: &mut Work<'_>, account: &str, keys: &[Key]) -> Result<Vec<Option<Taken>>, Trouble> {
    let Some(account) = work.names.known_account(work.client, account).await? else {
        return Ok(vec![None; keys.len()]);
    };
    let mut creates = Creates::default();
    creates.load(work.client, &keys.iter().map(|key| (account, *key)).collect()).await?;
    let open = |key: &Key| creates.there.get(&(account, *key)).filter(|create| create.made.is_none());
    Ok(keys.iter().map(|key| open(key).map(Create::taken)).collect())
}

/// The key in a column.
pub(super) fn key(row: &Row, column: usize) -> Result<Key, Trouble> {
    let bytes: &[u8] = row.try_get(column)?;
    let key = bytes.try_into().map_err(|_| super::super::stored::Damaged("a key can't be read"))?;
    Ok(Key(key))
}
