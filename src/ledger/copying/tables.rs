/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum ColumnKind {
    Int,
    Text,
    Bytes,
}

use ColumnKind::{Bytes, Int, Text};

/// A table that every store has.
pub(in crate::ledger) struct Table {
    pub(in crate::ledger) name: &'static str,
    /// The first of them, as many as `key` says, tell a record from all others.
    pub(in crate::ledger) columns: &'static [(&'static str, ColumnKind)],
    pub(in crate::ledger) key: usize,
    /// A column that is not copied, and what it is in the copy.
    pub(in crate::ledger) fixed: Option<(&'static str, i64)>,
    /// Whether a store gives numbers in the first column by itself.
    pub(in crate::ledger) numbered: bool,
}

const fn table(name: &'static str, key: usize, columns: &'static [(&'static str, ColumnKind)]) -> Table {
    Table { name, columns, key, fixed: None, numbered: false }
}

const fn numbered(name: &'static str, columns: &'static [(&'static str, ColumnKind)]) -> Table {
    Table { numbered: true, ..table(name, 1, columns) }
}

/// All that is copied, what others refer to first. Budgets, which count by a store's own clock, workers, who
/// live where they are, and the check of the key are not.
pub(in crate::ledger) const TABLES: &[Table] = &[
    numbered("account", &[("id", Int), ("name", Text), ("listed_at", Int)]),
    table("account_alias", 1, &[("alias", Text), ("account_id", Int)]),
    table("note", 2, &[("account_id", Int), ("name", Text), ("value", Text)]),
    numbered(
        "run",
        &[
            ("id", Int),
            ("name", Text),
            ("command", Text),
            ("fingerprint", Bytes),
            ("account_id", Int),
            ("called", Text),
            ("service", Text),
            ("file", Text),
            ("options", Text),
            ("started", Int),
            ("state", Text),
            ("ended", Int),
            ("created", Int),
            ("updated", Int),
            ("unchanged", Int),
            ("skipped", Int),
            ("rejected", Int),
            ("failed", Int),
            ("in_doubt", Int),
            ("pruned", Int),
            ("swept", Int),
            ("took", Int),
            ("due", Int),
            ("told", Text),
            ("cancel", Int),
        ],
    ),
    table(
        "row_record",
        2,
        &[
            ("run_id", Int),
            ("row", Int),
            ("line", Int),
            ("sheet", Int),
            ("outcome", Text),
            ("contact_id", Text),
            ("calls", Int),
            ("attempts", Int),
            ("http_status", Int),
            ("errors", Text),
        ],
    ),
    table("row_key", 3, &[("key", Bytes), ("run_id", Int), ("row", Int)]),
    table("open_row", 2, &[("run_id", Int), ("row", Int)]),
    table(
        "call",
        3,
        &[
            ("run_id", Int),
            ("row", Int),
            ("step", Int),
            ("kind", Text),
            ("sent", Int),
            ("at", Int),
            ("verdict", Text),
            ("answers", Int),
            ("http_status", Int),
            ("contact_id", Text),
        ],
    ),
    table(
        "before_image",
        2,
        &[("run_id", Int), ("number", Int), ("row", Int), ("account_id", Int), ("contact_id", Text), ("change", Text)],
    ),
    numbered("field_name", &[("id", Int), ("name", Text)]),
    numbered("contact", &[("id", Int), ("account_id", Int), ("remote_id", Text), ("known", Bytes)]),
    table("contact_key", 2, &[("key", Bytes), ("account_id", Int), ("contact", Int)]),
    table(
        "creating",
        2,
        &[("account_id", Int), ("key", Bytes), ("run_id", Int), ("row", Int), ("since", Int), ("made", Int)],
    ),
    table(
        "look_again",
        2,
        &[("run_id", Int), ("row", Int), ("account_id", Int), ("identifiers", Bytes), ("since", Int)],
    ),
    table("rested", 2, &[("run_id", Int), ("first", Int), ("rows", Int)]),
    table("fired", 2, &[("job", Text), ("due", Int), ("schedule", Text), ("run_id", Int)]),
    table("job", 1, &[("name", Text), ("condition", Text), ("since", Int), ("run", Text), ("succeeded", Int)]),
    table(
        "alert",
        2,
        &[
            ("id", Text),
            ("channel", Text),
            ("job", Text),
            ("condition", Text),
            ("was", Text),
            ("run", Text),
            ("at", Int),
            ("facts", Text),
            ("tries", Int),
            ("due", Int),
            ("told", Text),
            ("ended", Int),
            ("sent", Int),
        ],
    ),
    // Nobody works in the copy, but fences go on from where they were.
    Table {
        fixed: Some(("lease_until", 0)),
        ..table(
            "claim",
            1,
            &[
                ("fingerprint", Bytes),
                ("fence", Int),
                ("host", Text),
                ("process", Int),
                ("since", Int),
                ("doing", Text),
            ],
        )
    },
];

impl Table {
    /// The names of its columns, as SQL has them.
    pub(in crate::ledger) fn names(&self) -> String {
        list(self.columns.iter().map(|(name, _)| *name))
    }

    /// The names of the columns that tell records apart.
    pub(in crate::ledger) fn key_names(&self) -> String {
        list(self.columns.iter().take(self.key).map(|(name, _)| *name))
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
