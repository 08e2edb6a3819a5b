//! Workbooks of Excel 97 to 2003 (.xls).
//!
//! The cfb crate opens the container; the records of the workbook inside are read here, by [MS-XLS].
//! calamine reads them as well, but drops the formats of numbers, so that the leading zeros and signs of
//! phone numbers are gone without a word, and trusts what records say of sizes. Here a record costs no more
//! than its bytes, and formats are followed as in other workbooks.
//!
//! [MS-XLS]: https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xls/

mod record;
mod sheet;
mod strings;
mod workbook;

use std::io::{Cursor, Read as _};
use std::path::Path;

use crate::error::{Error, Result};
use crate::table::biff::{u16_at, u32_at};
use crate::table::options::ReadOptions;
use crate::table::source::unreadable;
use crate::table::source_file::SourceFile;
use crate::table::unreadable::SAVE;
use crate::table::xlsx::SheetInMemory;

/// The sheets of the file.
///
/// # Errors
/// Kind `Usage` if it is damaged, has a password, is older than Excel 97, or larger than the limits allow.
pub fn read(path: &Path, file: &SourceFile, options: &ReadOptions) -> Result<Vec<SheetInMemory>> {
    let refused = |what: &str, hint: &str| Error::usage(format!("{} {what}", path.display())).hint(hint);
    let limits = &options.limits;
    let most = limits.bytes_in_memory as u64;
    if file.bytes() > most {
        let what = format!("is larger than the {} MB that a file of its kind may have", most >> 20);
        return Err(refused(&what, SAVE));
    }
    let mut bytes = Vec::new();
    file.from_start().take(most).read_to_end(&mut bytes).map_err(|cause| unreadable(path, cause))?;
    pad(&mut bytes, limits.bytes_in_memory);
    let mut container = cfb::CompoundFile::open(Cursor::new(bytes))
        .map_err(|cause| refused(&format!("is an old Excel workbook (.xls) and damaged: {cause}"), SAVE))?;
    if container.exists("/EncryptedPackage") {
        return Err(refused("has a password", "save it without a password, as .xlsx or .csv"));
    }
    let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| container.exists(name)) else {
        return Err(refused(
            "is an old Office file and no workbook",
            "copy its table into a spreadsheet and save that",
        ));
    };
    let mut bytes = Vec::new();
    let stream = container.open_stream(name).map_err(|cause| refused(&format!("is damaged: {cause}"), SAVE))?;
    stream.take(most).read_to_end(&mut bytes).map_err(|cause| unreadable(path, cause))?;
    workbook::sheets(&bytes, options).map_err(|fault| unreadable(path, fault.into_error()))
}

/// Makes the file as long as its table of sectors says that it is, as far as that is sane: some programs fill
/// the table up with sectors that aren't there, which the reader of the container takes for damage.
fn pad(bytes: &mut Vec<u8>, most: usize) {
    let (Some(tables), Some(shift)) = (u32_at(bytes, 44), u16_at(bytes, 30)) else { return };
    let sector = 1_usize << shift.min(12);
    let sectors = usize::try_from(tables).unwrap_or(usize::MAX).saturating_mul(sector / 4);
    let wanted = sectors.saturating_add(1).saturating_mul(sector);
    if wanted > bytes.len() && wanted <= most {
        bytes.resize(wanted, 0);
    }
}
