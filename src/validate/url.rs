use super::fault::CellFault;
use crate::contact::Value;

/// A cell that holds the address of a web page or picture.
pub(super) fn check_url(cell: &str) -> Result<Value, CellFault> {
    let bad = |message: &str| Err(CellFault::new("value.not_a_url", message));
    let scheme = cell.find("://").map(|end| cell[..end].to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        return bad("not a web address, write it with https:// in front");
    }
    if cell.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"')) {
        return bad("a web address has no spaces, quotation marks or angle brackets, write %20 for a space");
    }
    let rest = cell.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    if host.is_empty() || host.starts_with('.') || host.contains("..") {
        return bad("a web address without a host, write it as https://example.com/page");
    }
    Ok(Value::Text(cell.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_have_a_scheme_and_a_host() {
        for cell in
            ["https://example.com", "HTTP://EXAMPLE.com:80/a?b=c#d", "https://[::1]/x", "https://bücher.example/é"]
        {
            assert!(check_url(cell).is_ok(), "{cell}");
        }
        for cell in
            ["example.com", "https://", "https:///x", "ftp://x.y", "https://a b.c", "javascript:alert(1)", "http://?x"]
        {
            assert_eq!(check_url(cell).unwrap_err().code, "value.not_a_url", "{cell}");
        }
    }
}
