use crate::error::Result;
use crate::jobs::SourceSpec;
use crate::table::RowBatch;

/// Rows that are shown of a file.
const SHOWN: usize = 12;
/// Rows read at once.
const BATCH: usize = 512;

/// A file as it will be read.
pub struct FilePreview {
    pub headers: Vec<String>,
    pub rows: Vec<PreviewRow>,
    pub sheets: Vec<String>,
    /// What was found out about it, in words.
    pub notes: Vec<String>,
    /// What was taken for the header, in words.
    pub header_place: String,
    /// Rows in the whole file.
    pub total: u64,
}

/// One of the first rows.
pub struct PreviewRow {
    pub line: u64,
    pub cells: Vec<String>,
    /// What is wrong with it as it was read.
    pub faults: Vec<String>,
}

impl FilePreview {
    /// Reads a file to its end.
    pub fn read(source: &SourceSpec) -> Result<Self> {
        let mut reader = source.open_typed()?;
        let (mut rows, mut total) = (Vec::new(), 0);
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, BATCH)? > 0 {
            total += batch.len() as u64;
            for row in batch.rows().take(SHOWN - rows.len().min(SHOWN)) {
                rows.push(PreviewRow {
                    line: row.position().line,
                    cells: row.cells().map(str::to_owned).collect(),
                    faults: row.errors().iter().map(|(_, error)| error.message.clone()).collect(),
                });
            }
        }
        Ok(Self {
            headers: reader.headers().to_vec(),
            rows,
            sheets: (0..).map_while(|sheet| reader.sheet_name(sheet)).map(str::to_owned).collect(),
            notes: reader.notes().to_vec(),
            header_place: reader.header_place(),
            total,
        })
    }
}
