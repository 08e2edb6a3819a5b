use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// A label of the account. Contacts may carry others, which the account's list does not show.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct AccountLabel {
    pub id: u64,
    pub title: String,
    pub description: Option<String>,
    pub color: String,
    pub show_on_sidebar: Option<bool>,
}

/// Every tag that the account has ever used, in the spelling it was first written in. A contact's tags are
/// shown in the order in which the account came to have them.
#[derive(Debug, Default)]
pub(super) struct Tags {
    spellings: Vec<String>,
    /// Positions, by lower case.
    by_lower: HashMap<String, usize>,
}

impl Tags {
    pub fn from_order(spellings: &[String]) -> Self {
        let mut tags = Self::default();
        for spelling in spellings {
            tags.position(spelling);
        }
        tags
    }

    pub fn in_order(&self) -> &[String] {
        &self.spellings
    }

    /// The tags as the account spells them, each once.
    pub fn spelled(&mut self, tags: &[String]) -> Vec<String> {
        let mut positions: Vec<usize> = tags.iter().map(|tag| self.position(tag)).collect();
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().map(|position| self.spellings[position].clone()).collect()
    }

    fn position(&mut self, tag: &str) -> usize {
        let next = self.spellings.len();
        let position = *self.by_lower.entry(tag.to_lowercase()).or_insert(next);
        if position == next {
            self.spellings.push(tag.to_owned());
        }
        position
    }
}
