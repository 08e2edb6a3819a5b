use std::path::Path;
use std::time::UNIX_EPOCH;

use super::draft::Draft;

/// Another one whenever the draft, its file or its mapping is.
pub fn key(draft: &Draft) -> String {
    let files = std::iter::once(draft.path.as_path()).chain(draft.mapping.as_deref()).chain(draft.edits.as_deref());
    let stamps: Vec<_> = files.map(stamp).collect();
    format!("{}-{}-{}", draft.id, draft.version, stamps.join("-"))
}

/// Length and time of a file; nothing for one that is not there.
pub fn stamp(path: &Path) -> String {
    let Ok(there) = path.metadata() else { return String::new() };
    let changed = there.modified().ok().and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
    format!("{}.{}", there.len(), changed.unwrap_or_default().as_nanos())
}
