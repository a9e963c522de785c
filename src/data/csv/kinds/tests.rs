use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use super::super::inspect_csv;
use super::super::source::Source;
use crate::data::test_data::test_data;
use crate::data::{NoProgress, TablePreview};

pub fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The text that a file becomes, and the notes.
pub fn text(path: &Path) -> Result<(String, Vec<String>), String> {
    let source = Source::open(path, &Default::default(), &NoProgress).map_err(|error| error.message)?;
    let mut text = String::new();
    // What is wrong further down is found when it is read.
    std::io::Read::read_to_string(&mut source.reader(path).unwrap(), &mut text).map_err(|error| error.to_string())?;
    Ok((text, source.notes.clone()))
}

fn json(json: &str) -> Result<(String, Vec<String>), String> {
    text(file(json.as_bytes()).path())
}

#[test]
fn json_becomes_rows_whatever_its_form() {
    let wanted = "a,b\n1,x\n2.5,\"y, \"\"z\"\"\"\n";
    let rows = [r#"{"a": 1, "b": "x"}"#, r#"{"b": "y, \"z\"", "a": 2.5}"#];
    for form in [
        format!("{}\n{}\n", rows[0], rows[1]),
        format!("\u{feff}[{},\n {}]", rows[0], rows[1]),
        format!("  [\n  {},{}\n]\n", rows[0].replace(',', ",\n"), rows[1]),
    ] {
        assert_eq!(json(&form).unwrap(), (wanted.to_owned(), Vec::new()), "{form}");
    }
    let german = "{\"größe\": 1, \"ort\": \"Köln\"}\n".repeat(20);
    let old = encoding_rs::WINDOWS_1252.encode(&german).0.into_owned();
    let (found, notes) = text(file(&old).path()).unwrap();
    assert!(found.starts_with("größe,ort\n1,Köln\n"), "{found}");
    assert_eq!(
        notes,
        ["The file isn't UTF-8. It was read as windows-1252. If letters are wrong, add --encoding NAME."]
    );
}

#[test]
fn json_has_the_union_of_its_names_and_values_to_the_bit() {
    let found = json(concat!(
        "{\"z\": null, \"a\": true, \"big\": 12345678901234567890}\n",
        "{\"new\": 0.1, \"a\": -1e300, \"in\": {\"x\": 1, \"y\": {\"deep\": \"d\"}}, \"tags\": [1, {\"q\": 2}]}\n",
    ));
    let text = "z,a,big,new,in.x,in.y.deep\n,true,12345678901234567890,,,\n,-1e+300,,0.1,1,d\n";
    assert_eq!(found.unwrap(), (text.to_owned(), vec!["Column \"tags\" holds lists and can't be used.".to_owned()]));
}

#[test]
fn what_json_is_no_table_is_said() {
    for (text, words) in [
        ("[]", "has no rows"),
        ("[[1, 2], [3, 4]]", "expected an object"),
        ("{\"a\": 1}\n5\n", "expected an object"),
        ("{\"data\": [{\"a\": 1}]}", "one object with lists"),
        ("{\"a\": 1}\n{\"a\": ", "EOF"),
        ("{\"a\": 1}\n{\"a\": NaN}\n", "line 2"),
        ("[{\"a\": 1}] {\"a\": 2}", "trailing"),
        ("{\"a\": [1]}\n{\"a\": [2]}\n", "\"a\" holds lists"),
    ] {
        let said = json(text).unwrap_err();
        assert!(said.contains(words), "{text}: {said}");
    }
    let nested = "{\"a\":".repeat(100_000);
    assert!(json(&nested).unwrap_err().contains("recursion limit"));
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(20 << 20));
    assert!(json(&long).unwrap_err().contains("longer than 16 MB"));
}

fn parquet(name: &str) -> Option<Result<(String, Vec<String>), String>> {
    Some(text(&test_data(&format!("parquet/{name}.parquet"))?))
}

