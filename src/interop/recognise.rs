//! What a file really is, by what stands in it and not by its name: people rename files, and what a download brings is
//! not always what was asked for.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::files::{FileError, tensors};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A Glassbox project.
    Project,
    /// A Glassbox checkpoint: safetensors with a project inside.
    Checkpoint,
    /// safetensors of anybody.
    SafeTensors,
    /// What `torch.save` writes since PyTorch 1.6.
    TorchZip,
    /// What it wrote before.
    TorchLegacy,
    /// A pickle of anything else.
    Pickle,
    /// Keras 2's whole models and the weights of both Keras 2 and 3.
    Hdf5,
    /// Keras 3's whole models.
    Keras,
    /// An ONNX model.
    Onnx,
    /// It ends before what it says it holds.
    CutShort(&'static str),
    /// Whatever else was recognised: what it is, and what to do.
    Other(&'static str, &'static str),
    /// Nothing that is known.
    Unknown,
}

const TORCHSCRIPT: Content = Content::Other(
    "a TorchScript archive: a program with its weights",
    "Load it in PyTorch and save its weights alone: torch.save(model.state_dict(), \"weights.pt\").",
);
const SAVED_MODEL: Content = Content::Other(
    "a TensorFlow SavedModel",
    "Load it in Keras and save it whole: model.save(\"model.keras\"). Or convert it with tf2onnx.",
);
const KERAS_JSON: Content = Content::Other(
    "the description of a Keras network without its weights",
    "Save the whole model: model.save(\"model.keras\").",
);
const JSON: Content = Content::Other("a JSON file", "Models have other formats. Choose the file with the weights.");
const EMPTY: Content = Content::Other("empty", "Download or save it again.");
const WEB_PAGE: Content = Content::Other(
    "a web page, saved under a model's name",
    "Download the file itself: on most sites that is the button \"Download\" or \"Raw\".",
);
const LFS_POINTER: Content = Content::Other(
    "a git-lfs pointer: the note that git keeps in place of a large file",
    "Get the file itself with: git lfs pull",
);
const EXTERNAL_DATA: Content =
    Content::Other("the external data of an ONNX model, numbers without names", "Open the .onnx file beside it.");
const FOLDER: Content = Content::Other("a folder", "Choose the model's file in it.");
const TEXT: Content = Content::Other("text, not a model", "Open it in an editor to see what it says.");
const ZIP: Content = Content::Other("an archive of other files", "Unpack it and choose the model's file.");

/// Formats that begin with a mark of their own.
const MARKS: &[(usize, &[u8], Content)] = &[
    (0, b"version https://git-lfs.github.com/spec/", LFS_POINTER),
    (0, b"\x89HDF\r\n\x1a\n", Content::Hdf5),
    (512, b"\x89HDF\r\n\x1a\n", Content::Hdf5),
    (1024, b"\x89HDF\r\n\x1a\n", Content::Hdf5),
    (2048, b"\x89HDF\r\n\x1a\n", Content::Hdf5),
    (0, b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", Content::TorchLegacy),
    (0, b"GGUF", Content::Other("a GGUF file of a language model", "Glassbox can't open language models.")),
    (4, b"TFL3", Content::Other("a TensorFlow Lite model", "Open the model that it was made from.")),
    (0, b"\x93NUMPY", Content::Other("a NumPy array", "Choose a file with named weights.")),
    (0, b"\x1f\x8b", Content::Other("a gzip archive", "Unpack it first.")),
    (0, b"BZh", Content::Other("a bzip2 archive", "Unpack it first.")),
    (0, b"\xfd7zXZ\0", Content::Other("an xz archive", "Unpack it first.")),
    (0, b"7z\xbc\xaf\x27\x1c", Content::Other("a 7-Zip archive", "Unpack it first.")),
    (0, b"Rar!", Content::Other("a RAR archive", "Unpack it first.")),
    (257, b"ustar", Content::Other("a tar archive", "Unpack it first.")),
    (0, b"\x89PNG", Content::Other("a PNG image", "Choose the model's file.")),
    (0, b"\xff\xd8\xff", Content::Other("a JPEG image", "Choose the model's file.")),
    (0, b"%PDF", Content::Other("a PDF document", "Choose the model's file.")),
];

/// Enough for every mark and for the beginning of a text.
const HEAD: u64 = 4096;
/// What the format allows a header.
const LONGEST_HEADER: u64 = 100_000_000;
/// Longer texts are not looked into.
const LONGEST_TEXT: u64 = 64 << 20;
/// How much of a neighbour is searched for a file's name.
const LONGEST_SEARCH: u64 = 16 << 20;

impl Content {
    /// In a few words: "an ONNX model".
    pub fn words(self) -> &'static str {
        match self {
            Self::Project => "a Glassbox project",
            Self::Checkpoint => "a Glassbox checkpoint",
            Self::SafeTensors => "a safetensors file",
            Self::TorchZip => "a PyTorch file",
            Self::TorchLegacy => "a PyTorch file from before version 1.6",
            Self::Pickle => "a Python pickle",
            Self::Hdf5 => "an HDF5 file",
            Self::Keras => "a Keras model",
            Self::Onnx => "an ONNX model",
            Self::CutShort(what) | Self::Other(what, _) => what,
            Self::Unknown => "nothing that Glassbox knows",
        }
    }

    /// Why no model can be read from it and what to do, as a sentence or two; `None` where a reader may try.
    pub fn refusal(self) -> Option<String> {
        match self {
            Self::CutShort(what) => Some(format!("It is {what}, but cut short or damaged. Download or save it again.")),
            Self::Other(what, advice) => Some(format!("It is {what}. {advice}")),
            Self::Unknown => {
                Some("Its format isn't known. Models come as .keras, .h5, .onnx, .pt, .pth or .safetensors.".to_owned())
            }
            Self::Project
            | Self::Checkpoint
            | Self::SafeTensors
            | Self::TorchZip
            | Self::TorchLegacy
            | Self::Pickle
            | Self::Hdf5
            | Self::Keras
            | Self::Onnx => None,
        }
    }
}

