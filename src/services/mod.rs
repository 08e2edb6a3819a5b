//! Contact services, described: data and two pure functions each.
//!
//! A [`Service`] turns a [`Call`] into a [`Request`] and an [`Answer`] into a [`Verdict`]. It never
//! waits, retries, counts, logs or touches the network; the engine does that once for all. Nothing
//! outside this folder and the sandbox names a vendor: the differences are fields of
//! [`Capabilities`] and [`Limits`]. [`ALL`] is the only list.

mod chatwoot;
mod dmchamp;
pub mod engagor;
pub mod respondio;

pub mod http;
mod reading;
mod settings;
#[cfg(test)]
mod transcript;
mod verdict;
mod writing;

pub use http::{Answer, Body, Method, Request, Wait, retry_after};
pub use settings::{Credential, SettingSpec, Settings};
pub use verdict::{Page, Reply, Verdict, by_status};

use crate::contact::{Call, Capabilities, FieldSpec, Limits, Source};
use crate::error::Result;

/// One service, with the settings of one account.
pub trait Service: Send + Sync {
    /// As in the configuration: `respondio-v1`.
    fn name(&self) -> &'static str;

    fn capabilities(&self) -> &Capabilities;

    fn limits(&self) -> &Limits;

    /// Every standard field the service has.
    fn fields(&self) -> &'static [FieldSpec];

    /// Where the credential goes in a request.
    fn credential(&self) -> Credential;

    /// The request that carries `call`.
    ///
    /// Requires that the capabilities have the call and that it is within the limits; otherwise
    /// `Err` of kind `Bug`.
    /// `Err` of kind `Usage` is about this contact alone, which the service can't carry out as it
    /// stands: it fails the row and not the run.
    fn request(&self, call: &Call) -> Result<Request>;

    /// What `answer` means for `call`. Total: any bytes give a verdict, none panics.
    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict;

    /// What the answer tells about the quota. Nothing, unless the service sends such headers.
    fn quota_hint(&self, _answer: &Answer) -> QuotaHint {
        QuotaHint::default()
    }

    /// How an access token that ran out is renewed. Nothing, unless the service's tokens run out.
    fn refresh(&self) -> Option<RefreshSpec> {
        None
    }
}

/// How to ask for a new access token: a `GET` whose query holds the secrets, answered by JSON.
///
/// Names alone; the secrets themselves are the transport's, and so is the care that a URL with
/// secrets in it is never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshSpec {
    /// Scheme and host, without a slash at the end.
    pub site: String,
    pub path: &'static str,
    /// Query parameters that are the same for everyone.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Names of the query parameters that hold secrets.
    pub client_id: &'static str,
    pub client_secret: &'static str,
    pub refresh_token: &'static str,
    /// Keys of the answer: the new token, the seconds it lasts, a new refresh token if one comes,
    /// and what went wrong if something did.
    pub answer_access_token: &'static str,
    pub answer_expires_in: &'static str,
    pub answer_refresh_token: &'static str,
    pub answer_error: &'static str,
    pub source: Source,
}

/// What an answer's headers tell about the quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaHint {
    /// Calls that a window admits.
    pub limit: Option<u32>,
    pub window: Option<std::time::Duration>,
    /// Calls left in this window.
    pub remaining: Option<u32>,
    /// How long until the window begins anew.
    pub reset_after: Option<std::time::Duration>,
}

/// What is known of a service before an account is configured.
pub struct Entry {
    pub name: &'static str,
    /// The product's own name.
    pub title: &'static str,
    /// Where the API is, unless the account says otherwise.
    pub base_url: &'static str,
    pub base_url_source: Source,
    pub settings: &'static [SettingSpec],
    /// Values for the required settings that fit the sandbox.
    pub sandbox_settings: &'static [(&'static str, &'static str)],
    /// The service with these settings. A missing or wrong setting is an error of kind `Usage`.
    pub connect: fn(&Settings) -> Result<Box<dyn Service>>,
}

/// Every service, in the order in which they are shown.
pub const ALL: &[Entry] = &[
    respondio::v1::ENTRY,
    respondio::v2::ENTRY,
    chatwoot::CHATWOOT,
    chatwoot::DIGITAL99,
    chatwoot::ENGAGELAB,
    engagor::ENTRY,
    dmchamp::ENTRY,
];

/// The entry with this name, or an error that lists the names.
pub fn find(name: &str) -> Result<&'static Entry> {
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

    fn connected() -> impl Iterator<Item = (&'static Entry, Box<dyn Service>)> {
        ALL.iter().map(|entry| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let settings = Settings(entry.sandbox_settings.iter().map(owned).collect());
            (entry, (entry.connect)(&settings).unwrap())
        })
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
