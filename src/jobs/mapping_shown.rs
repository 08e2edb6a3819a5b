use super::source::Mapped;
use crate::contact::trim_unseen;
use crate::error::Result;
use crate::mapping::{Becomes, Check, ColumnFeed, DecimalMark, NameFeed, Numbers, Sureness, decimal_warning};
use crate::report::{MappedColumn, MappingTable, UnmappedColumn};
use crate::validate::{Looks, Preview, Validator, region_doubt};

/// Different values shown of a column.
const SHOWN: usize = 3;

impl Mapped {
    /// The mapping as a person looks at it before anything is sent.
    ///
    /// # Errors
    /// Those of a validator: a constant that its field can't hold.
    pub fn table(&self) -> Result<MappingTable> {
        let headers = self.forward.headers();
        let previews = Validator::new(self.forward.clone())?.preview(&self.sample.rows);
        let columns = (0..headers.len()).filter_map(|column| self.mapped(column, &previews)).collect();
        let mut warnings = self.guess.as_ref().map(|guess| guess.warnings.clone()).unwrap_or_default();
        warnings.extend(self.doubts());
        let warned = |header: &str| {
            warnings.iter().any(|warning| {
                let rest = warning.strip_prefix(header).unwrap_or_default();
                rest.starts_with(" holds ") || rest.starts_with(" is headed as ") || rest.starts_with(" feeds nothing")
            })
        };
        let unmapped = self.forward.unmapped().iter().map(|header| {
            let column = headers.iter().position(|other| other == header);
            let filled = column.and_then(|column| self.sample.filled.get(column)).copied().unwrap_or_default();
            UnmappedColumn { column: header.clone(), filled, warned: warned(header) }
        });
        Ok(MappingTable {
            origin: self.origin.clone(),
            rows: self.sample.contacts,
            columns,
            unmapped: unmapped.collect(),
            ignored: self.forward.ignored().to_vec(),
            notes: self.guess.as_ref().map(|guess| guess.notes.clone()).unwrap_or_default(),
            warnings,
        })
    }

    /// What is read in one way and could be meant in another, by the cells of its column.
    fn doubts(&self) -> Vec<String> {
        let headers = self.forward.headers();
        let cells = |column: usize| -> Vec<&str> {
            // A number of a workbook is read in one way only.
            let rows = self.sample.rows.rows().filter(|row| row.typed(column).is_none());
            rows.map(|row| row.cell(column)).collect()
        };
        let looks = Looks { region: self.forward.region() };
        let doubt = |feed: &ColumnFeed| {
            let Becomes::Field(field) = &feed.becomes else { return None };
            let header = headers.get(feed.column)?;
            match field.check {
                // A guess has told it already.
                Check::Number(DecimalMark::Unstated) if self.guess.is_none() => {
                    decimal_warning(header, &cells(feed.column), &looks)
                }
                Check::Phone { region_column: None, numbers } if numbers != Some(Numbers::International) => {
                    let doubt = region_doubt(&cells(feed.column), self.forward.region()?)?;
                    Some(format!("{header}: {doubt}"))
                }
                _ => None,
            }
        };
        self.forward.feeds().iter().filter_map(doubt).collect()
    }

    /// A column that feeds something, or helps another one.
    fn mapped(&self, column: usize, previews: &[Preview]) -> Option<MappedColumn> {
        let headers = self.forward.headers();
        let header = headers.get(column)?;
        let (sure, because, brief) = self.reason(header);
        let row = |becomes: String, values: Vec<(String, String)>| {
            Some(MappedColumn { column: header.clone(), becomes, sure, because, brief, values })
        };
        if let Some(preview) = previews.iter().find(|preview| preview.column == column) {
            return row(preview.becomes.clone(), preview.values.clone());
        }
        if let Some(preview) = previews.iter().find(|preview| preview.stand_ins.contains(&column)) {
            let first = headers.get(preview.column).map_or("", String::as_str);
            return row(format!("{}, where {first} has none", preview.becomes), self.shown(column));
        }
        let joined = self.forward.feeds().iter().any(|feed| {
            matches!(&feed.becomes, Becomes::Name(NameFeed::Join { last_column: Some(last), .. }) if *last == column)
        });
        if joined {
            return row("name, behind the first name".into(), self.shown(column));
        }
        let country = self.forward.feeds().iter().any(|feed| {
            matches!(&feed.becomes, Becomes::Field(field)
                if matches!(field.check, Check::Phone { region_column: Some(of), .. } if of == column))
        });
        let unmapped = self.forward.unmapped().contains(header) || self.forward.ignored().contains(header);
        match (country, unmapped) {
            (true, false) => row("the country of phone numbers".into(), self.shown(column)),
            (false, false) => Some(MappedColumn {
                column: header.clone(),
                becomes: "the choice of rows".into(),
                sure: "stated".into(),
                values: self.shown(column),
                ..MappedColumn::default()
            }),
            (_, true) => None,
        }
    }

    /// The first few different values of a column that is not sent by itself.
    fn shown(&self, column: usize) -> Vec<(String, String)> {
        let mut values: Vec<(String, String)> = Vec::new();
        for row in self.sample.rows.rows() {
            let cell = trim_unseen(row.cell(column)).to_owned();
            if !cell.is_empty() && values.iter().all(|(value, _)| *value != cell) {
                values.push((cell.clone(), cell));
            }
            if values.len() == SHOWN {
                break;
            }
        }
        values
    }

    /// How sure it is what a column becomes, and why.
    fn reason(&self, header: &str) -> (String, String, String) {
        let guess = self.guess.as_ref();
        let evidence = guess.and_then(|guess| guess.columns.iter().find(|column| column.header == header));
        evidence.map_or_else(
            || ("stated".to_owned(), String::new(), String::new()),
            |evidence| {
                let sure = if evidence.mapped { evidence.sure } else { Sureness::Likely };
                (sure.word().to_owned(), evidence.because.clone(), evidence.brief.clone())
            },
        )
    }
}
