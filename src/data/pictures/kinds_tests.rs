//! The ways in which pictures come that are no folder for each class.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema};
use image::{ImageFormat, Rgb, RgbImage};
use parquet::arrow::ArrowWriter;

use super::tests::{bytes, folder, loaded, said};
use super::*;
use crate::data::{NoProgress, propose_pictures, read_unseen};
use crate::model::Source;

/// How many pictures of each class, in training and validation together.
fn counts(set: &Dataset) -> Vec<(String, usize)> {
    let parts: Vec<Vec<usize>> = set.parts().map(|part| set.class_counts(part)).collect();
    let classes = set.classes().unwrap().iter().enumerate();
    classes.map(|(at, name)| (name.clone(), parts.iter().map(|counts| counts[at]).sum())).collect()
}

fn with_table(files: &[&str], table: &str, text: &str) -> tempfile::TempDir {
    let folder = folder(files);
    std::fs::write(folder.path().join(table), text).unwrap();
    folder
}

const SIX: [&str; 6] = ["1.png", "2.png", "3.png", "4.png", "5.png", "6.png"];

fn is(set: &Dataset, wanted: &[(&str, usize)]) {
    let wanted: Vec<(String, usize)> = wanted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(counts(set), wanted, "{:?}", set.notes);
}

#[test]
fn a_table_beside_the_pictures_names_their_classes() {
    let text = "file,width,label\n1.png,9,cat\n2.png,9,dog\n3.png,8,cat\n4.png,9,Dog \n5.png,8,\n9.png,9,cat\n";
    let own = with_table(&SIX, "labels.csv", text);
    let set = loaded(own.path()).unwrap();
    is(&set, &[("cat", 2), ("dog", 2)]);
    assert_eq!(
        set.notes,
        [
            "The labels are those of labels.csv: the column \"file\" names the pictures.",
            "The classes are those of the column \"label\".",
            "Spellings that differ only in case or spaces were merged: dog.",
            "2 pictures have no label and were left out: 6.png, 5.png.",
            "1 row names no picture: 9.png.",
        ]
    );
    // The greys tell which picture is of which class.
    let rows = [&set.train, &set.validation].into_iter().flat_map(|part| {
        (0..part.len()).map(|row| (part.input(row).unwrap()[0] * 255.0, part.target(row).unwrap()[0]))
    });
    assert!(rows.into_iter().all(|(grey, class)| (grey as usize % 2) as f32 == class));
    // The table itself may be chosen.
    assert_eq!(loaded(&own.path().join("labels.csv")).unwrap().train, set.train);
    let (source, _) = propose_pictures(&own.path().join("labels.csv"), "", Path::new(""), &NoProgress).unwrap();
    assert!(matches!(source, Source::Pictures(PictureSpec { size: 16, .. })), "{source:?}");
}

#[test]
fn names_without_endings_ids_and_folders_are_found() {
    let images = SIX.map(|name| format!("train_images/00{name}"));
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    for (table, text) in [
        ("train.csv", "id,breed\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n"),
        ("train.tsv", "id\tx\ty\n001\t0.5\t1\n002\t0.25\t0\n003\t1\t1\n004\t2\t0\n005\t3\t1\n006\t4\t0\n"),
        (
            "list.txt",
            "train_images/001.png 0\ntrain_images/002.png 1\ntrain_images/003.png 0\n\
          train_images/004.png 1\ntrain_images/005.png 0\ntrain_images/006.png 1\n",
        ),
        ("marks.csv", "image,MEL,NV\n001,1,0\n002,0.0,1.0\n003,1,0\n004,0,1\n005,1,0\n006,0,1\n"),
        (
            "meta.jsonl",
            "{\"file_name\": \"C:\\\\x\\\\001.PNG\", \"label\": \"a\"}\n{\"file_name\": \"002.png\", \"label\": \"b\"}\n\
          {\"file_name\": \"003.png\", \"label\": \"b\"}\n{\"file_name\": \"004.png\", \"label\": \"a\"}\n",
        ),
    ] {
        let own = with_table(&images, table, text);
        let set = loaded(own.path()).unwrap_or_else(|error| panic!("{table}: {error}"));
        let found: Vec<usize> = counts(&set).into_iter().map(|(_, count)| count).collect();
        assert!(found == [3, 3] || found == [2, 2], "{table}: {found:?} {:?}", set.notes);
    }
}

