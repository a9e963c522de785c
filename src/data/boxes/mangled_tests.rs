//! Whatever the bytes are: boxes inside of their pictures, or a sentence, soon.

use super::tests::{COCO, folder, voc, write};
use super::*;
use crate::data::NoProgress;
use crate::data::random::{Draws, Purpose};

/// What breaks numbers, nesting and names.
const PIECES: [&str; 14] = [
    "NaN",
    "-1e308",
    "1e999",
    "\"",
    "[[[[",
    "}}",
    "<object>",
    "</bndbox>",
    "&lol;",
    "<![CDATA[",
    "\0",
    "null",
    "18446744073709551616",
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
];

fn mangled(whole: &[u8], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..1 + draws.below(4) {
        let at = draws.below(bytes.len().max(1));
        let end = (at + 1 + draws.below(60)).min(bytes.len());
        match draws.below(6) {
            _ if bytes.is_empty() => break,
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << draws.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => drop(bytes.splice(at..at, PIECES[draws.below(PIECES.len())].bytes())),
        }
    }
    bytes
}

#[test]
fn mangled_labels_are_answered() {
    let one = voc([20, 10], &[("dog", [2, 1, 10, 5]), ("cat", [0, 0, 20, 10])]);
    let yolo = "0 .5 .5 .2 .2\n1 .1 .1 .2 .2 .3 .1\n1 0.3 0.3 0.1 0.1\n";
    let kinds: [&[(&str, &str)]; 3] = [
        &[("a.xml", &one), ("b.xml", &one)],
        &[("labels.json", COCO)],
        &[
            ("a.txt", yolo),
            ("b.txt", yolo),
            ("data.yaml", "names: [a, 'b']\ntrain: x\nval:\n  - y\n"),
            ("val.txt", "b\n"),
        ],
    ];
    let count = std::env::var("GLASSBOX_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(600u64);
    for (kind, files) in kinds.iter().enumerate() {
        let pictures = [("a.png", "20x10"), ("b.png", "20x10"), ("c.png", "20x10")];
        let folder = folder(&pictures);
        let (mut read_at_all, mut refused) = (0, 0);
        for seed in 0..count {
            let mut draws = Purpose::Points.draws(seed, kind as u64);
            let hit = draws.below(files.len());
            for (at, (name, content)) in files.iter().enumerate() {
                let bytes = content.as_bytes().to_vec();
                let bytes = if at == hit { mangled(&bytes, &mut draws) } else { bytes };
                std::fs::write(folder.path().join(name), bytes).unwrap();
            }
            match read(folder.path(), &[], &NoProgress) {
                Ok(labels) => {
                    read_at_all += 1;
                    for thing in labels.pictures.iter().flat_map(|one| &one.things) {
                        let extent = thing.extent;
                        assert!(extent.left >= 0.0 && extent.right <= 1.0 && extent.top >= 0.0 && extent.bottom <= 1.0);
                        assert!(extent.area() > 0.0 && thing.class < labels.names.len(), "{kind} {seed}");
                    }
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.message.ends_with('.') || error.message.contains(": /"), "{}", error.message);
                }
            }
        }
        assert!(read_at_all > count / 20, "{kind}: {read_at_all} read, {refused} refused");
    }
}

#[test]
fn deep_and_gigantic_labels_end_in_a_sentence() {
    let whole = folder(&[("a.png", "20x10")]);
    let why = || read(whole.path(), &[], &NoProgress).unwrap_err().message;
    let deep = "[".repeat(1_000_000);
    for place in ["\"bbox\": ", "\"segmentation\": ", "\"id\": "] {
        let text =
            format!("{{\"images\": [{{\"id\": 1, \"file_name\": \"a.png\"}}], \"annotations\": [{{{place}{deep}");
        write(whole.path(), "labels.json", &text);
        assert!(why().contains("labels.json can't be read: "), "{}", why());
    }
    std::fs::remove_file(whole.path().join("labels.json")).unwrap();
    let many = "<object/>".repeat(100_001);
    write(whole.path(), "a.xml", &format!("<annotation>{many}</annotation>"));
    assert!(why().contains("a.xml can't be read: more than 100000 objects."), "{}", why());
    write(whole.path(), "a.xml", &"<annotation>".repeat(1_000_000));
    assert!(why().contains("a.xml can't be read: nested too deeply."), "{}", why());
    std::fs::remove_file(whole.path().join("a.xml")).unwrap();
    let lines: String = (0..3000).map(|class| format!("{class} .5 .5 .1 .1\n")).collect();
    write(whole.path(), "a.txt", &lines);
    let labels = read(whole.path(), &[], &NoProgress).unwrap();
    assert_eq!(labels.names.len(), 2000);
    assert_eq!(labels.notes, ["Left out: 1,000 boxes of an unknown class (a.txt)."]);
}
