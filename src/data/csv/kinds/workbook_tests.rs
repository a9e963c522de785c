use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::tests::{file, text};
use crate::data::NoProgress;
use crate::data::csv::inspect_csv;
use crate::data::test_data::test_data;
use crate::model::Reading;

pub fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const KINDS: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

/// A workbook of Excel: the names of sheets and what is in their `sheetData`. Style 1 is a date.
fn xlsx(sheets: &[(&str, String)]) -> Vec<u8> {
    let listed = |each: &dyn Fn(usize, &str) -> String| -> String {
        sheets.iter().enumerate().map(|(i, (name, _))| each(i + 1, name)).collect()
    };
    let book = listed(&|i, name| format!("<sheet name=\"{name}\" sheetId=\"{i}\" r:id=\"r{i}\"/>"));
    let book = format!("<workbook {KINDS}><sheets>{book}</sheets></workbook>");
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
    let places =
        listed(&|i, _| format!("<Relationship Id=\"r{i}\" Type=\"{kind}\" Target=\"worksheets/sheet{i}.xml\"/>"));
    let space = "http://schemas.openxmlformats.org/package/2006/relationships";
    let places = format!("<Relationships xmlns=\"{space}\">{places}</Relationships>");
    let styles =
        format!("<styleSheet {KINDS}><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>");
    let strings = format!("<sst {KINDS} uniqueCount=\"2\"><si><t>kind</t></si><si><t>a \"b\", c</t></si></sst>");
    let named: Vec<(String, String)> = sheets
        .iter()
        .enumerate()
        .map(|(i, (_, rows))| {
            let sheet = format!("<worksheet {KINDS}><sheetData>{rows}</sheetData></worksheet>");
            (format!("xl/worksheets/sheet{}.xml", i + 1), sheet)
        })
        .collect();
    let root = format!(
        "<Relationships xmlns=\"{space}\"><Relationship Id=\"r1\" Type=\"{}\" Target=\"xl/workbook.xml\"/></Relationships>",
        kind.replace("worksheet", "officeDocument")
    );
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", places.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ];
    parts.extend(named.iter().map(|(name, sheet)| (name.as_str(), sheet.as_bytes())));
    zipped(&parts)
}

