use std::path::PathBuf;

use super::*;
use crate::data::test_data::test_data;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state_dicts")
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    keras_layout::doubles(&tensor.values)
}

fn shapes(found: &StateDict) -> Vec<(&str, &[usize])> {
    found.tensors.iter().map(|tensor| (tensor.name.as_str(), &tensor.dims[..])).collect()
}

/// What scripts/pytorch_fixtures/state_dicts.py says is in its files.
fn agrees(file: &str, version: &str) -> StateDict {
    let found = read(&fixtures().join(file)).unwrap();
    let expected = std::fs::read_to_string(fixtures().join(format!("expected_{version}.json"))).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let expected = expected.as_object().unwrap();
    assert_eq!(found.tensors.len(), expected.len());
    for tensor in &found.tensors {
        let told = &expected[&tensor.name];
        assert_eq!(serde_json::json!(tensor.dims), told["dims"], "{}", tensor.name);
        assert_eq!(tensor.dtype.name(), told["dtype"], "{}", tensor.name);
        let wanted: Vec<f64> = told["numbers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| match v {
                serde_json::Value::Bool(yes) => f64::from(u8::from(*yes)),
                number => number.as_f64().unwrap(),
            })
            .collect();
        assert_eq!(numbers(tensor), wanted, "{}", tensor.name);
    }
    found
}

#[test]
fn every_number_comes_out_of_both_formats_as_pytorch_has_it() {
    for version in ["1_13", "2_15"] {
        for format in ["zip", "legacy", "wrapped"] {
            let found = agrees(&format!("{format}_{version}.pt"), version);
            assert_eq!(found.tensors[0].name, "plain.weight", "in the order of the file");
            let (one, two) = (found.find("tied.one").unwrap(), found.find("tied.two").unwrap());
            assert!(Arc::ptr_eq(&one.values, &two.values));
            assert!(found.notes.iter().any(|(what, sentence)| what == "huge" && sentence.contains("2⁵³")));
            if format == "wrapped" {
                let told: Vec<_> = found.notes.iter().map(|(what, _)| what.as_str()).collect();
                assert_eq!(told[..4], ["epoch", "optimizer", "best", "state_dict"]);
                assert_eq!(found.notes[0].1, "Left out: its value is 3.");
            }
        }
        let whole = read(&fixtures().join(format!("whole_{version}.pt"))).unwrap_err();
        assert!(whole.contains("__main__.Net") && whole.contains("model.state_dict()"), "{whole}");
    }
}

#[test]
fn real_files_are_read() {
    let Some(models) = test_data("models") else { return };
    let read = |name: &str| read(&models.join(name)).unwrap();
    let pnet = read("pnet.pt");
    assert_eq!((pnet.tensors.len(), pnet.notes.len()), (13, 0));
    assert_eq!(shapes(&pnet)[..2], [("conv1.weight", &[10, 3, 3, 3][..]), ("conv1.bias", &[10])]);
    let attacut = read("attacut-c.pth");
    assert_eq!(shapes(&attacut)[0], ("embeddings.weight", &[139, 48][..]));
    assert_eq!(shapes(&read("silero_vad_16k.safetensors"))[0], ("stft_conv.weight", &[258, 1, 256][..]));
    let keras = read("mhcnuggets_HLA-A02-01.h5");
    let named: Vec<_> = keras.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let lstm = ["lstm_1.weight_ih", "lstm_1.weight_hh", "lstm_1.bias_ih", "lstm_1.bias_hh"];
    assert_eq!(named, [&lstm[..], &["dense_1.weight", "dense_1.bias", "dense_2.weight", "dense_2.bias"]].concat());
    assert_eq!(keras.find("lstm_1.weight_ih").unwrap().dims, [256, 21]);
    let whole = read("emotion_model.hdf5");
    assert_eq!(shapes(&whole)[0], ("conv2d_1.weight", &[8, 1, 3, 3][..]));
    assert_eq!(whole.find("separable_conv2d_1.pointwise.weight").unwrap().dims, [16, 8, 1, 1]);
}

