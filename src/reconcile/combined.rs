use super::memory::Remembered;
use super::observed::{Comparison, Fact, Observed, SnapshotObserved};
use crate::contact::{Field, Groups, Value};

/// What an answer told, and where it told nothing, what is remembered.
pub(super) struct Combined<'a> {
    pub(super) told: Option<SnapshotObserved<'a>>,
    pub(super) remembered: Option<Remembered<'a>>,
    /// An answer of this run showed that the contact is there, if not what it holds.
    pub(super) is_there: bool,
}

impl Combined<'_> {
    fn was_sent(&self, field: &Field, desired: &Value) -> bool {
        let remembered = self.remembered.as_ref().map(|remembered| remembered.field(field, desired).known());
        remembered == Some(Some(Comparison::Same))
    }

    fn best_fact<T>(&self, question: impl Fn(&dyn Observed) -> Fact<T>) -> Fact<T> {
        let told = self.told.as_ref().map_or(Fact::Unknown, |told| question(told));
        told.or(|| self.remembered.as_ref().map_or(Fact::Unknown, |remembered| question(remembered)))
    }
}

impl Observed for Combined<'_> {
    fn is_told(&self) -> bool {
        self.is_there || self.told.is_some()
    }

    /// What is remembered as sent, and is told to be otherwise, is what the service made of it: whatever was
    /// changed since is remembered as it is told.
    fn field(&self, field: &Field, desired: &Value) -> Fact<Comparison> {
        match self.best_fact(|observed| observed.field(field, desired)) {
            Fact::Told(Comparison::Different) if self.was_sent(field, desired) => Fact::Told(Comparison::Same),
            fact => fact,
        }
    }

    fn value(&self, field: &Field) -> Option<&Value> {
        self.told.as_ref().and_then(|told| told.value(field))
    }

    fn last_value(&self, field: &Field) -> Option<&Value> {
        self.value(field).or_else(|| self.remembered.as_ref().and_then(|remembered| remembered.last_value(field)))
    }

    fn custom_beyond(&self, fields: &[&Field]) -> Fact<bool> {
        self.best_fact(|observed| observed.custom_beyond(fields))
    }

    fn has_tag(&self, tag: &str) -> Fact<bool> {
        match self.best_fact(|observed| observed.has_tag(tag)) {
            Fact::Told(false)
                if self.remembered.as_ref().and_then(|remembered| remembered.has_tag(tag).known()) == Some(true) =>
            {
                Fact::Told(true)
            }
            fact => fact,
        }
    }

    fn tags_beyond(&self, tags: &[String]) -> Fact<bool> {
        match self.best_fact(|observed| observed.tags_beyond(tags)) {
            Fact::Told(true)
                if self.remembered.as_ref().and_then(|remembered| remembered.tags_beyond(tags).known())
                    == Some(false) =>
            {
                Fact::Told(false)
            }
            fact => fact,
        }
    }

    fn tags(&self) -> Option<&[String]> {
        let told = self.told.as_ref().and_then(Observed::tags);
        told.or_else(|| self.remembered.as_ref().and_then(Observed::tags))
    }

    fn on_list(&self, list: &str) -> Fact<bool> {
        self.best_fact(|observed| observed.on_list(list))
    }

    fn groups(&self) -> Option<&Groups> {
        self.told.as_ref().and_then(Observed::groups)
    }
}
