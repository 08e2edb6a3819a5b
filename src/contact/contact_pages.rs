use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{RemoteId, Source};

/// What stands unencoded in an id at the end of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where people see a contact of an account on the service's own pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPages {
    before_id: String,
    /// Where the address is described.
    pub source: Source,
}

impl ContactPages {
    /// Pages whose addresses are `before_id` and the contact's id.
    pub fn new(before_id: impl Into<String>, source: Source) -> Self {
        Self { before_id: before_id.into(), source }
    }

    /// The address of one contact's page.
    pub fn url(&self, id: &RemoteId) -> String {
        format!("{}{}", self.before_id, utf8_percent_encode(&id.0, PLAIN))
    }

    /// A contact with the address of its page, where that is known.
    pub fn named(pages: Option<&Self>, id: &RemoteId) -> NamedContact {
        NamedContact { id: id.clone(), url: pages.map(|pages| pages.url(id)) }
    }
}

/// A contact as messages name it: by its id, and the address of its page behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedContact {
    /// The service's own id.
    pub id: RemoteId,
    /// Where people see it, where that is known.
    pub url: Option<String>,
}

impl fmt::Display for NamedContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.url {
            Some(url) => write!(f, "{} ({url})", self.id),
            None => self.id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_named_with_its_page_where_that_is_known() {
        let pages = ContactPages::new("https://desk.example/app/accounts/1/contacts/", Source::Seed);
        let id = RemoteId("a/b c".into());
        assert_eq!(pages.url(&id), "https://desk.example/app/accounts/1/contacts/a%2Fb%20c");
        assert_eq!(
            ContactPages::named(Some(&pages), &RemoteId("7".into())).to_string(),
            "7 (https://desk.example/app/accounts/1/contacts/7)"
        );
        assert_eq!(ContactPages::named(None, &id).to_string(), "a/b c");
    }
}
