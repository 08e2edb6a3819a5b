use super::Damaged;
use crate::contact::RowError;

/// Errors as JSON: a list of `[code, column, position of the column, message]`, the last two columns
/// `null` for an error of the whole row.
pub(in crate::ledger) fn encode_errors(errors: &[RowError]) -> Option<String> {
    if errors.is_empty() {
        return None;
    }
    let list: Vec<_> = errors
        .iter()
        .map(|error| {
            let index = (error.column_index != usize::MAX).then_some(error.column_index);
            serde_json::json!([error.code, error.column, index, error.message])
        })
        .collect();
    Some(serde_json::Value::Array(list).to_string())
}

/// What [`encode_errors`] wrote.
pub(in crate::ledger) fn decode_errors(text: Option<&str>) -> Result<Vec<RowError>, Damaged> {
    type Stored = (String, Option<String>, Option<usize>, String);
    let Some(text) = text else { return Ok(Vec::new()) };
    let list: Vec<Stored> = serde_json::from_str(text).map_err(|_| Damaged("the errors of a row can't be read"))?;
    let errors = list.into_iter().map(|(code, column, index, message)| RowError {
        code: code.into(),
        column,
        column_index: index.unwrap_or(usize::MAX),
        message,
        contacts: Vec::new(),
    });
    Ok(errors.collect())
}

/// The errors of a row with their codes alone: a message shows the value that it is about.
pub(in crate::ledger) fn forgotten_messages(text: Option<&str>) -> Result<Option<String>, Damaged> {
    let mut errors = decode_errors(text)?;
    for error in &mut errors {
        "forgotten".clone_into(&mut error.message);
    }
    Ok(encode_errors(&errors))
}

/// The errors of a row whose contact turned out to be several, which messages name by these ids.
pub(in crate::ledger) fn made_twice(text: Option<&str>, twice: &[String]) -> Result<Option<String>, Damaged> {
    let mut errors = decode_errors(text)?;
    let ids: Vec<_> = twice.iter().map(|id| format!("contact {id}")).collect();
    errors.push(RowError::of_row("contact.made_twice", format!("it is there twice: {}", ids.join(" and "))));
    Ok(encode_errors(&errors))
}
