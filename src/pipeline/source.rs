use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::selected::{Chosen, Selected};
use crate::contact::FieldDefinition;
use crate::error::{Error, Result};
use crate::ledger::Fingerprint;
use crate::mapping::{self, Facts, Forward, Mapping};
use crate::services::Service;
use crate::table::{self, ReadOptions, RowBatch, RowReader};

/// Rows that are read to guess a mapping.
const SAMPLE: usize = 200;

/// How columns are mapped.
#[derive(Clone, Debug)]
pub enum MappingChoice {
    /// This file.
    File(PathBuf),
    /// Guessed from column names and values.
    Guess,
    /// The text of a mapping, as a recorded run keeps it.
    Text(String),
}

/// The rows of a job, and how they are to be read.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    pub path: PathBuf,
    pub read: ReadOptions,
    pub mapping: MappingChoice,
    /// Country of national phone numbers where the mapping names none (ISO 3166).
    pub region: Option<String>,
    /// Only these rows; all of them if absent.
    pub chosen: Option<Chosen>,
}

/// A mapping that fits a source, compiled for a service.
pub struct Mapped {
    pub forward: Forward,
    /// The mapping as TOML: a recorded run keeps it.
    pub text: String,
    /// Where the mapping came from, in words.
    pub origin: String,
}

impl SourceSpec {
    pub fn open(&self) -> Result<Box<dyn RowReader>> {
        let reader = table::open(&self.path, &self.read)?;
        match &self.chosen {
            None => Ok(reader),
            Some(chosen) => Ok(Box::new(Selected::new(reader, chosen.clone())?)),
        }
    }

    /// The rows of the file that are not of this job, if there are any: those that a retry leaves out.
    pub fn open_others(&self) -> Result<Option<Box<dyn RowReader>>> {
        let Some(chosen) = &self.chosen else { return Ok(None) };
        let reader = table::open(&self.path, &self.read)?;
        Ok(Some(Box::new(Selected::new(reader, chosen.clone())?.others())))
    }

    /// The mapping for this source and service.
    pub fn map(&self, service: &dyn Service, definitions: Option<&[FieldDefinition]>) -> Result<Mapped> {
        let facts = facts(service, definitions);
        let mut reader = self.open()?;
        let headers = reader.headers().to_vec();
        let (text, origin) = match self.mapping_text()? {
            Some(given) => given,
            None => {
                let mut sample = RowBatch::new();
                reader.read(&mut sample, SAMPLE)?;
                let guess = mapping::guess(&headers, &sample, &facts);
                (mapping::write_commented(&guess), "guessed from the column names".to_owned())
            }
        };
        let forward = Mapping::parse(&text, &origin)?.forward(&headers, &facts, self.region.as_deref())?;
        Ok(Mapped { forward, text, origin })
    }

    /// A guessed mapping as a commented file.
    pub fn guess(&self, service: &dyn Service) -> Result<String> {
        let mut reader = self.open()?;
        let headers = reader.headers().to_vec();
        let mut sample = RowBatch::new();
        reader.read(&mut sample, SAMPLE)?;
        Ok(mapping::write_commented(&mapping::guess(&headers, &sample, &facts(service, None))))
    }

    fn mapping_text(&self) -> Result<Option<(String, String)>> {
        let path = match &self.mapping {
            MappingChoice::Text(text) => return Ok(Some((text.clone(), "the recorded mapping".to_owned()))),
            MappingChoice::File(path) => path.clone(),
            MappingChoice::Guess => return Ok(None),
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Error::usage(format!("the mapping file can't be read: {}", path.display()))
                .hint("write one with `rolo guess FILE`")
                .caused_by(error)
        })?;
        Ok(Some((text, path.display().to_string())))
    }

    /// What makes two jobs the same: the command, the source's bytes, the mapping and the account.
    /// Thresholds and the like are not: given anew, the job goes on under the new ones.
    pub fn fingerprint(&self, command: &str, account: &str, mapping: &str) -> Result<Fingerprint> {
        let mut hasher = blake3::Hasher::new();
        for part in [command, account, mapping] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut file = std::fs::File::open(&self.path).map_err(|error| unreadable(&self.path, error))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => drop(hasher.update(&buffer[..n])),
                Err(error) => return Err(unreadable(&self.path, error)),
            }
        }
        Ok(Fingerprint(*hasher.finalize().as_bytes()))
    }

    /// Number of rows, by reading the source once.
    pub fn count(&self) -> Result<u64> {
        let mut reader = self.open()?;
        let mut batch = RowBatch::new();
        let mut rows = 0;
        loop {
            match reader.read(&mut batch, 1024)? {
                0 => return Ok(rows),
                n => rows += n as u64,
            }
        }
    }
}

/// What the mapping has to know of a service.
pub fn facts<'a>(service: &'a dyn Service, definitions: Option<&'a [FieldDefinition]>) -> Facts<'a> {
    Facts {
        service: service.name(),
        fields: service.fields(),
        capabilities: service.capabilities(),
        limits: service.limits(),
        definitions,
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::usage(format!("the file can't be read: {}", path.display())).caused_by(error)
}
