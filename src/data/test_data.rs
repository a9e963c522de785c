//! Where tests find the real data sets.

use std::path::PathBuf;

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
