//! What a cell holds that nobody calls a column.

/// Fewest digits of what is taken for a phone number.
const PHONE_DIGITS: usize = 7;

/// Whether a cell holds what nobody calls a column: an e-mail address, or the digits of a phone number.
pub fn is_data(cell: &str) -> bool {
    is_email(cell) || is_phone(cell)
}

fn is_email(cell: &str) -> bool {
    let cell = cell.strip_prefix("mailto:").unwrap_or(cell);
    cell.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.ends_with('.') && !cell.contains(char::is_whitespace)
    })
}

/// Digits and what people put between them; a day of the calendar is none.
fn is_phone(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let plain =
        cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | '/' | ' ' | '\u{a0}'));
    let parts: Vec<&str> = cell.split(['-', '.', '/']).map(str::trim).collect();
    let is_day = parts.len() == 3 && parts.iter().all(|part| part.len() <= 4) && digits <= 8;
    plain && !is_day && (PHONE_DIGITS..=17).contains(&digits)
}
