//! vCard 2.1, 3.0 and 4.0 in, 3.0 out.

use std::collections::BTreeMap;

use rolo::table::{self, ReadOptions, RowBatch};

/// One card as read: its line, what its columns hold, and the codes of its errors.
#[derive(Debug, Default, PartialEq)]
struct Card {
    line: u64,
    cells: BTreeMap<String, String>,
    codes: Vec<String>,
}

struct Read {
    headers: Vec<String>,
    cards: Vec<Card>,
    notes: Vec<String>,
}

fn read_as(name: &str, bytes: &[u8]) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut reader = table::open(&path, &ReadOptions::default()).unwrap();
    let headers = reader.headers().to_vec();
    let (mut batch, mut cards) = (RowBatch::new(), Vec::new());
    while reader.read(&mut batch, 3).unwrap() > 0 {
        for row in batch.rows() {
            let cells = headers.iter().enumerate().filter(|(column, _)| !row.is_absent(*column));
            cards.push(Card {
                line: row.position().line,
                cells: cells.map(|(column, name)| (name.clone(), row.cell(column).to_owned())).collect(),
                codes: row.errors().iter().map(|(_, error)| error.code.to_string()).collect(),
            });
        }
    }
    Read { headers, cards, notes: reader.notes().to_vec() }
}

fn read(text: &str) -> Read {
    read_as("people.vcf", text.replace('\n', "\r\n").as_bytes())
}

