/// A difference between the running server and the emulator that is left as it is.
pub struct Left {
    /// The name of the recorded call.
    pub call: &'static str,
    /// `status`, or the place in the answer, with `*` for a position in a list.
    pub place: &'static str,
    pub reason: &'static str,
}

/// Texts that whoever set the server up chose, and the sandbox's.
pub const SETTINGS: &[(&str, &str)] = &[
    ("Admin", "Sandbox"),
    ("admin@example.com", "sandbox@example.com"),
    ("Witness one", "Sandbox"),
    ("API inbox", "Sandbox API"),
    ("token", "sandbox"),
    ("REDACTED", "sandbox@example.com"),
];

const TIES: &str = "contacts that are equal by what they are sorted by come in any order the database likes";

pub const LEFT: &[Left] = &[
    Left {
        call: "auth: profile",
        place: "/accounts",
        reason: "the witness's user belongs to a second account; the sandbox's second account is somebody else's",
    },
    Left { call: "list: sort=name", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=-email", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=-phone_number", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=last_activity_at", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=company_name", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=-company_name", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=city", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=country", place: "/payload (ties)", reason: TIES },
    Left { call: "list: sort=name,-email", place: "/payload (ties)", reason: TIES },
    Left {
        call: "create: same source right after delete",
        place: "status",
        reason: "a deleted contact's source ids are freed by a background job, which was off; the sandbox frees them at once",
    },
    Left { call: "contactable inboxes", place: "/payload", reason: "the witness has one inbox, the sandbox four" },
];
