//! What can be read only once, kept: standard input, pipes, devices.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use tokio::sync::oneshot;

use super::asking::Asking;
use crate::error::{Error, Result};
use crate::jobs;
use crate::platform::make_private_folder;
use crate::table;

/// Where the source can be read as often as it takes: `path` itself, or for a pipe or a device the file
/// that keeps what came out of it.
///
/// # Errors
/// Those of [`standard_input`].
pub async fn path_of(path: &Path, job: &jobs::Context) -> Result<PathBuf> {
    let reads_once = std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    if !reads_once {
        return Ok(path.to_owned());
    }
    let pipe = path.to_owned();
    kept(move || File::open(pipe), &path.display().to_string(), job).await
}

/// Where what comes on standard input is kept, to its end.
///
/// # Errors
/// Kind `Interrupted` once a signal came, whether or not anything else did; `Usage` if nothing did;
/// `Stopped` if the disk refuses.
pub async fn standard_input(job: &jobs::Context) -> Result<PathBuf> {
    kept(|| Ok(io::stdin()), "standard input", job).await
}

/// Keeps what `open` gives, under the digest of its content: the same input is the same file.
async fn kept<R: Read>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    name: &str,
    job: &jobs::Context,
) -> Result<PathBuf> {
    let folder = job.state_dir.join("input");
    let failed = |error: io::Error| {
        Error::stopped(format!("{name} can't be kept in: {}", folder.display()))
            .at_path(&folder)
            .hint("make room on the disk, or name another folder with --state-dir")
            .caused_by(error)
    };
    make_private_folder(&folder).map_err(failed)?;
    table::sweep(&folder);
    let file = table::temporary_in(&folder).map_err(failed)?;
    let handle = file.as_file().try_clone().map_err(failed)?;
    let copied = interruptible(job, move || open().and_then(|input| copy(input, handle))).await?.map_err(failed)?;
    let Some(digest) = copied else {
        return Err(Error::usage(format!("{name} is empty")).hint("pipe a CSV into it, or name a file in place of -"));
    };
    let path = folder.join(format!("{}.csv", &digest.to_hex()[..16]));
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

/// The digest of what was copied; `None` if that was nothing.
fn copy(mut from: impl Read, mut to: File) -> io::Result<Option<blake3::Hash>> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((hasher.count() > 0).then(|| hasher.finalize())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                to.write_all(&buffer[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Does what may wait for ever, and leaves it alone once a signal came: the thread ends with the process.
///
/// # Errors
/// Kind `Interrupted` once a signal came.
pub async fn interruptible<T: Send + 'static>(
    job: &jobs::Context,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (sender, done) = oneshot::channel();
    std::thread::Builder::new()
        .name("input".into())
        .spawn(move || drop(sender.send(work())))
        .map_err(|cause| Error::stopped(format!("can't start a thread: {cause}")).caused_by(cause))?;
    tokio::select! {
        biased;
        done = done => done.map_err(|_| Error::bug("reading the input ended without a word")),
        () = job.stop.requested() => Err(Error::interrupted(if Asking::goes_on() {
            "interrupted at a question: nothing was sent or written"
        } else {
            "interrupted by a signal while input was waited for"
        })),
    }
}
