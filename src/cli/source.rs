//! Options of every command that reads or writes a file, checked.

use std::path::{Path, PathBuf};

use clap::Args;
use encoding_rs::Encoding;

use super::CommandContext;
use crate::config::{Config, DayTime, Night, StopWhen, layer};
use crate::error::{Error, Result};
use crate::jobs::{has_extension, mapping_beside, results_beside};
use crate::mapping::{Condition, country_code};
use crate::storage::Address;

/// How a source is read and mapped, and where its results go.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading the file")]
pub struct SourceArgs {
    /// Mapping file [default: FILE.mapping.toml beside it, else guessed].
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Results file, .csv or .xlsx [default: FILE.results.csv beside it].
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
}

/// How a source is read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading the file")]
pub struct ReadingArgs {
    /// Sheet of a workbook, by name or number; `all` for all that have the same columns [default: the first].
    #[arg(long, value_name = "SHEET")]
    pub sheet: Option<String>,
    /// Line or row that names the columns [default: found below a title].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub header_row: Option<u64>,
    /// `none`: the file has no row that names the columns, and they are called A, B, C.
    #[arg(long, value_name = "none", value_parser = ["none"], conflicts_with = "header_row")]
    pub header: Option<String>,
    /// Leave out the rows that are hidden in the workbook, by a filter or by hand.
    #[arg(long)]
    pub visible_only: bool,
    /// What stands between cells: a character, or `tab` [default: guessed].
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,
    /// Encoding of the text, such as windows-1252 [default: guessed].
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Country of phone numbers without a country code, such as GB or Spain [default: $ROLO_REGION].
    #[arg(long, value_name = "XX")]
    pub region: Option<String>,
    /// Send only rows like this, and skip the others: 'Consent = yes', 'Status != closed', 'Country in DE, AT',
    /// 'E-mail is not blank'; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    pub only: Vec<String>,
    /// Changes of cells and rows, as `rolo open` keeps them beside a file; the file itself stays as it is.
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
    /// Read at most this many rows.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// CSV on standard input: `-`.
    Stdin,
    File(PathBuf),
}

impl Input {
    pub fn new(file: PathBuf) -> Self {
        if file.as_os_str() == "-" { Self::Stdin } else { Self::File(file) }
    }

    /// The file beside which others can stand; none for standard input and for the links and devices under
    /// `/dev`, which a shell passes in place of a file. A file in `/dev/shm` is one like any other. What belongs to a
    /// file on the web stands in the working folder, under its name.
    pub fn file(&self) -> Option<PathBuf> {
        if let Self::File(file) = self
            && let Some(address) = Address::of(file)
        {
            return Some(address.beside());
        }
        match self {
            Self::File(file) if !file.starts_with("/dev") => Some(file.clone()),
            Self::File(file) if file.symlink_metadata().is_ok_and(|found| found.is_file()) => Some(file.clone()),
            _ => None,
        }
    }
}

/// How a source is read, checked.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    pub input: Input,
    /// A mapping file that was named, or the one beside the source; `None` to guess.
    pub mapping: Option<PathBuf>,
    pub sheet: Option<String>,
    pub header_row: Option<u64>,
    pub no_header: bool,
    pub visible_only: bool,
    pub delimiter: Option<u8>,
    pub encoding: Option<&'static Encoding>,
    /// Two capital letters.
    pub region: Option<String>,
    /// What a row must be like to be sent.
    pub only: Vec<Condition>,
    /// What is changed of the rows first.
    pub edits: Option<PathBuf>,
    pub limit: Option<u64>,
    /// Where the results go.
    pub results: PathBuf,
}

impl SourceArgs {
    /// The settings for `file`.
    pub fn settings(&self, file: PathBuf, config: &Config, context: &CommandContext) -> Result<SourceSettings> {
        let input = Input::new(file);
        let mapping = self.mapping.clone().or_else(|| input.file().as_deref().and_then(mapping_beside));
        let results = self.results.clone().unwrap_or_else(|| {
            input.file().as_deref().map_or_else(|| PathBuf::from("stdin.results.csv"), results_beside)
        });
        let reading = &self.reading;
        Ok(SourceSettings {
            mapping,
            sheet: reading.sheet.clone(),
            header_row: reading.header_row,
            no_header: reading.header.is_some(),
            visible_only: reading.visible_only,
            delimiter: reading.delimiter.as_deref().map(delimiter).transpose()?,
            encoding: reading.encoding.as_deref().map(encoding).transpose()?,
            region: region(reading.region.clone(), config, context)?,
            only: reading.only.iter().map(|text| condition(text)).collect::<Result<_>>()?,
            edits: reading.edits.clone(),
            limit: reading.limit,
            results: checked_results(results, &input)?,
            input,
        })
    }
}

/// The country of national phone numbers, by its code or its name: flag, `$ROLO_REGION`, configuration.
pub fn region(flag: Option<String>, config: &Config, context: &CommandContext) -> Result<Option<String>> {
    let environment = context.environment.get("ROLO_REGION").map(str::to_owned);
    let Some(named) = layer(("--region", flag), ("ROLO_REGION", environment), config.defaults.region.clone()) else {
        return Ok(None);
    };
    match country_code(&named.value) {
        Some(code) => Ok(Some(code.to_owned())),
        None => Err(Error::usage(format!("not a country ({}): {}", named.origin, named.value))
            .hint("write the two letters of ISO 3166, such as GB or MY, or the country's name")),
    }
}

