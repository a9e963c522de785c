//! Broken models, weights and pictures of every format that comes in: an answer within a second, no panic, and no more
//! memory than the file accounts for. A thousand of each; more are tried with
//! `GLASSBOX_FUZZ=100000 cargo test --release --test mangled_files`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glassbox::data::{self, NoProgress, PictureFile};
use glassbox::engine::{Device, Machine, Precision, ValueId};
use glassbox::files::{NamedTensor, Values};
use glassbox::interop::{Network, export, keras, onnx, state_dict};
use glassbox::model::{Fit, TrainingSpec, templates};
use image::{DynamicImage, ImageFormat, Luma, Rgb, Rgba};
use support::random_graphs::Chance;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What reading may take beside four times the file: of models and weights, and of pictures, whose header may promise
/// as much as is allowed.
const ROOM: u64 = 64 << 20;
const ROOM_FOR_PICTURES: u64 = 1 << 30;

/// A way in: files that are whole, and what reads such a file.
struct Format {
    name: &'static str,
    whole: Vec<Vec<u8>>,
    read: fn(&Path) -> Result<(), String>,
    room: u64,
}

fn said(error: impl ToString) -> String {
    error.to_string()
}

fn formats() -> Vec<Format> {
    let weights = |path: &Path| state_dict::read(path).map(drop);
    let whole = |name, whole, read| Format { name, whole, read, room: ROOM };
    vec![
        whole("keras", fixtures("keras", ".keras"), |path| keras::read::keras_file(path).map(drop).map_err(said)),
        whole("h5", fixtures("keras", ".h5"), |path| keras::read::hdf5_file(path).map(drop).map_err(said)),
        whole("onnx", onnx_files(), |path| onnx::read(path).map(drop).map_err(said)),
        whole("pt", [fixtures("state_dicts", ".pt"), fixtures("state_dicts", ".h5")].concat(), weights),
        whole("safetensors", safetensors(), weights),
    ]
}

/// Of each format that is read: colours, and what else it can hold.
fn pictures() -> Vec<Format> {
    let pixel = |x: u32, y: u32| [(x * 7 + y) as u8, (x ^ y) as u8, (y * 5) as u8];
    let colours: DynamicImage = image::RgbImage::from_fn(24, 17, |x, y| Rgb(pixel(x, y))).into();
    let grey: DynamicImage = image::GrayImage::from_fn(19, 8, |x, y| Luma([pixel(x, y)[0]])).into();
    let faint = |x, y| Rgba([pixel(x, y)[0], 9, pixel(x, y)[1], (x * 11) as u8]);
    let faint: DynamicImage = image::RgbaImage::from_fn(16, 16, faint).into();
    let deep = |x, y| Rgb(pixel(x, y).map(|value| u16::from(value) * 257));
    let deep: DynamicImage = image::ImageBuffer::from_fn(9, 12, deep).into();
    let of = |format: ImageFormat, all: &[&DynamicImage]| -> Vec<Vec<u8>> {
        let bytes = |picture: &&DynamicImage| {
            let mut to = Cursor::new(Vec::new());
            picture.write_to(&mut to, format).unwrap();
            to.into_inner()
        };
        all.iter().map(bytes).collect()
    };
    let mut jpegs = of(ImageFormat::Jpeg, &[&colours, &grey]);
    jpegs.push(turned(&jpegs[0]));
    let real = support::test_data("pictures/sign_digits/3").and_then(|folder| std::fs::read_dir(folder).ok());
    jpegs.extend(real.into_iter().flatten().flatten().take(3).filter_map(|entry| std::fs::read(entry.path()).ok()));
    let read = |path: &Path| {
        let file = PictureFile::new(path);
        let whole = file.whole(32).map(drop);
        let fitted = [Fit::Crop, Fit::Pad, Fit::Stretch].map(|fit| file.fitted(16, 3, fit).map(drop));
        // Whatever is done with it, the answer is the same.
        assert!(fitted.iter().all(|one| *one == whole), "{whole:?}, and {fitted:?}");
        assert!(whole.is_err() || file.size().is_ok(), "{:?}", file.size());
        // What stands behind the reason is where the file lies.
        whole.map_err(|error| error.message.split("): ").next().map_or(String::new(), |why| format!("{why})")))
    };
    let format = |name, whole| Format { name, whole, read, room: ROOM_FOR_PICTURES };
    vec![
        format("png", of(ImageFormat::Png, &[&colours, &grey, &faint, &deep])),
        format("jpeg", jpegs),
        format("webp", of(ImageFormat::WebP, &[&colours, &faint])),
        format("bmp", of(ImageFormat::Bmp, &[&colours, &grey, &faint])),
        format("gif", of(ImageFormat::Gif, &[&colours, &faint])),
    ]
}

/// A JPEG whose head says that it lies on its side.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let tiff = [b"II*\0\x08\0\0\0\x01\0".as_slice(), &[0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]].concat();
    let exif = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// What a PNG says of its pieces is right again, so that what is wrong in them is met.
fn with_sums(mut png: Vec<u8>) -> Vec<u8> {
    let mut at = 8;
    while let Some(length) = png.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let end = at.saturating_add(8).saturating_add(length);
        if end.saturating_add(4) > png.len() {
            break;
        }
        let mut sum = flate2::Crc::new();
        sum.update(&png[at + 4..end]);
        png[end..end + 4].copy_from_slice(&sum.sum().to_be_bytes());
        at = end + 4;
    }
    png
}

