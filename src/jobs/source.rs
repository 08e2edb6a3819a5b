use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fingerprint::{ImportFingerprints, Parts};
use super::guessed_table::{GUESSED, guessed_table};
use super::mended_rows::MendedReader;
use super::row_selection::{RowSelection, SelectedReader};
use crate::contact::{CallKind, Field, FieldDefinition};
use crate::error::{Error, Result};
use crate::ledger::Fingerprint;
use crate::mapping::{self, Condition, Facts, Forward, Guess, Mapping, MergedRule, Sample};
use crate::report::MappingTable;
use crate::services::Service;
use crate::storage::{self, Address, Pin};
use crate::table::{self, EditedReader, OpenedOnce, ReadOptions, RowBatch, RowReader, SourceEdits, SourceFile};
use crate::validate::{Looks, Validator};

/// Bytes of a mapping, at most.
const LARGEST_MAPPING: u64 = 16 << 20;

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
    /// What a row must be like to be sent, beside the mapping's own conditions: `--only`.
    pub only: Vec<Condition>,
    /// Only these rows; all of them if absent.
    pub chosen: Option<RowSelection>,
    /// What is changed of the rows before they are used.
    pub edits: Option<Arc<SourceEdits>>,
    /// The file at `path`, opened once for all that is read of it.
    pub opened: OpenedOnce,
    /// What tells the file from others that stood under its name, where that is remembered.
    pub taken_as: Option<Pin>,
    /// Its cells are what a service holds, as a copy reads them: no word among them stands for nothing.
    pub exported: bool,
}

/// A guess for a source.
pub struct Guessed {
    /// The mapping as commented TOML.
    pub text: String,
    pub table: MappingTable,
    /// The reasons.
    pub guess: Guess,
    /// The rows that it was made from.
    pub sample: Sample,
}

/// A mapping that fits a source, compiled for a service.
pub struct Mapped {
    pub forward: Forward,
    /// Custom fields of which the source states no type, and that the account may have another for than text:
    /// it was not asked when the mapping was compiled.
    pub untyped: Vec<Field>,
    /// The mapping as TOML: a recorded run keeps it.
    pub text: String,
    /// Where the mapping came from, in words.
    pub origin: String,
    /// The rows that stand for the source.
    pub sample: Sample,
    /// The reasons for the mapping, if it was guessed.
    pub guess: Option<Guess>,
}

impl SourceSpec {
    /// A file read as it is, its columns guessed.
    pub fn of(path: PathBuf) -> Self {
        Self {
            path,
            read: ReadOptions::default(),
            mapping: MappingChoice::Guess,
            region: None,
            only: Vec::new(),
            chosen: None,
            edits: None,
            opened: OpenedOnce::default(),
            taken_as: None,
            exported: false,
        }
    }

    /// The rows, as texts.
    pub fn open(&self) -> Result<Box<dyn RowReader>> {
        self.open_with(&self.read_options())
    }

    /// The rows, with what cells of a workbook hold that are no texts.
    pub fn open_typed(&self) -> Result<Box<dyn RowReader>> {
        self.open_with(&ReadOptions { keep_types: true, ..self.read_options() })
    }

    /// The rows as they go into these results: a workbook holds more than texts.
    pub fn open_for(&self, results: &Path) -> Result<Box<dyn RowReader>> {
        if table::is_workbook(results)? { self.open_typed() } else { self.open() }
    }

    fn open_with(&self, options: &ReadOptions) -> Result<Box<dyn RowReader>> {
        match &self.chosen {
            None => self.open_edited(options),
            Some(chosen) => self.open_chosen(chosen, options, false),
        }
    }

    fn open_edited(&self, options: &ReadOptions) -> Result<Box<dyn RowReader>> {
        let reader = table::open_file(&self.file()?, options)?;
        match &self.edits {
            None => Ok(reader),
            Some(edits) => Ok(Box::new(EditedReader::new(reader, edits.clone())?)),
        }
    }

