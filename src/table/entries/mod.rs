//! Files whose entries name their own values: JSON Lines and vCard.
//!
//! Such a file has no header. It is read twice: once for the names that its entries use, which become the
//! columns in the order of their first appearance, and once for the rows. So a name that comes late is a
//! column like any other, and memory holds one entry.

mod entry;
mod json;
mod reader;
mod vcard;
mod writer;

pub use reader::EntryReader;
pub use vcard::VcardWriter;
pub use writer::JsonLinesWriter;
