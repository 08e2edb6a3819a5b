use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use super::draft::Draft;
use crate::error::Result;

/// How many are kept.
const KEPT: usize = 8;

/// What was computed of drafts as they stand, so that a page that is looked at again is there at once.
pub struct Memo<T>(Mutex<Vec<(String, Arc<T>)>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Memo<T> {
    /// What was computed of this draft and of its file as it is now, or what `make` computes.
    pub fn of(&self, draft: &Draft, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let key = key(draft);
        let found = |kept: &Vec<(String, Arc<T>)>| kept.iter().find(|(of, _)| *of == key).map(|(_, made)| made.clone());
        if let Some(made) = found(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(made);
        }
        let made = Arc::new(make()?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != key);
        kept.truncate(KEPT - 1);
        kept.insert(0, (key, made.clone()));
        Ok(made)
    }
}

/// Another one whenever the draft, its file or its mapping is.
pub fn key(draft: &Draft) -> String {
    let files = std::iter::once(draft.path.as_path()).chain(draft.mapping.as_deref()).chain(draft.edits.as_deref());
    let stamps: Vec<_> = files.map(stamp).collect();
    format!("{}-{}-{}", draft.id, draft.version, stamps.join("-"))
}

/// Length and time of a file; nothing for one that is not there.
fn stamp(path: &Path) -> String {
    let Ok(there) = path.metadata() else { return String::new() };
    let changed = there.modified().ok().and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
    format!("{}.{}", there.len(), changed.unwrap_or_default().as_nanos())
}