fn cells(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What says it is bytes may hold any characters, and only that it was there counts.
#[test]
fn a_picture_that_is_no_picture_stops_nothing() {
    let card = |value: &str| {
        format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nPHOTO;ENCODING=b:{value}\nTEL:+44 7400 100101\nEND:VCARD\n")
    };
    for value in ["\u{e9}\u{e9}\u{e9}\u{e9}", "ab\u{1f600}", "abcd\u{fffd}", "", "\u{e9}"] {
        let read = read(&card(value));
        assert_eq!(read.cards[0].cells, cells(&[("Name", "Ann"), ("Phone", "+44 7400 100101")]), "{value:?}");
    }
}

#[test]
fn a_card_of_version_2_1_with_bare_types_and_quoted_printable() {
    // As telephones write them: RFC 2045 encodes ö as =C3=B6 in UTF-8 and as =F6 in ISO-8859-1.
    let read = read(
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=B6ller;J=C3=B6rg;;Dr.;\n\
         FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:J=F6rg M=F6ller\nTEL;CELL;PREF:+491711234567\nTEL;HOME;VOICE:030 123456\n\
         TEL;WORK;FAX:030 123457\nEMAIL;INTERNET;WORK:joerg@a.example\nORG:Möller & Co;Sales\n\
         NOTE;ENCODING=QUOTED-PRINTABLE:first line=0D=0Asecond, with a long =\nrest of it\n\
         ADR;HOME:;;Lindenweg 5;Berlin;;10115;Germany\nBDAY:19850412\nX-SKYPE;HOME:joerg.m\nPHOTO;ENCODING=BASE64;JPEG:\n /9j/4AAQ\n SkZJRg==\n\n\
         END:VCARD\n",
    );
    assert_eq!(
        read.cards,
        [Card {
            line: 1,
            cells: cells(&[
                ("Last name", "Möller"),
                ("First name", "Jörg"),
                ("Name prefix", "Dr."),
                ("Name", "Jörg Möller"),
                ("Mobile phone", "+491711234567"),
                ("Home phone", "030 123456"),
                ("Work fax", "030 123457"),
                ("Work e-mail", "joerg@a.example"),
                ("Company", "Möller & Co"),
                ("Department", "Sales"),
                ("Notes", "first line\r\nsecond, with a long rest of it"),
                ("Street", "Lindenweg 5"),
                ("City", "Berlin"),
                ("Postal code", "10115"),
                ("Country", "Germany"),
                ("Birthday", "1985-04-12"),
                ("X-SKYPE", "joerg.m"),
            ]),
            codes: vec![],
        }]
    );
    assert!(read.notes.contains(&"left out, as no column can hold them: PHOTO (1)".to_owned()), "{:?}", read.notes);
}

#[test]
fn a_card_of_version_3_0_with_folds_escapes_groups_and_labels() {
    let read = read(
        "BEGIN:VCARD\nVERSION:3.0\nPRODID:-//Example//Book//EN\nN:O'Neil\\, Jr;Ann;Mae,Lou;;\nFN:Ann O'Neil\\, Jr\n\
         ORG:Bolts\\; Nuts\\, Inc;\nitem1.TEL;type=pref:+44 7400 100101\nitem1.X-ABLabel:_$!<Main>!$_\nitem2.TEL:+44 20 7946 0018\n\
         item2.X-ABLabel:Studio\nTEL;type=CELL;type=VOICE:+44 7400 100102\nTEL;TYPE=\"cell,voice\":+44 7400 100103\n\
         EMAIL;type=INTERNET;type=HOME:ann@h.example\nEMAIL;type=INTERNET;type=pref:ann@a.exam\n ple\nNOTE:one\\ntwo\\\\three\n\
         CATEGORIES:vip,gold\\, old\nCATEGORIES:club\nADR;TYPE=HOME:;;1 High St\\, Flat 2;Leeds;;LS1;UK\nADR;TYPE=WORK:;;2 Low St;York;;YO1;UK\n\
         URL:https://a.example/?x=1;y=2\nUID:4f1c\nPHOTO;VALUE=uri:https://a.example/a.jpg\nEND:VCARD\n",
    );
    assert_eq!(
        read.cards[0].cells,
        cells(&[
            ("Last name", "O'Neil, Jr"),
            ("First name", "Ann"),
            ("Middle name", "Mae,Lou"),
            ("Name", "Ann O'Neil, Jr"),
            ("Company", "Bolts; Nuts, Inc"),
            ("Main phone", "+44 7400 100101"),
            ("Studio phone", "+44 20 7946 0018"),
            ("Mobile phone", "+44 7400 100102"),
            ("Mobile phone 2", "+44 7400 100103"),
            ("Home e-mail", "ann@h.example"),
            ("E-mail", "ann@a.example"),
            ("Notes", "one\ntwo\\three"),
            ("Tags", "[\"vip\",\"gold, old\",\"club\"]"),
            ("Street", "1 High St, Flat 2"),
            ("City", "Leeds"),
            ("Postal code", "LS1"),
            ("Country", "UK"),
            ("Street 2", "2 Low St"),
            ("City 2", "York"),
            ("Postal code 2", "YO1"),
            ("Country 2", "UK"),
            ("Website", "https://a.example/?x=1;y=2"),
            ("UID", "4f1c"),
            ("Photo", "https://a.example/a.jpg"),
        ])
    );
}

#[test]
fn a_birthday_whose_year_an_address_book_made_up_has_none() {
    let read = read(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-03-04\nEND:VCARD\n\
         BEGIN:VCARD\nVERSION:3.0\nFN:Bo\nBDAY;X-APPLE-OMIT-YEAR=1604:1980-03-04\nEND:VCARD\n",
    );
    assert_eq!(read.cards[0].cells, cells(&[("Name", "Ann"), ("Birthday", "--03-04")]));
    assert_eq!(read.cards[1].cells, cells(&[("Name", "Bo"), ("Birthday", "1980-03-04")]));
}

#[test]
fn a_card_of_version_4_0_with_links_and_preferences() {
    let read = read(
        "BEGIN:VCARD\nVERSION:4.0\nFN:Bo Li\nN:Li;Bo;;;\nTEL;VALUE=uri;TYPE=\"voice,home\";PREF=2:tel:+44-7400-100104\n\
         TEL;VALUE=uri;TYPE=\"voice,home\";PREF=1:tel:+44-7400-100105\nEMAIL;PREF=1:bo@b.example\nBDAY:--0412\nGENDER:M\nLANG:pt-BR\n\
         KIND:individual\nREV:20240101T000000Z\nX-NOTE;LABEL=\"a:b;c\":kept\nPHOTO:data:image/png;base64,AAAA\nEND:VCARD\n",
    );
    assert_eq!(
        read.cards[0].cells,
        cells(&[
            ("Name", "Bo Li"),
            ("Last name", "Li"),
            ("First name", "Bo"),
            ("Home phone", "tel:+44-7400-100105"),
            ("Home phone 2", "tel:+44-7400-100104"),
            ("E-mail", "bo@b.example"),
            ("Birthday", "--0412"),
            ("Gender", "M"),
            ("Language", "pt-BR"),
            ("X-NOTE", "kept"),
        ])
    );
}

#[test]
fn cards_that_are_damaged_are_errors_of_their_rows_and_the_others_go() {
    let read = read(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nTEL:+44 7400 100101\nEND:VCARD\nstray\nBEGIN:VCARD\nFN:Cut\nBEGIN:VCARD\nFN:Bo\n\
         no colon here\nEND:VCARD\nbegin:vcard\nfn:Dee\nAGENT:\nBEGIN:VCARD\nFN:Agent\nEND:VCARD\nTEL:+44 7400 100104\nend:vcard\nBEGIN:VCARD\nFN:Last\n",
    );
    let told: Vec<_> =
        read.cards.iter().map(|card| (card.line, card.cells["Name"].as_str(), card.codes.join(" "))).collect();
    assert_eq!(
        told,
        [
            (1, "Ann", String::new()),
            (7, "Cut", "row.not_vcard".into()),
            (9, "Bo", "row.not_vcard".into()),
            (13, "Dee", String::new()),
            (21, "Last", "row.not_vcard".into()),
        ]
    );
    assert_eq!(read.cards[3].cells["Phone"], "+44 7400 100104", "the agent's card ended before it");
    assert!(read.notes.contains(&"lines outside of cards, which are not read: 1".to_owned()), "{:?}", read.notes);
}

#[test]
fn encodings_of_files_and_of_values_are_followed() {
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:José Núñez\r\nEND:VCARD\r\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let returns = text.replace("\r\n", "\r").into_bytes();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (name, bytes) in [("a.vcf", utf16), ("b.csv", mark), ("c.vcf", returns), ("d.vcf", latin)] {
        assert_eq!(read_as(name, &bytes).cards[0].cells["Name"], "José Núñez", "{name}");
    }
    // A value that states its encoding beside others in UTF-8.
    let mixed =
        ["BEGIN:VCARD\nVERSION:2.1\nFN:Ωmega\nNOTE;CHARSET=ISO-8859-1:".as_bytes(), b"Jos\xe9", b"\nEND:VCARD\n"];
    let read = read_as("e.vcf", &mixed.concat());
    assert_eq!(read.cards[0].cells["Notes"], "José");
    let read = read_as("g.vcf", b"BEGIN:VCARD\nVERSION:2.1\nTITLE;QUOTED-PRINTABLE:caf=E9\nEND:VCARD\n");
    assert_eq!(read.cards[0].cells["Job title"], "café");
    assert!(read.notes.iter().any(|note| note.ends_with("read as windows-1252: 1")), "{:?}", read.notes);
    // One that can't be read is an error.
    let broken = b"BEGIN:VCARD\nVERSION:3.0\nFN;CHARSET=UTF-8:Jos\xe9\nNOTE:\xce\xa9\xce\xa9\xce\xa9\xce\xa9\xce\xa9\nEND:VCARD\n";
    assert_eq!(read_as("f.vcf", broken).cards[0].codes, ["text.not_in_encoding"]);
}

#[test]
fn what_is_written_is_version_3_0_and_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.vcf");
    let headers = [
        "id",
        "phone",
        "email",
        "first_name",
        "last_name",
        "company",
        "city",
        "tags",
        "comments",
        "custom.a \"b\":number",
    ];
    let long = "long, ".repeat(30) + "é; end";
    let mut writer = table::create(&path, &headers).unwrap();
    writer
        .write(&[
            "7",
            "+447400100101",
            "ann@a.example",
            "Ann",
            "O'Neil, Jr",
            "Nuts; Bolts",
            "Leeds",
            "vip;\"a;b\"",
            &long,
            "3",
        ])
        .unwrap();
    writer.write(&["8", "+447400100102", "", "", "", "", "", "", "", ""]).unwrap();
    writer.finish().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().all(|line| line.len() <= 75), "{text}");
    assert!(
        text.starts_with(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN;X-MADE=1:Ann O'Neil\\, Jr\r\nN:O'Neil\\, Jr;Ann;;;\r\nADR:;;;Leeds;;;\r\n"
        ),
        "{text}"
    );
    assert!(text.contains("\r\nTEL:+447400100101\r\n") && text.contains("\r\nCATEGORIES:vip,a\\;b\r\n"), "{text}");
    let read = read_as("out.vcf", text.as_bytes());
    assert_eq!(
        read.cards[0].cells,
        cells(&[
            ("id", "7"),
            ("Phone", "+447400100101"),
            ("E-mail", "ann@a.example"),
            ("First name", "Ann"),
            ("Last name", "O'Neil, Jr"),
            ("Company", "Nuts; Bolts"),
            ("City", "Leeds"),
            ("Tags", "[\"vip\",\"a;b\"]"),
            ("Notes", &long),
            ("custom.a \"b\":number", "3"),
        ])
    );
    assert_eq!(read.cards[1].cells, cells(&[("id", "8"), ("Phone", "+447400100102")]));
    assert_eq!(read.headers.len(), 10);
}
