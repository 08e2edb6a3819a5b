use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use reqwest::header::{HeaderName, HeaderValue};
use std::time::Duration;

use super::address::{Address, Scheme};
use super::client::StorageClient;
use super::failure::Doing;
use super::{Storage, StorageOptions, failure, profile};
use crate::error::{Error, Result};

/// A bucket that is at hand, and the key of what is meant in it.
pub struct Bucket {
    pub store: Arc<dyn ObjectStore>,
    pub key: Key,
    pub client: StorageClient,
}

/// How often a request is tried again, and for how long.
fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
    RetryConfig { backoff, max_retries: 6, retry_timeout: Duration::from_secs(60) }
}

impl Storage {
    /// The bucket of an address, with the credentials that there are for it.
    ///
    /// # Errors
    /// Kind `Usage` if the address or a variable is wrong, or this program was built without its storage; `Stopped` if
    /// there is no credential.
    pub(super) async fn bucket(
        options: &StorageOptions,
        address: &Address,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Bucket> {
        let (bucket, key) = address.bucket_and_key()?;
        Self::bucket_named(options, address, &bucket, key, condition).await
    }

    pub(super) async fn bucket_named(
        options: &StorageOptions,
        address: &Address,
        bucket: &str,
        key: Key,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Bucket> {
        let client = StorageClient::new(options, condition);
        let store: Arc<dyn ObjectStore> = match address.scheme {
            Scheme::S3 => s3(options, bucket, &client, address).await?,
            Scheme::Gcs => gcs(options, bucket, &client, address)?,
            Scheme::Azure => azure(options, bucket, &client, address)?,
            Scheme::Web => return Err(Error::bug("a web address has no bucket")),
        };
        Ok(Bucket { store, key, client })
    }
}

/// A bucket of S3, or of whatever `AWS_ENDPOINT_URL` says that speaks as it does.
async fn s3(
    options: &StorageOptions,
    bucket: &str,
    client: &StorageClient,
    address: &Address,
) -> Result<Arc<dyn ObjectStore>> {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in profile::variables(&options.variables)? {
        let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() else { continue };
        // The address says which bucket; and what is not encrypted is for the client to refuse.
        if !matches!(key, AmazonS3ConfigKey::Bucket | AmazonS3ConfigKey::Client(_)) {
            builder = builder.with_config(key, value);
        }
    }
    let built = builder
        .with_bucket_name(bucket)
        .with_retry(retries())
        .with_http_connector(client.clone())
        .build()
        .map_err(|error| failure::unprepared(address, &error))?;
    let is_signed = options.variables.get("AWS_SKIP_SIGNATURE").is_none_or(|skip| skip == "false");
    if is_signed && let Err(error) = built.credentials().get_credential().await {
        return Err(failure::words(address, Doing::Identify, &error, client));
    }
    Ok(Arc::new(built))
}

#[cfg(feature = "gcp")]
fn gcs(
    options: &StorageOptions,
    bucket: &str,
    client: &StorageClient,
    address: &Address,
) -> Result<Arc<dyn ObjectStore>> {
    use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in &options.variables {
        if let Some(Ok(key)) = name.starts_with("GOOGLE_").then(|| name.to_ascii_lowercase().parse::<GoogleConfigKey>())
            && !matches!(key, GoogleConfigKey::Bucket | GoogleConfigKey::Client(_))
        {
            builder = builder.with_config(key, value);
        }
    }
    let builder = builder.with_bucket_name(bucket).with_retry(retries()).with_http_connector(client.clone());
    Ok(Arc::new(builder.build().map_err(|error| failure::unprepared(address, &error))?))
}

#[cfg(feature = "azure")]
fn azure(
    options: &StorageOptions,
    bucket: &str,
    client: &StorageClient,
    address: &Address,
) -> Result<Arc<dyn ObjectStore>> {
    use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in &options.variables {
        if let Some(Ok(key)) = name.starts_with("AZURE_").then(|| name.to_ascii_lowercase().parse::<AzureConfigKey>())
            && !matches!(key, AzureConfigKey::ContainerName | AzureConfigKey::Client(_))
        {
            builder = builder.with_config(key, value);
        }
    }
    let builder = builder.with_container_name(bucket).with_retry(retries()).with_http_connector(client.clone());
    Ok(Arc::new(builder.build().map_err(|error| failure::unprepared(address, &error))?))
}

#[cfg(not(feature = "gcp"))]
fn gcs(_: &StorageOptions, _: &str, _: &StorageClient, address: &Address) -> Result<Arc<dyn ObjectStore>> {
    Err(not_built_in(address, "Google Cloud Storage", "gcp"))
}

#[cfg(not(feature = "azure"))]
fn azure(_: &StorageOptions, _: &str, _: &StorageClient, address: &Address) -> Result<Arc<dyn ObjectStore>> {
    Err(not_built_in(address, "Azure storage", "azure"))
}

#[cfg(not(all(feature = "gcp", feature = "azure")))]
fn not_built_in(address: &Address, storage: &str, feature: &str) -> Error {
    Error::usage(format!("this rolo was built without {storage}: {address}")).at_path(address.path()).hint(format!(
        "build it with `cargo build --release --features {feature}`, or copy the file to a disk or to S3 first"
    ))
}
