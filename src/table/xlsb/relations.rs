use std::io;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::table::source::ContentFault;
use crate::table::unreadable::SAVE;

/// What the workbook refers to: id, kind and part.
pub struct Relations(Vec<(String, String, String)>);

/// # Errors
/// If the text is no XML.
pub fn read(text: &str) -> io::Result<Relations> {
    let mut xml = Reader::from_str(text);
    let mut all = Vec::new();
    loop {
        match xml.read_event().map_err(|cause| ContentFault::error(format!("is damaged: {cause}"), SAVE))? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "Relationship" => {
                let said = |name| attribute(&tag, name).unwrap_or_default();
                all.push((said("Id"), said("Type"), part(&said("Target"))));
            }
            Event::Eof => return Ok(Relations(all)),
            _ => {}
        }
    }
}

impl Relations {
    /// The part of a kind of which there is one, by the end of the kind's name.
    pub fn of_kind(&self, end: &str) -> Option<&str> {
        self.0.iter().find(|(_, kind, _)| kind.ends_with(end)).map(|(.., part)| part.as_str())
    }

    /// The part of the sheet with this id, if it is a sheet with cells.
    pub fn sheet(&self, id: &str) -> Option<&str> {
        let found = self.0.iter().find(|(found, ..)| found == id)?;
        found.1.ends_with("/worksheet").then_some(found.2.as_str())
    }
}

/// The name of a part in the file, from one that is relative to the workbook's folder.
fn part(target: &str) -> String {
    target.strip_prefix('/').map_or_else(|| format!("xl/{}", target.trim_start_matches("./")), str::to_owned)
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok()??;
    quick_xml::escape::unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}