#[test]
fn parts_of_a_table_are_kept() {
    let text = "path,split,class\n1.png,train,a\n2.png,train,b\n3.png,val,a\n4.png,val,b\n5.png,test,a\n6.png,test,b\n";
    let own = with_table(&SIX, "all.csv", text);
    let set = loaded(own.path()).unwrap();
    let of = |part| set.class_counts(part);
    assert_eq!(
        (of(&set.train), of(&set.validation), set.test.as_ref().map(of)),
        (vec![1, 1], vec![1, 1], Some(vec![1, 1]))
    );
    assert!(set.notes.iter().any(|note| note == "The parts are those of the column \"split\"."), "{:?}", set.notes);
    // A table for each part.
    let own = folder(&SIX);
    for (name, rows) in
        [("train.csv", "1,a\n2,b\n3,a\n4,b\n"), ("test.csv", "5,a\n6,b\n"), ("sample_submission.csv", "5,a\n6,a\n")]
    {
        std::fs::write(own.path().join(name), format!("id,label\n{rows}")).unwrap();
    }
    let set = loaded(own.path()).unwrap();
    assert_eq!((set.class_counts(&set.train), set.class_counts(&set.validation)), (vec![2, 2], vec![1, 1]));
    assert!(set.notes.iter().any(|note| note.contains("part for testing is used for validation")), "{:?}", set.notes);
}

#[test]
fn what_no_table_says_is_told() {
    let lonely = folder(&SIX);
    assert!(said(lonely.path()).contains("a table beside them"));
    let numbers =
        with_table(&SIX, "ages.csv", "file,age\n1.png,0.5\n2.png,1.5\n3.png,2.25\n4.png,8.5\n5.png,9.5\n6.png,7.5\n");
    let text = said(numbers.path());
    assert!(text.contains("none of the columns age is one") && text.contains("ages.csv"), "{text}");
    // Folders of classes count for more than a table beside them.
    let own = with_table(
        &["cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png"],
        "l.csv",
        "file,label\n1.png,x\n2.png,y\n3.png,x\n4.png,y\n",
    );
    is(&loaded(own.path()).unwrap(), &[("cat", 2), ("dog", 2)]);
    let text = said(&own.path().join("cat/1.png"));
    assert!(text.contains("This is one picture"), "{text}");
    let table = with_table(&[], "plain.csv", "a,b\n1,2\n");
    assert!(said(&table.path().join("plain.csv")).contains("No column of it names the pictures"));
}

/// With this column as the classes.
fn labelled(path: &Path, label: &str) -> Result<Dataset, DataError> {
    let spec = PictureSpec { folder: path.into(), size: 8, grey: true, fit: Fit::Crop, label: label.into() };
    let data = DataSpec { source: Source::Pictures(spec.clone()), ..DataSpec::default() };
    super::load(&spec, path, &data, &NoProgress)
}

