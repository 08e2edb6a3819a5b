use super::{ServiceEntry, chatwoot, dmchamp, engagor, respondio};
use crate::error::Result;

/// Every service, in the order in which they are shown.
pub const ALL: &[ServiceEntry] = &[
    respondio::v1::ENTRY,
    respondio::v2::ENTRY,
    chatwoot::CHATWOOT,
    chatwoot::DIGITAL99,
    chatwoot::ENGAGELAB,
    engagor::ENTRY,
    dmchamp::ENTRY,
];

/// The entry with this name.
///
/// # Errors
/// Of kind `Usage` if there is none; the hint lists the names that there are.
pub fn find(name: &str) -> Result<&'static ServiceEntry> {
    ALL.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
        crate::error::Error::usage(format!("no service is called: {name}"))
            .hint(format!("the services are {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::CallKind;
    use crate::services::{Service, Settings};

    fn connected() -> impl Iterator<Item = (&'static ServiceEntry, Box<dyn Service>)> {
        ALL.iter().map(|entry| (entry, entry.connect_to_sandbox().unwrap()))
    }

    #[test]
    fn every_service_connects_with_the_settings_of_the_sandbox() {
        for (entry, service) in connected() {
            assert_eq!(service.name(), entry.name);
            assert_eq!(ALL.iter().filter(|other| other.name == entry.name).count(), 1);
            assert!(find(entry.name).is_ok());
        }
        assert!(find("nonesuch").is_err());
    }

    #[test]
    fn contacts_have_pages_only_where_a_source_tells_their_address() {
        let pages = |name: &str, more: &[(&str, &str)], base_url: &str| {
            let entry = find(name).unwrap();
            let settings: Vec<_> = entry.sandbox_settings.iter().chain(more).copied().collect();
            let service = (entry.connect)(&Settings::of(&settings)).unwrap();
            service.contact_pages(base_url).map(|pages| pages.url(&crate::contact::RemoteId("7".into())))
        };
        let own = pages("chatwoot", &[("account_id", "3")], "https://desk.example/");
        assert_eq!(own.as_deref(), Some("https://desk.example/app/accounts/3/contacts/7"));
        let cloud = "https://api.respond.io/v2";
        let space = pages("respondio", &[("space_id", "42")], cloud);
        assert_eq!(space.as_deref(), Some("https://app.respond.io/space/42/inbox/7"));
        // Which workspace it is, no answer tells; and a server elsewhere has another dashboard, or none.
        assert_eq!(pages("respondio", &[], cloud), None);
        assert_eq!(pages("respondio", &[("space_id", "42")], "https://desk.example"), None);
        for entry in ALL.iter().filter(|entry| !["chatwoot", "respondio"].contains(&entry.name)) {
            assert_eq!(pages(entry.name, &[], entry.base_url), None, "{}", entry.name);
        }
    }

    #[test]
    fn what_chooses_an_account_is_a_setting_of_the_service() {
        for entry in ALL {
            for name in entry.account_settings {
                assert!(entry.settings.iter().any(|setting| setting.name == *name), "{}: {name}", entry.name);
            }
        }
    }

    #[test]
    fn every_call_a_service_has_belongs_to_an_operation_and_the_reverse() {
        for (entry, service) in connected() {
            let capabilities = service.capabilities();
            for kind in CallKind::ALL {
                let documented = capabilities.operations.iter().any(|operation| operation.calls.contains(&kind));
                assert_eq!(capabilities.has(kind), documented, "{}: {kind}", entry.name);
            }
            for operation in capabilities.operations {
                assert!(!operation.calls.is_empty() || !operation.note.is_empty(), "{}", operation.title);
            }
        }
    }

    #[test]
    fn fields_have_one_name_and_one_spec_each() {
        for (entry, service) in connected() {
            for spec in service.fields() {
                let count = service.fields().iter().filter(|other| other.name == spec.name).count();
                assert_eq!(count, 1, "{}: {}", entry.name, spec.name);
            }
            for name in service.capabilities().create_needs_fields {
                assert!(
                    service.fields().iter().any(|spec| spec.name == *name && spec.create),
                    "{}: {name}",
                    entry.name
                );
            }
        }
    }
}
