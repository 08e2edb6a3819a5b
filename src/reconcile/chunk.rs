use crate::contact::Sourced;

/// Splits `items` into as few runs as the limit allows, none longer than it, in order.
pub(super) fn chunks<T: Clone>(items: &[T], limit: Option<Sourced<usize>>) -> Vec<Vec<T>> {
    let size = limit.map_or(usize::MAX, |limit| limit.value.max(1));
    items.chunks(size.min(items.len().max(1))).map(<[T]>::to_vec).collect()
}