fn words(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn row(number: usize, cells: &[String]) -> String {
    format!("<row r=\"{number}\">{}</row>", cells.concat())
}

/// Below a title and an empty row, in B to E, with a number, a date, a text, a formula and an error.
fn sheet() -> String {
    let head = [words("B3", "size"), words("C3", "day"), "<c r=\"D3\" t=\"s\"><v>0</v></c>".into(), words("E3", "sum")];
    let mut rows = row(1, &[words("B1", "Report")]) + &row(3, &head);
    for i in 4..30 {
        let cells = [
            format!("<c r=\"B{i}\"><v>{}</v></c>", i as f64 / 10.0),
            format!("<c r=\"C{i}\" s=\"1\"><v>{}</v></c>", 45_000 + i),
            format!("<c r=\"D{i}\" t=\"s\"><v>1</v></c>"),
            match i {
                5 => "<c r=\"E5\" t=\"e\"><v>#N/A</v></c>".to_owned(),
                _ => format!("<c r=\"E{i}\"><f>B{i}*2</f><v>{}</v></c>", i as f64 / 5.0),
            },
        ];
        rows += &row(i, &cells);
    }
    rows
}

fn ods(rows: &str) -> Vec<u8> {
    let manifest = "<manifest:manifest xmlns:manifest=\"m\"><manifest:file-entry/></manifest:manifest>";
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body>\
         <office:spreadsheet><table:table table:name=\"One\">{rows}</table:table></office:spreadsheet></office:body>\
         </office:document-content>"
    );
    zipped(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

fn ods_rows() -> String {
    let cell = |kind: &str, value: &str, shown: &str| {
        format!("<table:table-cell office:value-type=\"{kind}\" {value}><text:p>{shown}</text:p></table:table-cell>")
    };
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let mut rows = row(&[cell("string", "", "n"), cell("string", "", "when"), cell("string", "", "at")]);
    for i in 1..20 {
        rows += &row(&[
            cell("float", &format!("office:value=\"{i}.25\""), "x"),
            cell("date", &format!("office:date-value=\"2024-01-{i:02}\""), "x"),
            cell("time", "office:time-value=\"PT08H30M05S\"", "x"),
        ]);
    }
    rows
}

#[test]
fn the_first_sheet_with_a_table_is_read_as_it_is_shown() {
    let notes_only = row(1, &[words("A1", "see the other sheet")]);
    let other = row(1, &[words("A1", "x"), words("B1", "y")]) + &row(2, &["<c r=\"A2\"><v>1</v></c>".into()]);
    let book = file(&xlsx(&[("Notes", notes_only), ("Data", sheet()), ("More", other)]));
    let (found, notes) = text(book.path()).unwrap();
    let lines =
        "Report,,,\n\nsize,day,kind,sum\n0.4,2023-03-19,\"a \"\"b\"\", c\",0.8\n0.5,2023-03-20,\"a \"\"b\"\", c\",\n";
    assert!(found.starts_with(lines), "{found}");
    assert_eq!(notes, ["Read sheet \"Data\" of 3.", "Cells with an error such as #N/A count as missing: 1."]);
    let preview = inspect_csv(book.path(), &Reading::default(), &NoProgress).unwrap();
    assert_eq!((preview.rows, preview.columns.len(), preview.columns[3].missing), (26, 4, 1));
    assert_eq!((preview.sheets.len(), preview.sheet.as_deref()), (3, Some("Data")));
    let wanted = |sheet: &str| Reading { sheet: Some(sheet.into()), ..Reading::default() };
    let more = inspect_csv(book.path(), &wanted("More"), &NoProgress).unwrap();
    assert_eq!(more.head, [["1", ""]]);
    let said = inspect_csv(book.path(), &wanted("Other"), &NoProgress).unwrap_err().message;
    assert!(said.contains("no sheet \"Other\"") && said.contains("\"Notes\", \"Data\", \"More\""), "{said}");
}

#[test]
fn sheets_of_libreoffice_are_read() {
    let (found, notes) = text(file(&ods(&ods_rows())).path()).unwrap();
    assert!(found.starts_with("n,when,at\n1.25,2024-01-01,08:30:05\n2.25,2024-01-02,08:30:05\n"), "{found}");
    assert!(notes.is_empty());
}

#[test]
fn workbooks_that_promise_more_than_fits_are_refused() {
    let far = row(1, &[words("A1", "a")]) + &row(1_048_576, &[words("XFD1048576", "b")]);
    let many = "<table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell \
        table:number-columns-repeated=\"16000\" office:value-type=\"float\" office:value=\"1\"/></table:table-row>";
    let wide = "<table:table-row><table:table-cell table:number-columns-repeated=\"16383\"/><table:table-cell \
        office:value-type=\"float\" office:value=\"1\"/></table:table-row>"
        .repeat(2000);
    let spaces = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>\
        <text:s text:c=\"99999999999\"/></text:p></table:table-cell></table:table-row>";
    let strings = zipped(&[
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/sharedStrings.xml", b"<sst uniqueCount=\"99999999999999\"></sst>"),
    ]);
    let bomb = zipped(&[("xl/workbook.xml", b"<workbook/>"), ("xl/styles.xml", &vec![b' '; 300 << 20])]);
    for (bytes, words) in [
        (xlsx(&[("A", far)]), "too large"),
        (ods(many), "more cells than fit"),
        (ods(&wide), "more cells than fit"),
        (ods(spaces), "more cells than fit"),
        (strings, "announces more"),
        (bomb, "unpacks to more"),
        (xlsx(&[("A", String::new())]), "No sheet of the workbook has a table"),
        (zipped(&[("a.txt", b"x"), ("b.txt", b"y")]), "zip archive of 2 files (a.txt, b.txt)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "Excel 97"),
    ] {
        let said = text(file(&bytes).path()).unwrap_err();
        assert!(said.contains(words), "{words}: {said}");
    }
    let Some(broken) = test_data("odd/tables/p46b.xlsx") else { return };
    assert!(text(&broken).unwrap_err().contains("workbook"));
}

#[test]
fn a_zip_archive_with_one_table_is_that_table() {
    let one = zipped(&[("__MACOSX/._a.csv", b"junk"), ("data/a.csv", b"a,b\n1,2\n")]);
    assert_eq!(text(file(&one).path()).unwrap().0, "a,b\n1,2\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mangled_workbooks_never_panic(
        is_ods in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        keep in 0.0..2.0f64,
    ) {
        // Within the parts, as a checksum would find it in the archive.
        let mangle = |text: String| {
            let mut bytes = text.into_bytes();
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            bytes.truncate((bytes.len() as f64 * keep) as usize);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let bytes = if is_ods { ods(&mangle(ods_rows())) } else { xlsx(&[("A", mangle(sheet()))]) };
        if let Err(said) = text(file(&bytes).path()) {
            prop_assert!(said.len() > 20, "{said}");
        }
    }
}
