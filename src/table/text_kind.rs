//! What a text is, by how it begins.

use std::ffi::OsStr;
use std::path::Path;

use serde::de::IgnoredAny;

use super::unreadable::SAVE;
use crate::error::{Error, Result};

/// Lines that are tried before a text that begins like JSON is taken for JSON over several lines.
const LINES: usize = 5;

/// A text that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Rows of cells.
    Table,
    /// One JSON object a line.
    JsonLines,
    /// vCard.
    Cards,
}

impl TextKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "text",
            Self::JsonLines => "JSON Lines",
            Self::Cards => "vCard",
        }
    }

    /// # Errors
    /// Kind `Usage` for text that is known to be neither, with its name: what programs call `.xls` and is a
    /// web page, and the like.
    pub fn of(path: &Path, sample: &str) -> Result<Self> {
        if is_json_lines(sample) {
            return Ok(Self::JsonLines);
        }
        if sample.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD")) {
            return Ok(Self::Cards);
        }
        refuse_other_text(path, sample).map(|()| Self::Table)
    }
}

/// Whether the text begins with JSON objects, each whole on a line of its own. One that is damaged is an
/// error of its row, so a few lines are tried.
fn is_json_lines(sample: &str) -> bool {
    let sample = sample.trim_start();
    sample.starts_with('{')
        && sample
            .lines()
            .take(LINES)
            .map(str::trim)
            .any(|line| line.starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok())
}

fn refuse_other_text(path: &Path, sample: &str) -> Result<()> {
    let start: String = sample.trim_start().chars().take(600).flat_map(char::to_lowercase).collect();
    let is_page = ["<!doctype html", "<html", "<table", "<head", "<meta"].iter().any(|tag| start.starts_with(tag));
    let (kind, hint) = if is_page || start.starts_with("<?xml") && start.contains("<html") {
        ("a web page (HTML), whatever its name says", SAVE)
    } else if start.starts_with("<?xml") && start.contains("urn:schemas-microsoft-com:office:spreadsheet") {
        ("a workbook in the XML of Excel 2003", SAVE)
    } else if start.starts_with("begin:vcalendar") {
        ("a calendar, and no table", "hand over a .csv or .xlsx file")
    } else if start.starts_with('{') && start.contains("\":") {
        ("JSON over several lines, and no table", "write one object a line: `jq -c . FILE > FILE.jsonl`")
    } else if start.starts_with("mime-version:") {
        ("a saved web page (MHTML)", SAVE)
    } else if start.starts_with("<?xml") {
        ("an XML document", "export it from its program as .csv or .xlsx")
    } else if start.starts_with('[') && start[1..].trim_start().starts_with('{') {
        ("a list in JSON, and no table", "write one object a line: `jq -c '.[]' FILE > FILE.jsonl`")
    } else if start.starts_with("id;p")
        && sample.lines().nth(1).is_some_and(|line| line.starts_with(['C', 'B', 'F', 'P']))
    {
        ("a spreadsheet in symbolic links (SYLK, .slk)", SAVE)
    } else if start.lines().map(str::trim).take(2).eq(["table", "0,1"]) {
        ("a spreadsheet in data interchange format (.dif)", SAVE)
    } else if has_fixed_widths(sample) {
        ("a text with columns of fixed width", "save it with commas, semicolons or tabs between the columns")
    } else if start.starts_with("{\\rtf") {
        ("a text document (RTF)", "copy its table into a spreadsheet and save that as .xlsx or .csv")
    } else {
        return Ok(());
    };
    Err(Error::usage(format!("{} is {kind}", path.display())).hint(hint))
}

/// Whether blanks alone fill the columns: most lines have one length (wide characters take the place of
/// two), and the header has words with gaps between them and nothing that could delimit cells.
fn has_fixed_widths(sample: &str) -> bool {
    let mut lines = sample.lines().take(20).filter(|line| !line.is_empty());
    let Some(header) = lines.next().filter(|line| !line.contains([',', ';', '\t', '|'])) else { return false };
    let width = |line: &str| line.trim_end_matches('\r').chars().count();
    let gaps = header.trim_end().split("  ").filter(|part| !part.trim().is_empty()).count();
    let rows: Vec<usize> = lines.map(width).collect();
    let even = rows.iter().filter(|row| **row == width(header)).count();
    gaps > 2 && even > 0 && even * 3 >= rows.len() * 2
}

/// That a file is called a workbook and is read as something else, if it is called so.
pub fn misnamed(path: &Path, kind: &str) -> Option<String> {
    let extension = path.extension().filter(|extension| is_of_workbooks(extension))?;
    Some(format!("{} is {kind}, whatever .{} says: it is read as {kind}", path.display(), extension.display()))
}

fn is_of_workbooks(extension: &OsStr) -> bool {
    ["xlsx", "xlsm", "xls", "xlsb", "ods"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_is_named() {
        let named = |text: &str| refuse_other_text(Path::new("c"), text).err().map(|error| error.message);
        for (text, name) in [
            ("\n <!DOCTYPE HTML><table>", "c is a web page (HTML), whatever its name says"),
            (
                "<?xml version=\"1.0\"?>\n<?mso-application?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                "c is a workbook in the XML of Excel 2003",
            ),
            ("[\n {\"name\": \"Ann\"}]", "c is a list in JSON, and no table"),
            ("{\n  \"name\": \"Ann\"\n}\n", "c is JSON over several lines, and no table"),
            ("ID;PCALCOOO32\nC;X1;Y1;K\"Name\"\n", "c is a spreadsheet in symbolic links (SYLK, .slk)"),
            ("TABLE\r\n0,1\r\n\"x\"\r\n", "c is a spreadsheet in data interchange format (.dif)"),
            ("Name    Phone      City  \nAnn     +601234567 KL    \n", "c is a text with columns of fixed width"),
        ] {
            assert_eq!(named(text).as_deref(), Some(name));
        }
        for text in [
            "name,phone\n",
            "[Name],[Phone]\n",
            "{name},x\n",
            "<name>,phone\n",
            "Begin,End\n",
            "ID;Phone\n1;2\n",
            "Table\n1\n",
            "Full  name\n1234567890\n",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }

    #[test]
    fn objects_on_lines_of_their_own_are_json_lines() {
        let kind = |text: &str| TextKind::of(Path::new("c"), text).ok();
        assert_eq!(kind("{\"name\": \"Ann\"}\n{\"name\": \"Bob\"}\n"), Some(TextKind::JsonLines));
        assert_eq!(kind("\n{\"name\": \"Ann\n{\"name\": \"Bob\"}"), Some(TextKind::JsonLines), "the first is cut");
        assert_eq!(kind("{name},x\n{Ann},1\n"), Some(TextKind::Table));
    }
}
