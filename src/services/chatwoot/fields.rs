use crate::contact::{FieldKind, FieldSpec, Source, SpecKind};

/// The object that servers before 4.2 replace whole.
pub(super) const ADDITIONAL: &str = "additional_attributes";
/// The object that an update replaces whole everywhere, since the merge reaches one level down.
pub(super) const SOCIAL: &str = "additional_attributes.social_profiles";

/// Longest text of a plain column (`app/models/application_record.rb`).
const COLUMN_CHARS: usize = 255;

const fn text() -> SpecKind {
    || FieldKind::Text
}

/// A plain column that every member of the family takes on create and on update.
pub(super) const fn column(name: &'static str, wire: &'static str, kind: SpecKind, source: Source) -> FieldSpec {
    FieldSpec {
        name,
        wire,
        kind,
        create: true,
        update: true,
        read: true,
        group: None,
        max_chars: Some(COLUMN_CHARS),
        source,
    }
}

/// A value that the service alone decides.
pub(super) const fn read_only(name: &'static str, wire: &'static str, kind: SpecKind, source: Source) -> FieldSpec {
    FieldSpec { name, wire, kind, create: false, update: false, read: true, group: None, max_chars: None, source }
}

/// A value that is sent and never answered under this name.
pub(super) const fn write_only(
    name: &'static str,
    wire: &'static str,
    kind: SpecKind,
    (create, update): (bool, bool),
    source: Source,
) -> FieldSpec {
    FieldSpec { name, wire, kind, create, update, read: false, group: None, max_chars: None, source }
}

/// How the keys of `additional_attributes` can be written.
#[derive(Clone, Copy)]
pub(super) struct Additional {
    pub create: bool,
    pub update: bool,
    /// An update replaces the object whole.
    pub replaced: bool,
    pub source: Source,
}

impl Additional {
    /// A key of the object itself.
    pub(super) const fn key(self, name: &'static str, wire: &'static str, kind: SpecKind) -> FieldSpec {
        let group = if self.replaced { Some(ADDITIONAL) } else { None };
        self.spec(name, wire, kind, group)
    }

    /// A key of the `social_profiles` inside.
    pub(super) const fn social(self, name: &'static str, wire: &'static str) -> FieldSpec {
        let group = if self.replaced { ADDITIONAL } else { SOCIAL };
        self.spec(name, wire, text(), Some(group))
    }

    pub(super) const fn blocked(self) -> FieldSpec {
        self.spec("blocked", "blocked", || FieldKind::Boolean, None)
    }

    const fn spec(
        self,
        name: &'static str,
        wire: &'static str,
        kind: SpecKind,
        group: Option<&'static str>,
    ) -> FieldSpec {
        let Self { create, update, source, .. } = self;
        FieldSpec { name, wire, kind, create, update, read: true, group, max_chars: None, source }
    }
}

/// The id of a contact. A number, but never counted with.
pub(super) const fn id(source: Source) -> FieldSpec {
    read_only("id", "id", || FieldKind::Text, source)
}

/// The four plain columns, in the order of the documents.
pub(super) const fn columns(source: Source) -> [FieldSpec; 4] {
    [
        column("name", "name", text(), source),
        column("email", "email", || FieldKind::Email, source),
        column("phone", "phone_number", || FieldKind::Phone, source),
        column("external_id", "identifier", text(), source),
    ]
}

/// What the service computes.
pub(super) const fn computed(source: Source) -> [FieldSpec; 3] {
    [
        read_only("availability", "availability_status", text(), source),
        read_only("created_at", "created_at", || FieldKind::Timestamp, source),
        read_only("last_activity_at", "last_activity_at", || FieldKind::Timestamp, source),
    ]
}

/// The keys of `additional_attributes` that Chatwoot's screens use.
pub(super) const fn additional(rules: Additional) -> [FieldSpec; 11] {
    [
        rules.key("description", "additional_attributes.description", text()),
        rules.key("company", "additional_attributes.company_name", text()),
        rules.key("city", "additional_attributes.city", text()),
        rules.key("country_name", "additional_attributes.country", text()),
        rules.key("country", "additional_attributes.country_code", || FieldKind::Country),
        rules.social("facebook", "additional_attributes.social_profiles.facebook"),
        rules.social("github", "additional_attributes.social_profiles.github"),
        rules.social("instagram", "additional_attributes.social_profiles.instagram"),
        rules.social("linkedin", "additional_attributes.social_profiles.linkedin"),
        rules.social("twitter", "additional_attributes.social_profiles.twitter"),
        rules.blocked(),
    ]
}

/// The fields of Chatwoot and of its close forks.
pub(super) const fn table(rules: Additional, source: Source) -> [FieldSpec; 23] {
    let [name, email, phone, external_id] = columns(source);
    let [description, company, city, country_name, country, facebook, github, instagram, linkedin, twitter, blocked] =
        additional(rules);
    // Both are copied into plain columns, but after those were looked at: a longer one makes a contact that no later
    // write can change, as a running 4.14.2 shows.
    let city = FieldSpec { max_chars: Some(COLUMN_CHARS), ..city };
    let country_name = FieldSpec { max_chars: Some(COLUMN_CHARS), ..country_name };
    let [availability, created_at, last_activity_at] = computed(source);
    let create_only = (true, false);
    [
        id(source),
        name,
        email,
        phone,
        external_id,
        write_only("avatar_url", "avatar_url", || FieldKind::Url, (true, true), source),
        blocked,
        write_only("inbox_id", "inbox_id", || FieldKind::Number, create_only, source),
        write_only("source_id", "source_id", text(), create_only, source),
        description,
        company,
        city,
        country_name,
        country,
        facebook,
        github,
        instagram,
        linkedin,
        twitter,
        rules.social("telegram", "additional_attributes.social_profiles.telegram"),
        availability,
        created_at,
        last_activity_at,
    ]
}

/// The wire keys that one of `fields` stands for, or stands inside of.
pub(super) fn is_prefix(fields: &[FieldSpec], path: &str) -> bool {
    fields.iter().any(|spec| spec.wire.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}
