//! Files that are taken for a table and are none, told by their first bytes.

/// What the file is, if it is known not to be a table in text; with what to do.
pub(super) fn other_than_text(start: &[u8]) -> Option<&'static str> {
    let text = start.trim_ascii_start();
    let begins = |word: &[u8]| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word);
    let marks: [(&[u8], &str); 13] = [
        (b"\x89PNG", "This is a picture (PNG), not a table. Choose a CSV file"),
        (b"\xff\xd8\xff", "This is a picture (JPEG), not a table. Choose a CSV file"),
        (b"%PDF", "This is a PDF, not a table. Export the table as CSV"),
        (
            b"\xd0\xcf\x11\xe0",
            "This is a workbook of Excel 97 (.xls), or one with a password. In a spreadsheet, save it as .xlsx without one",
        ),
        (b"PK\x03\x04", "The file is packed several times over. Unpack it first (unzip)"),
        (b"\x1f\x8b", "The file is packed several times over. Unpack it first (gunzip)"),
        (b"\x28\xb5\x2f\xfd", "The file is packed several times over. Unpack it first (zstd -d)"),
        (b"BZh", "This is packed with bzip2. Unpack it first (bunzip2)"),
        (b"\xfd7zXZ", "This is packed with xz. Unpack it first (unxz)"),
        (b"FEA1", "This is Feather's first version. Save it again: pandas' to_feather() writes the current one"),
        (b"ORC", "This is an ORC file. Save it as Parquet"),
        (b"SQLite format 3\0", "This is an SQLite database. Export a table of it as CSV"),
        (b"\x89HDF\r\n", "This is an HDF5 file. Save the table in it as Parquet or CSV"),
    ];
    let known = marks.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, what)| *what);
    let spoken = || {
        if begins(b"version https://git-lfs") {
            Some(
                "This is a git-lfs pointer: the table itself was never downloaded. Run git lfs pull and choose it again",
            )
        } else if begins(b"<!doctype html") || begins(b"<html") {
            Some("This is a web page, saved under a table's name. Download the file itself")
        } else if begins(b"<?xml") {
            Some("This is an XML file. Export the table in it as CSV")
        } else if matches!(start, [0x80, 2..=5, ..]) {
            Some(
                "This is a Python pickle, which may run code when it is opened. Save the table as Parquet or CSV (pandas' \
                 to_parquet() or to_csv())",
            )
        } else {
            None
        }
    };
    known.or_else(spoken)
}
