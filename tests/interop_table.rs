//! The tables in docs/interop.md are what the exporters do: they are generated from them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::interop::table;

/// `GLASSBOX_WRITE=1 cargo test --release --test interop_table` writes them.
#[test]
fn the_tables_are_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/interop.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut wanted = text.clone();
    for (name, made) in [("layers", table::markdown()), ("settings", table::markdown_of_training())] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = wanted.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        assert!(made.lines().count() > 40, "{made}");
        wanted = format!("{before}{begin}{made}{end}{after}");
    }
    if std::env::var_os("GLASSBOX_WRITE").is_some() {
        std::fs::write(path, wanted).unwrap();
        return;
    }
    assert_eq!(text, wanted, "write it again: GLASSBOX_WRITE=1 cargo test --release --test interop_table");
}
