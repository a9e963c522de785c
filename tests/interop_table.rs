//! The table in docs/interop.md is what the exporters do: it is generated from them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::interop::table;

const BEGIN: &str = "<!-- layers -->\n";
const END: &str = "<!-- end of layers -->";

/// `GLASSBOX_WRITE=1 cargo test --release --test interop_table` writes it.
#[test]
fn the_table_of_layers_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/interop.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let made = table::markdown();
    assert!(made.lines().count() > 60);
    if std::env::var_os("GLASSBOX_WRITE").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(written, made, "write it again: GLASSBOX_WRITE=1 cargo test --release --test interop_table");
}
