use super::{Answer, Credential, Request, SettingSpec, Settings, Verdict};
use crate::contact::{Call, CallKind, Capabilities, ContactPages, FieldSpec, Limits, Source};
use crate::error::Result;

/// One service, with the settings of one account.
pub trait Service: Send + Sync {
    /// As in the configuration: `respondio-v1`.
    fn name(&self) -> &'static str;

    /// What the service can do, with this account's settings.
    fn capabilities(&self) -> &Capabilities;

    /// The sizes and the quota that it allows, with this account's settings.
    fn limits(&self) -> &Limits;

    /// Every standard field the service has.
    fn fields(&self) -> &'static [FieldSpec];

    /// Where the credential goes in a request.
    fn credential(&self) -> Credential;

    /// The request that carries `call`.
    ///
    /// # Errors
    /// Of kind `Bug` if the capabilities lack the call or it exceeds the limits: whoever makes calls keeps to
    /// both. Of kind `Usage` if the service can't carry the call out for this contact as it stands: that fails
    /// the row and not the run.
    fn request(&self, call: &Call) -> Result<Request>;

    /// What `answer` means for `call`. Total: any bytes give a verdict, none panics.
    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict;

    /// Where people see the contacts of the account, whose API is at `base_url`. Nothing, unless a public
    /// source tells how such an address is made: none is guessed.
    fn contact_pages(&self, _base_url: &str) -> Option<ContactPages> {
        None
    }

    /// What the answer tells about the quota. Nothing, unless the service sends such headers.
    fn quota_hint(&self, _answer: &Answer) -> QuotaHint {
        QuotaHint::default()
    }

    /// What the service counts a call as, where it counts each operation by itself: the kind of call whose request
    /// is of the same method and path.
    fn counts_as(&self, call: &Call) -> CallKind {
        call.kind()
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
    /// Below `site`, beginning with a slash.
    pub path: &'static str,
    /// Query parameters that are the same for everyone.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Name of the query parameter for the client's id.
    pub client_id: &'static str,
    /// Name of the query parameter for the client's secret.
    pub client_secret: &'static str,
    /// Name of the query parameter for the refresh token.
    pub refresh_token: &'static str,
    /// Key of the answer under which the new access token stands.
    pub answer_access_token: &'static str,
    /// Key of the seconds for which the new token is good.
    pub answer_expires_in: &'static str,
    /// Key of a new refresh token, where one comes.
    pub answer_refresh_token: &'static str,
    /// Key of what went wrong, if something did.
    pub answer_error: &'static str,
    /// Where the vendor describes it.
    pub source: Source,
}

/// What an answer's headers tell about the quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaHint {
    /// Calls that a window admits.
    pub limit: Option<u32>,
    /// How long such a window is.
    pub window: Option<std::time::Duration>,
    /// Calls left in this window.
    pub remaining: Option<u32>,
    /// How long until the window begins anew.
    pub reset_after: Option<std::time::Duration>,
}

/// What is known of a service before an account is configured.
pub struct ServiceEntry {
    /// As in the configuration.
    pub name: &'static str,
    /// The product's own name.
    pub title: &'static str,
    /// Where the API is, unless the account says otherwise.
    pub base_url: &'static str,
    /// Where the vendor states it.
    pub base_url_source: Source,
    /// Every setting that an account of it can have, beside its credential.
    pub settings: &'static [SettingSpec],
    /// Names of the settings that choose the account at the vendor, beside the base URL. None where the
    /// token alone chooses it.
    pub account_settings: &'static [&'static str],
    /// Values for the required settings that fit the sandbox.
    pub sandbox_settings: &'static [(&'static str, &'static str)],
    /// The service with these settings. A missing or wrong setting is an error of kind `Usage`.
    pub connect: fn(&Settings) -> Result<Box<dyn Service>>,
}

impl ServiceEntry {
    /// The service with the settings that fit the sandbox: what it can do doesn't depend on an account.
    ///
    /// # Errors
    /// None where the entry states every setting that it requires, which a test holds.
    pub fn connect_to_sandbox(&self) -> Result<Box<dyn Service>> {
        (self.connect)(&Settings::of(self.sandbox_settings))
    }
}
