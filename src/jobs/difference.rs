use crate::contact::{Call, Edit, Position, Snapshot, TagEdit, TagMode, Value};

/// What an import would change of one contact, with the values: for people who look at it, never for a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub line: u64,
    /// Nobody is there yet, as far as is known.
    pub is_new: bool,
    /// The contact was read: what was there before is told.
    pub is_seen: bool,
    pub changes: Vec<FieldDifference>,
}

/// One thing that would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldDifference {
    /// The field, or `tags` or `lists`.
    pub name: String,
    /// What goes, where it is known.
    pub before: Option<String>,
    /// What comes.
    pub after: Option<String>,
}

impl Difference {
    /// What these calls change of a contact that was `seen` so, if it was.
    pub(super) fn of(position: Position, calls: &[Call], seen: Option<&Snapshot>) -> Self {
        let mut difference = Self { line: position.line, is_seen: seen.is_some(), ..Self::default() };
        for call in calls {
            match call {
                Call::Create { edit, .. } => {
                    difference.is_new = true;
                    difference.edit(edit, None);
                }
                Call::Update { edit, .. } | Call::Upsert { edit, .. } => difference.edit(edit, seen),
                Call::ClearFields { fields, .. } => {
                    for field in fields {
                        difference.set(field.name(), held(seen, field.name()), None);
                    }
                }
                Call::EditTags { edit, .. } => difference.tags(edit, seen),
                Call::AddToList { list, .. } => difference.set("lists", None, Some(list.clone())),
                Call::RemoveFromList { list, .. } => difference.set("lists", Some(list.clone()), None),
                _ => {}
            }
        }
        difference
    }

    fn edit(&mut self, edit: &Edit, seen: Option<&Snapshot>) {
        for (field, value) in &edit.fields {
            let after = (*value != Value::Clear).then(|| value.as_text().into_owned());
            self.set(field.name(), held(seen, field.name()), after);
        }
        if let Some(tags) = &edit.tags {
            self.tags(tags, seen);
        }
        edit.lists.iter().for_each(|list| self.set("lists", None, Some(list.clone())));
    }

    fn tags(&mut self, edit: &TagEdit, seen: Option<&Snapshot>) {
        let tags = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
        match edit.mode {
            TagMode::Add => self.set("tags", None, tags(&edit.tags)),
            TagMode::Remove => self.set("tags", tags(&edit.tags), None),
            TagMode::Replace => {
                let before = seen.and_then(|seen| seen.tags.as_deref()).and_then(tags);
                self.set("tags", before, tags(&edit.tags));
            }
        }
    }

    fn set(&mut self, name: &str, before: Option<String>, after: Option<String>) {
        if before != after {
            self.changes.push(FieldDifference { name: name.to_owned(), before, after });
        }
    }
}

fn held(seen: Option<&Snapshot>, name: &str) -> Option<String> {
    let value = seen?.fields.iter().find(|(field, _)| field.name() == name)?.1;
    (!value.is_empty()).then(|| value.as_text().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Field, RemoteId, Target};

    #[test]
    fn what_goes_and_what_comes_is_told_of_a_contact_that_was_read() {
        let mut seen = Snapshot::new(RemoteId("7".into()));
        seen.fields.insert(Field::new("city"), Value::Text("Leeds".into()));
        seen.fields.insert(Field::new("email"), Value::Text("ann@example.org".into()));
        let edit = Edit {
            fields: vec![
                (Field::new("city"), Value::Text("York".into())),
                (Field::new("email"), Value::Clear),
                (Field::new("company"), Value::Text("Acme".into())),
            ],
            ..Edit::default()
        };
        let calls = [Call::Update { target: Target::Id(RemoteId("7".into())), edit }];
        let position = Position { index: 0, line: 2, sheet: 0 };
        let change = |name: &str, before: Option<&str>, after: Option<&str>| FieldDifference {
            name: name.into(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let difference = Difference::of(position, &calls, Some(&seen));
        assert!(difference.is_seen && !difference.is_new && difference.line == 2);
        let expected = [
            change("city", Some("Leeds"), Some("York")),
            change("email", Some("ann@example.org"), None),
            change("company", None, Some("Acme")),
        ];
        assert_eq!(difference.changes, expected);
        let unseen = Difference::of(position, &calls, None);
        assert!(!unseen.is_seen && unseen.changes[0] == change("city", None, Some("York")));
    }
}