pub fn condition(text: &str) -> Result<Condition> {
    Condition::parse(text).map_err(|(message, hint)| Error::usage(format!("--only: {message}")).hint(hint))
}

fn delimiter(text: &str) -> Result<u8> {
    match text {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        "comma" => Ok(b','),
        "semicolon" => Ok(b';'),
        "pipe" => Ok(b'|'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii_punctuation() && *byte != b'"' || *byte == b' ' => Ok(*byte),
            _ => Err(Error::usage(format!("not a delimiter: {text}"))
                .hint("write one character, such as ';', or tab, comma, semicolon or pipe")),
        },
    }
}

fn encoding(label: &str) -> Result<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        Error::usage(format!("no encoding is called: {label}"))
            .hint("utf-8, utf-16le, windows-1252, gb18030, shift_jis, windows-1255 and the like are")
    })
}

fn checked_results(results: PathBuf, input: &Input) -> Result<PathBuf> {
    if !has_extension(&results, "csv") && !has_extension(&results, "xlsx") {
        return Err(
            Error::usage(format!("a results file ends in .csv or .xlsx: {}", results.display())).at_path(&results)
        );
    }
    if let Some(file) = input.file() {
        let same =
            |a: &Path, b: &Path| a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if same(&file, &results) {
            return Err(Error::usage(format!("the results would replace the source: {}", results.display()))
                .at_path(&results)
                .hint("name another file with --results"));
        }
    }
    Ok(results)
}

/// How the embedded server behaves, where it is the account.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Sandbox")]
pub struct SandboxArgs {
    /// Let the sandbox answer as fast as it can, without its limits of calls.
    #[arg(long)]
    pub unthrottled: bool,
    /// Make the sandbox fail: NAME or NAME=VALUE; may be given several times.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub fault: Vec<String>,
    /// Keep the sandbox's contacts in memory, not in the state folder.
    #[arg(long)]
    pub memory: bool,
}

/// How the embedded server behaves, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SandboxSettings {
    pub unthrottled: bool,
    /// As given; what they mean, only the sandbox knows.
    pub faults: Vec<String>,
    pub memory: bool,
}

impl SandboxArgs {
    pub fn settings(&self) -> SandboxSettings {
        SandboxSettings { unthrottled: self.unthrottled, faults: self.fault.clone(), memory: self.memory }
    }
}

/// When a run stops, and what it remembers.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Safety")]
pub struct RunArgs {
    /// Stop when this much went wrong: failed=5%, rejected=100, same_reason=20.
    #[arg(long, value_name = "WHAT=MUCH")]
    pub stop_when: Vec<String>,
    /// Send this many rows first, and go on only if all of them went well.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    pub canary: Option<u64>,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Remember what each change replaces, even where that costs calls, so that undo can put it back.
    #[arg(long)]
    pub keep_before: bool,
    /// Leave contacts alone whose row is the same as when it was last applied, whatever became of them since.
    #[arg(long, conflicts_with = "fresh")]
    pub changed_only: bool,
    /// Look every contact up, and don't trust what the ledger remembers of it.
    #[arg(long)]
    pub fresh: bool,
}

/// When a run stops and what it remembers, checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSettings {
    pub stop_when: StopWhen,
    pub canary: Option<u64>,
    pub yes: bool,
    pub keep_before: bool,
    pub changed_only: bool,
    pub verify: bool,
    pub create_fields: bool,
    pub fresh: bool,
}

/// What one night may use, where a run takes several.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Nights")]
pub struct NightArgs {
    /// Begin no contact that can't be finished before this time of day, such as 06:00; the next night goes on.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Begin no contact that could take more calls than this in all; the next night goes on.
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_calls: Option<u64>,
    /// Time zone of --until, such as Europe/Berlin [default: this machine's].
    #[arg(long, value_name = "ZONE", requires = "until")]
    pub time_zone: Option<String>,
}

impl NightArgs {
    pub fn settings(&self) -> Result<Night> {
        let until = self.until.as_deref().map(|time| DayTime::parse(time, self.time_zone.as_deref()));
        Ok(Night { until: until.transpose()?, max_calls: self.max_calls })
    }
}

impl RunArgs {
    pub fn settings(&self) -> Result<RunSettings> {
        let mut stop_when = StopWhen::default();
        for text in &self.stop_when {
            let (name, value) = text
                .split_once('=')
                .ok_or_else(|| Error::usage(format!("not a reason to stop: {text}")).hint("write it as failed=5%"))?;
            stop_when.set(name, value)?;
        }
        Ok(RunSettings {
            stop_when,
            canary: self.canary,
            yes: self.yes,
            keep_before: self.keep_before,
            changed_only: self.changed_only,
            verify: false,
            create_fields: false,
            fresh: self.fresh,
        })
    }
}