    fn open_chosen(&self, chosen: &RowSelection, options: &ReadOptions, others: bool) -> Result<Box<dyn RowReader>> {
        match chosen {
            RowSelection::Places(places) => {
                let reader = self.open_edited(options)?;
                Ok(Box::new(SelectedReader::new(reader, places.clone(), others)))
            }
            RowSelection::Mended(rows) => {
                let sheet = rows.main_sheet.clone().or_else(|| self.read.sheet.clone());
                let options = ReadOptions { sheet, ..options.clone() };
                let reader = table::open_file(&self.file()?, &options)?;
                Ok(Box::new(MendedReader::new(reader, rows.clone(), others)))
            }
        }
    }

    /// The file itself: what is read of it by anybody, its fingerprint included, is the same.
    pub fn file(&self) -> Result<SourceFile> {
        self.opened.get(&self.path)
    }

    /// Which object of storage it is, if it is one; of a file of the disk, what it is remembered by.
    pub fn pin(&self) -> Option<Pin> {
        let stored = Address::of(&self.path).and_then(|_| self.file().ok()?.pin().cloned());
        stored.or_else(|| self.taken_as.clone())
    }

    /// How the file is read, of which the mapping says a part. What is wrong with the mapping is told by
    /// [`SourceSpec::map`].
    fn read_options(&self) -> ReadOptions {
        let mapping = self.mapping_text().ok().flatten();
        let mapping = mapping.and_then(|(text, origin)| Mapping::parse(&text, &origin).ok());
        let repeat_merged = mapping.is_some_and(|mapping| mapping.merged == MergedRule::Repeat);
        ReadOptions { repeat_merged, ..self.read.clone() }
    }

    /// The rows of the file that are not of this job, if there are any: those that a retry leaves out.
    pub fn open_others(&self) -> Result<Option<Box<dyn RowReader>>> {
        self.chosen.as_ref().map(|chosen| self.open_chosen(chosen, &self.read_options(), true)).transpose()
    }

    /// Which rows of a mended file these are, as a digest.
    pub fn chosen_digest(&self) -> Option<String> {
        let Some(RowSelection::Mended(rows)) = &self.chosen else { return None };
        let mut hasher = blake3::Hasher::new();
        rows.digest_into(&mut hasher);
        Some(hasher.finalize().to_hex()[..32].to_owned())
    }

    /// The mapping for this source and service.
    pub fn map(&self, service: &dyn Service, definitions: Option<&[FieldDefinition]>) -> Result<Mapped> {
        let mut reader = self.open_typed()?;
        let sample = Sample::read(reader.as_mut())?;
        self.mapped(reader.as_ref(), sample, service, definitions)
    }

    /// The mapping, and the rows as they go into these results. Where nobody gets to see how columns are mapped,
    /// a stated mapping needs no sample of the rows, and the file is read only once.
    pub fn map_for(
        &self,
        results: &Path,
        service: &dyn Service,
        is_shown: bool,
    ) -> Result<(Mapped, Box<dyn RowReader>)> {
        if is_shown || matches!(self.mapping, MappingChoice::Guess) {
            return Ok((self.map(service, None)?, self.open_for(results)?));
        }
        let reader = self.open_for(results)?;
        Ok((self.mapped(reader.as_ref(), Sample::default(), service, None)?, reader))
    }

