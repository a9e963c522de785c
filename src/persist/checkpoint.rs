//! `*.safetensors` with a run inside: tensors under stable names, the project and the place in the run as metadata.
//! Any safetensors reader opens the weights.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::serialize;
use safetensors::tensor::{Dtype, Metadata, TensorInfo, View};

use super::project_file::{self, FileError};
use crate::model::Project;

/// What a checkpoint file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub project: Project,
    /// Where the run stands, as JSON; its meaning is the trainer's.
    pub place: String,
    pub tensors: Vec<NamedTensor>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// `dense_1.weight`
    pub name: String,
    pub dims: Vec<usize>,
    pub values: Values,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// One metadata key, because safetensors' metadata is an unordered map and equal runs should make equal files.
pub const KEY: &str = "glassbox";

/// The bytes that tell how long the header is.
const LENGTH: usize = 8;

/// What the format allows a header.
const MAX_HEADER: u64 = 100_000_000;

/// Files beyond this are refused before they are read into memory.
const MAX_BYTES: u64 = 16 << 30;

struct Bytes {
    dtype: Dtype,
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Bytes {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.dims
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

pub fn save(checkpoint: &Checkpoint, path: &Path) -> Result<(), FileError> {
    let failed = |reason: String| FileError::Write { reason, path: path.to_owned() };
    let project = project_file::to_text(&checkpoint.project).map_err(|error| failed(error.to_string()))?;
    let inside = serde_json::json!({ "project": project, "place": checkpoint.place }).to_string();
    write_tensors(path, KEY, inside, &checkpoint.tensors)
}

/// Any tensors, with one key of metadata. The same tensors make the same file byte for byte.
pub fn write_tensors(path: &Path, key: &str, inside: String, tensors: &[NamedTensor]) -> Result<(), FileError> {
    let failed = |reason: String| FileError::Write { reason, path: path.to_owned() };
    let tensors = tensors.iter().map(|tensor| {
        let (dtype, bytes) = match &tensor.values {
            Values::F32(values) => (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::F64(values) => (Dtype::F64, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        };
        (tensor.name.clone(), Bytes { dtype, dims: tensor.dims.clone(), bytes })
    });
    let metadata = HashMap::from([(key.to_owned(), inside)]);
    let bytes = serialize(tensors, Some(metadata)).map_err(|error| failed(error.to_string()))?;
    project_file::write_atomically(path, &bytes)
}

/// What a checkpoint says of itself, without its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub project: Project,
    pub place: String,
}

/// A checkpoint whose header is read and checked.
struct Opened {
    file: File,
    header: Header,
    /// Name, type, dimensions and place of every tensor.
    tensors: Vec<(String, TensorInfo)>,
    /// Where the tensors begin.
    begin: u64,
}

pub fn load(path: &Path) -> Result<Checkpoint, FileError> {
    load_only(path, |_| true)
}

/// As [`load`], of a part of the tensors only: the others are not read.
pub fn load_only(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Checkpoint, FileError> {
    let Opened { mut file, header: Header { project, place }, tensors, begin } = open(path)?;
    let unreadable = |error: std::io::Error| FileError::Read { reason: error.to_string(), path: path.to_owned() };
    let mut read = Vec::new();
    for (name, info) in tensors.into_iter().filter(|(name, _)| wanted(name)) {
        let (from, to) = info.data_offsets;
        let mut bytes = vec![0; to - from];
        file.seek(SeekFrom::Start(begin + from as u64)).map_err(unreadable)?;
        file.read_exact(&mut bytes).map_err(unreadable)?;
        let values = match info.dtype {
            Dtype::F32 => Values::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Dtype::F64 => Values::F64(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
            other => {
                let reason = format!("tensor {name} has type {other:?}, which isn't supported");
                return Err(FileError::NotACheckpoint { reason, path: path.to_owned() });
            }
        };
        read.push(NamedTensor { name, dims: info.shape, values });
    }
    read.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Checkpoint { project, place, tensors: read })
}

pub fn load_header(path: &Path) -> Result<Header, FileError> {
    open(path).map(|opened| opened.header)
}

fn open(path: &Path) -> Result<Opened, FileError> {
    let unreadable = |reason: String| FileError::Read { reason, path: path.to_owned() };
    let not = |reason: String| FileError::NotACheckpoint { reason, path: path.to_owned() };
    let mut file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let size = file.metadata().map_err(|error| unreadable(error.to_string()))?.len();
    if size > MAX_BYTES {
        return Err(not(format!("it has {} GB, more than any run can have", size >> 30)));
    }
    let bytes = header_of(&mut file, size).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => not(format!("it isn't a safetensors file ({error})")),
        ErrorKind::UnexpectedEof => not("it isn't a safetensors file (it is too short)".into()),
        _ => unreadable(error.to_string()),
    })?;
    // The library checks that the tensors lie one behind the other, each as large as its dimensions say.
    let metadata: Metadata = serde_json::from_slice(&bytes[LENGTH..])
        .map_err(|error| not(format!("it isn't a safetensors file ({error})")))?;
    let inside = metadata.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(|| {
        not("it is a safetensors file without a Glassbox project inside, so there is no network for its weights".into())
    })?;
    let inside: serde_json::Value = serde_json::from_str(inside).map_err(|error| not(error.to_string()))?;
    let text = |key: &str| inside[key].as_str().ok_or_else(|| not(format!("its {key} is missing")));
    let header = Header { project: project_file::from_text(text("project")?, path)?, place: text("place")?.to_owned() };
    let tensors = metadata.tensors().into_iter().map(|(name, info)| (name, info.clone())).collect();
    Ok(Opened { file, header, tensors, begin: bytes.len() as u64 })
}

/// The keys of a safetensors file's metadata, read from its beginning alone; none where it is no such file.
pub fn metadata_keys(path: &Path) -> Vec<String> {
    let header = File::open(path).and_then(|mut file| {
        let size = file.metadata()?.len();
        header_of(&mut file, size)
    });
    let header = header.ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes[LENGTH..]).ok());
    let keys = header.as_ref().and_then(|header| header["__metadata__"].as_object());
    keys.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// The length and the header of a safetensors file, when they fit the size of the file: whatever else lies there (gigabytes of
/// something else, a device without end) is not read into memory.
fn header_of(file: &mut File, size: u64) -> std::io::Result<Vec<u8>> {
    let damaged = |why: &str| std::io::Error::new(ErrorKind::InvalidData, why.to_owned());
    let mut bytes = vec![0; LENGTH];
    file.read_exact(&mut bytes)?;
    let length = bytes.iter().rev().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    if length > MAX_HEADER {
        return Err(damaged("its header would be too long"));
    }
    bytes.resize(LENGTH + length as usize, 0);
    file.read_exact(&mut bytes[LENGTH..])?;
    let header: serde_json::Value = serde_json::from_slice(&bytes[LENGTH..])?;
    let ends = header.as_object().into_iter().flatten().filter_map(|(_, tensor)| tensor["data_offsets"][1].as_u64());
    match ends.max().unwrap_or(0).checked_add(bytes.len() as u64) {
        Some(whole) if whole == size => Ok(bytes),
        _ => Err(damaged("its size doesn't match its header: it may be truncated")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;

    fn example() -> Checkpoint {
        let tensors = vec![
            NamedTensor {
                name: "a.weight".into(),
                dims: vec![2, 2],
                values: Values::F32(vec![1.0, f32::NAN, -0.0, 3.5]),
            },
            NamedTensor { name: "b".into(), dims: vec![], values: Values::F64(vec![0.1]) },
        ];
        Checkpoint { project: templates::build("xor").unwrap(), place: "{\"epoch\":3}".into(), tensors }
    }

    #[test]
    fn every_bit_comes_back_and_equal_runs_make_equal_files() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1.safetensors"), folder.path().join("2.safetensors"));
        save(&example(), &one).unwrap();
        save(&example(), &two).unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        let back = load(&one).unwrap();
        assert_eq!((&back.project, &back.place), (&example().project, &example().place));
        let bits = |c: &Checkpoint| match &c.tensors[0].values {
            Values::F32(v) => v.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            Values::F64(_) => Vec::new(),
        };
        assert_eq!(bits(&back), bits(&example()));
        assert_eq!(back.tensors[1], example().tensors[1]);
    }

    #[test]
    fn damaged_files_are_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.safetensors");
        save(&example(), &path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 4, 20, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let message = load(&path).unwrap_err().to_string();
            assert!(message.contains("isn't a"), "{message}");
        }
        // Gigabytes that are none, and what never ends, are refused by their beginning.
        let large = std::fs::File::create(&path).unwrap();
        large.set_len(1 << 30).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("safetensors"));
        std::fs::write(&path, &whole).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("doesn't match its header"));
        if cfg!(unix) {
            assert!(load(Path::new("/dev/zero")).unwrap_err().to_string().contains("isn't a"));
        }
        assert!(load(&folder.path().join("none")).unwrap_err().to_string().contains("Can't read"));
    }
}
