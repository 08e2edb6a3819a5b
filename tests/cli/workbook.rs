//! Makes the workbook of `samples/excel-import`: what people do to a sheet before they send it.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Formula, Workbook, XlsxError};

/// The bytes of `fair.xlsx`; the same every time.
///
/// # Errors
/// If the library refuses a cell.
pub fn fair() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 10, 14)?));

    let cover = book.add_worksheet().set_name("Read me")?;
    cover.write_string(0, 0, "Visitors of our stand. Ask Mei Tan before you mail them.")?;

    let sheet = book.add_worksheet().set_name("Visitors")?;
    let title = Format::new().set_bold().set_align(FormatAlign::Center);
    let badge = Format::new().set_num_format("00000");
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let text = Format::new().set_num_format("@");
    sheet.merge_range(0, 0, 0, 7, "Trade fair Kuala Lumpur, 12 to 14 October 2026", &title)?;
    sheet.write_string(1, 0, "as of")?;
    sheet.write_datetime_with_format(1, 1, ExcelDateTime::from_ymd(2026, 10, 14)?, &day)?;
    let headers = ["cf_badge", "First name", "Last name", "Mobile", "E-mail", "cf_visited", "cf_demo", "Labels"];
    for (column, header) in (0..).zip(headers) {
        sheet.write_string_with_format(3, column, header, &title)?;
    }
    let people = [
        (42, "Nurul", "Aisyah", "+60 12-345 6789", 12, true, "lead;kl-event"),
        (1730, "Wei", "Tan", "+65 9123 4567", 12, false, "kl-event"),
        (7, "Siti", "Rahman", "016-234 5678", 13, true, "kl-event"),
        (20815, "Daniel", "Lim", "", 14, false, "kl-event"),
    ];
    for (row, (number, first, last, mobile, visited, demo, labels)) in (4..).zip(people) {
        sheet.write_number_with_format(row, 0, number, &badge)?;
        sheet.write_string(row, 1, first)?;
        sheet.write_string(row, 2, last)?;
        sheet.write_string_with_format(row, 3, mobile, &text)?;
        let address = format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase());
        let formula = Formula::new(format!("=LOWER(B{0}&\".\"&C{0}&\"@example.com\")", row + 1));
        sheet.write_formula(row, 4, formula.set_result(address))?;
        sheet.write_datetime_with_format(row, 5, ExcelDateTime::from_ymd(2026, 10, visited)?, &day)?;
        sheet.write_boolean(row, 6, demo)?;
        sheet.write_string(row, 7, labels)?;
    }
    // A phone number that was typed as a number: the sheet shows 6.01E+10, the cell still holds it all.
    let scientific = Format::new().set_num_format("0.00E+00");
    sheet.write_number_with_format(7, 3, 60_123_456_780_f64, &scientific)?;
    // Typed as text after it had been shortened: the digits are gone.
    sheet.write_number_with_format(9, 0, 99, &badge)?;
    sheet.write_string(9, 1, "Ahmad")?;
    sheet.write_string(9, 2, "Haddad")?;
    sheet.write_string(9, 3, "6.01E+10")?;
    sheet.write_string(9, 4, "ahmad.haddad@example.com")?;
    sheet.write_datetime_with_format(9, 5, ExcelDateTime::from_ymd(2026, 10, 14)?, &day)?;
    sheet.write_boolean(9, 6, false)?;
    book.save_to_buffer()
}
