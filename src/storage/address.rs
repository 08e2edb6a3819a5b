use std::path::{Path, PathBuf};

use object_store::path::Path as Key;
use reqwest::Url;

use crate::error::{Error, Result};

/// Parts of a query that grant what the address is of: they would be kept in the ledger, and shown.
const GRANTS: [&str; 12] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "signature",
    "sig",
    "token",
    "access_token",
    "api_key",
    "apikey",
    "key",
    "password",
];

/// Who keeps what an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `s3://BUCKET/KEY`
    S3,
    /// `gs://BUCKET/KEY`
    Gcs,
    /// `az://CONTAINER/KEY`
    Azure,
    /// `https://…`, and plain `http://` on this machine: read, never written.
    Web,
}

/// Where a file lies that lies on no disk of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub scheme: Scheme,
    text: String,
}

impl Address {
    /// The address that a path is, if it is one. Whoever is handed a path of a file asks here where it lies.
    pub fn of(path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        let (scheme, _) = text.split_once("://")?;
        let scheme = match scheme {
            "s3" => Scheme::S3,
            "gs" => Scheme::Gcs,
            "az" => Scheme::Azure,
            "https" | "http" => Scheme::Web,
            _ => return None,
        };
        Some(Self { scheme, text: text.to_owned() })
    }

    pub fn path(&self) -> &Path {
        Path::new(&self.text)
    }

    /// The file beside which those stand that belong to it: itself, or for what is only read one of its name in the
    /// working folder.
    pub fn beside(&self) -> PathBuf {
        if !self.is_read_only() {
            return self.path().to_owned();
        }
        let path = self.bucket_and_rest().1.split(['?', '#']).next().unwrap_or_default();
        PathBuf::from(path.rsplit('/').next().filter(|name| !name.is_empty() && *name != "..").unwrap_or("download"))
    }

    /// Whether nothing can be written there.
    pub fn is_read_only(&self) -> bool {
        self.scheme == Scheme::Web
    }

    /// Bucket and key.
    ///
    /// # Errors
    /// Kind `Usage` if either is missing, or the key is none.
    pub fn bucket_and_key(&self) -> Result<(String, Key)> {
        let (bucket, key) = self.bucket_and_rest();
        if bucket.is_empty() || key.is_empty() || key.ends_with('/') {
            return Err(self.wrong("names no file").hint("write it as s3://BUCKET/FOLDER/FILE.csv"));
        }
        if bucket.contains(['@', ':']) {
            // The words would repeat what may be a secret.
            return Err(Error::usage("an address holds a user name or a key").hint(NO_CREDENTIAL));
        }
        let key = Key::parse(key).map_err(|cause| {
            self.wrong("is not one that can be read").hint("no part of it is empty, `.` or `..`").caused_by(cause)
        })?;
        Ok((bucket.to_owned(), key))
    }

    /// What stands between `://` and the first slash, and what follows that.
    pub fn bucket_and_rest(&self) -> (&str, &str) {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').unwrap_or((rest, ""))
    }

    /// The address of a file on the web.
    ///
    /// # Errors
    /// Kind `Usage` if it is none, or holds what grants access to it.
    pub fn url(&self) -> Result<Url> {
        let url = Url::parse(&self.text).map_err(|cause| self.wrong(&format!("can't be read: {cause}")))?;
        let grants = |name: &str| GRANTS.contains(&name.to_ascii_lowercase().as_str());
        if !url.username().is_empty() || url.password().is_some() || url.query_pairs().any(|(name, _)| grants(&name)) {
            return Err(Error::usage("an address holds what grants access to it").hint(NO_CREDENTIAL));
        }
        Ok(url)
    }

    fn wrong(&self, what: &str) -> Error {
        Error::usage(format!("the address {what}: {}", self.text)).at_path(self.path())
    }
}

const NO_CREDENTIAL: &str = "addresses are kept in the ledger and shown: download the file and name it, or give the \
                             credential in the variables of its storage (docs/files.md)";

/// The address as it was written.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// A path that means the same file whatever the working folder is; an address does already.
pub fn absolute(path: &Path) -> PathBuf {
    match Address::of(path) {
        Some(_) => path.to_owned(),
        None => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Address> {
        Address::of(Path::new(text))
    }

    #[test]
    fn a_path_of_a_disk_is_no_address() {
        for path in ["contacts.csv", "/a/s3:/b.csv", "C:\\a.csv", "s3:/b/c.csv", "ftp://a/b.csv", "://"] {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(absolute(Path::new("s3://in/a.csv")), Path::new("s3://in/a.csv"));
        assert!(absolute(Path::new("a.csv")).is_absolute());
    }

    #[test]
    fn an_address_is_a_bucket_and_a_key() {
        let (bucket, key) = of("s3://in/2026/a b+ü.csv").unwrap().bucket_and_key().unwrap();
        assert_eq!((bucket.as_str(), key.as_ref()), ("in", "2026/a b+ü.csv"));
        for wrong in
            ["s3://", "s3://in", "s3://in/", "s3:///a.csv", "s3://in/folder/", "s3://in/a//b.csv", "s3://in/../b"]
        {
            let error = of(wrong).unwrap().bucket_and_key().unwrap_err();
            assert_eq!(error.kind, crate::error::ErrorKind::Usage, "{wrong}");
        }
    }

    #[test]
    fn what_grants_access_is_refused_and_not_repeated() {
        for address in [
            "https://ann:hunter2@example.com/a.csv",
            "https://example.com/a.csv?X-Amz-Signature=hunter2",
            "https://example.com/a.csv?v=1&sig=hunter2",
        ] {
            let error = of(address).unwrap().url().unwrap_err();
            assert!(error.message.contains("grants access"), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let error = of("s3://key:hunter2@in/a.csv").unwrap().bucket_and_key().unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert!(of("https://example.com/export?format=csv").unwrap().url().is_ok());
    }

    #[test]
    fn a_name_beside_an_address_is_an_address() {
        let beside = Path::new("s3://in/a/contacts.csv").with_file_name("contacts.results.csv");
        assert_eq!(beside, Path::new("s3://in/a/contacts.results.csv"));
        assert_eq!(beside.to_str(), Some("s3://in/a/contacts.results.csv"));
        assert_eq!(of("s3://in/a.csv").unwrap().beside(), Path::new("s3://in/a.csv"));
        for (web, name) in [
            ("https://example.com/x/a.csv?v=1", "a.csv"),
            ("https://example.com/", "download"),
            ("https://example.com/..", "download"),
        ] {
            assert_eq!(of(web).unwrap().beside(), Path::new(name), "{web}");
        }
    }
}
