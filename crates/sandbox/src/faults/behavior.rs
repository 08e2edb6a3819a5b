use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Delivery, Selection};
use crate::{WireAnswer, WireRequest};

/// What a fault does to a request it was chosen for.
pub trait Behavior: Send + Sync {
    /// Waited before anything else.
    fn delay(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether the emulator carries the request out all the same.
    fn applies(&self) -> bool {
        true
    }

    /// What the service makes of the request before it carries it out.
    fn arrives(&self, request: WireRequest) -> WireRequest {
        request
    }

    /// How the answer leaves.
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Whole(answer)
    }

    /// Told to the emulator beforehand; it stays in force.
    fn search_lag(&self) -> Option<Duration> {
        None
    }

    /// Told to the emulator beforehand; it stays in force.
    fn request_limit(&self) -> Option<u32> {
        None
    }

    /// Told to the emulator beforehand; it stays in force.
    fn unstable_ties(&self) -> bool {
        false
    }

    /// What somebody else does once the request is answered.
    fn changes(&self) -> Vec<Change> {
        Vec::new()
    }

    /// The requests it is for, where nothing else is said.
    fn usual(&self) -> Selection {
        Selection::default()
    }
}

/// Something that another client, or a person, does at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The contact that a listing begins with is deleted.
    Deleted,
    /// A contact is created, with an e-mail at `meanwhile.example`.
    Created,
}
