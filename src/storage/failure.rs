//! What is said when storage can't be read or written: which address, what happened, what to do. Never what the
//! library says, whose words repeat addresses and answers.

use object_store::Error as StoreError;

use super::address::{Address, Scheme};
use super::client::{StorageClient, Trouble, innermost};
use crate::error::{Error, Result};

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Finding out who we are.
    Identify,
    Read,
    Write,
    List,
}

/// A storage that could not even be asked.
pub fn unprepared(address: &Address, error: &StoreError) -> Error {
    Error::usage(format!("the storage of {address} can't be used: {}", innermost(error)))
        .at_path(address.path())
        .hint(credentials(address))
}

/// The words for what the library, or the client below it, met with.
pub fn words(address: &Address, doing: Doing, error: &StoreError, client: &StorageClient) -> Error {
    said(address, doing, error, client.trouble().as_ref()).at_path(address.path())
}

fn said(address: &Address, doing: Doing, error: &StoreError, trouble: Option<&Trouble>) -> Error {
    if doing == Doing::Identify {
        return unidentified(address, error, trouble);
    }
    let code = trouble.and_then(|trouble| trouble.code.as_deref());
    let bucket = address.bucket_and_rest().0;
    match (error, code) {
        (_, Some("NoSuchBucket")) => Error::usage(format!("there is no bucket {bucket}: {address}"))
            .hint("check the spelling, the region (AWS_REGION) and, where it isn't Amazon's, AWS_ENDPOINT_URL"),
        (StoreError::NotFound { .. }, _) => {
            Error::usage(format!("there is no file {address}")).hint("check the spelling, of the bucket as well")
        }
        (StoreError::Precondition { .. } | StoreError::AlreadyExists { .. } | StoreError::NotModified { .. }, _) => {
            changed(address, doing)
        }
        (StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }, _) => refused(address, doing, code),
        (_, Some("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "RequestExpired" | "AuthFailure")) => {
            refused(address, doing, code)
        }
        (_, Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException")) => {
            Error::usage(format!("the bucket {bucket} is in another region: {address}"))
                .hint("name its region in AWS_REGION")
        }
        _ => broken(address, doing, error, trouble),
    }
}

fn unidentified(address: &Address, error: &StoreError, trouble: Option<&Trouble>) -> Error {
    let none = Error::stopped(format!("there are no credentials for {address}")).hint(credentials(address));
    match trouble {
        None => none.caused_by(innermost(error)),
        Some(trouble) if trouble.of_machine => none,
        Some(Trouble { failure: Some(words), .. }) => {
            Error::stopped(format!("the credentials for {address} could not be asked for: {words}"))
                .hint("give the command again when that server can be reached")
        }
        Some(trouble) => Error::stopped(format!("the credentials for {address} were refused{}", told(trouble)))
            .hint(credentials(address)),
    }
}

fn refused(address: &Address, doing: Doing, code: Option<&str>) -> Error {
    let is_about_keys = matches!(
        code,
        Some(
            "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "TokenRefreshRequired"
                | "AuthFailure"
                | "RequestExpired"
                | "RequestTimeTooSkewed"
        )
    );
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    if is_about_keys {
        return Error::stopped(format!("the credentials for {address} were refused{code}")).hint(credentials(address));
    }
    let (may, right) = match doing {
        Doing::Write => ("written", "s3:PutObject, and s3:GetObject to see what stands there"),
        Doing::List => ("listed", "s3:ListBucket"),
        Doing::Read | Doing::Identify => {
            ("read", "s3:GetObject, and s3:GetObjectVersion where the bucket keeps versions")
        }
    };
    let hint = match address.scheme {
        Scheme::S3 => {
            format!("give whoever the credentials are of the right to it ({right}); and is there such a file?")
        }
        _ => "give whoever the credentials are of the right to it; and is there such a file?".to_owned(),
    };
    Error::stopped(format!("{address} may not be {may} with these credentials{code}")).hint(hint)
}

/// Somebody has put another object there.
pub fn changed(address: &Address, doing: Doing) -> Error {
    let error = match doing {
        Doing::Write => Error::stopped(format!(
            "somebody else wrote {address} while the run was under way, and it was left as it is"
        ))
        .hint("go on with the run, which then writes under another name, or name another file"),
        _ => Error::stopped(format!("{address} was changed while it was read"))
            .hint("nothing was sent: give the command again when nobody writes the file any more"),
    };
    error.at_path(address.path())
}

fn broken(address: &Address, doing: Doing, error: &StoreError, trouble: Option<&Trouble>) -> Error {
    let verb = match doing {
        Doing::Write => "write",
        Doing::List => "list",
        Doing::Read | Doing::Identify => "read",
    };
    let why = match trouble {
        Some(Trouble { failure: Some(words), .. }) => words.clone(),
        Some(trouble) => format!("{} answered{}", trouble.host, told(trouble)),
        None => innermost(error),
    };
    Error::stopped(format!("can't {verb} {address}: {why}"))
        .hint("it was tried several times: give the command again when the storage can be reached")
}

fn told(trouble: &Trouble) -> String {
    match (&trouble.status, &trouble.code) {
        (Some(status), Some(code)) => format!(" with {status} ({code})"),
        (Some(status), None) => format!(" with {status}"),
        (None, _) => String::new(),
    }
}

fn credentials(address: &Address) -> &'static str {
    match address.scheme {
        Scheme::S3 => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for one of ~/.aws/credentials; storage that \
             isn't Amazon's is named by AWS_ENDPOINT_URL"
        }
        Scheme::Gcs => "name the file of a service account in GOOGLE_APPLICATION_CREDENTIALS",
        Scheme::Azure => {
            "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or the variables of a workload identity"
        }
        Scheme::Web => "an address on the web is read without credentials",
    }
}

/// For those that have no library's error: a web server's answer.
pub fn of_web(address: &Address, status: u16) -> Result<()> {
    let error = match status {
        200 => return Ok(()),
        404 | 410 => Error::usage(format!("there is no file {address}")).hint("check the spelling"),
        401 | 403 => Error::stopped(format!("{address} may not be read: the server answered with {status}"))
            .hint("an address on the web is read without credentials: download the file and name it"),
        _ => Error::stopped(format!("can't read {address}: the server answered with {status}"))
            .hint("give the command again when the server can be reached"),
    };
    Err(error.at_path(address.path()))
}
