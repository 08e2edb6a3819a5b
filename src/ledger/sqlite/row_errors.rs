use super::stored::damaged;
use crate::contact::RowError;

/// Errors as JSON: a list of `[code, column, position of the column, message]`, the last two columns
/// `null` for an error of the whole row.
pub(super) fn encode_errors(errors: &[RowError]) -> Option<String> {
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

pub(super) fn decode_errors(text: &str) -> rusqlite::Result<Vec<RowError>> {
    type Stored = (String, Option<String>, Option<usize>, String);
    let list: Vec<Stored> = serde_json::from_str(text).map_err(|_| damaged("the errors of a row can't be read"))?;
    let errors = list.into_iter().map(|(code, column, index, message)| RowError {
        code: code.into(),
        column,
        column_index: index.unwrap_or(usize::MAX),
        message,
        contacts: Vec::new(),
    });
    Ok(errors.collect())
}
