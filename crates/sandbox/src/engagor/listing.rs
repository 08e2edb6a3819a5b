//! Lists: of contacts, of tags, of accounts.

use std::collections::BTreeSet;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::contacts::{Contact, Sort};
use super::emulator::{Answer, Engagor, invalid};
use crate::{WireAnswer, WireRequest};

impl Engagor {
    pub(super) fn list(&self, request: &WireRequest) -> Answer {
        let limit = limit(request, 20, 50)?;
        let (sort, descending) = match request.query_value("sort") {
            None | Some("dateadd:asc") => (Sort::Added, false),
            Some("dateadd:desc") => (Sort::Added, true),
            Some("lastupdate:asc") => (Sort::Updated, false),
            Some("lastupdate:desc") => (Sort::Updated, true),
            Some(_) => return Err(invalid("sort must be dateadd or lastupdate, with :asc or :desc")),
        };
        let filter = Filter::read(request)?;
        let after = match request.query_value("page_token") {
            Some(token) => Some(place(token).ok_or_else(|| invalid("page_token is not valid"))?),
            None => None,
        };
        let order = self.contacts.order(sort);
        let fits = |place: &(u64, u64)| self.contacts.get(place.1).filter(|contact| filter.lets_through(contact));
        let wanted = limit + 1;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut found: Vec<_> = if descending {
            let places = order.range((Bound::Unbounded, from)).rev();
            places.filter_map(|place| Some((*place, fits(place)?))).take(wanted).collect()
        } else {
            let places = order.range((from, Bound::Unbounded));
            places.filter_map(|place| Some((*place, fits(place)?))).take(wanted).collect()
        };
        let goes_on = found.len() > limit && limit > 0;
        found.truncate(limit);
        let next = found.last().filter(|_| goes_on).map(|(place, _)| token(*place));
        let shown: Vec<_> = found.into_iter().map(|(_, contact)| contact.shown()).collect();
        Ok(paged(request, &shown, next).into())
    }

    /// The tags that contacts carry, in order.
    pub(super) fn tags(&self, request: &WireRequest) -> Answer {
        let tags: BTreeSet<&String> = self.contacts.iter().flat_map(|contact| &contact.tags).collect();
        let tags: Vec<_> = tags.into_iter().map(|tag| json!(tag)).collect();
        self.page_of(request, &tags, 20, 200)
    }

    #[expect(clippy::unused_self, reason = "beside its siblings")]
    pub(super) fn page_of(&self, request: &WireRequest, all: &[Value], default: usize, most: usize) -> Answer {
        let limit = limit(request, default, most)?;
        let start = match request.query_value("page_token") {
            Some(text) => place(text).ok_or_else(|| invalid("page_token is not valid"))?.0,
            None => 0,
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(all.len());
        let end = (start + limit).min(all.len());
        let next = (limit > 0 && end < all.len()).then(|| token((end as u64, 0)));
        Ok(paged(request, &all[start..end], next).into())
    }
}

/// Which contacts a list shows.
struct Filter {
    required: Vec<String>,
    tag: Option<String>,
    updated_since: u64,
}

impl Filter {
    fn read(request: &WireRequest) -> Result<Self, WireAnswer> {
        let required = request.query_value("required_fields").unwrap_or("[]");
        let required: Vec<String> =
            serde_json::from_str(required).map_err(|_| invalid("required_fields must be a JSON array"))?;
        if !required.iter().all(|name| ["email", "name", "company", "phone"].contains(&name.as_str())) {
            return Err(invalid("required_fields may hold email, name, company and phone"));
        }
        let tag = match request.query_value("filter").filter(|filter| !filter.is_empty()) {
            Some(filter) => {
                let tag = filter.strip_prefix("contacttag:").filter(|tag| !tag.is_empty());
                Some(tag.ok_or_else(|| invalid("filter must be contacttag:TAG"))?.to_owned())
            }
            None => None,
        };
        let updated_since = match request.query_value("updated_since") {
            Some(text) => seconds(text).ok_or_else(|| invalid("updated_since must be a date in ISO 8601"))?,
            None => 0,
        };
        Ok(Self { required, tag, updated_since })
    }

    fn lets_through(&self, contact: &Contact) -> bool {
        contact.updated >= self.updated_since
            && self.required.iter().all(|name| contact.texts.contains_key(name))
            && self.tag.as_ref().is_none_or(|tag| contact.tags.contains(tag))
    }
}

fn limit(request: &WireRequest, default: usize, most: usize) -> Result<usize, WireAnswer> {
    let limit = request.query_value("limit").map_or(Some(default), |limit| limit.parse().ok());
    limit.filter(|limit| *limit <= most).ok_or_else(|| invalid(&format!("limit must be between 0 and {most}")))
}

fn paged(request: &WireRequest, data: &[Value], next: Option<String>) -> Value {
    let mut paging = json!({});
    if let Some(next) = next {
        let host = request.header("host").unwrap_or("api.engagor.com");
        paging["next_url"] = json!(format!("http://{host}/engagor{}?page_token={next}", request.path));
        paging["next_page_token"] = json!(next);
    }
    json!({ "data": data, "paging": paging })
}

/// A place in a list, as text that nobody is meant to read.
fn token((moment, id): (u64, u64)) -> String {
    URL_SAFE_NO_PAD.encode(format!("{moment}/{id}"))
}

fn place(token: &str) -> Option<(u64, u64)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (moment, id) = text.split_once('/')?;
    Some((moment.parse().ok()?, id.parse().ok()?))
}

/// A moment, a date and time without a zone (taken as UTC) or a day, in Unix seconds; before 1970 is 1970.
fn seconds(text: &str) -> Option<u64> {
    let utc =
        |moment: jiff::civil::DateTime| moment.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let moment = text.parse::<jiff::Timestamp>().ok().or_else(|| utc(text.parse().ok()?))?;
    Some(u64::try_from(moment.as_second()).unwrap_or(0))
}