/// Reads no more of it than tells. Errors: it cannot be read at all.
pub fn recognise(path: &Path) -> Result<Content, FileError> {
    let failed = |error: std::io::Error| FileError::read(path, error);
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Ok(if path.join("saved_model.pb").exists() { SAVED_MODEL } else { FOLDER });
    }
    if !about.is_file() {
        return Ok(Content::Unknown);
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head).map_err(failed)?;
    let size = about.len();
    if head.is_empty() {
        return Ok(EMPTY);
    }
    let marked = MARKS.iter().find(|(at, mark, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(mark)));
    if let Some(&(at, _, content)) = marked {
        let is_short = content == Content::Hdf5 && hdf5_end(&head[at..]).is_some_and(|end| end > size);
        return Ok(if is_short { Content::CutShort("an HDF5 file") } else { content });
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(archive(file));
    }
    if let Some(content) = safetensors(path, &head, size) {
        return Ok(content);
    }
    if is_pickle(&head) {
        return Ok(Content::Pickle);
    }
    if let Some(content) = text(&mut file, &head, size).map_err(failed)? {
        return Ok(content);
    }
    if let Some(content) = onnx(&mut file, size) {
        return Ok(content);
    }
    Ok(if is_named_by_a_neighbour(path) { EXTERNAL_DATA } else { Content::Unknown })
}

/// Where its superblock says that the file ends.
fn hdf5_end(block: &[u8]) -> Option<u64> {
    let (sizes, end) = match block.get(8)? {
        0 => (block.get(13)?, 40),
        1 => (block.get(13)?, 44),
        2 | 3 => (block.get(9)?, 28),
        _ => return None,
    };
    let bytes = block.get(end..end + 8)?.try_into().ok()?;
    (*sizes == 8).then(|| u64::from_le_bytes(bytes))
}

fn archive(file: File) -> Content {
    let Ok(archive) = zip::ZipArchive::new(file) else { return Content::CutShort("an archive") };
    let names: Vec<_> = archive.file_names().flatten().collect();
    let has = |wanted: &str| names.iter().any(|name| name.rsplit('/').next() == Some(wanted));
    let is_program = names.iter().any(|name| name.contains("/code/")) || has("constants.pkl");
    match () {
        () if has("data.pkl") && is_program => TORCHSCRIPT,
        () if has("data.pkl") => Content::TorchZip,
        () if has("config.json") && has("model.weights.h5") => Content::Keras,
        () if has("saved_model.pb") => SAVED_MODEL,
        () => ZIP,
    }
}

