use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};

use super::draft::Draft;
use super::draft_key;
use super::failure::PageAnswer;
use super::form::PostedForm;
use super::layout::{self, PageStep, Part, shown};
use super::live;
use super::preview::FilePreview;
use super::site::Site;
use super::work::{BackgroundJob, End, Purpose};
use crate::error::{Error, Result};
use crate::jobs::{self, ReadRecord};
use crate::mapping::country_code;
use crate::report::{count, number};

/// Delimiters that can be chosen, by the names that a form has for them.
const DELIMITERS: [(&str, u8, &str); 4] =
    [("comma", b',', "comma ,"), ("semicolon", b';', "semicolon ;"), ("tab", b'\t', "tab"), ("pipe", b'|', "bar |")];

/// Encodings that are proposed; others can be written.
const ENCODINGS: [&str; 8] =
    ["utf-8", "windows-1252", "utf-16le", "windows-1251", "shift_jis", "gb18030", "macintosh", "iso-8859-15"];

/// What was found of a file, and how it will be read.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    let draft = site.draft(&id)?;
    let work = preview(&site, &draft).await?;
    let (preview, is_unread) = match work.end() {
        Some(Ok(End::Preview(preview))) => (Some(preview.as_ref()), false),
        end => (None, end.is_some()),
    };
    Ok(layout::page(
        &draft.name(),
        Part::Of(&draft, PageStep::File),
        &html! {
            @match work.end() {
                None => { (live::panel(&work, &site)) }
                Some(Err(error)) => { (layout::alert(error)) }
                Some(Ok(_)) => {}
            }
            @if let Some(preview) = preview { (found(preview)) }
            (reading(&draft, preview, is_unread))
            @if let Some(preview) = preview {
                (rows(preview))
                p.go { a.button.primary href=(PageStep::Columns.path(&draft)) { "Go on to the columns" } }
            }
        },
    ))
}

/// The file as it will be read, once somebody asks.
async fn preview(site: &Site, draft: &Draft) -> Result<Arc<BackgroundJob>> {
    let source = draft.source()?;
    let look = async move |_: &mut jobs::Context| Ok(End::Preview(Box::new(FilePreview::read(&source)?)));
    site.works.shown(Purpose::Preview { key: draft_key::key(draft) }, look).await
}

fn found(preview: &FilePreview) -> Markup {
    html! {
        section aria-labelledby="found" {
            h2 #found { "What was found" }
            dl.facts {
                dt { "Rows" } dd { (number(preview.total)) }
                dt { "Columns" } dd { (preview.headers.len()) }
                dt { "Header" } dd { (shown(&preview.header_place)) }
                @if !preview.sheets.is_empty() { dt { "Sheets" } dd { (shown(&preview.sheets.join(", "))) } }
            }
            @if !preview.notes.is_empty() {
                ul.notes { @for note in &preview.notes { li { (layout::prose(note)) } } }
            }
        }
    }
}

fn reading(draft: &Draft, preview: Option<&FilePreview>, is_unread: bool) -> Markup {
    let reading = &draft.reading;
    let sheets = preview.map(|preview| preview.sheets.as_slice()).unwrap_or_default();
    let is_text = preview.is_none() || sheets.is_empty();
    html! {
        details open[is_unread] {
            summary { "Read it another way" }
            form.grid action={ "/files/" (draft.id) "/reading" } method="post" {
                @if !sheets.is_empty() {
                    div.field {
                        label for="sheet" { "Sheet" }
                        select #sheet name="sheet" {
                            option value="" selected[reading.sheet.is_none()] { "the first with contacts" }
                            @for sheet in sheets {
                                option value=(sheet) selected[reading.sheet.as_ref() == Some(sheet)] { (shown(sheet)) }
                            }
                            @if sheets.len() > 1 {
                                option value="all" selected[reading.sheet.as_deref() == Some("all")] { "all that have the same columns" }
                            }
                        }
                    }
                } @else if is_unread || reading.sheet.is_some() {
                    div.field {
                        label for="sheet" { "Sheet of a workbook, by its name" }
                        input #sheet name="sheet" value=[reading.sheet.as_deref()] placeholder="found by itself" autocomplete="off";
                    }
                }
                div.field {
                    label for="header_row" { "Line that names the columns" }
                    input #header_row type="number" min="1" name="header_row" value=[reading.header_row] placeholder="found by itself"
                        disabled[reading.no_header];
                }
                div.check {
                    input #no_header type="checkbox" name="no_header" checked[reading.no_header];
                    label for="no_header" { "No line names the columns" }
                }
                @if is_text {
                    div.field {
                        label for="delimiter" { "Between cells" }
                        select #delimiter name="delimiter" {
                            option value="" { "found by itself" }
                            @for (name, byte, words) in DELIMITERS {
                                option value=(name) selected[reading.delimiter == Some(byte)] { (words) }
                            }
                        }
                    }
                    div.field {
                        label for="encoding" { "Encoding" }
                        input #encoding name="encoding" list="encodings" value=[reading.encoding.as_deref()] placeholder="found by itself";
                        datalist #encodings { @for name in ENCODINGS { option value=(name) {} } }
                    }
                } @else {
                    div.check {
                        input #visible_only type="checkbox" name="visible_only" checked[reading.visible_only];
                        label for="visible_only" { "Leave out rows that are hidden" }
                    }
                }
                div.field {
                    label for="region" { "Country of phone numbers without a country code" }
                    input #region name="region" value=[draft.region.as_deref()] placeholder="GB, or Spain" autocomplete="off";
                }
                button type="submit" { "Read it so" }
            }
        }
    }
}

