use std::time::Duration;

use super::super::vault::Vault;
use super::names::Names;
use crate::journal::Hasher;

/// What a piece of work has at hand.
pub(super) struct Tools<'a> {
    pub(super) names: &'a mut Names,
    pub(super) hasher: &'a Hasher,
    pub(super) vault: &'a Vault,
    /// What the store's calendar shows, from the Unix epoch.
    pub(super) now: Duration,
}
