use std::time::Duration;

/// The parts of a fault's text after its name.
#[derive(Debug)]
pub struct Fields {
    value: Option<String>,
    named: Vec<(String, String)>,
}

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut fields = Self { value: None, named: Vec::new() };
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match part.split_once(':') {
                Some((key, value)) => fields.named.push((key.to_owned(), value.to_owned())),
                None if fields.value.is_none() => fields.value = Some(part.to_owned()),
                None => return Err(format!("a second value: {part}")),
            }
        }
        Ok(fields)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let place = self.named.iter().position(|(name, _)| name == key)?;
        Some(self.named.remove(place).1)
    }

    pub(super) fn take_count(&mut self, key: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.take(key) else { return Ok(None) };
        match text.parse() {
            Ok(count) if count > 0 => Ok(Some(count)),
            _ => Err(format!("{key} is a whole number from 1, not: {text}")),
        }
    }

    pub(super) fn take_value(&mut self) -> Option<String> {
        self.value.take()
    }

    pub(super) fn take_duration(&mut self) -> Result<Option<Duration>, String> {
        self.take_value().as_deref().map(parse_duration).transpose()
    }

    /// Fails if something is left that nobody asked for.
    pub(super) fn finish(self, fault: &str) -> Result<(), String> {
        let left = self.named.into_iter().map(|(key, _)| key).chain(self.value).next();
        left.map_or(Ok(()), |left| Err(format!("{fault} knows nothing of: {left}")))
    }
}

/// A whole number with `ms`, `s`, `m` or `h`; without a unit, milliseconds.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let milliseconds: Option<u64> = match &text[digits.len()..] {
        "" | "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    milliseconds
        .zip(number)
        .and_then(|(unit, number)| unit.checked_mul(number))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("not a duration like 50ms, 2s or 1m: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_keeps_its_colons() {
        let mut fields = Fields::parse("302,location:http://127.0.0.1:9/x,times:2").unwrap();
        assert_eq!(fields.take("location").unwrap(), "http://127.0.0.1:9/x");
        assert_eq!(fields.take_count("times"), Ok(Some(2)));
        assert_eq!(fields.take_value().unwrap(), "302");
        assert_eq!(fields.finish("status"), Ok(()));
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(parse_duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("1m"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("7"), Ok(Duration::from_millis(7)));
        assert!(parse_duration("99999999999999999999h").is_err());
        assert!(parse_duration("é").is_err());
    }
}
