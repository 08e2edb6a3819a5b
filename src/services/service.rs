use super::{Answer, Credential, Request, SettingSpec, Settings, Verdict};
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
pub struct ServiceEntry {
    pub name: &'static str,
    /// The product's own name.
    pub title: &'static str,
    /// Where the API is, unless the account says otherwise.
    pub base_url: &'static str,
    pub base_url_source: Source,
    pub settings: &'static [SettingSpec],
    /// Names of the settings that choose the account at the vendor, beside the base URL. None where the
    /// token alone chooses it.
    pub account_settings: &'static [&'static str],
    /// Values for the required settings that fit the sandbox.
    pub sandbox_settings: &'static [(&'static str, &'static str)],
    /// The service with these settings. A missing or wrong setting is an error of kind `Usage`.
    pub connect: fn(&Settings) -> Result<Box<dyn Service>>,
}