#[test]
fn the_column_of_the_classes_can_be_named() {
    let text = "file,label,mood,id\n1.png,cat,calm,a\n2.png,dog,wild,a\n3.png,cat,wild,a\n4.png,dog,calm,a\n5.png,cat,calm,a\n";
    let own = with_table(&SIX, "labels.csv", text);
    is(&loaded(own.path()).unwrap(), &[("cat", 3), ("dog", 2)]);
    for path in [own.path().to_owned(), own.path().join("labels.csv")] {
        let set = labelled(&path, "mood").unwrap();
        is(&set, &[("calm", 3), ("wild", 2)]);
        assert!(
            set.notes.iter().any(|note| note == "The classes are those of the column \"mood\"."),
            "{:?}",
            set.notes
        );
        let (source, _) = propose_pictures(&path, "mood", Path::new(""), &NoProgress).unwrap();
        assert!(matches!(source, Source::Pictures(PictureSpec { label, .. }) if label == "mood"));
    }
    let said = |label| labelled(own.path(), label).unwrap_err().message;
    assert!(
        said("colour").contains("There is no column \"colour\". Choose one of: label, mood, id"),
        "{}",
        said("colour")
    );
    assert!(said("id").contains("has 1 value"), "{}", said("id"));
    // Folders are classes unless a column is named.
    let own = folder(&["a/1.png", "a/2.png", "a/3.png", "b/4.png", "b/5.png"]);
    std::fs::write(own.path().join("labels.csv"), text).unwrap();
    is(&loaded(own.path()).unwrap(), &[("a", 3), ("b", 2)]);
    is(&labelled(own.path(), "mood").unwrap(), &[("calm", 3), ("wild", 2)]);
    std::fs::remove_file(own.path().join("labels.csv")).unwrap();
    let none = labelled(own.path(), "mood").unwrap_err().message;
    assert!(none.contains("No table here names the pictures"), "{none}");
}

/// A file as Hugging Face writes it, or with plain bytes.
fn parquet(is_struct: bool, pictures: Vec<Option<Vec<u8>>>, label: (&str, ArrayRef), said: Option<&str>) -> Vec<u8> {
    let binary: ArrayRef = Arc::new(BinaryArray::from_iter(pictures.iter().map(Option::as_ref)));
    let image: ArrayRef = if is_struct {
        let paths: ArrayRef = Arc::new(StringArray::from_iter(pictures.iter().map(|_| Some("a.png"))));
        let fields =
            Fields::from(vec![Field::new("bytes", DataType::Binary, true), Field::new("path", DataType::Utf8, true)]);
        Arc::new(StructArray::new(fields, vec![binary, paths], None))
    } else {
        binary
    };
    let fields = vec![
        Field::new("image", image.data_type().clone(), true),
        Field::new(label.0, label.1.data_type().clone(), true),
    ];
    let said: HashMap<String, String> =
        said.into_iter().map(|text| ("huggingface".to_owned(), text.to_owned())).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, said));
    let batch = RecordBatch::try_new(schema.clone(), vec![image, label.1]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema.clone(), None).unwrap();
    writer.write(&batch).unwrap();
    for (key, value) in schema.metadata().iter() {
        let pair = parquet::file::metadata::KeyValue::new(key.to_string(), value.to_string());
        writer.append_key_value_metadata(pair);
    }
    writer.close().unwrap();
    bytes
}

const SAID: &str = r#"{"info": {"features": {"image": {"_type": "Image"},
    "label": {"names": ["cat", "dog", "hen"], "_type": "ClassLabel"}}}}"#;

fn grey(level: u8) -> Option<Vec<u8>> {
    Some(bytes(RgbImage::from_pixel(9, 9, Rgb([level; 3])), ImageFormat::Png))
}

