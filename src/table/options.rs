/// How to read a source: what the user said, and how much a file may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Delimiter of a text file. Detected if absent.
    pub delimiter: Option<u8>,
    /// Encoding of a text file, as a WHATWG label such as `windows-1252`. Detected if absent.
    pub encoding: Option<String>,
    /// Sheet of a workbook, by name or by number from 1. The first visible one with content if absent.
    pub sheet: Option<String>,
    /// Where the header stands: a line of a text file, a row of a sheet, from 1. Looked for below a
    /// title block if absent.
    pub header_row: Option<u64>,
    /// There is no header: the columns are called A, B, C.
    pub no_header: bool,
    /// Leave out the rows of a sheet that are hidden, as a filter does.
    pub visible_only: bool,
    /// Give what merged cells of a sheet show to each row, not to the first alone.
    pub repeat_merged: bool,
    /// Tell what cells of a workbook hold that are no texts, so that results can be written alike.
    pub keep_types: bool,
    /// Rows that have something in rolo's own columns alone are rows too: those of a results file whose
    /// person was forgotten.
    pub own_rows: bool,
    /// Most data rows to read.
    pub limit: Option<u64>,
    pub limits: ReadLimits,
}

/// What a file may ask of memory and time before it is refused. The defaults are far above honest
/// files and far below what a hostile one needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of one cell, in UTF-8.
    pub cell_bytes: usize,
    /// Bytes of one row of a text file, line breaks in quoted cells included.
    pub row_bytes: usize,
    pub columns: usize,
    /// Bytes that one compressed text may unpack to.
    pub inflated_bytes: u64,
    /// Bytes that one part of a workbook may unpack to.
    pub part_bytes: u64,
    /// Unpacked bytes for each compressed one, beyond the first `ratio_free_bytes`.
    pub ratio: u64,
    pub ratio_free_bytes: u64,
    /// Bytes of one run of text in a workbook, where a cell may hold 32,767 characters.
    pub text_run_bytes: usize,
    /// Rows of one sheet; the format has no more than 1,048,576.
    pub sheet_rows: u64,
    /// Columns of one sheet; the format has no more than 16,384.
    pub sheet_columns: usize,
    /// Entries of a workbook's table of distinct strings, all of which are held in memory.
    pub distinct_strings: u64,
    /// Bytes of that table, unpacked.
    pub distinct_strings_bytes: u64,
    /// Cells of a file of a kind that is read whole, and bytes of their text.
    pub cells_in_memory: u64,
    pub bytes_in_memory: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            cell_bytes: 1 << 20,
            row_bytes: 16 << 20,
            columns: 4_096,
            inflated_bytes: 64 << 30,
            part_bytes: 2 << 30,
            ratio: 200,
            ratio_free_bytes: 64 << 20,
            text_run_bytes: 256 << 10,
            sheet_rows: 1_048_576,
            sheet_columns: 16_384,
            distinct_strings: 4_000_000,
            distinct_strings_bytes: 512 << 20,
            cells_in_memory: 4_000_000,
            bytes_in_memory: 128 << 20,
        }
    }
}
