//! A workbook as people make them, in; a results workbook as they need it, out.

use std::io::Read as _;

use calamine::{DataType as _, Reader as _};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use crate::world::{World, cells, sorted_by};

/// A title above the header, numbers that only look like text, a hidden row, an empty one, and a
/// second sheet.
fn workbook(world: &World) {
    let mut book = Workbook::new();
    let five_digits = Format::new().set_num_format("00000");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet();
    sheet.set_name("Leads").unwrap();
    sheet.write_string(0, 0, "Spring campaign, all leads").unwrap();
    for (column, header) in (0..).zip(["Name", "Phone", "Email", "Code", "Joined", "Opt in", "Total"]) {
        sheet.write_string(2, column, header).unwrap();
    }
    let joined = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
    // A phone as text, and everything that a sheet shows otherwise than it holds it.
    sheet.write_string(3, 0, "Ann Archer").unwrap();
    sheet.write_string(3, 1, "+44 7400 123456").unwrap();
    sheet.write_string(3, 2, "ann@example.org").unwrap();
    sheet.write_number_with_format(3, 3, 42, &five_digits).unwrap();
    sheet.write_datetime_with_format(3, 4, &joined, &day).unwrap();
    sheet.write_boolean(3, 5, true).unwrap();
    sheet.write_formula(3, 6, Formula::new("=6*7").set_result("42")).unwrap();
    // A phone as a number, which a sheet shows as 4.474E+11: its digits are all there. The row above is empty.
    sheet.write_string(5, 0, "Ben Brook").unwrap();
    sheet.write_number(5, 1, 447_400_123_457.0).unwrap();
    sheet.write_string(5, 2, "ben@example.org").unwrap();
    // Sixteen digits: the last are gone, whatever the sheet shows.
    sheet.write_string(6, 0, "Cy Cole").unwrap();
    sheet.write_number(6, 1, 4_474_001_234_567_890.0).unwrap();
    sheet.write_string(6, 2, "cy@example.org").unwrap();
    // Hidden is not gone.
    sheet.write_string(7, 0, "Di Dean").unwrap();
    sheet.write_string(7, 1, "+8613800138000").unwrap();
    sheet.write_string(7, 2, "di@example.org").unwrap();
    sheet.set_row_hidden(7).unwrap();
    let other = book.add_worksheet();
    other.set_name("Old").unwrap();
    other.write_string(0, 0, "Phone").unwrap();
    other.write_string(1, 0, "+447400123499").unwrap();
    book.save(world.path("leads.xlsx")).unwrap();
    let column = |header: &str, field: &str| format!("[columns.\"{header}\"]\nfield = \"{field}\"\n");
    let columns = [
        ("Name", "name"),
        ("Phone", "phone"),
        ("Email", "email"),
        ("Code", "custom.code"),
        ("Joined", "custom.joined"),
        ("Opt in", "custom.opt_in"),
        ("Total", "custom.total"),
    ];
    let mapping: String = columns.iter().map(|(header, field)| column(header, field)).collect();
    world.write("leads.mapping.toml", &mapping);
}