fn preview(name: &str) -> Option<TablePreview> {
    Some(inspect_csv(&test_data(&format!("parquet/{name}.parquet"))?, &Default::default(), &NoProgress).unwrap())
}

/// As parquet-testing and pyarrow say what stands in them.
#[test]
fn parquet_files_of_many_encodings_are_read() {
    let all_types = "id,bool_col,tinyint_col,smallint_col,int_col,bigint_col,float_col,double_col,date_string_col,\
        string_col,timestamp_col\n4,true,0,0,0,0,0,0,03/01/09,0,2009-03-01T00:00:00\n\
        5,false,1,1,1,10,1.1,10.1,03/01/09,1,2009-03-01T00:01:00\n";
    let Some(plain) = parquet("alltypes_plain") else { return };
    let plain = plain.unwrap();
    assert!(plain.0.starts_with(all_types), "{}", plain.0);
    assert_eq!((plain.0.lines().count(), plain.1.len()), (9, 0));
    let snappy = parquet("alltypes_plain.snappy").unwrap().unwrap().0;
    assert!(snappy.contains("6,true,0,0,0,0,0,0,04/01/09,0,2009-04-01T00:00:00\n"), "{snappy}");
    let decimals = parquet("int32_decimal").unwrap().unwrap().0;
    assert!(decimals.starts_with("value\n1.00\n2.00\n3.00\n"), "{decimals}");
    let halves = parquet("float16_nonzeros_and_nans").unwrap().unwrap().0;
    assert_eq!(halves, "x\n\n1\n-2\nNaN\n0\n-1\n-0\n2\n");
    let times = parquet("int96_from_spark").unwrap().unwrap();
    assert!(times.0.starts_with("a\n2024-01-01T20:34:56.123456\n2024-01-01T01:00:00\n9999-12-31T"), "{}", times.0);
    assert!(times.1[0].contains("count as missing (1 in \"a\")"), "{:?}", times.1);
    let split = parquet("byte_stream_split.zstd").unwrap().unwrap().0;
    assert_eq!((split.lines().count(), split.lines().next()), (301, Some("f32,f64")));
    let packed = parquet("lz4_raw_compressed").unwrap().unwrap().0;
    assert!(packed.starts_with("c0,c1,v11\n1593604800,abc,42\n"), "{packed}");
    let delta = parquet("delta_encoding_optional_column").unwrap().unwrap().0;
    assert_eq!(delta.lines().count(), 101);
    for name in ["datapage_v2.snappy", "nested_lists.snappy", "nulls.snappy"] {
        match parquet(name).unwrap() {
            Ok((_, notes)) => assert!(notes[0].contains("lists or records"), "{name}: {notes:?}"),
            Err(said) => assert!(said.contains("lists or records"), "{name}: {said}"),
        }
    }
}

/// Its file lacks some values of "depth".
#[test]
fn a_table_is_the_same_from_parquet_as_from_text() {
    let Some(parquet) = preview("diamonds") else { return };
    let text = inspect_csv(&test_data("csv/diamonds.csv").unwrap(), &Default::default(), &NoProgress).unwrap();
    assert_eq!((parquet.rows, parquet.columns[4].missing), (53_940, 557));
    for (column, same) in parquet.columns.iter().zip(&text.columns).filter(|(column, _)| column.name != "depth") {
        assert_eq!(column, same);
    }
    for (row, same) in parquet.head.iter().zip(&text.head).skip(1) {
        assert_eq!(row, same);
    }
}

#[test]
fn bad_parquet_files_are_refused_with_a_sentence() {
    let Some(folder) = test_data("parquet/bad") else { return };
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match text(&path) {
            Err(said) => {
                let is_said = said.contains("damaged") || said.contains("\"x\" holds lists");
                assert!(is_said, "{}: {said}", path.display());
            }
            Ok((text, _)) => assert!(text.len() > 10, "{}", path.display()),
        }
        files += 1;
    }
    assert_eq!(files, 4);
}
