use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The plan that a run keeps to, as its record names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRecord {
    pub path: PathBuf,
    pub digest: String,
}
