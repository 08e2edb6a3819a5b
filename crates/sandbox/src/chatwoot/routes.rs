use super::flavor::Flavor;
use super::operation::{Action, Operation, Verb};

/// Where a request leads. `account` is as written in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub account: Option<String>,
    pub operation: Operation,
}

/// `None` when no operation lives at the path, or none that this flavor documents.
pub(super) fn find(flavor: Flavor, undocumented: bool, method: &str, path: &str) -> Option<Route> {
    let verb = match method {
        "GET" => Verb::Get,
        "POST" => Verb::Post,
        "PUT" => Verb::Put,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        _ => return None,
    };
    let route = locate(flavor, verb, path.trim_end_matches('/'))?;
    (undocumented || flavor.documents(&route.operation, verb)).then_some(route)
}

fn locate(flavor: Flavor, verb: Verb, path: &str) -> Option<Route> {
    if flavor.account_in_path() && path == "/api/v1/profile" {
        return (verb == Verb::Get).then_some(Route { account: None, operation: Operation::Profile });
    }
    let mut segments = path.strip_prefix(flavor.prefix())?.split('/');
    let account = if flavor.account_in_path() { Some(segments.next()?.to_owned()) } else { None };
    let tail: Vec<&str> = segments.collect();
    operation(verb, &tail).map(|operation| Route { account, operation })
}

fn operation(verb: Verb, tail: &[&str]) -> Option<Operation> {
    use Operation as O;
    use Verb::{Delete, Get, Patch, Post, Put};
    Some(match (verb, tail) {
        (Get, ["contacts"]) => O::List,
        (Post, ["contacts"]) => O::Create,
        (Get, ["contacts", "search"]) => O::Search,
        (Get, ["contacts", "active"]) => O::Active,
        (Post, ["contacts", "filter"]) => O::Filter,
        (Post, ["contacts", "export"]) => O::Export,
        (Get, ["contacts", id]) => O::Read(number(id)),
        (Put | Patch, ["contacts", id]) => O::Update(number(id)),
        (Delete, ["contacts", id]) => O::Delete(number(id)),
        (Post, ["contacts", id, "destroy_custom_attributes"]) => O::RemoveAttributes(number(id)),
        (Delete, ["contacts", id, "avatar"]) => O::RemoveAvatar(number(id)),
        (Get, ["contacts", id, "conversations"]) => O::Conversations(number(id)),
        (Get, ["contacts", id, "contactable_inboxes"]) => O::ReachableInboxes(number(id)),
        (Post, ["contacts", id, "contact_inboxes"]) => O::Link(number(id)),
        (Get, ["contacts", id, "labels"]) => O::ContactLabels(number(id)),
        (Post, ["contacts", id, "labels"]) => O::ReplaceLabels(number(id)),
        (Get, ["contacts", id, "notes"]) => O::Notes(number(id)),
        (_, ["contacts", id, "notes", rest @ ..]) => O::Note(number(id), action(verb, rest)?),
        (Get, ["inboxes"]) => O::Inboxes,
        (Get, ["labels"]) => O::Labels,
        (_, ["labels", rest @ ..]) => O::Label(action(verb, rest)?),
        (Get, ["custom_attribute_definitions"]) => O::Definitions,
        (_, ["custom_attribute_definitions", rest @ ..]) => O::Definition(action(verb, rest)?),
        (Post, ["actions", "contact_merge"]) => O::Merge,
        (Post, ["bulk_actions"]) => O::Bulk,
        _ => return None,
    })
}

fn action(verb: Verb, rest: &[&str]) -> Option<Action> {
    Some(match (verb, rest) {
        (Verb::Post, []) => Action::Add,
        (Verb::Get, [id]) => Action::Show(number(id)),
        (Verb::Put | Verb::Patch, [id]) => Action::Change(number(id)),
        (Verb::Delete, [id]) => Action::Remove(number(id)),
        _ => return None,
    })
}

/// The number a text begins with, else 0, which no record has: the database casts ids so.
pub(super) fn number(text: &str) -> u64 {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(flavor: Flavor, method: &str, path: &str) -> Option<Operation> {
        find(flavor, false, method, path).map(|route| route.operation)
    }

    #[test]
    fn the_parent_updates_by_patch_and_by_put() {
        for method in ["PATCH", "PUT"] {
            let found = at(Flavor::Chatwoot, method, "/api/v1/accounts/1/contacts/318763");
            assert_eq!(found, Some(Operation::Update(318_763)));
        }
    }

    #[test]
    fn ninety_nine_digital_has_its_five_documented_operations_and_no_other() {
        let flavor = Flavor::NinetyNineDigital;
        let at = |method, tail: &str| at(flavor, method, &format!("/api/v1/accounts/1/{tail}")).is_some();
        assert!(at("GET", "contacts"));
        assert!(at("GET", "contacts/5"));
        assert!(at("GET", "contacts/search"));
        assert!(at("POST", "contacts"));
        assert!(at("PATCH", "contacts/5"));
        for (method, tail) in [
            ("PUT", "contacts/5"),
            ("DELETE", "contacts/5"),
            ("POST", "contacts/filter"),
            ("GET", "contacts/5/labels"),
            ("POST", "contacts/5/labels"),
            ("POST", "contacts/5/destroy_custom_attributes"),
            ("GET", "custom_attribute_definitions"),
            ("GET", "labels"),
            ("POST", "bulk_actions"),
        ] {
            assert!(!at(method, tail), "{method} {tail}");
        }
        assert!(find(flavor, true, "POST", "/api/v1/accounts/1/contacts/filter").is_some());
    }

    #[test]
    fn engagelab_has_no_account_in_its_paths_and_no_single_read() {
        let flavor = Flavor::Engagelab;
        assert_eq!(at(flavor, "GET", "/api/v2/accounts/contacts"), Some(Operation::List));
        assert_eq!(at(flavor, "POST", "/api/v2/accounts/contacts"), Some(Operation::Create));
        assert_eq!(at(flavor, "PATCH", "/api/v2/accounts/contacts/318763"), Some(Operation::Update(318_763)));
        assert_eq!(at(flavor, "GET", "/api/v2/accounts/contacts/318763"), None);
        assert_eq!(at(flavor, "GET", "/api/v2/accounts/1/contacts"), None);
        assert_eq!(at(flavor, "GET", "/api/v1/accounts/1/contacts"), None);
        assert_eq!(at(flavor, "GET", "/api/v1/profile"), None);
    }

    #[test]
    fn an_id_is_the_number_a_segment_begins_with() {
        assert_eq!(number("12abc"), 12);
        assert_eq!(number("abc"), 0);
        assert_eq!(number("99999999999999999999999"), 0);
    }
}
