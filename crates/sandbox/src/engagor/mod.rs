//! Engagor (Qualtrics Social Connect), its contact API, as its documents describe it.
//!
//! `/engagor` stands for `https://api.engagor.com` and for the site that renews tokens. The account
//! is number 1. No operation creates a contact: forty are there from the start (see [`preloaded`]).
//! Where the documents are silent this emulator takes one reading, and says so:
//!
//! - The hour of the quota begins with its first request; every answer under it carries the headers.
//! - The contact is wrapped as `{"meta": {"code": 200}, "response": ...}`; a failure has `code`,
//!   `error` and `error_description` at the top.
//! - `updates` and `options` are read from a form body, or from the query; nothing else.
//! - tags `update` replaces them; a key of `updates` that no contact has is ignored with a warning in
//!   `meta.messages`; custom attributes are an object from key to value.
//! - The next page's token is in `response.paging.next_page_token` and within `next_url`.
//! - The access tokens `sandbox` and `sandbox-renewed` are accepted, in the header or the query; the
//!   latter is what the refresh token `sandbox-refresh` is exchanged for.

mod contacts;
mod emulator;
mod known;
mod listing;
mod oauth;
mod preloaded;
mod requests;
mod updates;

pub(super) use emulator::emulator;
