//! What keeps a service's contacts when the process dies.
//!
//! A service has one snapshot and, for what came after it, one write log, a line for each write:
//!
//! - `NAME.json`: `{"generation": N, "emulator": ...}`, replaced whole by renaming.
//! - `NAME.N.journal`, the write log: a line with the options the emulator ran under, then one [`Record`] a line.
//!   A last line without its newline was never answered, and is ignored.
//! - `NAME.lock`: locked while a process serves the service, whose number is in it. The system frees
//!   it when the process dies, however it dies.
//!
//! When the write log outgrows the snapshot, the next generation's snapshot is written and the
//! write log begins anew. A write log of any other generation is already in the snapshot.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::faults::Change;
use super::platform;
use super::{Emulator, EmulatorOptions, WireRequest};

/// A write log shorter than this is never folded into the snapshot while serving.
const SMALLEST_FOLD: u64 = 8 * 1024 * 1024;

/// Headers that no emulator reads.
const LEFT_OUT: &[&str] =
    &["accept", "accept-encoding", "accept-language", "connection", "content-length", "date", "host", "user-agent"];

/// One thing that changed an emulator; asking it of the same emulator again gives the same state.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Request {
        at: Duration,
        method: String,
        path: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        query: Vec<(String, String)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
        body: Text,
    },
    Seed {
        at: Duration,
        contacts: Value,
    },
    Change {
        at: Duration,
        change: Change,
    },
    SearchLag(Duration),
    RequestLimit(u32),
}

/// A body: as text if it is text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    Encoded { base64: String },
}

impl Record {
    pub fn request(request: &WireRequest, at: Duration) -> Self {
        let kept = request.headers.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
        Self::Request {
            at,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: kept.cloned().collect(),
            body: match std::str::from_utf8(&request.body) {
                Ok(text) => Text::Plain(text.to_owned()),
                Err(_) => Text::Encoded { base64: STANDARD.encode(&request.body) },
            },
        }
    }

