use std::borrow::Cow;

use super::http::{Answer, Wait, retry_after};
use crate::contact::{Cursor, FieldDefinition, Message, RemoteId, Snapshot};

/// What one answer means for the call that it answers: a service's judgement, without regard to what came
/// before it. Whether the call is over with that, or is attempted again, is decided by whoever makes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Applied, for sure.
    Done {
        /// What the answer carried.
        reply: Reply,
        /// In the service's own words.
        warnings: Vec<String>,
    },
    /// Not applied, for sure; send it again after waiting.
    Again {
        /// For how long.
        wait: Wait,
        /// What the service said.
        message: String,
    },
    /// Not applied, and never will be.
    Refused {
        /// One of ours, as in docs/row-errors.md: `service.refused`, `service.value`…
        code: Cow<'static, str>,
        /// What the service said.
        message: String,
        /// Our names for what was refused, where the service says.
        fields: Vec<String>,
    },
    /// The contact isn't there.
    Missing {
        /// What the service said.
        message: String,
    },
    /// A contact with one of these values exists already.
    Exists {
        /// What the service said.
        message: String,
        /// Our names of the fields whose values are taken, where the service says.
        fields: Vec<String>,
        /// Who has them, where the service says: one contact at most. No answer that is known names several.
        /// Chatwoot names none, also where three values are three contacts' (a running 4.14.2: `message` and
        /// `attributes` alone; issue 15917), and nor does respond.io (both APIs' pages, the official SDK); DM
        /// Champ tells one `contactId` (its page on contacts, a public client); Engagor creates nobody. Whose the
        /// others are, the look-up shows that follows.
        id: Option<RemoteId>,
    },
    /// Nothing sent with these credentials or settings can work: stop the run.
    Stop {
        /// What the service said.
        message: String,
    },
    /// Whoever answered is not the service: a redirect, or a page for people. Stop the run; the
    /// credentials are not at fault, the account's base URL probably is.
    Misdirected {
        /// What came instead, without a query, which may hold a secret.
        message: String,
    },
    /// Nobody can say whether it was applied.
    Unclear {
        /// What the service said, or what is wrong with its answer.
        message: String,
    },
}

impl Verdict {
    /// One word, as metrics have it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Again { .. } => "again",
            Self::Refused { .. } => "refused",
            Self::Missing { .. } => "missing",
            Self::Exists { .. } => "exists",
            Self::Stop { .. } => "stop",
            Self::Misdirected { .. } => "misdirected",
            Self::Unclear { .. } => "unclear",
        }
    }
}

/// What a good answer carried.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// That it was applied, and no more.
    Nothing,
    /// The id of the contact that was made or changed.
    Id(RemoteId),
    /// The contact as it is now.
    Contact(Box<Snapshot>),
    /// One page of contacts, of a look-up or a listing.
    Contacts(Page<Snapshot>),
    /// The tags of one contact by name, or those that the account defines.
    Tags(Vec<String>),
    /// The messages exchanged with one contact, in the order of the answer.
    Messages(Vec<Message>),
    /// One page of the custom fields that the account defines.
    Fields(Page<FieldDefinition>),
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// In the order of the answer.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
    /// How many there are in all, where the service tells it.
    pub total: Option<u64>,
}

impl Verdict {
    /// [`Self::Done`] without warnings.
    pub fn done(reply: Reply) -> Self {
        Self::Done { reply, warnings: Vec::new() }
    }

    /// [`Self::Refused`] where the service names no field.
    pub fn refused(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::Refused { code: code.into(), message: message.into(), fields: Vec::new() }
    }

    /// [`Self::Unclear`] in these words.
    pub fn unclear(message: impl Into<String>) -> Self {
        Self::Unclear { message: message.into() }
    }
}

/// The verdict on a status that the service's own documents don't explain otherwise.
///
/// One table for all services: 4xx was not applied; 5xx and everything unknown is unclear; a redirect,
/// and a page for people where an answer was due, means that this isn't the service. A refusal for the
/// moment that says when to come again (`Retry-After`) is no refusal for good.
/// `message` is what the service said, already taken out of its body.
pub fn by_status(answer: &Answer, message: &str) -> Verdict {
    let said = |otherwise: &str| {
        if message.is_empty() { format!("{otherwise} (status {})", answer.status) } else { message.to_owned() }
    };
    match answer.status {
        403 | 408 | 409 | 413 | 420 | 423 | 425 | 429..=499 if retry_after(answer).is_some() => Verdict::Again {
            wait: Wait::For(retry_after(answer).unwrap_or_default()),
            message: said("asked to come again later"),
        },
        401 => Verdict::Stop { message: said("the service refused the credentials") },
        403 => Verdict::Stop { message: said("the credentials do not allow this") },
        200..=299 | 404 | 405 | 410 if answer.is_page() => page_instead(answer),
        404 | 410 => Verdict::Missing { message: said("not found") },
        429 => Verdict::Again { wait: Wait::Backoff, message: said("too many requests") },
        400 | 402 | 405..=409 | 411..=418 | 420..=428 | 430..=499 => {
            Verdict::refused("service.refused", said("the service refused the request"))
        }
        200..=299 => Verdict::unclear(format!("the answer could not be read (status {})", answer.status)),
        300..=399 => Verdict::Misdirected {
            message: match answer.redirected_to() {
                Some(place) => format!("the address redirects to {place} (status {})", answer.status),
                None => format!("the address redirects, and doesn't say where to (status {})", answer.status),
            },
        },
        _ => Verdict::unclear(said("the service had an error")),
    }
}

/// The verdict where a page for people came.
pub(super) fn page_instead(answer: &Answer) -> Verdict {
    Verdict::Misdirected { message: format!("a web page came where an answer was due (status {})", answer.status) }
}

/// The verdict where the server answers, and has no such API.
pub(super) fn no_such_api(answer: &Answer) -> Verdict {
    Verdict::Misdirected { message: format!("there is no such API at this address (status {})", answer.status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_says_when_to_come_again_is_none_for_good_unless_it_is_about_what_was_sent() {
        let is_for_later = |status: u16, wait: &str| {
            let headers = vec![("retry-after".to_owned(), wait.to_owned())];
            let verdict = by_status(&Answer { status, headers, ..Answer::default() }, "");
            matches!(verdict, Verdict::Again { wait: Wait::For(time), .. } if time.as_millis() == 1500)
        };
        for status in [403, 408, 409, 413, 420, 423, 425, 429, 430, 449, 451, 499] {
            assert!(is_for_later(status, "1.5"), "{status}");
            assert!(!is_for_later(status, "soon"), "{status}");
        }
        for status in [400, 401, 402, 404, 405, 410, 415, 422] {
            assert!(!is_for_later(status, "1.5"), "{status}");
        }
    }
}
