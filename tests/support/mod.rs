//! What the tests that cross modules share: where the real data lies.
#![allow(dead_code)]

use std::path::PathBuf;

/// The folder of real data, or `None` after saying which test is not run. Under CI its absence fails.
pub fn test_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GLASSBOX_TEST_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{test}: the test data is missing at {}", folder.display());
    println!("not run: {test} (no test data at {})", folder.display());
    None
}
