use super::{Hasher, Key};
use crate::contact::{Contact, Overwrite};

/// Begins every digest. A change of what is digested, or how, changes this, and no row counts as
/// applied any more.
const VERSION: &str = "row 1";

impl Hasher {
    /// The digest of what a row desires: equal for two rows if everything that is sent, and how, is.
    ///
    /// Every part is written with its length, so that parts can't run into each other.
    pub fn row(&self, contact: &Contact) -> Key {
        let mut text = String::with_capacity(512);
        let mut part = |part: &str| {
            push_number(&mut text, part.len());
            text.push(':');
            text.push_str(part);
        };
        part("identifiers");
        for identifier in &contact.identifiers {
            part(identifier.kind.name());
            part(&identifier.value);
        }
        part("fields");
        for change in &contact.fields {
            part(change.field.name());
            part(change.value.type_name());
            part(&change.value.as_text());
            part(match change.overwrite {
                Overwrite::Always => "always",
                Overwrite::IfEmpty => "if_empty",
                Overwrite::Never => "never",
            });
            part(change.written.as_deref().unwrap_or_default());
            part(change.doubt.as_ref().map_or("", |doubt| doubt.code.as_ref()));
        }
        for (name, names) in [
            ("tags to add", &contact.tags.add),
            ("tags to remove", &contact.tags.remove),
            ("lists to add", &contact.lists.add),
            ("lists to remove", &contact.lists.remove),
        ] {
            part(name);
            for name in names {
                part(name);
            }
        }
        part(if contact.tags.replace { "the tags are all" } else { "the tags are some" });
        self.key(VERSION, &text)
    }
}

/// In decimal digits: what formats any value takes several times as long, and every row has twenty lengths.
fn push_number(text: &mut String, number: usize) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + u8::try_from(number % 10).unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Field, FieldChange, Identifier, IdentifierKind, RowError, Value};

    fn contact() -> Contact {
        let mut contact = Contact {
            identifiers: vec![Identifier::new(IdentifierKind::Phone, "+60123456789")],
            fields: vec![FieldChange::new(Field::new("city"), Value::Text("12".into()), Overwrite::Always)],
            ..Contact::default()
        };
        contact.tags.add = vec!["a".into(), "b".into()];
        contact.lists.add = vec!["news".into()];
        contact
    }

    #[test]
    fn each_part_of_what_a_row_desires_changes_its_digest() {
        let hasher = Hasher::new([7; 32]);
        let digest = hasher.row(&contact());
        assert_eq!(digest, hasher.row(&contact()));
        let doubt = RowError::of_row("phone.ambiguous", "two readings");
        type Changes<'a> = [(&'static str, &'a dyn Fn(&mut Contact)); 14];
        let changes: Changes<'_> = [
            ("identifier", &|c| c.identifiers[0].value = "+60123456780".into()),
            ("kind of identifier", &|c| c.identifiers[0].kind = IdentifierKind::ExternalId),
            ("one identifier less", &|c| c.identifiers.clear()),
            ("field", &|c| c.fields[0].field = Field::new("company")),
            ("value", &|c| c.fields[0].value = Value::Text("13".into())),
            ("type", &|c| c.fields[0].value = Value::Number("12".into())),
            ("policy", &|c| c.fields[0].overwrite = Overwrite::IfEmpty),
            ("as written", &|c| c.fields[0].written = Some("twelve".into())),
            ("doubt", &|c| c.fields[0].doubt = Some(Box::new(doubt.clone()))),
            ("tag", &|c| c.tags.add = vec!["ab".into()]),
            ("tag to remove", &|c| c.tags.remove = vec!["c".into()]),
            ("all tags", &|c| c.tags.replace = true),
            ("list", &|c| c.lists.add.clear()),
            ("list to remove", &|c| c.lists.remove = vec!["news".into()]),
        ];
        for (what, change) in changes {
            let mut changed = contact();
            change(&mut changed);
            assert_ne!(hasher.row(&changed), digest, "{what}");
        }
    }

    #[test]
    fn a_digest_is_what_ledgers_hold_already() {
        let mut contact = contact();
        contact.fields[0].value = Value::Text("x".repeat(1_203));
        let text = format!(
            "11:identifiers5:phone12:+601234567896:fields4:city4:text1203:{}6:always0:0:11:tags to add1:a1:b\
             14:tags to remove12:lists to add4:news15:lists to remove17:the tags are some",
            "x".repeat(1_203)
        );
        let hasher = Hasher::new([7; 32]);
        assert_eq!(hasher.row(&contact), hasher.key(VERSION, &text));
    }

    #[test]
    fn notes_for_a_person_do_not_change_what_a_row_desires() {
        let hasher = Hasher::new([7; 32]);
        let mut noted = contact();
        noted.notes.push(RowError::of_row("cell.reduced", "said"));
        assert_eq!(hasher.row(&noted), hasher.row(&contact()));
    }
}
