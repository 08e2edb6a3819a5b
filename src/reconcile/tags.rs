use super::chunk::chunks;
use super::decision::Need;
use super::observed::Observed;
use crate::contact::{Capabilities, Limits, TagChange, TagEdit, TagMode};

/// The tag edits that bring `observed` (`None`: a contact without tags) to what is desired.
///
/// A whole set of tags is written only over tags that an answer of this run told: a remembered set
/// may lack one that somebody has set by hand since.
pub(super) fn edits(
    change: &TagChange,
    observed: Option<&dyn Observed>,
    capabilities: &Capabilities,
    limits: &Limits,
) -> Result<Vec<TagEdit>, Need> {
    if change.is_empty() {
        return Ok(Vec::new());
    }
    let has = |tag: &str| observed.map_or(Some(false), |observed| observed.has_tag(tag).known());
    let add: Vec<String> = change.add.iter().filter(|tag| has(tag) != Some(true)).cloned().collect();
    if change.replace {
        return replace(change, &add, observed, capabilities, limits);
    }
    let remove: Vec<String> = change.remove.iter().filter(|tag| has(tag) != Some(false)).cloned().collect();
    if add.is_empty() && remove.is_empty() {
        return Ok(Vec::new());
    }
    let separately = (add.is_empty() || capabilities.tags_add) && (remove.is_empty() || capabilities.tags_remove);
    if separately {
        return Ok(added_and_removed(&add, &remove, limits));
    }
    // Only the whole set can be written: what is there must be told, or it would be lost.
    let present: &[String] = match observed {
        None => &[],
        Some(observed) => observed.tags().ok_or(Need::Tags)?,
    };
    let mut whole: Vec<String> =
        present.iter().filter(|tag| !remove.iter().any(|gone| same_tag(gone, tag, capabilities))).cloned().collect();
    whole.extend(add);
    Ok(vec![TagEdit { mode: TagMode::Replace, tags: whole }])
}

fn replace(
    change: &TagChange,
    add: &[String],
    observed: Option<&dyn Observed>,
    capabilities: &Capabilities,
    limits: &Limits,
) -> Result<Vec<TagEdit>, Need> {
    let whole = || vec![TagEdit { mode: TagMode::Replace, tags: change.add.clone() }];
    let beyond = observed.map_or(Some(false), |observed| observed.tags_beyond(&change.add).known());
    if beyond == Some(false) && add.is_empty() {
        return Ok(Vec::new());
    }
    if capabilities.tags_replace {
        return Ok(whole());
    }
    let present: &[String] = match observed {
        None => &[],
        Some(observed) => observed.tags().ok_or(Need::Tags)?,
    };
    let extra: Vec<String> = present
        .iter()
        .filter(|tag| !change.add.iter().any(|kept| same_tag(kept, tag, capabilities)))
        .cloned()
        .collect();
    Ok(added_and_removed(add, &extra, limits))
}

fn added_and_removed(add: &[String], remove: &[String], limits: &Limits) -> Vec<TagEdit> {
    let edits = |mode, tags: &[String], limit| {
        let chunks = if tags.is_empty() { Vec::new() } else { chunks(tags, limit) };
        chunks.into_iter().map(move |tags| TagEdit { mode, tags })
    };
    edits(TagMode::Add, add, limits.tags_per_add)
        .chain(edits(TagMode::Remove, remove, limits.tags_per_remove))
        .collect()
}

fn same_tag(one: &str, other: &str, capabilities: &Capabilities) -> bool {
    one == other || (capabilities.tags_ignore_case && one.to_lowercase() == other.to_lowercase())
}
