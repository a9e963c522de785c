//! HDF5 as Keras uses it: texts in attributes, tensors under paths. Nothing is read before its size is known to be
//! possible.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hdf5_pure::{Dataset, File};

/// Numbers with their sizes, as the file has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Row-major.
    pub dims: Vec<usize>,
    /// As many as the sizes say.
    pub data: Vec<f32>,
}

/// An open file.
pub struct Store {
    file: File,
    size: usize,
}

/// Compressed numbers may be so many times larger than the file: what deflate can reach.
const EXPANSION: usize = 1032;
/// No tensor has more axes.
const MOST_AXES: usize = 8;
/// Numbers of a tensor.
const MOST_NUMBERS: usize = 1 << 31;
/// Things in a folder.
const MOST_CHILDREN: usize = 1 << 16;

type Answer<T> = Result<T, String>;

/// The library reads what hostile files say; a slip of it is an error of the file.
fn guarded<T>(what: impl FnOnce() -> Result<T, hdf5_pure::Error>) -> Answer<T> {
    match catch_unwind(AssertUnwindSafe(what)) {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("it is damaged".into()),
    }
}

impl Store {
    /// Errors: it isn't HDF5.
    pub fn of(bytes: Vec<u8>) -> Answer<Self> {
        let size = bytes.len();
        guarded(|| File::from_bytes(bytes)).map(|file| Self { file, size })
    }

    /// A text in an attribute of a group; the root's path is empty.
    pub fn text(&self, group: &str, name: &str) -> Answer<Option<String>> {
        Ok(self.texts_of(group)?.remove(name).and_then(|mut texts| texts.pop().filter(|_| texts.is_empty())))
    }

    /// A list of texts in an attribute; Keras divides long ones into `name0`, `name1` and so on.
    pub fn texts(&self, group: &str, name: &str) -> Answer<Vec<String>> {
        let mut all = self.texts_of(group)?;
        if let Some(texts) = all.remove(name) {
            return Ok(texts);
        }
        Ok((0..MOST_CHILDREN).map_while(|part| all.remove(&format!("{name}{part}"))).flatten().collect())
    }

    fn texts_of(&self, group: &str) -> Answer<BTreeMap<String, Vec<String>>> {
        let attributes =
            guarded(|| if group.is_empty() { self.file.root().attrs() } else { self.file.group(group)?.attrs() })?;
        Ok(attributes.into_iter().filter_map(|(name, value)| Some((name, value.as_strings()?.to_vec()))).collect())
    }

    /// Names of the datasets in a group, in no particular order; none where there is no such group.
    pub fn datasets(&self, group: &str) -> Vec<String> {
        guarded(|| self.file.group(group)?.datasets()).unwrap_or_default()
    }

    /// Whether there is a group.
    pub fn has_group(&self, group: &str) -> bool {
        guarded(|| self.file.group(group).map(|_| ())).is_ok()
    }

    /// The numbers of a dataset.
    pub fn tensor(&self, path: &str) -> Answer<Tensor> {
        let failed = |error: String| format!("{path} can't be read ({error})");
        let dataset = guarded(|| self.file.dataset(path)).map_err(failed)?;
        let dims = self.dims(&dataset).map_err(failed)?;
        let data = guarded(|| dataset.read_f32()).map_err(failed)?;
        if data.len() != dims.iter().product::<usize>() {
            return Err(format!("{path} has {} numbers, not as many as its sizes say", data.len()));
        }
        Ok(Tensor { dims, data })
    }

    /// Its sizes, where so many numbers can be in the file.
    fn dims(&self, dataset: &Dataset) -> Answer<Vec<usize>> {
        let shape = guarded(|| dataset.shape())?;
        if shape.len() > MOST_AXES {
            return Err(format!("it has {} axes", shape.len()));
        }
        let element = usize::try_from(guarded(|| dataset.element_size())?).unwrap_or(usize::MAX).max(1);
        let dims: Vec<usize> = shape.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
        let numbers = dims.iter().fold(1usize, |n, &size| n.saturating_mul(size));
        let most = match guarded(|| Ok(!dataset.filters().is_empty()))? {
            true => self.size.saturating_mul(EXPANSION),
            false => self.size,
        };
        if numbers > MOST_NUMBERS || numbers.saturating_mul(element) > most {
            return Err(format!("it says it has {numbers} numbers, which the file has no room for"));
        }
        Ok(dims)
    }
}