    fn mapped(
        &self,
        reader: &dyn RowReader,
        sample: Sample,
        service: &dyn Service,
        definitions: Option<&[FieldDefinition]>,
    ) -> Result<Mapped> {
        let (facts, headers) = (facts(service, definitions), reader.headers());
        let (text, origin, guess) = match self.mapping_text()? {
            Some((text, origin)) => (text, origin, None),
            None => {
                let looks = Looks { region: self.region.as_deref() };
                let guess = mapping::guess(headers, &sample, &facts, &looks, &self.only);
                let text = mapping::write_commented(&guess);
                (text, GUESSED.to_owned(), Some(guess))
            }
        };
        let mut mapping = Mapping::parse(&text, &origin).map_err(|error| match &self.mapping {
            MappingChoice::File(path) => error.at_path(path),
            MappingChoice::Guess | MappingChoice::Text(_) => error,
        })?;
        let text = if self.only.is_empty() {
            text
        } else {
            mapping.conditions.extend(self.only.iter().cloned());
            mapping.to_toml()
        };
        let forward = mapping
            .forward(headers, &facts, self.region.as_deref())
            .map_err(|error| if guess.is_some() { self.with_columns(error, reader) } else { error })
            .map_err(|error| error.at_path(&self.path))?;
        let can = service.capabilities();
        let asks = can.custom_typed && can.has(CallKind::ListFields) && definitions.is_none() && !self.exported;
        let untyped = if asks { forward.untyped() } else { Vec::new() };
        Ok(Mapped { forward, untyped, text, origin, sample, guess })
    }

    fn has_other_sheets(&self, reader: &dyn RowReader) -> bool {
        self.file().is_ok_and(|file| !table::other_sheets(&file, &self.read, reader).is_empty())
    }

    /// An error of a guess with what was taken for the header, and what other sheets look like.
    fn with_columns(&self, mut error: Error, reader: &dyn RowReader) -> Error {
        /// Names that a message shows.
        const MOST: usize = 12;
        let named = |names: &[String]| {
            let more = if names.len() > MOST { ", …" } else { "" };
            names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ") + more
        };
        error.message.push_str(&format!("; {}: {}", reader.header_place(), named(reader.headers())));
        let Ok(file) = self.file() else { return error };
        let others = table::other_sheets(&file, &self.read, reader);
        let others: Vec<String> =
            others.iter().map(|(sheet, columns)| format!("\"{sheet}\" ({})", named(columns))).collect();
        if !others.is_empty() {
            error.message.push_str(&format!("; other sheets: {}", others.join(", ")));
            let choose = "choose one of them with --sheet, or --sheet all where their headers agree";
            error.hint = Some(match error.hint {
                Some(hint) => format!("{choose}; or {hint}"),
                None => choose.into(),
            });
        }
        error
    }

    /// A guessed mapping as a commented file, and as a table. A guess that can't work yet is one as well:
    /// it is there to be mended.
    ///
    /// # Errors
    /// Those of reading; kind `Usage` if the sheet that comes first has no contacts while there are others, of
    /// which nobody chose one.
    pub fn guess(&self, service: &dyn Service) -> Result<Guessed> {
        let mut reader = self.open_typed()?;
        let headers = reader.headers().to_vec();
        let mut sample = Sample::read(reader.as_mut())?;
        let facts = facts(service, None);
        let looks = Looks { region: self.region.as_deref() };
        let mut guess = mapping::guess(&headers, &sample, &facts, &looks, &self.only);
        guess.mapping.region.clone_from(&self.region);
        mapping::propose_values(&mut guess, self.open()?.as_mut(), &facts)?;
        let text = mapping::write_commented(&guess);
        let origin = GUESSED.to_owned();
        let mut table = match guess.mapping.forward(&headers, &facts, self.region.as_deref()) {
            Ok(forward) => {
                let mapped =
                    Mapped { forward, untyped: Vec::new(), text: text.clone(), origin, sample, guess: Some(guess) };
                let table = mapped.table()?;
                (sample, guess) = (mapped.sample, mapped.guess.unwrap_or_default());
                table
            }
            Err(error) => {
                let is_choice = self.read.sheet.is_none() && self.has_other_sheets(reader.as_ref());
                let error = self.with_columns(error, reader.as_ref());
                if is_choice {
                    return Err(error.at_path(&self.path));
                }
                guessed_table(&guess, &sample, &error)
            }
        };
        table.notes.splice(0..0, reader.notes().iter().cloned());
        Ok(Guessed { text, table, guess, sample })
    }

