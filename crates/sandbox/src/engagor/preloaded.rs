//! The contacts that are there from the start, by a rule that a test can repeat.
//!
//! Contact `k`, from 1 to 40:
//! - `id` is 1000 + k; `phone` is `+120255501` and k in two digits (`+12025550101` to `+12025550140`,
//!   numbers set aside for fiction);
//! - its name is the k-th of twenty first and twenty last names; from 21 on they begin again, each
//!   last name one further on (1 is Ana Almeida, 21 is Ana Brown, 40 is Victor Almeida); its e-mail is
//!   both in lower case, joined by a dot, at `example.com`;
//! - it came by twitter (1 to 20), facebook (21 to 30), instagram (31 to 35), then one each by
//!   whatsapp, viber, wechat, twilio and web (36 to 40); its service id is 900000000 + `id`, and for
//!   whatsapp the digits of its phone;
//! - an odd k has a company; an even k the tag `customer`, every fifth `vip`; every third the custom
//!   attribute `plan`, `gold`;
//! - it was added, and last updated, k days after 2023-11-14 22:13:20 UTC.

use std::time::Duration;

use serde_json::json;

use super::contacts::Contacts;

const FIRST: [&str; 20] = [
    "Ana", "Ben", "Chloe", "David", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Karin", "Liam", "Maya",
    "Noah", "Olga", "Pavel", "Rosa", "Samir", "Tessa", "Victor",
];
const LAST: [&str; 20] = [
    "Almeida",
    "Brown",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Keller",
    "Lopez",
    "Moreau",
    "Novak",
    "Okafor",
    "Peeters",
    "Rossi",
    "Silva",
    "Tanaka",
    "Vermeulen",
];
const DAY: u64 = 86_400;

pub(super) fn contacts() -> Contacts {
    let mut contacts = Contacts::default();
    for k in 1..=40_usize {
        let id = 1000 + k;
        let (first, last) = (FIRST[(k - 1) % 20], LAST[(k - 1 + (k - 1) / 20) % 20]);
        let phone = format!("+120255501{k:02}");
        let kind = match k {
            1..=20 => "twitter",
            21..=30 => "facebook",
            31..=35 => "instagram",
            36 => "whatsapp",
            37 => "viber",
            38 => "wechat",
            39 => "twilio",
            _ => "web",
        };
        let service_id = match kind {
            "whatsapp" => phone[1..].to_owned(),
            _ => (900_000_000 + id).to_string(),
        };
        let mut tags = Vec::new();
        tags.extend((k % 2 == 0).then_some("customer"));
        tags.extend((k % 5 == 0).then_some("vip"));
        let added = 1_700_000_000 + DAY * k as u64;
        let contact = json!({
            "id": id.to_string(),
            "name": format!("{first} {last}"),
            "email": format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
            "company": (k % 2 == 1).then(|| format!("{last} & Co")),
            "phone": phone,
            "tags": tags,
            "customattributes": if k % 3 == 0 { json!({ "plan": "gold" }) } else { json!({}) },
            "socialprofiles": [{ "type": kind, "service_id": service_id }],
            "dateadd": added,
            "lastupdate": added,
        });
        // Their ids differ, which is all that is asked of them.
        let _ = contacts.seed(&contact, Duration::ZERO);
    }
    contacts
}
