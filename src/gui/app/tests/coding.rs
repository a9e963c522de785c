//! The network as code, and out of the window as a folder.

use egui::{Key, Modifiers};

use super::hands::Hands;
use crate::session::{State, Tab};

fn opened() -> Hands {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.key(Modifiers::COMMAND, Key::Num4);
    hands
}

#[test]
fn a_layer_is_chosen_by_its_name_above_the_code() {
    let mut hands = opened();
    assert_eq!(hands.state().tab(), Tab::Code);
    assert!(!hands.names_containing("PyTorch model.py").is_empty());
    hands.click("Code of Dense 1");
    let chosen = hands.state().selection().only().and_then(|id| hands.state().project().graph.layer(id));
    assert_eq!(chosen.map(|layer| layer.name.as_str()), Some("Dense 1"));
    for framework in ["Keras model.py", "TensorFlow model.py"] {
        assert!(!hands.names_containing(framework).is_empty(), "{framework}");
    }
}

#[test]
fn the_project_leaves_as_a_folder_with_its_proof() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("twin");
    let mut hands = opened();
    hands.click("Menu");
    hands.click("Export to");
    hands.click("PyTorch …");
    hands.wait_until("there is no file dialog", |hands| !hands.names_containing("No file dialog").is_empty());
    hands.write("Path", &place.display().to_string());
    hands.key(Modifiers::NONE, Key::Enter);
    hands.wait_until("it is told of", |hands| !hands.names_containing("Exported to").is_empty());
    for name in ["model.py", "train.py", "verify.py", "weights.safetensors", "data.npz", "proof.safetensors"] {
        assert!(place.join(name).exists(), "{name}");
    }
}

#[test]
fn the_project_leaves_as_a_single_file() {
    let folder = tempfile::tempdir().unwrap();
    for (choice, name) in [("ONNX …", "xor.onnx"), ("Weights only (safetensors) …", "xor.safetensors")] {
        let mut hands = opened();
        hands.click("Menu");
        hands.click("Export to");
        hands.click(choice);
        hands.wait_until("there is no file dialog", |hands| !hands.names_containing("No file dialog").is_empty());
        hands.write("Path", &folder.path().join(name.split('.').next().unwrap()).display().to_string());
        hands.key(Modifiers::NONE, Key::Enter);
        hands.wait_until("it is told of", |hands| !hands.names_containing("Exported to").is_empty());
        assert!(folder.path().join(name).metadata().unwrap().len() > 200, "{name}");
    }
    let mut file = crate::files::TensorFile::open(&folder.path().join("xor.safetensors")).unwrap();
    let weights = file.read(|_| true).unwrap();
    let names: Vec<&str> = weights.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["dense_1.bias", "dense_1.weight", "dense_2.bias", "dense_2.weight"]);
}
