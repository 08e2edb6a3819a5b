use super::chunk::chunks;
use super::held::Held;
use super::lane::Need;
use crate::contact::{Capabilities, Limits, TagChange, TagEdit, TagMode};

/// The tag edits that bring `held` (`None`: a contact without tags) to what is wanted.
pub(super) fn edits(
    change: &TagChange,
    held: Option<&dyn Held>,
    capabilities: &Capabilities,
    limits: &Limits,
) -> Result<Vec<TagEdit>, Need> {
    if change.is_empty() {
        return Ok(Vec::new());
    }
    let has = |tag: &str| held.map_or(Some(false), |held| held.has_tag(tag));
    let add: Vec<String> = change.add.iter().filter(|tag| has(tag) != Some(true)).cloned().collect();
    if change.replace {
        return replace(change, &add, held, capabilities, limits);
    }
    let remove: Vec<String> = change.remove.iter().filter(|tag| has(tag) != Some(false)).cloned().collect();
    if add.is_empty() && remove.is_empty() {
        return Ok(Vec::new());
    }
    let separately = (add.is_empty() || capabilities.tags_add) && (remove.is_empty() || capabilities.tags_remove);
    if separately {
        return Ok(added_and_removed(&add, &remove, limits));
    }
    // Only the whole set can be written: what is there must be known, or it would be lost.
    let present: &[String] = match held {
        None => &[],
        Some(held) => held.tags().ok_or(Need::Tags)?,
    };
    let mut whole: Vec<String> =
        present.iter().filter(|tag| !remove.iter().any(|gone| same_tag(gone, tag, capabilities))).cloned().collect();
    whole.extend(add);
    Ok(vec![TagEdit { mode: TagMode::Replace, tags: whole }])
}

fn replace(
    change: &TagChange,
    add: &[String],
    held: Option<&dyn Held>,
    capabilities: &Capabilities,
    limits: &Limits,
) -> Result<Vec<TagEdit>, Need> {
    if held.is_some_and(|held| held.tags_beyond(&change.add) == Some(false)) {
        // Nothing to take away: only what is missing goes out.
        return Ok(if add.is_empty() {
            Vec::new()
        } else if capabilities.tags_replace {
            vec![TagEdit { mode: TagMode::Replace, tags: change.add.clone() }]
        } else {
            added_and_removed(add, &[], limits)
        });
    }
    let present: &[String] = match held {
        None => &[],
        Some(held) => match held.tags() {
            Some(tags) => tags,
            None if capabilities.tags_replace => {
                return Ok(vec![TagEdit { mode: TagMode::Replace, tags: change.add.clone() }]);
            }
            None => return Err(Need::Tags),
        },
    };
    let extra: Vec<String> = present
        .iter()
        .filter(|tag| !change.add.iter().any(|kept| same_tag(kept, tag, capabilities)))
        .cloned()
        .collect();
    if add.is_empty() && extra.is_empty() {
        return Ok(Vec::new());
    }
    if capabilities.tags_replace {
        return Ok(vec![TagEdit { mode: TagMode::Replace, tags: change.add.clone() }]);
    }
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