    fn replay(self, emulator: &mut dyn Emulator) -> Result<(), String> {
        match self {
            Self::Request { at, method, path, query, headers, body } => {
                let body = match body {
                    Text::Plain(text) => text.into_bytes(),
                    Text::Encoded { base64 } => STANDARD.decode(base64).map_err(|error| error.to_string())?,
                };
                emulator.answer(&WireRequest { method, path, query, headers, body }, at);
            }
            Self::Seed { at, contacts } => emulator.seed(contacts, at)?,
            Self::Change { at, change } => emulator.change(change, at),
            Self::SearchLag(lag) => emulator.set_search_lag(lag),
            Self::RequestLimit(limit) => emulator.set_request_limit(limit),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Snapshot {
    generation: u64,
    emulator: Value,
}

/// The open files of one service.
pub struct WriteLog {
    folder: PathBuf,
    service: String,
    options: EmulatorOptions,
    generation: u64,
    file: File,
    bytes: u64,
    snapshot_bytes: u64,
    _lock: Lock,
}

impl WriteLog {
    /// Brings back what was kept of a service and opens its write log.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, another process serves the service from it, or a file in it is
    /// damaged (the message names file and line).
    pub fn open(
        folder: &Path,
        service: &str,
        make: super::MakeEmulator,
        options: &EmulatorOptions,
    ) -> io::Result<(Box<dyn Emulator>, Self)> {
        create_private_folder(folder)?;
        let lock = Lock::take(&folder.join(format!("{service}.lock")))?;
        let mut emulator = make(options.clone());
        let snapshot = read_snapshot(&snapshot_path(folder, service))?;
        let generation = snapshot.as_ref().map_or(0, |snapshot| snapshot.generation);
        let log = log_path(folder, service, generation);
        if let Some(saved) = replay(&log, make, snapshot)? {
            emulator.load(saved).map_err(|message| damaged(&snapshot_path(folder, service), None, &message))?;
        }
        let (file, bytes, snapshot_bytes) = begin(folder, service, generation + 1, emulator.as_ref(), options)?;
        remove_other_logs(folder, service, generation + 1)?;
        let log = Self {
            folder: folder.to_owned(),
            service: service.to_owned(),
            options: options.clone(),
            generation: generation + 1,
            file,
            bytes,
            snapshot_bytes,
            _lock: lock,
        };
        Ok((emulator, log))
    }

    /// Writes one record; once this returns, killing the process does not lose it.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let line = line(record)?;
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// Whether it is time to [`fold`](Self::fold).
    pub fn is_long(&self) -> bool {
        self.bytes > SMALLEST_FOLD && self.bytes > 2 * self.snapshot_bytes
    }

    /// Begins the next generation: a snapshot of the emulator and an empty write log.
    pub fn fold(&mut self, emulator: &dyn Emulator) -> io::Result<()> {
        let next = self.generation + 1;
        let (file, bytes, snapshot_bytes) = begin(&self.folder, &self.service, next, emulator, &self.options)?;
        let old = log_path(&self.folder, &self.service, self.generation);
        (self.file, self.bytes, self.snapshot_bytes, self.generation) = (file, bytes, snapshot_bytes, next);
        fs::remove_file(old)
    }
}

fn begin(
    folder: &Path,
    service: &str,
    generation: u64,
    emulator: &dyn Emulator,
    options: &EmulatorOptions,
) -> io::Result<(File, u64, u64)> {
    // The write log first: a snapshot without its write log would be right too, but not the reverse.
    let mut log = private_file(&log_path(folder, service, generation))?;
    let head = line(options)?;
    log.write_all(&head)?;
    let kept = snapshot_path(folder, service);
    let fresh = folder.join(format!("{service}.json.new"));
    let mut snapshot = BufWriter::new(private_file(&fresh)?);
    write!(snapshot, "{{\"generation\":{generation},\"emulator\":")?;
    emulator.write_saved(&mut snapshot)?;
    snapshot.write_all(b"}")?;
    let bytes = snapshot.into_inner().map_err(io::IntoInnerError::into_error)?.metadata()?.len();
    fs::rename(&fresh, &kept)?;
    Ok((log, head.len() as u64, bytes))
}

/// The state after snapshot and write log; none if there is neither.
fn replay(log: &Path, make: super::MakeEmulator, snapshot: Option<Snapshot>) -> io::Result<Option<Value>> {
    let saved = snapshot.map(|snapshot| snapshot.emulator);
    let mut lines = match File::open(log) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(saved),
        Err(error) => return Err(named(log, &error)),
    };
    let mut text = Vec::new();
    let mut emulator: Option<Box<dyn Emulator>> = None;
    for number in 1.. {
        text.clear();
        lines.read_until(b'\n', &mut text).map_err(|error| named(log, &error))?;
        if text.pop() != Some(b'\n') {
            break;
        }
        let wrong = |message: String| damaged(log, Some(number), &message);
        if let Some(emulator) = &mut emulator {
            let record: Record = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
            record.replay(emulator.as_mut()).map_err(wrong)?;
        } else {
            let options: EmulatorOptions = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
            let mut fresh = make(options);
            if let Some(saved) = &saved {
                fresh.load(saved.clone()).map_err(wrong)?;
            }
            emulator = Some(fresh);
        }
    }
    Ok(emulator.map(|emulator| emulator.save()).or(saved))
}

fn read_snapshot(path: &Path) -> io::Result<Option<Snapshot>> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| damaged(path, None, &error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(named(path, &error)),
    }
}

fn remove_other_logs(folder: &Path, service: &str, generation: u64) -> io::Result<()> {
    let kept = log_path(folder, service, generation);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let numbered = name.strip_suffix(".journal").and_then(|name| name.strip_prefix(service));
        let is_ours = numbered
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if is_ours && path != kept {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Held until it is dropped.
struct Lock(File);

impl Lock {
    fn take(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = platform::private_file(&mut options).open(path).map_err(|error| named(path, &error))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                write!(file, "{}", std::process::id())?;
                Ok(Self(file))
            }
            Err(fs::TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Who it is helps, but is not needed.
                let _ = file.read_to_string(&mut owner);
                let path = path.display();
                let message =
                    format!("the sandbox's contacts are in use by another process ({owner}), by its lock: {path}");
                Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
            }
            Err(fs::TryLockError::Error(error)) => Err(named(path, &error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would do, but for a process that is just being started and has it open still.
        let _ = self.0.unlock();
    }
}

fn snapshot_path(folder: &Path, service: &str) -> PathBuf {
    folder.join(format!("{service}.json"))
}

fn log_path(folder: &Path, service: &str, generation: u64) -> PathBuf {
    folder.join(format!("{service}.{generation}.journal"))
}

fn line(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    Ok(line)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    platform::private_file(&mut options).open(path).map_err(|error| named(path, &error))
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    platform::make_private_folder(folder).map_err(|error| named(folder, &error))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{error}: {}", path.display()))
}

fn damaged(path: &Path, line: Option<u64>, message: &str) -> io::Error {
    let place = line.map_or_else(String::new, |line| format!(", line {line}"));
    io::Error::new(io::ErrorKind::InvalidData, format!("damaged ({message}): {}{place}", path.display()))
}
