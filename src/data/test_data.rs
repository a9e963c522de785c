//! Where tests find the real data sets, and a small one that is made by hand.

use std::path::PathBuf;

use super::{Dataset, Samples, Truth};

/// Rows of so many numbers, of so many classes, for training and for validation.
pub fn dataset(width: usize, inputs: Vec<f32>, classes: Vec<f32>, count: usize) -> Dataset {
    let part = Samples::in_memory(&[width], inputs, classes);
    Dataset {
        name: "test".into(),
        input_shape: vec![width],
        input_names: (0..width)
            .map(|i| ["x", "y", "z"].get(i).map_or(format!("x{i}"), |name| (*name).into()))
            .collect(),
        input_units: Vec::new(),
        truth: Truth::classes((0..count).map(|class| format!("class {class}")).collect()),
        validation: part.clone(),
        train: part,
        test: None,
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding: Default::default(),
        origin: None,
        places: None,
        own_validation: false,
    }
}

/// A file or folder of the test data; `None` (after saying so) where the data is absent. Under `CI=true` absence fails.
pub fn test_data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GLASSBOX_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "test data is missing: {}", path.display());
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    println!("not run: {test} (no test data)");
    None
}