fn safetensors(path: &Path, head: &[u8], size: u64) -> Option<Content> {
    let length = u64::from_le_bytes(head.get(..8)?.try_into().ok()?);
    if head.get(8) != Some(&b'{') || (length > LONGEST_HEADER && head[..8].is_ascii()) {
        return None;
    }
    Some(match length.checked_add(8) {
        Some(end) if end <= size => {
            let is_ours = tensors::metadata_keys(path).iter().any(|key| key == "glassbox");
            if is_ours { Content::Checkpoint } else { Content::SafeTensors }
        }
        _ => Content::CutShort("a safetensors file"),
    })
}

/// Of any protocol; the oldest ones have no mark.
fn is_pickle(head: &[u8]) -> bool {
    let is_old = || {
        let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let is_word =
            |word: &[u8]| !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || b"._".contains(b));
        line.len() < head.len() && line.strip_prefix(b"c").is_some_and(is_word)
    };
    match head {
        [0x80, 2..=5, ..] => true,
        [b'(', b'd' | b'l', b'p', b'0'..=b'9', ..] => true,
        _ => is_old(),
    }
}

fn text(file: &mut File, head: &[u8], size: u64) -> std::io::Result<Option<Content>> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    // A cut may go through a character.
    let is_text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && size > HEAD,
    };
    if !is_text || head.iter().any(|byte| *byte < 7) {
        return Ok(None);
    }
    let start = String::from_utf8_lossy(head).to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.starts_with(tag)) || start.contains("<html")
    {
        return Ok(Some(WEB_PAGE));
    }
    if !start.starts_with(['{', '[']) {
        return Ok(Some(TEXT));
    }
    let mut whole = String::new();
    file.seek(SeekFrom::Start(0))?;
    if file.take(LONGEST_TEXT).read_to_string(&mut whole).is_err() {
        return Ok(Some(TEXT));
    }
    Ok(Some(json(whole.trim_start_matches('\u{feff}'))))
}

fn json(text: &str) -> Content {
    #[derive(Deserialize)]
    struct Marks {
        glassbox: Option<IgnoredAny>,
        class_name: Option<IgnoredAny>,
        config: Option<IgnoredAny>,
    }
    match serde_json::from_str::<Marks>(text) {
        Ok(Marks { glassbox: Some(_), .. }) => Content::Project,
        Ok(Marks { class_name: Some(_), config: Some(_), .. }) => KERAS_JSON,
        Err(error) if error.is_eof() => Content::CutShort("a JSON file"),
        _ => JSON,
    }
}

