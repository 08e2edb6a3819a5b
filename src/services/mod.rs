//! Contact services, described: data and two pure functions each.
//!
//! A [`Service`] turns a [`Call`] into a [`Request`] and an [`Answer`] into a [`Verdict`]. It never
//! waits, retries, counts, logs or touches the network; the engine does that once for all. Nothing
//! outside this folder and the sandbox names a vendor: the differences are fields of
//! [`Capabilities`] and [`Limits`]. [`ALL`] is the only list.

mod chatwoot;
mod dmchamp;
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
    fn request(&self, call: &Call) -> Result<Request>;

    /// What `answer` means for `call`. Total: any bytes give a verdict, none panics.
    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict;

    /// What the answer tells about the quota. Nothing, unless the service sends such headers.
    fn quota_hint(&self, _answer: &Answer) -> QuotaHint {
        QuotaHint::default()
    }
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
pub const ALL: &[Entry] =
    &[respondio::v1::ENTRY, chatwoot::CHATWOOT, chatwoot::DIGITAL99, chatwoot::ENGAGELAB, dmchamp::ENTRY];

/// The entry with this name, or an error that lists the names.
pub fn find(name: &str) -> Result<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
        crate::error::Error::usage(format!("no service is called: {name}"))
            .hint(format!("the services are {}", names.join(", ")))
    })
}
