use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The answer claims to be compressed.
pub enum Gzip {
    /// And is not.
    Plain,
    /// And is: a few kilobytes that become 64 MiB of spaces.
    Bomb(Vec<u8>),
}

const UNPACKED_MEGABYTES: usize = 64;

impl Gzip {
    pub fn bomb() -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let megabyte = vec![b' '; 1024 * 1024];
        for _ in 0..UNPACKED_MEGABYTES {
            // Memory takes all that is written to it.
            let _ = encoder.write_all(&megabyte);
        }
        Self::Bomb(encoder.finish().unwrap_or_default())
    }
}

impl Behavior for Gzip {
    fn deliver(&self, mut answer: WireAnswer, _now: Duration) -> Delivery {
        answer.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        if let Self::Bomb(packed) = self {
            answer.body.clone_from(packed);
        }
        Delivery::Whole(answer)
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    match fields.take_value().as_deref() {
        None | Some("plain") => Ok(Arc::new(Gzip::Plain)),
        Some("bomb") => Ok(Arc::new(Gzip::bomb())),
        Some(other) => Err(format!("gzip is plain or bomb, not: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(fault: &Gzip) -> WireAnswer {
        let Delivery::Whole(answer) = fault.deliver(WireAnswer::text(200, "{}"), Duration::ZERO) else {
            panic!("not whole");
        };
        assert!(answer.headers.contains(&("content-encoding".to_owned(), "gzip".to_owned())));
        answer
    }

    #[test]
    fn the_claim_alone_is_added() {
        assert_eq!(delivered(&Gzip::Plain).body, b"{}");
    }

    #[test]
    fn a_bomb_is_small_until_it_is_unpacked() {
        let packed = delivered(&Gzip::bomb()).body;
        assert!(packed.len() < 128 * 1024, "{}", packed.len());
        let unpacked = std::io::copy(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut std::io::sink());
        assert_eq!(unpacked.unwrap(), 64 * 1024 * 1024);
    }
}