fn part(world: &World, workbook: &str, name: &str) -> String {
    let file = std::fs::File::open(world.path(workbook)).unwrap();
    let mut text = String::new();
    zip::ZipArchive::new(file).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_workbook_is_read_as_it_shows_and_its_results_point_at_what_is_wrong() {
    let world = World::new();
    workbook(&world);
    let said = world.rolo("import leads.xlsx --to sandbox:chatwoot --region GB --unthrottled --results results.xlsx");
    assert_eq!(said.code, 1, "{}", said.err);

    world.done("export out.xlsx --from sandbox:chatwoot --unthrottled");
    let rows = sorted_by("name", world.sheet("out.xlsx", "contacts"));
    assert_eq!(cells(&rows, "name"), ["Ann Archer", "Ben Brook", "Di Dean"]);
    assert_eq!(cells(&rows, "phone"), ["+447400123456", "+447400123457", "+8613800138000"]);
    assert_eq!(cells(&rows, "custom.code"), ["00042", "", ""]);
    assert_eq!(cells(&rows, "custom.joined"), ["2026-01-31", "", ""]);
    assert_eq!(cells(&rows, "custom.opt_in"), ["true", "", ""]);
    assert_eq!(cells(&rows, "custom.total"), ["42", "", ""]);

    let results = world.sheet("results.xlsx", "results");
    assert_eq!(cells(&results, "Name"), ["Ann Archer", "Ben Brook", "Cy Cole", "Di Dean"]);
    assert_eq!(cells(&results, "_sheet"), ["Leads"; 4]);
    assert_eq!(cells(&results, "_line"), ["4", "6", "7", "8"]);
    assert_eq!(cells(&results, "_outcome"), ["created", "created", "rejected", "created"]);
    assert_eq!(cells(&results, "_code"), ["", "", "phone.digits_lost", ""]);
    assert_eq!(cells(&results, "_column")[2], "Phone");
    let attention = world.sheet("results.xlsx", "needs attention");
    assert_eq!(cells(&attention, "Name"), ["Cy Cole"]);

    // By what a contact is found, what became of it and why stand first.
    let mut read: calamine::Xlsx<_> = calamine::open_workbook(world.path("results.xlsx")).unwrap();
    let range = read.worksheet_range("results").unwrap();
    let headers: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(headers[..5], ["Phone", "Email", "_outcome", "_message", "Name"]);
    // Numbers, moments and truths are what they were, and are shown as they were.
    let held = |row: u32, header: &str| {
        let column = headers.iter().position(|found| found == header).unwrap();
        range.get_value((row, u32::try_from(column).unwrap())).unwrap().clone()
    };
    assert_eq!(held(1, "Code"), calamine::Data::Float(42.0));
    assert_eq!(held(1, "Joined").to_string(), "46053", "2026-01-31 counted from 1900");
    assert!(held(1, "Joined").is_datetime());
    assert_eq!(held(1, "Opt in"), calamine::Data::Bool(true));
    assert_eq!(held(2, "Phone"), calamine::Data::Float(447_400_123_457.0));
    assert_eq!(held(1, "Phone"), calamine::Data::String("+44 7400 123456".into()));
    let styles = part(&world, "results.xlsx", "xl/styles.xml");
    assert!(styles.contains("formatCode=\"00000\"") && styles.contains("formatCode=\"yyyy-mm-dd\""), "{styles}");
    // The wrong cell has its message as a note, on both sheets.
    for comments in ["xl/comments1.xml", "xl/comments2.xml"] {
        let notes = part(&world, "results.xlsx", comments);
        assert_eq!(notes.matches("<comment ").count(), 1, "{notes}");
        assert!(notes.contains("digits"), "{notes}");
    }

    // Every sheet can be filtered, and the wrong phone stands out where its neighbours do not.
    let sheet = part(&world, "results.xlsx", "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<autoFilter ref=\"A1:"), "{sheet}");
    let cell = |place: &str| {
        let begin = sheet.find(&format!("<c r=\"{place}\"")).unwrap();
        &sheet[begin..begin + sheet[begin..].find('>').unwrap()]
    };
    let style = |place: &str| cell(place).split(" s=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    assert!(style("A4").is_some(), "{}", cell("A4"));
    assert!(style("A3") != style("A4") && style("B4").is_none(), "{} {}", cell("A3"), cell("B4"));
}

#[test]
fn a_results_workbook_that_nobody_mended_says_the_same_again() {
    let world = World::new();
    workbook(&world);
    world.rolo("import leads.xlsx --to sandbox:chatwoot --region GB --unthrottled --results results.xlsx");
    // A number that lost its digits is one still, and is not taken for the text that it looks like.
    let again = world.rolo("retry --with results.xlsx --unthrottled --results again.xlsx");
    let rows = world.sheet("again.xlsx", "results");
    assert_eq!((cells(&rows, "_line"), cells(&rows, "_code")), (vec!["7"], vec!["phone.digits_lost"]), "{}", again.err);
}

#[test]
fn a_row_whose_bad_cell_was_left_out_is_there_to_be_mended() {
    let world = World::new();
    world.write(
        "people.csv",
        "Name,Phone,E-mail\nAnn,+447400123456,ann(at)x.example\nBen,+447400123457,ben@x.example\n",
    );
    world.write(
        "people.mapping.toml",
        "bad_cells = \"cell\"\n[columns]\nName.field = \"name\"\nPhone.field = \"phone\"\n\"E-mail\".field = \"email\"\n",
    );
    let first = world.rolo("import people.csv --to sandbox:chatwoot --unthrottled --results results.xlsx");
    assert_eq!(first.code, 0, "{}", first.err);
    let attention = world.sheet("results.xlsx", "needs attention");
    assert_eq!((cells(&attention, "Name"), cells(&attention, "_outcome")), (vec!["Ann"], vec!["created"]));
    for comments in ["xl/comments1.xml", "xl/comments2.xml"] {
        let notes = part(&world, "results.xlsx", comments);
        assert_eq!(notes.matches("<comment ").count(), 1, "{notes}");
        assert!(notes.contains("ann(at)x.example"), "{notes}");
    }
    // Mended on that sheet, as a spreadsheet program saves it.
    let mut read: calamine::Xlsx<_> = calamine::open_workbook(world.path("results.xlsx")).unwrap();
    let mut book = Workbook::new();
    for name in ["results", "needs attention"] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in (0..).zip(read.worksheet_range(name).unwrap().rows()) {
            for (column, cell) in (0..).zip(cells) {
                let text = cell.to_string();
                let mended = if name == "needs attention" { text.replace("ann(at)", "ann@") } else { text };
                // The message names the address too, and is not read.
                sheet.write_string(row, column, mended).unwrap();
            }
        }
    }
    book.save(world.path("results.xlsx")).unwrap();
    let second = world.done("retry --with results.xlsx --unthrottled --results again.csv");
    assert_eq!(second["outcomes"]["updated"], 1, "{second}");
    world.done("export out.xlsx --from sandbox:chatwoot --unthrottled");
    let rows = sorted_by("name", world.sheet("out.xlsx", "contacts"));
    assert_eq!(cells(&rows, "email"), ["ann@x.example", "ben@x.example"]);
}