/// Goes from field to field of the outermost message; only a model of ONNX has such fields and a graph among them.
fn onnx(file: &mut File, size: u64) -> Option<Content> {
    const GRAPH: u64 = 7;
    const NUMBERS: [u64; 2] = [1, 5];
    const MESSAGES: [u64; 10] = [2, 3, 4, 6, GRAPH, 8, 14, 20, 25, 26];
    let (mut at, mut known) = (0, 0);
    while at < size {
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut bytes = Vec::new();
        file.by_ref().take(20).read_to_end(&mut bytes).ok()?;
        let (tag, tag_len) = varint(&bytes)?;
        let (value, value_len) = varint(&bytes[tag_len..])?;
        let begin = at + (tag_len + value_len) as u64;
        let (field, is_message) = (tag >> 3, tag & 7 == 2);
        let fits = if is_message { MESSAGES.contains(&field) } else { tag & 7 == 0 && NUMBERS.contains(&field) };
        if !fits {
            return None;
        }
        at = if is_message { begin.checked_add(value)? } else { begin };
        known += 1;
        if at > size {
            return (known > 2).then_some(Content::CutShort("an ONNX model"));
        }
        if field == GRAPH {
            return Some(Content::Onnx);
        }
        if known > 10_000 {
            return None;
        }
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * place as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

/// Numbers alone have no mark; the model that they belong to says where they lie.
fn is_named_by_a_neighbour(path: &Path) -> bool {
    let Some((folder, name)) =
        path.parent().zip(path.file_name()).map(|(folder, name)| (folder, name.as_encoded_bytes()))
    else {
        return false;
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let models = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let models = models.filter(|other| other.extension().is_some_and(|ending| ending == "onnx") && other != path);
    let names_it = |model: std::path::PathBuf| {
        let mut bytes = Vec::new();
        let read = File::open(model).and_then(|file| file.take(LONGEST_SEARCH).read_to_end(&mut bytes));
        read.is_ok() && bytes.windows(name.len()).any(|window| window == name)
    };
    models.take(8).any(names_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::test_data::test_data;

    fn of(bytes: &[u8]) -> Content {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.pt");
        std::fs::write(&path, bytes).unwrap();
        recognise(&path).unwrap()
    }

    fn zipped(names: &[&str]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_file_is_what_stands_in_it() {
        assert_eq!(of(b""), EMPTY);
        assert_eq!(of(b"  <!DOCTYPE HTML><p>"), WEB_PAGE);
        assert_eq!(of(b"<?xml version='1'?><html>"), WEB_PAGE);
        assert_eq!(of(b"404: Not Found"), TEXT);
        assert_eq!(of(b"version https://git-lfs.github.com/spec/v1\noid sha256:0"), LFS_POINTER);
        assert_eq!(of(b"{\"glassbox\": 3}"), Content::Project);
        assert_eq!(of(b"{\"class_name\": \"Functional\", \"config\": {}}"), KERAS_JSON);
        assert_eq!(of(b"[1, 2]"), JSON);
        assert_eq!(of(b"{\"a\": "), Content::CutShort("a JSON file"));
        assert_eq!(of(b"\x80\x02}q\x00."), Content::Pickle);
        assert_eq!(of(b"cos\nsystem\n(S'echo'\ntR."), Content::Pickle);
        assert_eq!(of(b"\x02\0\0\0\0\0\0\0{}"), Content::SafeTensors);
        assert!(matches!(of(b"\xff\0\0\0\0\0\0\0{\"a"), Content::CutShort(_)));
        assert_eq!(of(b"\x08\x08\x12\x01a:\x02\x0a\x00"), Content::Onnx);
        assert_eq!(of(b"\x08\x08\x12\x01a:\x7f\x0a\x00"), Content::CutShort("an ONNX model"));
        assert_eq!(of(&[9, 1, 2, 0, 200, 3]), Content::Unknown);
        let torch = ["archive/data.pkl", "archive/data/0"];
        assert_eq!(of(&zipped(&torch)), Content::TorchZip);
        assert_eq!(of(&zipped(&[torch[0], "archive/code/__torch__.py"])), TORCHSCRIPT);
        assert_eq!(of(&zipped(&["config.json", "metadata.json", "model.weights.h5"])), Content::Keras);
        assert_eq!(of(&zipped(&["a.txt"])), ZIP);
        assert_eq!(of(&zipped(&torch)[..60]), Content::CutShort("an archive"));
    }

    #[test]
    fn numbers_without_names_belong_to_the_model_that_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.bin");
        std::fs::write(&path, [9, 1, 2, 0, 200, 3]).unwrap();
        std::fs::write(folder.path().join("net.onnx"), b"\x08\x08\x12\x0bweights.bin:\x00").unwrap();
        assert_eq!(recognise(&path).unwrap(), EXTERNAL_DATA);
        assert_eq!(recognise(folder.path()).unwrap(), FOLDER);
        assert!(recognise(&folder.path().join("none")).is_err());
    }

    #[test]
    fn real_models_and_what_is_saved_under_their_names() {
        let Some(models) = test_data("models") else { return };
        let Some(odd) = test_data("odd/models") else { return };
        let found = |name: &str| recognise(&models.join(name)).unwrap();
        assert_eq!(found("pnet.pt"), Content::TorchLegacy);
        assert_eq!(found("emotion_model.hdf5"), Content::Hdf5);
        assert_eq!(found("mhcnuggets_HLA-A02-01.h5"), Content::Hdf5);
        assert_eq!(found("deeplc_8c22.keras"), Content::Keras);
        assert_eq!(found("silero_vad_16k.safetensors"), Content::SafeTensors);
        assert_eq!(found("silero_vad_16k_op15.onnx"), Content::Onnx);
        let found = |name: &str| recognise(&odd.join(name)).unwrap();
        assert_eq!(found("evil_global.pth"), Content::Pickle);
        assert_eq!(found("html.pth"), WEB_PAGE);
        assert_eq!(found("lfs_pointer.safetensors"), LFS_POINTER);
        assert_eq!(found("truncated.onnx"), Content::CutShort("an ONNX model"));
        assert!(matches!(found("header_too_large.safetensors"), Content::CutShort(_)));
        let whole = std::fs::read(models.join("mhcnuggets_HLA-A02-01.h5")).unwrap();
        assert_eq!(of(&whole[..whole.len() / 2]), Content::CutShort("an HDF5 file"));
    }
}
