use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::data::NoProgress;
use crate::data::test_data::test_data;
use crate::model::Source;

/// An IDX file with the given dimensions; item `i` is `value(i)`.
fn idx(dims: &[u32], value: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    let total: u32 = dims.iter().product();
    bytes.extend((0..total as usize).map(value));
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn load_files(files: &[(&str, Vec<u8>)], limit: Option<usize>) -> Result<Dataset, DataError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    load_folder(folder.path(), limit)
}

fn load_folder(folder: &Path, limit: Option<usize>) -> Result<Dataset, DataError> {
    let settings = IdxSpec { folder: folder.into(), limit };
    let spec = DataSpec { source: Source::Idx(settings.clone()), validation: 0.2, seed: 1, ..DataSpec::default() };
    load(&settings, folder, &spec, &NoProgress)
}

fn pictures() -> Vec<u8> {
    idx(&[10, 2, 3], |i| i as u8)
}

fn labels() -> Vec<u8> {
    idx(&[10], |i| (i % 2) as u8)
}

fn message(images: Vec<u8>, labels: Vec<u8>) -> String {
    load_files(&[("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)], None).unwrap_err().message
}

#[test]
fn a_single_pair_is_split() {
    let files = [("images-idx3-ubyte.gz", gzip(&pictures())), ("labels-idx1-ubyte", labels())];
    let set = load_files(&files, None).unwrap();
    assert_eq!((set.train.len(), set.validation.len()), (8, 2));
    assert_eq!(set.input_shape, [1, 2, 3]);
    assert_eq!(set.classes().unwrap(), ["0", "1"]);
    for (picture, &label) in set.train.inputs().chunks(6).zip(set.train.targets().iter()) {
        let first = (picture[0] * 255.0).round() as usize;
        assert_eq!((first / 6 % 2) as f32, label, "a picture kept its label");
        assert_eq!((picture[5] * 255.0).round() as usize, first + 5);
    }
}

#[test]
fn train_and_test_become_the_two_parts() {
    let set = load_files(
        &[
            ("train-images-idx3-ubyte", pictures()),
            ("train-labels-idx1-ubyte", labels()),
            ("test-images-idx3-ubyte.gz", gzip(&idx(&[4, 2, 3], |_| 255))),
            ("test-labels-idx1-ubyte", idx(&[4], |_| 3)),
        ],
        None,
    )
    .unwrap();
    assert_eq!((set.train.len(), set.validation.len()), (10, 4));
    assert!(set.validation.inputs().iter().all(|&v| v == 1.0));
    assert_eq!(set.classes().unwrap(), ["0", "1", "2", "3"]);
    assert!(set.notes.iter().any(|note| note.contains("label 2")), "{:?}", set.notes);
}

#[test]
fn a_limit_takes_a_random_choice() {
    let files = [("train-images-idx3-ubyte", pictures()), ("train-labels-idx1-ubyte", labels())];
    let set = load_files(&files, Some(5)).unwrap();
    assert_eq!((set.train.len(), set.validation.len()), (4, 1));
    assert_eq!(choose(1000, Some(10), 1, 0).len(), 10);
    assert_ne!(choose(1000, Some(10), 1, 0), choose(1000, Some(10), 2, 0));
}

#[test]
fn four_dimensions_are_channels_first_or_last() {
    for dims in [[10, 3, 5, 2], [10, 5, 2, 3]] {
        let files = [("train-images-idx4-ubyte", idx(&dims, |i| (i % 3) as u8)), ("train-labels-idx1-ubyte", labels())];
        let set = load_files(&files, None).unwrap();
        assert_eq!(set.input_shape, [3, 5, 2]);
        if dims[3] == 3 {
            assert!(set.train.inputs()[..10].iter().all(|&v| v == 0.0), "the first channel holds one value");
        }
    }
}

#[test]
fn bad_files_are_refused_in_words() {
    let short = pictures()[..40].to_vec();
    assert!(message(short.clone(), labels()).contains("requires 76 bytes, but it has 40"));
    assert!(message(gzip(&short), labels()).contains("promises 60 bytes of values, but there are only 24"));
    let long = [pictures(), vec![1]].concat();
    assert!(message(gzip(&long), labels()).contains("longer than"));
    let mut torn = gzip(&pictures());
    torn.truncate(torn.len() - 12);
    assert!(message(torn, labels()).contains("truncated"));
    let mut flipped = gzip(&pictures());
    let end = flipped.len() - 6;
    flipped[end] ^= 0xff;
    assert!(message(flipped, labels()).contains("damaged"));
    assert!(message(b"GIF89a rest".to_vec(), labels()).contains("isn't an IDX file"));
    assert!(message(Vec::new(), labels()).contains("ends inside its header"));
    assert!(message(labels(), labels()).contains("Expected images"));
    assert!(message(pictures(), pictures()).contains("Expected labels"));
    assert!(message(pictures(), idx(&[9], |_| 0)).contains("10 images"));
    assert!(message(pictures(), idx(&[10], |_| 7)).contains("nothing to learn"));
    let mut floats = pictures();
    floats[2] = 0x0D;
    assert!(message(floats.clone(), labels()).contains("requires 256 bytes"));
    floats[2] = 0x0A;
    assert!(message(floats, labels()).contains("isn't an IDX file"));
    let nothing = typed(0x0D, &[10, 2, 3], |i| if i == 7 { f32::NAN } else { 1.0 }.to_be_bytes().to_vec());
    assert!(message(nothing, labels()).contains("Value 7 is NaN"));
    assert!(message(pictures(), typed(0x0B, &[10], |_| (-1i16).to_be_bytes().to_vec())).contains("label -1"));
    assert!(message(pictures(), typed(8, &[10, 5], |_| vec![1])).contains("5 numbers for each image"));
    let not_gzip = [("train-images-idx3-ubyte.gz", pictures()), ("train-labels-idx1-ubyte", labels())];
    assert!(load_files(&not_gzip, None).unwrap_err().message.contains("isn't gzip"));
}

/// An IDX file of any type, each number as its bytes.
fn typed(code: u8, dims: &[u32], value: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    dims.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    bytes.extend((0..dims.iter().product::<u32>() as usize).flat_map(value));
    bytes
}

#[test]
fn numbers_of_every_type_are_read() {
    let of = |code: u8, value: &dyn Fn(usize) -> Vec<u8>| {
        let files =
            [("train-images-idx3-ubyte", typed(code, &[10, 2, 3], value)), ("train-labels-idx1-ubyte", labels())];
        load_files(&files, None).unwrap()
    };
    let bytes = load_files(&[("images-idx3-ubyte", pictures()), ("labels-idx1-ubyte", labels())], None).unwrap();
    // Whole numbers from 0 to 255 are brightness as bytes are.
    for set in [
        of(0x0B, &|i| (i as i16).to_be_bytes().to_vec()),
        of(0x0C, &|i| (i as i32).to_be_bytes().to_vec()),
        of(0x0D, &|i| (i as f32).to_be_bytes().to_vec()),
        of(0x0E, &|i| (i as f64).to_be_bytes().to_vec()),
        of(0x0E, &|i| (i as f64 / 255.0).to_be_bytes().to_vec()),
    ] {
        assert_eq!((&set.train, &set.validation, set.origin.is_some()), (&bytes.train, &bytes.validation, false));
    }
    // Others are scaled by those that are learnt from.
    let set = of(0x09, &|i| vec![(i as i8 - 40) as u8]);
    let all: Vec<f32> = set.train.inputs().to_vec();
    assert_eq!(all.iter().copied().fold((1.0f32, 0.0f32), |(a, b), n| (a.min(n), b.max(n))), (0.0, 1.0));
    assert!(set.notes.iter().any(|note| note.contains("are scaled: -")), "{:?}", set.notes);
    let rows = of(0x0D, &|i| (i as f32 * 5e36).to_be_bytes().to_vec());
    assert!(rows.train.inputs().iter().all(|number| (0.0..=1.0).contains(number)));
    // New pictures are read by the same black and white.
    let new = tempfile::tempdir().unwrap();
    std::fs::write(new.path().join("new-images-idx3-ubyte"), typed(0x09, &[2, 2, 3], |i| vec![(i as i8 - 40) as u8]))
        .unwrap();
    let unseen =
        crate::data::read_unseen(&set.encoding, &new.path().join("new-images-idx3-ubyte"), &NoProgress).unwrap();
    let place = set.train.inputs().iter().position(|number| *number == 0.0).unwrap();
    assert_eq!(place % 6, 0);
    assert_eq!(unseen.inputs.len(), 12);
    let json = serde_json::to_string(&set.encoding.inputs).unwrap();
    assert!(json.contains("picture_numbers"), "{json}");
}

#[test]
fn rows_of_numbers_are_pictures_as_well() {
    let set = |dims: &[u32]| {
        load_files(&[("images-idx3-ubyte", idx(dims, |i| i as u8)), ("labels-idx1-ubyte", labels())], None).unwrap()
    };
    assert_eq!(set(&[10, 9]).input_shape, [1, 3, 3]);
    assert_eq!(set(&[10, 7]).input_shape, [1, 1, 7]);
    assert!(set(&[10, 9]).origin.is_none());
}

#[test]
fn what_people_have_as_idx_is_read() {
    for (name, classes) in
        [("idx_float32", 4), ("idx_int16", 4), ("idx_gz_trailing_crlf", 4), ("idx_qmnist_labels_2d", 4)]
    {
        let Some(folder) = test_data(&format!("odd/idx/{name}")) else { return };
        let set = load_folder(&folder, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((set.train.len(), set.validation.len()), (32, 8), "{name}");
        assert_eq!(set.classes().unwrap().len(), classes, "{name}");
        assert!(set.train.inputs().iter().all(|number| (0.0..=1.0).contains(number)), "{name}");
        assert!(set.origin.is_none(), "{name}: others cannot read it the same");
    }
}

#[test]
fn a_lying_header_allocates_nothing() {
    let mut bytes = idx(&[10, 2, 3], |_| 0);
    bytes[4..16].fill(0xff);
    assert!(message(bytes.clone(), labels()).contains("truncated or damaged"));
    assert!(message(gzip(&bytes), labels()).contains("can't contain that much"));
}

#[test]
fn real_mnist_is_read() {
    let Some(folder) = test_data("mnist10k") else { return };
    let set = load_folder(&folder, None).unwrap();
    assert_eq!(set.name, "mnist10k");
    assert_eq!((set.train.len(), set.validation.len()), (8000, 2000));
    assert_eq!(set.input_shape, [1, 28, 28]);
    assert_eq!(set.classes().unwrap().len(), 10);
    let mean = set.train.inputs().iter().sum::<f32>() / set.train.inputs().len() as f32;
    assert!((0.12..0.15).contains(&mean), "mean ink {mean}");
    let one_file = folder.join("t10k-labels-idx1-ubyte.gz");
    let settings = IdxSpec { folder: one_file.clone(), limit: Some(100) };
    let spec = DataSpec { source: Source::Idx(settings.clone()), ..DataSpec::default() };
    assert_eq!(load(&settings, &one_file, &spec, &NoProgress).unwrap().train.len(), 80);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mangled_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        keep in 0.0..1.2f64,
        packed in any::<bool>(),
        in_labels in any::<bool>(),
    ) {
        let mangle = |bytes: Vec<u8>| {
            let mut bytes = if packed { gzip(&bytes) } else { bytes };
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            bytes.truncate((bytes.len() as f64 * keep) as usize);
            bytes
        };
        let files = if in_labels {
            [("train-images-idx3-ubyte", pictures()), ("train-labels-idx1-ubyte", mangle(labels()))]
        } else {
            [("train-images-idx3-ubyte", mangle(pictures())), ("train-labels-idx1-ubyte", labels())]
        };
        match load_files(&files, None) {
            Ok(set) => prop_assert_eq!(set.train.len() + set.validation.len(), 10),
            Err(error) => prop_assert!(error.message.len() > 20),
        }
    }
}
