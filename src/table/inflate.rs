//! Compressed text as plain bytes, while they are in proportion.

use std::io::{self, BufReader, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::options::ReadLimits;
use super::source::{Packing, RecognizedFile};
use super::unreadable::{ContentFault, SAVE};

/// Largest zstd window taken, as a power of two: 64 MB, above what any level below 22 makes.
const ZSTD_WINDOW_LOG: u32 = 26;

/// The bytes of `source` with `packing` taken off.
///
/// Reading ends with a [`ContentFault`] when the file unpacks to more than `limits` allow, is cut off or
/// damaged.
pub fn unpacked(source: RecognizedFile, packing: Packing, limits: &ReadLimits) -> io::Result<Box<dyn Read + Send>> {
    if packing == Packing::None {
        return Ok(Box::new(source.into_bytes()));
    }
    let taken = Arc::new(AtomicU64::new(0));
    let packed = BufReader::new(Counted { inner: source.into_bytes(), bytes: Arc::clone(&taken) });
    let inner: Box<dyn Read + Send> = if packing == Packing::Gzip {
        Box::new(flate2::bufread::MultiGzDecoder::new(packed))
    } else {
        let mut decoder = zstd::Decoder::with_buffer(packed)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Box::new(decoder)
    };
    Ok(Box::new(Proportioned { inner, taken, given: 0, limits: limits.clone() }))
}

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

struct Proportioned {
    inner: Box<dyn Read + Send>,
    /// Compressed bytes read so far.
    taken: Arc<AtomicU64>,
    /// Unpacked bytes handed on so far.
    given: u64,
    limits: ReadLimits,
}

impl Read for Proportioned {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer).map_err(damaged)?;
        self.given += count as u64;
        let taken = self.taken.load(Ordering::Relaxed).max(1);
        out_of_proportion(self.given, taken, &self.limits).map_or(Ok(count), Err)
    }
}

/// A part of a zip file while it is in proportion, and all parts read so far are of a size that is taken.
pub struct MeasuredPart<'a, R> {
    inner: R,
    given: u64,
    packed: u64,
    /// Bytes unpacked of all parts.
    all: &'a mut u64,
    limits: &'a ReadLimits,
}

impl<'a, R: Read> MeasuredPart<'a, R> {
    /// `packed` is the size of the part in the file, `all` what was unpacked of others before.
    pub fn new(inner: R, packed: u64, all: &'a mut u64, limits: &'a ReadLimits) -> Self {
        Self { inner, given: 0, packed: packed.max(1), all, limits }
    }
}

impl<R: Read> Read for MeasuredPart<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count =
            self.inner.read(buffer).map_err(|cause| ContentFault::error(format!("is damaged: {cause}"), SAVE))?;
        self.given += count as u64;
        *self.all += count as u64;
        if *self.all > self.limits.part_bytes {
            return Err(ContentFault::error(format!("unpacks to more than {} MB", self.limits.part_bytes >> 20), SAVE));
        }
        out_of_proportion(self.given, self.packed, self.limits).map_or(Ok(count), Err)
    }
}

/// The error if `given` unpacked bytes out of `taken` compressed ones are more than `limits` allow.
pub fn out_of_proportion(given: u64, taken: u64, limits: &ReadLimits) -> Option<io::Error> {
    if given > limits.inflated_bytes {
        return Some(ContentFault::error(
            format!("unpacks to more than {} MB", limits.inflated_bytes >> 20),
            "split it into several files",
        ));
    }
    if given > limits.ratio_free_bytes && given / taken > limits.ratio {
        return Some(ContentFault::error(
            format!(
                "unpacks to more than {} times its size, as no spreadsheet does: {} MB out of {} KB so far",
                limits.ratio,
                given >> 20,
                taken.div_ceil(1024)
            ),
            "unpack it yourself and look at what it holds",
        ));
    }
    None
}

fn damaged(cause: io::Error) -> io::Error {
    if cause.get_ref().and_then(|inner| inner.downcast_ref::<ContentFault>()).is_some() {
        return cause;
    }
    match cause.kind() {
        ErrorKind::UnexpectedEof => {
            ContentFault::error("is cut off: its compressed data ends too early", "copy the whole file again")
        }
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => ContentFault::error(
            format!("can't be unpacked: {cause}"),
            "the file is damaged, or not what its first bytes say: copy or pack it again",
        ),
        _ => cause,
    }
}
