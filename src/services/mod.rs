//! Contact services, described: data and two pure functions each.
//!
//! A [`Service`] turns a [`Call`](crate::contact::Call) into a [`Request`] and an [`Answer`] into a [`Verdict`]. It never
//! waits, retries, counts, logs or touches the network; the upload does that once for all. Nothing
//! outside this folder and the sandbox names a vendor: the differences are fields of
//! [`Capabilities`](crate::contact::Capabilities) and [`Limits`](crate::contact::Limits). [`ALL`] is the only list.

#![warn(missing_docs, clippy::missing_errors_doc)]

mod chatwoot;
mod dmchamp;
pub mod engagor;
pub mod respondio;

/// Requests and answers as plain values, and what headers say of waiting.
pub mod http;
mod list;
mod reading;
mod service;
mod settings;
#[cfg(test)]
mod transcript;
mod verdict;
mod writing;

pub use http::{Answer, Body, Method, Request, Wait, retry_after};
pub use list::{ALL, find};
pub use service::{QuotaHint, RefreshSpec, Service, ServiceEntry};
pub use settings::{Credential, SettingSpec, Settings};
pub use verdict::{Page, Reply, Verdict, by_status};