    /// A validator for these rows, which has surveyed them if the mapping wants that.
    pub fn validator(&self, forward: Forward) -> Result<Validator> {
        let mut validator = Validator::new(forward)?.of_export(self.exported);
        if validator.wants_survey() {
            let others = self.open_others()?.map(|others| (others, false));
            for (mut reader, sent) in std::iter::once((self.open()?, true)).chain(others) {
                let mut batch = RowBatch::new();
                while reader.read(&mut batch, super::feed::BATCH)? > 0 {
                    validator.survey(&batch, sent);
                }
            }
        }
        Ok(validator)
    }

    pub(super) fn mapping_text(&self) -> Result<Option<(String, String)>> {
        let path = match &self.mapping {
            MappingChoice::Text(text) => return Ok(Some((text.clone(), "the recorded mapping".to_owned()))),
            MappingChoice::File(path) => path.clone(),
            MappingChoice::Guess => return Ok(None),
        };
        let read = storage::read(&path, LARGEST_MAPPING)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData.into()));
        let text = read.map_err(|error| {
            Error::usage(format!("the mapping file can't be read: {}", path.display()))
                .at_path(&path)
                .hint("write one with `rolo guess FILE`")
                .caused_by(error)
        })?;
        Ok(Some((text, path.display().to_string())))
    }

    /// What makes two jobs the same: the command, the source's bytes, the mapping and the account.
    /// Thresholds and the like are not: given anew, the job goes on under the new ones.
    ///
    /// # Errors
    /// As for [`Self::digest_into`].
    pub fn fingerprints(&self, command: &str, account: &str, mapping: &str) -> Result<ImportFingerprints> {
        let mut parts =
            Parts::new("import 2").with("command", command).with("account", account).with("mapping", mapping);
        let mut earlier = blake3::Hasher::new();
        for part in [command, account, mapping] {
            earlier.update(&(part.len() as u64).to_le_bytes());
            earlier.update(part.as_bytes());
        }
        let mut hashers = [parts.hasher().clone(), earlier];
        self.digest_into(&mut hashers)?;
        let [current, earlier] = hashers.map(|hasher| Fingerprint(*hasher.finalize().as_bytes()));
        Ok(ImportFingerprints { current, earlier })
    }

    /// Digests, with each of these, the bytes that are read, which must still be those that stand at the path.
    ///
    /// # Errors
    /// Kind `Usage` if the file was replaced or changed since it was opened.
    pub fn digest_into(&self, hashers: &mut [blake3::Hasher]) -> Result<()> {
        let mut file = self.file()?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hashers.iter_mut().for_each(|hasher| {
                    hasher.update(&buffer[..count]);
                }),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(table::unreadable(&self.path, error)),
            }
        }
        if let Some(edits) = &self.edits {
            for hasher in hashers.iter_mut() {
                hasher.update(edits.digest.as_bytes());
            }
        }
        if let Some(RowSelection::Mended(rows)) = &self.chosen {
            for hasher in hashers.iter_mut() {
                rows.digest_into(hasher);
            }
        }
        file.still_there()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services;

    #[test]
    fn a_stated_mapping_that_nobody_gets_to_see_is_compiled_without_a_look_at_the_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.csv");
        std::fs::write(&path, "phone\n+447400100201\n+447400100202\n").unwrap();
        let of = |mapping| SourceSpec { mapping, ..SourceSpec::of(path.clone()) };
        let stated = MappingChoice::Text("[columns.phone]\nfield = \"phone\"\n".into());
        let service = (services::ALL[0].connect)(&services::Settings::default()).unwrap();
        let results = folder.path().join("results.csv");
        for (mapping, is_shown, sampled) in
            [(stated.clone(), false, 0), (stated, true, 2), (MappingChoice::Guess, false, 2)]
        {
            let (mapped, mut reader) = of(mapping).map_for(&results, service.as_ref(), is_shown).unwrap();
            assert_eq!((mapped.sample.total, mapped.forward.feeds().len()), (sampled, 1));
            assert_eq!(reader.read(&mut RowBatch::new(), 10).unwrap(), 2, "all rows are there to be checked");
        }
    }
}
