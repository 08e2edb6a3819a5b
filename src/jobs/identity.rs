//! What an account points to: the name under which its memory is kept.
//!
//! The name in the configuration is only what a person calls it. Two places under one name share no
//! id, no cursor and no claim; two names for one place share all of it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::account_spec::AccountSpec;
use crate::ledger::IN_MEMORY;

/// What stands unencoded in a setting's value, so that a space ends it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Service, base URL and the settings that choose the account at the vendor, with spaces between.
///
/// The embedded server of a state folder has no lasting address and goes by its own name. One that is
/// kept in memory is remembered by nobody: it has a name that is never given again.
pub fn identity(spec: &AccountSpec, moment: u128) -> String {
    match &spec.sandbox {
        // A server that somebody else has started is where its address says.
        _ if spec.sandbox.is_some() && spec.base_url.is_some() => place(spec),
        Some(sandbox) if sandbox.memory => format!("{}{IN_MEMORY}{}-{moment}", spec.name, std::process::id()),
        Some(_) => spec.name.clone(),
        None => place(spec),
    }
}

/// Whether an account points to where this identity was given, as far as that can be told without its token.
pub fn points_to(spec: &AccountSpec, identity: &str) -> bool {
    let place = place(spec);
    identity.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn place(spec: &AccountSpec) -> String {
    let url = canonical(spec.base_url.as_deref().unwrap_or(spec.service.base_url));
    let mut parts = vec![spec.service.name.to_owned(), url];
    for name in spec.service.account_settings {
        let value = spec.settings.get(name).unwrap_or_default().trim();
        parts.push(format!("{name}={}", utf8_percent_encode(value, PLAIN)));
    }
    parts.join(" ")
}

/// One way of writing an address: what servers don't tell apart is left out.
fn canonical(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let usual = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}{path}", host.strip_suffix(usual).unwrap_or(&host))
}

/// How two identities differ, in words; `None` if they are one.
pub fn difference(before: &str, now: &str) -> Option<String> {
    if before == now {
        return None;
    }
    let was: Vec<&str> = before.split(' ').collect();
    let is: Vec<&str> = now.split(' ').collect();
    let named = |part: &str, position: usize| match (position, part.split_once('=')) {
        (0, _) => ("service".to_owned(), part.to_owned()),
        (1, _) => ("base_url".to_owned(), part.to_owned()),
        (_, Some((name, value))) => (name.to_owned(), value.to_owned()),
        // The digest of the first token that opened a workspace.
        (_, None) => ("workspace".to_owned(), String::new()),
    };
    let mut differences = Vec::new();
    for position in 0..was.len().max(is.len()) {
        let (old, new) = (was.get(position).copied(), is.get(position).copied());
        if old == new {
            continue;
        }
        let (name, _) = named(new.or(old).unwrap_or_default(), position);
        if name == "workspace" {
            differences.push("its token opens another workspace".to_owned());
            continue;
        }
        let value = |part: Option<&str>| part.map_or_else(|| "none".to_owned(), |part| named(part, position).1);
        differences.push(format!("{name} was {} and is {}", value(old), value(new)));
    }
    Some(differences.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::SandboxSpec;
    use crate::services::{self, Settings};

    fn spec(service: &str, base_url: Option<&str>, settings: &[(&str, &str)]) -> AccountSpec {
        let service = services::find(service).unwrap();
        let base_url = base_url.map(str::to_owned);
        AccountSpec { base_url, ..AccountSpec::new("desk", service, Settings::of(settings)) }
    }

    #[test]
    fn an_account_is_its_service_its_address_and_what_chooses_it_there() {
        // The last of all services but one is chosen by a setting of its own.
        let service = services::ALL.iter().find(|entry| entry.account_settings == ["account_id"]).unwrap();
        let of = |url: &str, id: &str, inbox: &str| {
            let mut spec = spec(service.name, Some(url), &[("account_id", id), ("inbox_id", inbox)]);
            let identity_of = identity(&spec, 1);
            spec.name = "another name".into();
            assert_eq!(identity(&spec, 2), identity_of, "a name and a moment change nothing");
            identity_of
        };
        let first = of("https://a.example/chat", "1", "1");
        assert_eq!(first, format!("{} https://a.example/chat account_id=1", service.name));
        for same in ["https://A.example:443/chat/", "HTTPS://a.example/chat"] {
            assert_eq!(of(same, " 1", "2"), first, "{same}: nor does an inbox");
        }
        for (url, id) in
            [("https://a.example/Chat", "1"), ("https://a.example:444/chat", "1"), ("https://a.example/chat", "2")]
        {
            assert_ne!(of(url, id, "1"), first, "{url} {id}");
        }
        assert!(!of("https://a.example", "1 2", "1").contains("1 2"), "a space ends a part");
    }

    #[test]
    fn an_account_is_found_by_where_it_points_also_without_its_token() {
        let service = services::ALL.iter().find(|entry| entry.account_settings == ["account_id"]).unwrap();
        let of = |id: &str| spec(service.name, Some("https://a.example"), &[("account_id", id)]);
        let identity = identity(&of("1"), 1);
        assert!(points_to(&of("1"), &identity));
        assert!(points_to(&of("1"), &format!("{identity} token-1")));
        assert!(!points_to(&of("12"), &identity) && !points_to(&of("1"), &format!("{identity}2")));
    }

    #[test]
    fn a_sandbox_goes_by_its_name_and_one_in_memory_by_none_that_comes_again() {
        let mut spec = spec(services::ALL[0].name, None, &[]);
        spec.sandbox = Some(SandboxSpec::default());
        assert_eq!(identity(&spec, 1), "desk");
        spec.sandbox = Some(SandboxSpec { memory: true, ..SandboxSpec::default() });
        assert_ne!(identity(&spec, 1), identity(&spec, 2));
    }

    #[test]
    fn what_changed_is_said_part_by_part() {
        let was = "s https://a.example account_id=1";
        assert_eq!(difference(was, was), None);
        assert_eq!(
            difference(was, "s https://b.example account_id=2").unwrap(),
            "base_url was https://a.example and is https://b.example, account_id was 1 and is 2"
        );
        assert_eq!(
            difference("s https://a.example token-1", "s https://a.example token-2").unwrap(),
            "its token opens another workspace"
        );
        assert_eq!(difference("s https://a.example", "t https://a.example").unwrap(), "service was s and is t");
    }
}
