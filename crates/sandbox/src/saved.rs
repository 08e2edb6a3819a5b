//! What emulators keep between runs, in the form that they share: their contacts as an array.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn save<'a, T: Serialize + 'a>(contacts: impl Iterator<Item = &'a T>) -> Value {
    contacts.map(|contact| serde_json::to_value(contact).unwrap_or_default()).collect()
}

pub(crate) fn load<T: DeserializeOwned>(saved: Value) -> Result<Vec<T>, String> {
    serde_json::from_value(saved).map_err(|error| error.to_string())
}

/// The texts of an array; none where it is no array.
pub(crate) fn texts(array: &Value) -> Vec<String> {
    array.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
