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
    assert!(message(floats, labels()).contains("32-bit floats"));
    let not_gzip = [("train-images-idx3-ubyte.gz", pictures()), ("train-labels-idx1-ubyte", labels())];
    assert!(load_files(&not_gzip, None).unwrap_err().message.contains("isn't gzip"));
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
