use std::sync::Arc;

use super::{Behavior, Fields};

/// From the first chosen request on, the service admits fewer requests in its window.
pub struct LoweredLimit {
    pub limit: u32,
}

impl Behavior for LoweredLimit {
    fn request_limit(&self) -> Option<u32> {
        Some(self.limit)
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let text = fields.take_value().ok_or("lowered-limit needs a number, like lowered-limit=100")?;
    let limit = text.parse().map_err(|_| format!("lowered-limit is a whole number, not: {text}"))?;
    Ok(Arc::new(LoweredLimit { limit }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_told_to_the_emulator() {
        let fault = parse(&mut Fields::parse("100").unwrap()).unwrap();
        assert_eq!(fault.request_limit(), Some(100));
        assert!(parse(&mut Fields::parse("few").unwrap()).is_err());
    }
}
