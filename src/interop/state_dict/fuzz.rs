//! Mangled files of every format that is read here: none may bring a panic, take more than a second or much memory.
//!
//! A thousand with every test; more, and with little memory, by hand:
//! `(ulimit -v 4000000; GLASSBOX_FUZZ=100000 cargo test --release --lib state_dict::fuzz)`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::read;
use crate::files::{NamedTensor, Values, tensors};

struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state_dicts");
    let entries = std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ending| ending != "json")).collect();
    files.sort();
    let path = folder.join("w.safetensors");
    let tensor = |name: &str, dims: &[usize]| NamedTensor {
        name: name.into(),
        dims: dims.to_vec(),
        values: Values::F32(vec![0.5; dims.iter().product()]),
    };
    tensors::write(&path, "k", "v".into(), &[tensor("a.weight", &[4, 3]), tensor("a.bias", &[4])]).unwrap();
    files.push(path);
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn mangled(seeds: &[Vec<u8>], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = seeds[draws.below(seeds.len())].clone();
    for _ in 0..=draws.below(4) {
        let at = draws.below(bytes.len());
        match draws.below(7) {
            0 => bytes.truncate(at),
            1 => {
                let other = &seeds[draws.below(seeds.len())];
                let from = draws.below(other.len());
                let len = draws.below(200).min(other.len() - from);
                bytes.splice(at..at, other[from..from + len].iter().copied());
            }
            2 => {
                let end = (at + draws.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let end = (at + 1 + draws.below(8)).min(bytes.len());
                let byte = [0, 0xff, 0x7f, 0x80][draws.below(4)];
                bytes[at..end].fill(byte);
            }
            4 => bytes[at] = draws.next() as u8,
            _ => bytes[at] ^= 1 << draws.below(8),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn mangled_files_bring_no_panic_and_no_hang() {
    let rounds = std::env::var("GLASSBOX_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(1000);
    let folder = tempfile::tempdir().unwrap();
    let seeds = seeds(folder.path());
    let path = folder.path().join("mangled.pt");
    let mut draws = Draws(0x9e37_79b9_7f4a_7c15);
    let mut opened = 0;
    for round in 0..rounds {
        let bytes = mangled(&seeds, &mut draws);
        std::fs::write(&path, &bytes).unwrap();
        let begun = Instant::now();
        match read(&path) {
            Ok(found) => {
                opened += 1;
                let held: usize = found.tensors.iter().map(|tensor| tensor.dims.iter().product::<usize>()).sum();
                assert!(held < 64 << 20, "round {round}: {held} numbers out of {} bytes", bytes.len());
            }
            Err(why) => assert!(why.starts_with(&path.display().to_string()), "round {round}: {why}"),
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(1), "round {round} took {took:?}");
    }
    assert!(opened > 0 && opened < rounds);
}
