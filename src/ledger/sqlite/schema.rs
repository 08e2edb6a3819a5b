use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::super::LedgerKey;
use super::super::stored::int;

/// Marks a file as ours: "rolo" in ASCII.
pub(super) const APPLICATION: i64 = 0x726F_6C6F;

/// The steps from an empty file to the present schema. The version of a file (`user_version`) is the
/// number of steps it has been through. A released step never changes; a new one is added at the end.
const STEPS: &[&str] = &[
    VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7, VERSION_8, VERSION_9, VERSION_10,
    VERSION_11, VERSION_12,
];

/// The version from which on a ledger does not hold the key of its hashes.
const WITHOUT_KEY: usize = 3;

pub(super) const NEWEST: usize = STEPS.len();

/// Names stay in tables of their own so that what is written a million times holds a small number.
const VERSION_1: &str = "
CREATE TABLE secret (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    key  BLOB NOT NULL
) STRICT;

CREATE TABLE account (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    listed_at INTEGER
) STRICT;

CREATE TABLE note (
    account_id INTEGER NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    command     TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    account_id  INTEGER NOT NULL REFERENCES account (id),
    service     TEXT NOT NULL,
    file        TEXT NOT NULL,
    options     TEXT NOT NULL,
    started     INTEGER NOT NULL,
    state       TEXT NOT NULL,
    ended       INTEGER,
    created     INTEGER NOT NULL DEFAULT 0,
    updated     INTEGER NOT NULL DEFAULT 0,
    unchanged   INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    rejected    INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    in_doubt    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX run_by_fingerprint ON run (fingerprint);

CREATE TABLE row_record (
    run_id      INTEGER NOT NULL REFERENCES run (id),
    row         INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    sheet       INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    contact_id  TEXT,
    calls       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    http_status INTEGER,
    errors      TEXT,
    PRIMARY KEY (run_id, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE row_key (
    key    BLOB NOT NULL,
    run_id INTEGER NOT NULL,
    row    INTEGER NOT NULL,
    PRIMARY KEY (key, run_id, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_row (
    run_id INTEGER NOT NULL,
    row    INTEGER NOT NULL,
    PRIMARY KEY (run_id, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    run_id      INTEGER NOT NULL REFERENCES run (id),
    row         INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    sent        INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    verdict     TEXT,
    answers     INTEGER,
    http_status INTEGER,
    contact_id  TEXT,
    PRIMARY KEY (run_id, row, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE before_image (
    run_id     INTEGER NOT NULL REFERENCES run (id),
    number     INTEGER NOT NULL,
    row        INTEGER NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id),
    contact_id TEXT NOT NULL,
    change     TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX before_image_by_contact ON before_image (contact_id, account_id);

CREATE TABLE field_name (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE contact (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    remote_id  TEXT NOT NULL,
    known      BLOB NOT NULL,
    UNIQUE (account_id, remote_id)
) STRICT;

CREATE TABLE contact_key (
    key        BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    contact    INTEGER NOT NULL,
    PRIMARY KEY (key, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (
    scope           TEXT PRIMARY KEY,
    next_at         INTEGER NOT NULL,
    postponed_until INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Creates whose end nobody knows, by the identifiers that they make somebody's.
const VERSION_2: &str = "
CREATE TABLE creating (
    account_id INTEGER NOT NULL REFERENCES account (id),
    key        BLOB NOT NULL,
    run_id     INTEGER NOT NULL REFERENCES run (id),
    row        INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
";

/// An account is what it points to; what the configuration calls it is one of its other names. The keys
/// lie in a file of their own, which the ledger knows again by `key_check`.
const VERSION_3: &str = "
CREATE TABLE account_alias (
    alias      TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id)
) STRICT, WITHOUT ROWID;
DROP TABLE secret;
CREATE TABLE key_check (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    value BLOB NOT NULL
) STRICT;
ALTER TABLE creating ADD COLUMN made INTEGER;
ALTER TABLE run ADD COLUMN called TEXT NOT NULL DEFAULT '';
UPDATE run SET called = (SELECT name FROM account WHERE account.id = run.account_id);
";

/// Who works on the runs of a fingerprint, and how often they were claimed.
const VERSION_4: &str = "
CREATE TABLE claim (
    fingerprint BLOB PRIMARY KEY,
    fence       INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    host        TEXT NOT NULL,
    process     INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    doing       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Contacts created after a create whose answer was lost, until they were looked up once more. What they
/// are looked up by is sealed.
const VERSION_5: &str = "
CREATE TABLE look_again (
    run_id      INTEGER NOT NULL REFERENCES run (id),
    row         INTEGER NOT NULL,
    account_id  INTEGER NOT NULL REFERENCES account (id),
    identifiers BLOB NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (run_id, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE clock (
    boot  INTEGER PRIMARY KEY,
    ahead INTEGER NOT NULL
) STRICT;
";

/// Rows that no call was made for, since what is remembered says that nothing is to be changed.
const VERSION_6: &str = "
CREATE TABLE rested (
    run_id INTEGER NOT NULL REFERENCES run (id),
    first  INTEGER NOT NULL,
    rows   INTEGER NOT NULL,
    PRIMARY KEY (run_id, first)
) STRICT, WITHOUT ROWID;
";

/// Runs whose rows were let go of: when, and whether their records are gone. And the creates of a row whose
/// end nobody knows are found without reading all that were made.
const VERSION_7: &str = "
ALTER TABLE run ADD COLUMN pruned INTEGER;
ALTER TABLE run ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
CREATE INDEX creating_open ON creating (run_id, row) WHERE made IS NULL;
";

/// How long the executions of a run took together.
const VERSION_8: &str = "
ALTER TABLE run ADD COLUMN took INTEGER;
";

/// What most rows leave behind in fewer bytes: hashes in 80 bits, of which more were kept; before-images without an
/// index, which only forgetting somebody used, and without words for the commonest change, that a contact was created;
/// the calls of a row that has ended beside it, packed; and beside a key that leads to a contact the row that first
/// came there, and when it was created. The view shows all calls as they were kept before.
const VERSION_9: &str = r#"
UPDATE OR REPLACE contact_key SET key = substr(key, 1, 10) WHERE length(key) > 10;
UPDATE OR REPLACE creating SET key = substr(key, 1, 10) WHERE length(key) > 10;
DROP INDEX before_image_by_contact;
ALTER TABLE before_image RENAME TO before_image_8;
CREATE TABLE before_image (
    run_id     INTEGER NOT NULL REFERENCES run (id),
    number     INTEGER NOT NULL,
    row        INTEGER NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id),
    contact_id TEXT NOT NULL,
    change     TEXT,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO before_image SELECT run_id, number, row, account_id, contact_id, nullif(change, '{"created":true}')
FROM before_image_8;
DROP TABLE before_image_8;
ALTER TABLE contact_key ADD COLUMN run_id INTEGER;
ALTER TABLE contact_key ADD COLUMN row INTEGER;
ALTER TABLE contact_key ADD COLUMN made INTEGER;
ALTER TABLE row_record ADD COLUMN packed_calls TEXT;
ALTER TABLE call RENAME TO open_call;
CREATE VIEW call (run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id) AS
SELECT run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id FROM open_call
UNION ALL
SELECT row_record.run_id, row_record.row, coalesce(packed.value ->> 6, packed.key),
    '["find","read","create","update","upsert","clear fields","add tags","remove tags","replace tags",
    "read tags","add to list","remove from list","delete","list","read messages","list fields","create field",
    "list tags","check"]' ->> (packed.value ->> 0),
    coalesce(packed.value ->> 4, 1), (run.started + (packed.value ->> 3)) * 1000000,
    '["done","exists","missing","refused","unclear","other person"]' ->> (packed.value ->> 1),
    coalesce(packed.value ->> 5, 1), packed.value ->> 2,
    CASE WHEN json_array_length(packed.value) > 7 THEN packed.value ->> 7 ELSE row_record.contact_id END
FROM row_record JOIN run ON run.id = row_record.run_id, json_each(row_record.packed_calls) AS packed;
"#;

/// Runs that wait for a worker: from when on, why, and whether somebody asked for one to end. And the workers that
/// serve them.
const VERSION_10: &str = "
ALTER TABLE run ADD COLUMN due INTEGER;
ALTER TABLE run ADD COLUMN told TEXT;
ALTER TABLE run ADD COLUMN cancel INTEGER;
CREATE INDEX run_open ON run (id) WHERE state IN ('queued', 'running');
CREATE TABLE worker (
    host    TEXT NOT NULL,
    process INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    doing   TEXT NOT NULL,
    seen    INTEGER NOT NULL,
    PRIMARY KEY (host, process)
) STRICT, WITHOUT ROWID;
";

/// Due times of jobs that were seen to.
const VERSION_11: &str = "
CREATE TABLE fired (
    job      TEXT NOT NULL,
    due      INTEGER NOT NULL,
    schedule TEXT NOT NULL,
    run_id   INTEGER REFERENCES run (id),
    PRIMARY KEY (job, due)
) STRICT, WITHOUT ROWID;
";

/// How jobs stand, and who is to be told.
const VERSION_12: &str = "
CREATE TABLE job (
    name      TEXT PRIMARY KEY,
    condition TEXT NOT NULL,
    since     INTEGER NOT NULL,
    run       TEXT,
    succeeded INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE alert (
    id        TEXT NOT NULL,
    channel   TEXT NOT NULL,
    job       TEXT NOT NULL,
    condition TEXT NOT NULL,
    was       TEXT,
    run       TEXT,
    at        INTEGER NOT NULL,
    facts     TEXT NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    due       INTEGER NOT NULL,
    told      TEXT,
    ended     INTEGER,
    sent      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_open ON alert (due) WHERE ended IS NULL;
";

/// What a file turned out to be.
pub(super) enum State {
    Ours,
    /// A database of some other program.
    Foreign,
    /// Ours, but with this version.
    Newer(usize),
}

/// Brings the file to the present schema, in one transaction. `key` is that of a ledger that is made
/// or moved now: it is durable before the ledger relies on it. It is given the half for hashes that lay in
/// a ledger of an earlier version.
pub(super) fn migrate<K>(
    db: &mut Connection,
    key: K,
) -> rusqlite::Result<std::result::Result<State, crate::error::Error>>
where
    K: FnOnce(Option<[u8; 32]>) -> crate::error::Result<LedgerKey>,
{
    // Most often there is nothing to do, and then no other process has to be waited for.
    // One transaction, so that what is read belongs together.
    let state = settled(&*db.transaction()?)?;
    if let Some(state) = state {
        return Ok(Ok(state));
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(state) = settled(&transaction)? {
        return Ok(Ok(state));
    }
    let from = version(&transaction)?;
    let within = if (1..WITHOUT_KEY).contains(&from) {
        transaction.query_row("SELECT key FROM secret", [], |row| row.get(0)).optional()?
    } else {
        None
    };
    let key = match key(within) {
        Ok(key) => key,
        Err(error) => return Ok(Err(error)),
    };
    crash_point!("key_kept");
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
        crash_point!("migrating");
    }
    finish(&transaction, &key)?;
    transaction.commit()?;
    crash_point!("migrated");
    Ok(Ok(State::Ours))
}

fn finish(transaction: &Transaction<'_>, key: &LedgerKey) -> rusqlite::Result<()> {
    transaction.execute("INSERT OR IGNORE INTO key_check (only, value) VALUES (1, ?1)", params![key.check()])?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", int(NEWEST as u64))
}

/// What the file is, unless there are steps to take.
fn settled(db: &Connection) -> rusqlite::Result<Option<State>> {
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = version(db)?;
    if application != APPLICATION {
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return Ok((application != 0 || version != 0 || tables != 0).then_some(State::Foreign));
    }
    Ok(match version {
        NEWEST => Some(State::Ours),
        newer if newer > NEWEST => Some(State::Newer(newer)),
        _ => None,
    })
}

fn version(db: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
