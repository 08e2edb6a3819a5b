use std::sync::Arc;

use super::{Behavior, Fields};
use crate::WireRequest;

/// The service keeps a value in another form than it came in: of several spaces together it keeps one.
pub struct Squeezed;

impl Behavior for Squeezed {
    fn arrives(&self, mut request: WireRequest) -> WireRequest {
        request.body.dedup_by(|next, before| (*next, *before) == (b' ', b' '));
        request
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Squeezed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_together_become_one_and_nothing_else_changes() {
        let request = WireRequest { body: b"{\"name\":\"Ann  de   la Cruz \"}".to_vec(), ..WireRequest::default() };
        assert_eq!(Squeezed.arrives(request).body, b"{\"name\":\"Ann de la Cruz \"}");
    }
}