fn rows(preview: &FilePreview) -> Markup {
    html! {
        section aria-labelledby="rows" {
            h2 #rows { "The first rows, as they will be read" }
            div.scroll tabindex="0" role="region" aria-label="Table of the first rows" {
                table {
                    caption.unseen { "The first " (count(preview.rows.len() as u64, "row")) " of " (number(preview.total)) }
                    thead { tr {
                        th scope="col" { "Line" }
                        @for header in &preview.headers { th scope="col" { (shown(header)) } }
                    } }
                    tbody {
                        @for row in &preview.rows {
                            tr class=[(!row.faults.is_empty()).then_some("bad")] {
                                th scope="row" { (number(row.line)) @for fault in &row.faults { br; small { (shown(fault)) } } }
                                @for cell in &row.cells { td { (shown(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Keeps how the file is to be read.
pub async fn read_so(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let mut draft = site.draft(&id)?;
    let form = PostedForm::new(fields);
    draft.reading = chosen(&form)?;
    draft.region = region(form.get("region"))?;
    site.drafts.save(&mut draft)?;
    Ok(Redirect::to(&PageStep::File.path(&draft)).into_response())
}

fn chosen(form: &PostedForm) -> Result<ReadRecord> {
    let no_header = form.has("no_header");
    let header_row = form.get("header_row").filter(|_| !no_header).map(|text| match text.parse() {
        Ok(row) if row > 0 => Ok(row),
        _ => Err(Error::usage(format!("not the number of a line: {text}")).hint("write 1, 2, 3 and so on")),
    });
    let delimiter = form.get("delimiter");
    Ok(ReadRecord {
        delimiter: DELIMITERS.iter().find(|(name, ..)| Some(*name) == delimiter).map(|(_, byte, _)| *byte),
        encoding: form.get("encoding").map(str::to_owned),
        sheet: form.get("sheet").map(str::to_owned),
        header_row: header_row.transpose()?,
        no_header,
        visible_only: form.has("visible_only"),
        limit: None,
    })
}

fn region(named: Option<&str>) -> Result<Option<String>> {
    let Some(named) = named else { return Ok(None) };
    match country_code(named) {
        Some(code) => Ok(Some(code.to_owned())),
        None => Err(Error::usage(format!("not a country: {named}"))
            .hint("write the two letters of ISO 3166, such as GB or MY, or the country's name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> PostedForm {
        PostedForm::new(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_a_form_says_of_reading_is_checked() {
        let read = chosen(&form(&[("header_row", "3"), ("delimiter", "tab"), ("encoding", " "), ("sheet", "Leads")]));
        let expected = ReadRecord {
            header_row: Some(3),
            delimiter: Some(b'\t'),
            sheet: Some("Leads".into()),
            ..ReadRecord::default()
        };
        assert_eq!(read.unwrap(), expected);
        assert!(chosen(&form(&[("header_row", "0")])).is_err() && chosen(&form(&[("header_row", "x")])).is_err());
        let without = chosen(&form(&[("header_row", "3"), ("no_header", "on")])).unwrap();
        assert!(without.no_header && without.header_row.is_none());
        assert_eq!(region(Some("spain")).unwrap().as_deref(), Some("ES"));
        assert!(region(Some("Nowhere")).is_err() && region(None).unwrap().is_none());
    }
}
