//! A mapping proposed from headers and a sample.

use super::claims::Guessing;
use super::condition::Condition;
use super::facts::Facts;
use super::guess_names::settle_parts;
use super::guessed::Guess;
use super::looks::LooksLike;
use super::sample::Sample;

/// Proposes a mapping for a file with these headers and this sample, for one service. `looks` are the
/// checks that the rows will have to pass.
///
/// A header is known by its spelling and believed if the cells don't contradict it; a header that is
/// exactly a phone or an e-mail is believed whatever its cells are, so that bad ones are errors of their
/// rows. Where several columns claim one field, the fuller one has it before the better spelled one, and
/// of an identifier the others stand in where it has none. A column is left unmapped, and listed, if its
/// header is unknown, unless its cells are plainly e-mail addresses or international phone numbers. It
/// becomes a custom field only where its header says so or the account defines such a field. `chosen_by`
/// is what rows are chosen by already, beside the mapping.
pub fn guess(
    headers: &[String],
    sample: &Sample,
    facts: &Facts<'_>,
    looks: &dyn LooksLike,
    chosen_by: &[Condition],
) -> Guess {
    let mut guessing = Guessing::new(headers, sample, facts, looks);
    guessing.claim_columns();
    guessing.claim_by_cells();
    settle_parts(&mut guessing.claims, headers, &sample.rows);
    guessing.settle();
    guessing.phone_numbers();
    guessing.count_phones();
    guessing.point_out(chosen_by);
    guessing.finish()
}
