//! Compression of what is written, by its name.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::output::Output;

/// The output with or without compression.
pub enum Packed {
    Plain(BufWriter<Output>),
    Gzip(GzEncoder<BufWriter<Output>>),
    Zstd(zstd::Encoder<'static, BufWriter<Output>>),
}

impl Packed {
    /// Compression by the extension of `path`, and the path without that extension.
    pub fn new(output: Output, path: &Path) -> io::Result<(Self, PathBuf)> {
        let output = BufWriter::with_capacity(64 << 10, output);
        let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let stem = path.with_extension("");
        Ok(match extension.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("gz") => (Self::Gzip(GzEncoder::new(output, Compression::default())), stem),
            Some("zst") => (Self::Zstd(zstd::Encoder::new(output, 0)?), stem),
            _ => (Self::Plain(output), path.to_owned()),
        })
    }

    pub fn finish(self) -> io::Result<Output> {
        let output = match self {
            Self::Plain(output) => output,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        output.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn as_write(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(output) => output,
            Self::Gzip(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        }
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.as_write().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.as_write().flush()
    }
}