#[test]
fn what_cannot_be_read_says_what_it_is() {
    let Some(odd) = test_data("odd/models") else { return };
    let why = |name: &str| read(&odd.join(name)).unwrap_err();
    let evil = why("evil_global.pth");
    assert!(evil.contains("os.system") && evil.contains("Nothing was run"), "{evil}");
    assert!(why("html.pth").contains("web page"));
    assert!(why("lfs_pointer.safetensors").contains("git lfs pull"));
    assert!(why("truncated.onnx").contains("cut short"));
    assert!(why("overlap.safetensors").contains("a and b overlap"));
    assert!(why("header_too_large.safetensors").contains("cut short"));
    let found = read(&odd.join("zero_d_and_empty.safetensors")).unwrap();
    assert_eq!(shapes(&found), [("s", &[][..]), ("e", &[0, 3])]);
}

#[test]
fn keras_weights_are_laid_out_as_pytorchs() {
    let [pictures, sequences] =
        ["pictures", "sequences"].map(|name| read(&fixtures().join(format!("keras_{name}.weights.h5"))).unwrap());
    assert_eq!(pictures.format, "Keras 3 weights");
    let dims = |name: &str| pictures.find(name).unwrap_or_else(|| panic!("{name}")).dims.clone();
    assert_eq!(dims("conv_b.weight"), [4, 3, 3, 3]);
    assert_eq!(dims("depth.weight"), [4, 1, 3, 3]);
    assert_eq!(dims("apart.pointwise.bias"), [5]);
    assert_eq!(dims("slopes.weight"), [5]);
    assert_eq!(dims("norm.running_var"), [4]);
    let dims = |name: &str| sequences.find(name).unwrap_or_else(|| panic!("{name}")).dims.clone();
    assert_eq!(dims("conv.weight"), [4, 8, 3]);
    assert_eq!(dims("both.weight_ih"), [12, 4]);
    assert_eq!(dims("both.weight_hh_reverse"), [12, 3]);
    assert_eq!(dims("gates.bias_hh"), [15]);
    assert_eq!(dims("attend.in_proj_weight"), [24, 8]);
}

#[test]
fn a_view_beyond_its_numbers_is_refused() {
    let bytes = std::fs::read(fixtures().join("legacy_1_13.pt")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.pt");
    // The sizes (3, 2) of the first tensor.
    let at = bytes.windows(5).position(|window| window == b"K\x03K\x02\x86").unwrap();
    let mut wrong = bytes.clone();
    wrong[at + 1] = 200;
    std::fs::write(&path, &wrong).unwrap();
    assert!(read(&path).unwrap_err().contains("plain.weight reaches beyond its storage"));
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    assert!(read(&path).unwrap_err().contains("cut short"));
}

/// An archive as `torch.save` writes it, with one tensor of singles; packed, which PyTorch never does.
fn archive(numbers: i32, given: usize) -> Vec<u8> {
    use std::io::Write;
    let text = |word: &str| [b"X", &(word.len() as u32).to_le_bytes()[..], word.as_bytes()].concat();
    let whole = |number: i32| [b"J", &number.to_le_bytes()[..]].concat();
    let pickle = [
        b"\x80\x02}".to_vec(),
        text("a.weight"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        b"ctorch\nFloatStorage\n".to_vec(),
        text("0"),
        text("cpu"),
        whole(numbers),
        b"tQK\x00".to_vec(),
        whole(numbers),
        b"\x85K\x01\x85\x89NtRs.".to_vec(),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in [("m/data.pkl", pickle.concat()), ("m/data/0", vec![0; given])] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_small_archive_that_unpacks_to_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.pt");
    let read = |bytes: Vec<u8>| {
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    };
    assert_eq!(shapes(&read(archive(3, 12)).unwrap()), [("a.weight", &[3][..])]);
    assert!(read(archive(8 << 20, 32 << 20)).unwrap_err().contains("unpack to a huge size"));
    assert!(read(archive(1 << 30, 12)).unwrap_err().contains("shorter than the file says"));
}