#[test]
fn a_column_of_encoded_pictures_is_data() {
    let pictures = || (0..8).map(grey).collect::<Vec<_>>();
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 0, 1, 0, 1, 0, -1]));
    let own = tempfile::tempdir().unwrap();
    let file = own.path().join("train-00000-of-00001.parquet");
    std::fs::write(&file, parquet(true, pictures(), ("label", numbers.clone()), Some(SAID))).unwrap();
    let set = loaded(&file).unwrap();
    is(&set, &[("cat", 4), ("dog", 3)]);
    assert_eq!(
        set.notes,
        [
            "The pictures are those of the column \"image\".",
            "The classes are those of the column \"label\", named as the file says.",
            "1 picture has no label and was left out.",
            "No class, because there is no picture in it: hen.",
        ]
    );
    // A folder of parts.
    let test = parquet(true, pictures(), ("label", numbers.clone()), Some(SAID));
    std::fs::write(own.path().join("test-00000-of-00001.parquet"), test).unwrap();
    let set = loaded(own.path()).unwrap();
    assert_eq!((set.train.len(), set.validation.len()), (7, 7));
    let (source, _) = propose_pictures(own.path(), "", Path::new(""), &NoProgress).unwrap();
    assert!(matches!(source, Source::Pictures(_)));
    let unseen = read_unseen(&set.encoding, &file, &NoProgress).unwrap();
    assert_eq!((unseen.names[1].as_str(), unseen.truths[1]), ("train-00000-of-00001.parquet row 1", Some(1.0)));
    // Of another column, and without labels.
    let moods: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "x", "y", "x", "y", "x", "y"]));
    std::fs::write(&file, parquet(true, pictures(), ("mood", moods), Some(SAID))).unwrap();
    is(&labelled(&file, "mood").unwrap(), &[("x", 4), ("y", 4)]);
    let nothing: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>; 8]));
    std::fs::write(&file, parquet(true, pictures(), ("label", nothing), None)).unwrap();
    assert!(said(&file).contains("A column with the class of each picture is needed"));
    let unseen = read_unseen(&set.encoding, &file, &NoProgress).unwrap();
    assert_eq!((unseen.names.len(), unseen.truths.iter().flatten().count()), (8, 0));
    // Plain bytes, words, and pictures that are none.
    let words: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "x", "y", "x", "y", "x", "y"]));
    let mut some = pictures();
    (some[0], some[1], some[2]) = (None, Some(b"<html>".to_vec()), Some(grey(2).unwrap()[..40].to_vec()));
    std::fs::write(&file, parquet(false, some, ("kind", words), None)).unwrap();
    let set = loaded(&file).unwrap();
    is(&set, &[("x", 2), ("y", 3)]);
    let notes = set.notes.join(" ");
    for words in ["2 broken pictures", "row 0 (empty)", "row 2 (cut short)", "row 1 (a web page)"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    // Read again where they do not fit in memory.
    let spec = PictureSpec { folder: file.clone(), size: 8, grey: true, fit: Fit::Crop, label: String::new() };
    let data = DataSpec { source: Source::Pictures(spec.clone()), ..DataSpec::default() };
    assert_eq!(load_within(&spec, &file, &data, &NoProgress, 0).unwrap(), set);
    std::fs::write(&file, parquet(false, vec![None; 8], ("label", numbers), None)).unwrap();
    assert!(said(&file).contains("no pictures, only paths or nothing"));
    let table: ArrayRef = Arc::new(StringArray::from(vec!["x"; 2]));
    std::fs::write(&file, {
        let batch = RecordBatch::try_from_iter([("a", table)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    })
    .unwrap();
    assert!(said(&file).contains("No column of it has pictures"));
}

/// Pictures of one colour each: red is the class, green the place.
fn cifar(labels: &[&[u8]]) -> Vec<u8> {
    let of = |(row, label): (usize, &&[u8])| {
        let planes = [label[label.len() - 1] * 2, row as u8, 7].map(|value| vec![value; 1024]);
        [label.to_vec(), planes.concat()].concat()
    };
    labels.iter().enumerate().flat_map(of).collect()
}

fn colour(folder: &Path) -> Result<Dataset, DataError> {
    let spec = PictureSpec { folder: folder.into(), size: 32, grey: false, fit: Fit::Crop, label: String::new() };
    crate::data::load(&DataSpec { source: Source::Pictures(spec), ..DataSpec::default() }, Path::new(""), &NoProgress)
}

#[test]
fn cifars_binary_files_are_data() {
    let own = tempfile::tempdir().unwrap();
    let inner = own.path().join("cifar-10-batches-bin");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(own.path().join("cifar-10-binary.tar.gz"), "").unwrap();
    for name in ["data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"] {
        std::fs::write(inner.join(name), cifar(&[&[3], &[9], &[3], &[9]])).unwrap();
    }
    let set = colour(own.path()).unwrap();
    assert_eq!(
        (set.classes().unwrap(), &set.input_shape[..]),
        (&["cat".to_owned(), "truck".into()][..], &[3, 32, 32][..])
    );
    assert_eq!((set.class_counts(&set.train), set.class_counts(&set.validation)), (vec![4, 4], vec![2, 2]));
    let one = set.train.input(1).unwrap();
    assert_eq!([one[0], one[1024], one[2048], one[3071]].map(|value| value * 255.0), [18.0, 1.0, 7.0, 7.0]);
    assert_eq!(propose(own.path(), "", &NoProgress).map(|spec| (spec.size, spec.grey)), Ok((32, false)));
    let text = "a\nb\nc\nhorse?\n\nd\ne\nf\ng\nh\nlorry\n";
    std::fs::write(inner.join("batches.meta.txt"), text).unwrap();
    assert_eq!(colour(&inner.join("data_batch_1.bin")).unwrap().classes().unwrap(), ["horse?", "lorry"]);
    // CIFAR-100 has two labels.
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("train.bin"), cifar(&[&[4, 30], &[1, 99], &[4, 30], &[1, 99]])).unwrap();
    let set = colour(other.path()).unwrap();
    assert_eq!(set.classes().unwrap(), ["30", "99"]);
    assert!(set.notes.iter().any(|note| note.contains("100 fine")), "{:?}", set.notes);
}

#[test]
fn what_is_wrong_with_cifars_files_is_told() {
    let own = tempfile::tempdir().unwrap();
    let wrong = |name: &str, content: Vec<u8>| {
        std::fs::write(own.path().join(name), content).unwrap();
        let text = said(own.path());
        std::fs::remove_file(own.path().join(name)).unwrap();
        text
    };
    assert!(wrong("data_batch_1.bin", cifar(&[&[3]])[1..].to_vec()).contains("3073 bytes each, but it has 3072"));
    assert!(wrong("data_batch_1.bin", Vec::new()).contains("has 0 bytes"));
    assert!(wrong("data_batch_1.bin", cifar(&[&[10]])).contains("has the class 10, but the last is 9"));
    assert!(wrong("data_batch_1", b"\x80\x02}q\x01".to_vec()).contains("Get the binary version"));
    assert!(wrong("train", b"\x80\x02}q\x01".to_vec()).contains("cifar-100-binary.tar.gz"));
}

#[test]
fn mangled_files_of_pictures_do_no_harm() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 0, 1, 2, 2]));
    let whole = [
        ("x.parquet", parquet(true, (0..6).map(grey).collect(), ("label", numbers.clone()), Some(SAID))),
        ("y.parquet", parquet(false, (0..6).map(grey).collect(), ("label", numbers), None)),
        ("test_batch.bin", cifar(&[&[3], &[9], &[3], &[9]])),
    ];
    let own = tempfile::tempdir().unwrap();
    let mut state = 7u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (name, bytes) in whole {
        let file = own.path().join(name);
        for turn in 0..300 {
            let mut other = bytes.clone();
            for _ in 0..=random(4) {
                // Half of them where the file says what is in it.
                let at = if turn % 2 == 0 { random(other.len()) } else { other.len() - 1 - random(other.len() / 3) };
                other[at] = random(256) as u8;
            }
            if turn % 10 == 0 {
                other.truncate(random(other.len()));
            }
            std::fs::write(&file, other).unwrap();
            match loaded(&file) {
                Ok(set) => assert!(set.train.len() + set.validation.len() <= 6),
                Err(error) => assert!(error.message.len() > 20, "{error}"),
            }
        }
    }
}
