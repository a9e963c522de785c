//! Whatever the bytes are: a table or a sentence, in bounded time.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use proptest::prelude::*;

use super::tests::{file, text};

/// A table with numbers, texts and a dictionary.
fn batch() -> RecordBatch {
    let count = 0..60;
    let words: DictionaryArray<Int32Type> = count.clone().map(|i| ["red", "green"][i % 2]).collect();
    let texts: StringArray = count.clone().map(|i| (i % 5 > 0).then(|| format!("text {i}"))).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("a", Arc::new(Int32Array::from_iter(count.clone().map(|i| (i % 7 > 0).then_some(i as i32))))),
        ("b", Arc::new(Float64Array::from_iter_values(count.map(|i| i as f64 / 3.0)))),
        ("c", Arc::new(texts)),
        ("d", Arc::new(words)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn arrow(is_stream: bool, packed: Option<arrow_ipc::CompressionType>) -> Vec<u8> {
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
    let options = IpcWriteOptions::default().try_with_compression(packed).unwrap();
    let (mut bytes, batch) = (Vec::new(), batch());
    if is_stream {
        let mut writer = StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }
    bytes
}

fn parquet(packed: parquet::basic::Compression) -> Vec<u8> {
    let options = parquet::file::properties::WriterProperties::builder().set_compression(packed).build();
    let (mut bytes, batch) = (Vec::new(), batch());
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), Some(options)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn json() -> Vec<u8> {
    let row =
        |i: usize| format!("{{\"a\": {i}, \"b\": {{\"c\": \"x{}\", \"d\": [1, null]}}, \"e\": {i}.5e-3}}\n", i % 3);
    (0..30).map(row).collect::<String>().into_bytes()
}

fn good() -> Vec<Vec<u8>> {
    use arrow_ipc::CompressionType as Packed;
    use parquet::basic::Compression;
    vec![
        json(),
        arrow(true, None),
        arrow(true, Some(Packed::ZSTD)),
        arrow(false, Some(Packed::LZ4_FRAME)),
        parquet(Compression::UNCOMPRESSED),
        parquet(Compression::SNAPPY),
        parquet(Compression::GZIP(Default::default())),
        parquet(Compression::ZSTD(Default::default())),
        zstd::encode_all(json().as_slice(), 1).unwrap(),
    ]
}

#[test]
fn the_kinds_say_the_same() {
    let first = "a,b,c,d\n,0,,red\n1,0.3333333333333333,text 1,green\n2,0.6666666666666666,text 2,red\n";
    for bytes in &good()[1..8] {
        let (text, notes) = text(file(bytes).path()).unwrap();
        assert!(text.starts_with(first), "{text}");
        assert_eq!((text.lines().count(), notes.len()), (61, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mangled_files_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        keep in 0.0..1.5f64,
    ) {
        let good = good();
        let mut bytes = which.get(&good).clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate((bytes.len() as f64 * keep) as usize);
        if let Err(said) = text(file(&bytes).path()) {
            prop_assert!(said.len() > 20, "{said}");
        }
    }
}
