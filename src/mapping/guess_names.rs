//! Which part of a name a column of names holds. One word means different things beside different
//! columns: `Nom` is a surname beside `Prénom`, `Nome` a first name beside `Cognome`, `Nombre` a whole
//! name if nothing stands beside it.

use super::claims::Claim;
use super::headers::key;
use crate::table::RowBatch;

/// Headers that say "name" and not which.
const BARE: [&str; 12] =
    ["name", "nom", "nome", "namn", "navn", "naam", "nume", "nama", "имя", "nombre", "nombres", "nimi"];

/// Corrects the claims of bare headers by the columns beside them and by their cells.
pub(super) fn settle_parts(claims: &mut [Option<Claim>], headers: &[String], sample: &RowBatch) {
    let find = |field: &str| claims.iter().position(|claim| claim.as_ref().is_some_and(|claim| claim.field == field));
    let bare = |column: usize| BARE.contains(&key(&headers[column]).as_str());
    let (name, first, last) = (find("name"), find("first_name"), find("last_name"));
    let (column, other, part, words) = match (name, first, last) {
        (Some(name), None, Some(last)) => (name, last, "first_name", "is a first name beside"),
        (Some(name), Some(first), None) => (name, first, "last_name", "is a last name beside"),
        (None, Some(first), None) if bare(first) && several_words(sample, first) => {
            become_part(claims, first, "name", "the cells hold whole names");
            return;
        }
        _ => return,
    };
    // Without cells to tell: in English "Name" beside "First name" is mostly the whole name.
    let english = key(&headers[column]) == "name" && matches!(key(&headers[other]).as_str(), "firstname" | "givenname");
    if bare(column) && !holds(sample, column, other).unwrap_or(english) {
        let because = format!("{} {words} {}", headers[column], headers[other]);
        become_part(claims, column, part, &because);
    }
}

fn become_part(claims: &mut [Option<Claim>], column: usize, field: &str, because: &str) {
    if let Some(claim) = &mut claims[column] {
        field.clone_into(&mut claim.field);
        because.clone_into(&mut claim.because);
    }
}

/// Whether most cells of a column have more than one word.
fn several_words(sample: &RowBatch, column: usize) -> bool {
    let several = most(sample, |row| {
        let cell = sample.row(row).cell(column).trim();
        (!cell.is_empty()).then(|| cell.split_whitespace().nth(1).is_some())
    });
    several == Some(true)
}

/// Whether most cells of a column contain what the other column holds; `None` if no row has both.
fn holds(sample: &RowBatch, column: usize, other: usize) -> Option<bool> {
    most(sample, |row| {
        let row = sample.row(row);
        let (whole, part) = (row.cell(column).trim(), row.cell(other).trim());
        (!whole.is_empty() && !part.is_empty()).then(|| whole.contains(part))
    })
}

/// Whether more rows say yes than no; `None` if none says anything.
fn most(sample: &RowBatch, says: impl Fn(usize) -> Option<bool>) -> Option<bool> {
    let (mut yes, mut no) = (0_usize, 0_usize);
    for answer in (0..sample.len()).filter_map(says) {
        *(if answer { &mut yes } else { &mut no }) += 1;
    }
    (yes + no > 0).then_some(yes > no)
}
