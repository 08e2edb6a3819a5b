use crate::contact::Filter;
use crate::error::Result;
use crate::ledger::{Fingerprint, LedgerHandle};

/// What the runs of an import are found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFingerprints {
    /// Of version "import 2".
    pub current: Fingerprint,
    /// As it was before versions were part of it.
    pub earlier: Fingerprint,
}

impl ImportFingerprints {
    /// Whether a run with this fingerprint is of the same import, whichever build began it.
    pub fn has(&self, fingerprint: &Fingerprint) -> bool {
        [&self.current, &self.earlier].contains(&fingerprint)
    }

    /// The one to go on under: a run that an earlier build began, and that was cut off, is taken up under its own.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn in_use(self, ledger: &LedgerHandle) -> Result<Fingerprint> {
        Ok(if ledger.unfinished(&self.earlier).await?.is_some() { self.earlier } else { self.current })
    }
}

/// Makes a fingerprint of named parts, each written with its length, so that parts can't run into
/// each other. What is digested is stated here and nowhere else: no derived text takes part.
pub struct Parts(blake3::Hasher);

impl Parts {
    /// `version` names the command and counts the changes of what is digested, as in `export 1`: a run
    /// that another version began is another run.
    pub fn new(version: &str) -> Self {
        let mut parts = Self(blake3::Hasher::new());
        parts.write(version);
        parts
    }

    fn write(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.write(name);
        self.write(value);
        self
    }

    /// A part that may be absent, which is not the same as empty.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self.with("without", name),
        }
    }

    #[must_use]
    pub fn with_filter(self, filter: &Filter) -> Self {
        let parts = self
            .with_some("tag", filter.tag.as_deref())
            .with_some("updated since", filter.updated_since.as_deref())
            .with_some("field", filter.field.as_ref().map(|(field, _)| field.name()));
        match &filter.field {
            Some((_, value)) => parts.with("type", value.type_name()).with("value", &value.as_text()),
            None => parts,
        }
    }

    /// For what is read in pieces.
    pub fn hasher(&mut self) -> &mut blake3::Hasher {
        &mut self.0
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Field, Value};

    fn of(filter: &Filter) -> Fingerprint {
        Parts::new("export 1").with_filter(filter).fingerprint()
    }

    #[test]
    fn each_part_of_a_filter_makes_another_fingerprint() {
        let field = |name: &str, value: Value| Some((Field::new(name), value));
        let filters = [
            Filter::default(),
            Filter { tag: Some(String::new()), ..Filter::default() },
            Filter { tag: Some("vip".into()), ..Filter::default() },
            Filter { updated_since: Some("vip".into()), ..Filter::default() },
            Filter { field: field("city", Value::Text("1".into())), ..Filter::default() },
            Filter { field: field("city", Value::Number("1".into())), ..Filter::default() },
            Filter { field: field("custom.city", Value::Text("1".into())), ..Filter::default() },
        ];
        for (at, one) in filters.iter().enumerate() {
            assert_eq!(of(one), of(&one.clone()));
            assert!(filters[at + 1..].iter().all(|other| of(other) != of(one)), "filter {at}");
        }
    }

    #[test]
    fn the_version_is_part_of_it_and_parts_do_not_run_into_each_other() {
        let two =
            |version: &str, one: &str, other: &str| Parts::new(version).with("a", one).with("b", other).fingerprint();
        assert_ne!(two("export 1", "x", "y"), two("export 2", "x", "y"));
        assert_ne!(two("export 1", "xb", "y"), two("export 1", "x", "by"));
    }
}