fn fixtures(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Files as Glassbox writes them.
fn onnx_files() -> Vec<Vec<u8>> {
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

fn safetensors() -> Vec<Vec<u8>> {
    let all = ["xor", "digits-lstm"].map(|key| {
        let project = templates::build(key).unwrap();
        let dataset = data::load(&project.data, Path::new(""), &NoProgress).unwrap();
        export::weights(&project, &dataset, None).unwrap()
    });
    all.to_vec()
}

/// Mangles a file, or one of those inside of an archive, which is whole again then.
fn mangled(chance: &mut Chance, whole: &[u8], other: &[u8]) -> Vec<u8> {
    let archive = ZipArchive::new(Cursor::new(whole)).ok().filter(|archive| !archive.is_empty());
    let Some(mut archive) = archive.filter(|_| chance.pick(0, 2) > 0) else {
        return with_faults(chance, whole, other);
    };
    let hit = chance.pick(0, archive.len() - 1);
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        made.start_file(file.name().unwrap(), stored).unwrap();
        let bytes = if at == hit { with_faults(chance, &bytes, other) } else { bytes };
        made.write_all(&bytes).unwrap();
    }
    made.finish().unwrap().into_inner()
}

/// Weights are most of a file; what says how it is built is at both ends and between them, so pieces go as well.
fn with_faults(chance: &mut Chance, whole: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..chance.pick(1, 6) {
        if bytes.is_empty() {
            break;
        }
        let last = bytes.len() - 1;
        let place = |chance: &mut Chance| match chance.pick(0, 3) {
            0 => chance.pick(0, last),
            1 => last - chance.pick(0, 2000.min(last)),
            _ => chance.pick(0, 2000.min(last)),
        };
        let at = place(chance);
        let end = (at + chance.pick(1, 300)).min(bytes.len());
        match chance.pick(0, 8) {
            0 => bytes.truncate(at.max(1)),
            1 | 2 => bytes[at] ^= 1 << chance.pick(0, 7),
            3 => bytes[at] = chance.pick(0, 255) as u8,
            4 => drop(bytes.drain(at..end)),
            5 => {
                let again = bytes[at..end].to_vec();
                let to = place(chance);
                bytes.splice(to..to, again);
            }
            6 => {
                let from = chance.pick(0, other.len() - 1);
                let until = (from + chance.pick(1, 200)).min(other.len());
                bytes.splice(at..at, other[from..until].iter().copied());
            }
            7 => {
                let byte = [0, 0xff, 0x7f, 0x80][chance.pick(0, 3)];
                bytes[at..].iter_mut().take(chance.pick(1, 9)).for_each(|own| *own = byte);
            }
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

/// What is answered within a second, if not at once then when asked again: the machine may have been busy.
fn soon(read: impl Fn() -> Result<(), String> + std::panic::RefUnwindSafe, what: &str) -> Result<(), String> {
    for _ in 0..3 {
        let begin = Instant::now();
        let answer = std::panic::catch_unwind(&read).unwrap_or_else(|_| panic!("{what}: a panic"));
        if begin.elapsed() < Duration::from_secs(1) {
            return answer;
        }
    }
    panic!("{what} took more than a second three times");
}

/// One format after the other: the peak of memory is that of the whole program.
#[test]
fn broken_files_are_answered_soon_and_with_little_memory() {
    let count = std::env::var("GLASSBOX_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(1000u64);
    let folder = tempfile::tempdir().unwrap();
    for format in formats().into_iter().chain(pictures()) {
        let path = folder.path().join(format!("mangled.{}", format.name));
        // Whole models of PyTorch are refused as they are; what little they bring is memory that was taken before.
        for file in &format.whole {
            std::fs::write(&path, file).unwrap();
            let _ = (format.read)(&path);
        }
        let before = peak();
        let (mut read, mut refused, mut largest) = (0, 0, 0);
        for seed in 0..count {
            let mut chance = Chance(seed);
            let of = |at: usize| &format.whole[at % format.whole.len()];
            let other = of(chance.pick(0, 99));
            let mut bytes = mangled(&mut chance, of(seed as usize), other);
            if format.name == "png" && chance.pick(0, 3) > 0 {
                bytes = with_sums(bytes);
            }
            largest = largest.max(bytes.len() as u64);
            std::fs::write(&path, &bytes).unwrap();
            let answer = soon(|| (format.read)(&path), &format!("{} {seed}", format.name));
            match answer {
                Ok(()) => read += 1,
                Err(why) => {
                    assert!(why.ends_with(['.', ')']) && why.len() < 500, "{} {seed}: {why}", format.name);
                    refused += 1;
                }
            }
        }
        println!("{}: {read} were read in part or whole, {refused} refused", format.name);
        let few = count / 50;
        assert!(read > few && refused > few, "{}: {read} read, {refused} refused", format.name);
        if let (Some(before), Some(after)) = (before, peak()) {
            let more = after.saturating_sub(before);
            assert!(more < 4 * largest + format.room, "{}: {} MB more", format.name, more >> 20);
        }
    }
}
