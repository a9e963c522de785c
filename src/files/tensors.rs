//! Tensors in a file: safetensors, which other programs read too. <https://github.com/huggingface/safetensors>

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, Metadata, TensorInfo, View};
use safetensors::{SafeTensorError, serialize};

use super::{FileError, atomic};

/// A tensor as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// `dense_1.weight`
    pub name: String,
    /// Its sizes, row-major.
    pub dims: Vec<usize>,
    /// Its numbers.
    pub values: Values,
}

/// Numbers in the precision that they are kept in.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Single.
    F32(Vec<f32>),
    /// Double.
    F64(Vec<f64>),
}

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

/// Any tensors, with one key of metadata: several would stand in any order, and equal tensors are to make equal files.
pub fn write(path: &Path, key: &str, inside: String, tensors: &[NamedTensor]) -> Result<(), FileError> {
    let bytes = bytes(key, inside, tensors).map_err(|error| FileError::write(path, error))?;
    atomic::write(path, &bytes)
}

/// The bytes of such a file. Errors: what the format does not take.
pub fn bytes(key: &str, inside: String, tensors: &[NamedTensor]) -> Result<Vec<u8>, SafeTensorError> {
    let tensors = tensors.iter().map(|tensor| {
        let (dtype, bytes) = match &tensor.values {
            Values::F32(values) => (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::F64(values) => (Dtype::F64, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        };
        (tensor.name.clone(), Bytes { dtype, dims: tensor.dims.clone(), bytes })
    });
    let metadata = HashMap::from([(key.to_owned(), inside)]);
    serialize(tensors, Some(metadata))
}

/// A file whose header is read and checked; its tensors are read when they are asked for.
pub struct TensorFile {
    path: PathBuf,
    file: File,
    metadata: HashMap<String, String>,
    /// Name, type, dimensions and place of every tensor.
    tensors: Vec<(String, TensorInfo)>,
    /// Where the tensors begin.
    begin: u64,
}

impl TensorFile {
    /// Reads the header. Errors: it cannot be read, or is none of this format.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let not = |reason: String| FileError::NotTensors { reason, path: path.to_owned() };
        let mut file = File::open(path).map_err(|error| FileError::read(path, error))?;
        let size = file.metadata().map_err(|error| FileError::read(path, error))?.len();
        if size > MAX_BYTES {
            return Err(not(format!("it has {} GB, more than any run can have", size >> 30)));
        }
        let bytes = header_of(&mut file, size).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => not(format!("it isn't a safetensors file ({error})")),
            ErrorKind::UnexpectedEof => not("it isn't a safetensors file (it is too short)".into()),
            _ => FileError::read(path, error),
        })?;
        // The library checks that the tensors lie one behind the other, each as large as its dimensions say.
        let header: Metadata = serde_json::from_slice(&bytes[LENGTH..])
            .map_err(|error| not(format!("it isn't a safetensors file ({error})")))?;
        let tensors = header.tensors().into_iter().map(|(name, info)| (name, info.clone())).collect();
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(Self { path: path.to_owned(), file, metadata, tensors, begin: bytes.len() as u64 })
    }

    /// What stands under a key of the metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Those tensors whose names are wanted, by name; the others are not read.
    pub fn read(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<NamedTensor>, FileError> {
        let Self { path, file, tensors, begin, .. } = self;
        let mut read = Vec::new();
        for (name, info) in tensors.iter().filter(|(name, _)| wanted(name)) {
            let (from, to) = info.data_offsets;
            let mut bytes = vec![0; to - from];
            file.seek(SeekFrom::Start(*begin + from as u64)).map_err(|error| FileError::read(path, error))?;
            file.read_exact(&mut bytes).map_err(|error| FileError::read(path, error))?;
            let values = match info.dtype {
                Dtype::F32 => Values::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
                Dtype::F64 => Values::F64(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
                other => {
                    let reason = format!("tensor {name} has type {other:?}, which isn't supported");
                    return Err(FileError::NotTensors { reason, path: path.clone() });
                }
            };
            read.push(NamedTensor { name: name.clone(), dims: info.shape.clone(), values });
        }
        read.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(read)
    }
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

/// The length and the header of a safetensors file, when they fit the size of the file: whatever else lies there
/// (gigabytes of something else, a device without end) is not read into memory.
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

    #[test]
    fn every_bit_comes_back_and_only_what_is_wanted_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        let tensors = [
            NamedTensor { name: "a".into(), dims: vec![2, 2], values: Values::F32(vec![1.0, -0.0, 1e-40, 3.5]) },
            NamedTensor { name: "b".into(), dims: vec![], values: Values::F64(vec![0.1]) },
        ];
        write(&path, "told", "something".into(), &tensors).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        assert_eq!((file.metadata("told"), file.metadata("else")), (Some("something"), None));
        assert_eq!(file.read(|_| true).unwrap(), tensors);
        assert_eq!(file.read(|name| name == "b").unwrap(), tensors[1..]);
        assert_eq!(metadata_keys(&path), ["told"]);
        std::fs::write(&path, "{}").unwrap();
        let why = TensorFile::open(&path).err().unwrap().to_string();
        assert!(why.contains("isn't a safetensors file") && why.contains("t.safetensors"), "{why}");
        assert!(metadata_keys(&path).is_empty());
    }
}
