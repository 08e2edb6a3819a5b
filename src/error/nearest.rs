//! "Did you mean".

/// The candidate that `word` is most likely a slip of the pen for; `None` if none is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let names = ["phone", "email", "first_name"];
        assert_eq!(nearest("fone", names), None);
        assert_eq!(nearest("phnoe", names), Some("phone"));
        assert_eq!(nearest("Firstname", names), Some("first_name"));
        assert_eq!(nearest("city", names), None);
    }
}