#[test]
fn a_column_of_a_few_words_offers_them_in_the_results() {
    let world = World::new();
    world.write("people.csv", "Name,Phone,Plan\nAnn,+447400123456,free\nBen,+447400123457,nothing\n");
    world.write(
        "people.mapping.toml",
        "[columns]\nName.field = \"name\"\nPhone.field = \"phone\"\n\
         Plan.field = \"custom.plan\"\n",
    );
    let said = world.rolo("import people.csv --to sandbox:respondio --unthrottled --results results.xlsx");
    assert_eq!(said.code, 1, "{}", said.err);
    let sheet = part(&world, "results.xlsx", "xl/worksheets/sheet2.xml");
    assert!(sheet.contains("<dataValidation type=\"list\""), "{sheet}");
    assert!(sheet.contains("<formula1>\"free,silver,gold\"</formula1>"), "{sheet}");
}

#[test]
fn a_results_workbook_mended_by_hand_is_a_source() {
    let world = World::new();
    workbook(&world);
    let first = world.rolo("import leads.xlsx --to sandbox:chatwoot --region GB --unthrottled --results results.xlsx");
    assert_eq!(first.code, 1);
    // What a person would do on the second sheet, in a file of their own.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let headers = ["Name", "Phone", "Email", "Code", "Joined", "Opt in", "Total", "_line", "_sheet"];
    let mended = ["Cy Cole", "+447400123478", "cy@example.org", "", "", "", "", "7", "Leads"];
    for (column, (header, cell)) in (0..).zip(headers.into_iter().zip(mended)) {
        sheet.write_string(0, column, header).unwrap();
        sheet.write_string(1, column, cell).unwrap();
    }
    book.save(world.path("mended.xlsx")).unwrap();
    let second = world.done("retry --with mended.xlsx --unthrottled");
    assert_eq!(second["outcomes"]["created"], 1, "{second}");
}

#[test]
fn a_sheet_is_chosen_by_name_or_number() {
    let world = World::new();
    workbook(&world);
    std::fs::remove_file(world.path("leads.mapping.toml")).unwrap();
    for sheet in ["Old", "2"] {
        let told = world.done(&format!("check leads.xlsx --sheet {sheet} --results results-{sheet}.csv"));
        assert_eq!((&told["rows"], &told["outcomes"]["rejected"]), (&1.into(), &0.into()), "{told}");
    }
    let said = world.rolo("check leads.xlsx --sheet Nope --results x.csv");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("Nope") && said.err.contains("Leads") && said.err.contains("Old"), "{}", said.err);
}

#[test]
fn workbooks_that_hold_nothing_readable_are_refused_with_a_way_out() {
    let world = World::new();
    // The first bytes of a file of Excel 97 to 2003.
    let mut old = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    old.resize(2048, 0);
    std::fs::write(world.path("old.xls"), old).unwrap();
    let file = std::fs::File::create(world.path("open.ods")).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("mimetype", stored).unwrap();
    std::io::Write::write_all(&mut zip, b"application/vnd.oasis.opendocument.spreadsheet").unwrap();
    for name in ["content.xml", "META-INF/manifest.xml"] {
        zip.start_file(name, stored).unwrap();
    }
    zip.finish().unwrap();
    for name in ["old.xls", "open.ods"] {
        let said = world.rolo(&format!("import {name} --unthrottled"));
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{name}: {}", said.err);
        assert!(said.err.contains(name) && said.err.contains("hint: "), "{}", said.err);
    }
    let said = world.rolo("export out.ods --from sandbox:engagor");
    assert_eq!(said.code, 2, "{}", said.err);
}

#[test]
fn a_text_export_saved_as_a_workbook_by_a_spreadsheet_comes_back_as_it_was() {
    let world = World::new();
    world.write("people.csv", "first_name,phone,custom.city\nAnn,+447400123456,=1+1\nBen,+60123456789,'=2\n");
    world.done("import people.csv --to sandbox:respondio --unthrottled");
    world.done("export out.csv --from sandbox:respondio --unthrottled");
    // What a spreadsheet saves after it has opened the text: the same cells, apostrophes and all.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let text = world.read("out.csv");
    for (row, line) in (0..).zip(csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes()).records()) {
        for (column, cell) in (0..).zip(&line.unwrap()) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save(world.path("saved.xlsx")).unwrap();
    world.forget();
    world.done("export before.csv --from sandbox:respondio --unthrottled");
    let again = world.done("import saved.xlsx --to sandbox:respondio --unthrottled");
    assert_eq!(again["outcomes"]["unchanged"], 2, "{again}");
    assert_eq!(crate::world::calls(&again), 0, "{again}");
    // And results, in either format, give back both cells.
    for name in ["results.csv", "results.xlsx"] {
        world.done(&format!("import people.csv --to sandbox:respondio --unthrottled --results {name}"));
        let checked = world.done(&format!("import {name} --to sandbox:respondio --unthrottled --results again.csv"));
        assert_eq!(checked["outcomes"]["unchanged"], 2, "{name}: {checked}");
    }
}
