/// An operation, with the contact its path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Find,
    Create,
    Update(String),
    Messages(String),
    AddToList,
    RemoveFromList,
    TagsOf(String),
    Tags,
    Tag,
    /// A path that ends where the contact's id belongs.
    MissingId,
}

pub(super) fn find(method: &str, path: &str) -> Option<Operation> {
    let below = path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let segments: Vec<&str> = below.split('/').filter(|segment| !segment.is_empty()).collect();
    Some(match (method, segments.as_slice()) {
        ("GET", ["contacts"]) => Operation::Find,
        ("POST", ["contacts"]) => Operation::Create,
        ("POST", ["contacts", "lists"]) => Operation::AddToList,
        ("DELETE", ["contacts", "lists"]) => Operation::RemoveFromList,
        ("GET", ["contacts", "tags", id]) => Operation::TagsOf((*id).to_owned()),
        ("GET", ["contacts", "messages", id]) => Operation::Messages((*id).to_owned()),
        ("PUT", ["contacts", id]) => Operation::Update((*id).to_owned()),
        ("GET", ["contacts", "tags" | "messages"]) | ("PUT", ["contacts"]) => Operation::MissingId,
        ("GET", ["tags"]) => Operation::Tags,
        ("POST", ["tags"]) => Operation::Tag,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_with_the_version_and_without() {
        assert_eq!(find("GET", "/v1/contacts"), Some(Operation::Find));
        assert_eq!(find("GET", "/contacts"), Some(Operation::Find));
        assert_eq!(find("PUT", "/v1/contacts/a1B2"), Some(Operation::Update("a1B2".into())));
        assert_eq!(find("DELETE", "/v1/contacts/lists"), Some(Operation::RemoveFromList));
        assert_eq!(find("GET", "/v2/contacts"), None);
    }
}
