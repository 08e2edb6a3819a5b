//! What a run writes down, as plain values: intents and answers, what is known of each contact, what
//! was there before a change, how each row ended.
//!
//! Nothing here keeps anything. `reconcile` makes these values, the driver has them made durable, the
//! ledger keeps them. Values of contacts stand in them as keyed hashes, but for what an undo puts back.

mod account_note;
mod digest;
mod entry;
mod hasher;
mod hex;
mod key;
mod known;
mod run_id;

pub use account_note::AccountNote;
pub use entry::{Answered, BeforeImage, CallVerdict, Change, Entry, Intent, SecondLook, StepRecord, Taken};
pub use hasher::Hasher;
pub use hex::hex;
pub use key::Key;
pub use known::{Applied, AsApplied, KnownContact, KnownValue, LastKnown, Memory};
pub use run_id::RunId;
