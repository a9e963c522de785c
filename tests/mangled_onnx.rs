//! Broken ONNX files: an answer within a second, no panic, and no more memory than the file accounts for. A thousand of
//! them; GLASSBOX_MANGLED names another number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use glassbox::data::{self, NoProgress};
use glassbox::engine::{Device, Machine, Precision, ValueId};
use glassbox::files::{NamedTensor, Values};
use glassbox::interop::{Network, onnx};
use glassbox::model::{TrainingSpec, templates};
use support::random_graphs::Chance;

/// What reading may take beside four times the file.
const ROOM: u64 = 64 << 20;

/// Files as Glassbox writes them.
fn files() -> Vec<Vec<u8>> {
    let all = ["xor", "digits-cnn", "digits-resnet", "digits-lstm", "digits-attention"].map(|key| {
        let project = templates::build(key).unwrap();
        let signature = data::load(&project.data, Path::new(""), &NoProgress).unwrap().signature();
        let training = TrainingSpec::default();
        let machine = Machine::new(&project.graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
        let states = machine.program().values.iter().enumerate().filter(|(_, value)| value.role.is_state());
        let weights: Vec<NamedTensor> = states
            .map(|(at, value)| {
                let (dims, numbers) = machine.read_f64(ValueId(at as u32)).unwrap();
                NamedTensor { name: value.name.clone(), dims, values: Values::F64(numbers) }
            })
            .collect();
        onnx::write(&Network::new(&project.graph, &signature).unwrap(), key, &weights).unwrap()
    });
    all.to_vec()
}

/// Weights are most of a file; what says how it is built is at both ends and between them, so pieces go as well.
fn mangle(chance: &mut Chance, whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let near_an_end = |chance: &mut Chance, len: usize| {
        let place = chance.pick(0, 2000.min(len - 1));
        if chance.pick(0, 2) > 0 { place } else { chance.pick(0, len - 1) }
    };
    for _ in 0..chance.pick(1, 6) {
        let at = near_an_end(chance, bytes.len());
        match chance.pick(0, 6) {
            0 => bytes.truncate(at.max(1)),
            1 => bytes[at] ^= 1 << chance.pick(0, 7),
            2 => bytes[at] = chance.pick(0, 255) as u8,
            3 => {
                let end = (at + chance.pick(1, 300)).min(bytes.len());
                if end - at < bytes.len() {
                    bytes.drain(at..end);
                }
            }
            4 => {
                let end = (at + chance.pick(1, 300)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                let to = near_an_end(chance, bytes.len());
                bytes.splice(to..to, again);
            }
            5 => bytes[at..].iter_mut().take(9).for_each(|byte| *byte = 0xFF),
            // A number of the file that says how large something is.
            _ => {
                if let Some(byte) = bytes[at..].iter_mut().find(|byte| **byte < 0x40) {
                    *byte = chance.pick(0, 127) as u8;
                }
            }
        }
    }
    bytes
}

/// The most memory that this program has had so far, where the system says it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

#[test]
fn broken_onnx_files_are_answered_soon_and_with_little_memory() {
    let count = std::env::var("GLASSBOX_MANGLED").ok().and_then(|count| count.parse().ok()).unwrap_or(1000u64);
    let whole = files();
    for file in &whole {
        onnx::parse(file.clone(), "whole", None).unwrap();
    }
    let before = peak();
    let (mut read, mut refused, mut largest) = (0, 0, 0);
    for seed in 0..count {
        let mut chance = Chance(seed);
        let bytes = mangle(&mut chance, &whole[seed as usize % whole.len()]);
        largest = largest.max(bytes.len() as u64);
        let begin = Instant::now();
        match onnx::parse(bytes, "mangled", None) {
            Ok(_) => read += 1,
            Err(why) => {
                let why = why.to_string();
                assert!(why.ends_with('.') && why.len() < 500, "{seed}: {why}");
                refused += 1;
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(1), "{seed} took {:?}", begin.elapsed());
    }
    println!("{read} were read in part or whole, {refused} refused");
    assert!(
        read > count / 20 && refused > count / 20,
        "{read} read, {refused} refused: the files aren't mangled enough"
    );
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < 4 * largest + ROOM, "{} MB more", (after - before) >> 20);
    }
}
