//! Constants of a file: weights, shapes and settings. Single precision or whole numbers.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use super::super::proto::Tensor;

/// A size that is that of the batch: it takes part in no arithmetic.
pub(super) const BATCH: i64 = i64::MIN + 4321;

/// Numbers with their sizes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub dims: Vec<usize>,
    pub data: Data,
}

/// Single precision, or whole numbers; truths are 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Real(Vec<f32>),
    Whole(Vec<i64>),
}

impl Data {
    pub fn len(&self) -> usize {
        match self {
            Self::Real(all) => all.len(),
            Self::Whole(all) => all.len(),
        }
    }

    /// Those at these places.
    pub fn at(&self, places: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Real(all) => Self::Real(places.map(|at| all[at]).collect()),
            Self::Whole(all) => Self::Whole(places.map(|at| all[at]).collect()),
        }
    }

    pub fn reals(&self) -> Vec<f32> {
        match self {
            Self::Real(all) => all.clone(),
            Self::Whole(all) => all.iter().map(|&number| number as f32).collect(),
        }
    }
}

impl Constant {
    pub fn new(dims: Vec<usize>, data: Data) -> Self {
        Self { dims, data }
    }

    pub fn whole(numbers: Vec<i64>) -> Self {
        Self { dims: vec![numbers.len()], data: Data::Whole(numbers) }
    }

    /// Its only number.
    pub fn single(&self) -> Option<f64> {
        match &self.data {
            Data::Real(all) if all.len() == 1 => Some(f64::from(all[0])),
            Data::Whole(all) if all.len() == 1 && all[0] != BATCH => Some(all[0] as f64),
            _ => None,
        }
    }

    /// Whole numbers; `None` for others.
    pub fn wholes(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Whole(all) => Some(all),
            Data::Real(_) => None,
        }
    }

    pub fn reals(&self) -> Vec<f32> {
        self.data.reals()
    }

    /// Along an axis where everything is repeated, once: a file with a fixed batch repeats what is the same for all
    /// samples.
    pub fn once_along(&self, axis: usize) -> Self {
        let Some(&count) = self.dims.get(axis).filter(|&&count| count > 1) else { return self.clone() };
        let inner: usize = self.dims[axis + 1..].iter().product();
        let all = self.reals();
        let is_repeated = all.iter().enumerate().all(|(at, number)| {
            let first = at - at / inner % count * inner;
            number.to_bits() == all[first].to_bits()
        });
        if !is_repeated {
            return self.clone();
        }
        let mut dims = self.dims.clone();
        dims[axis] = 1;
        let places = (0..all.len()).filter(|at| (at / inner).is_multiple_of(count));
        Self { dims, data: self.data.at(places) }
    }

    /// Spread to a shape, as ONNX broadcasts; `None` where it does not fit.
    pub fn spread(&self, to: &[usize]) -> Option<Vec<f32>> {
        let own = self.reals();
        if own.len() == 1 {
            return Some(vec![own[0]; to.iter().product()]);
        }
        let skip = to.len().checked_sub(self.dims.len())?;
        let fits = self.dims.iter().zip(&to[skip..]).all(|(&own, &to)| own == to || own == 1);
        if !fits || to.contains(&0) {
            return None;
        }
        let steps = strides(&self.dims);
        let place = |at: usize| {
            let (mut rest, mut place) = (at, 0);
            for axis in (0..to.len()).rev() {
                let index = rest % to[axis];
                rest /= to[axis];
                if axis >= skip && self.dims[axis - skip] > 1 {
                    place += index * steps[axis - skip];
                }
            }
            place
        };
        Some((0..to.iter().product()).map(|at| own[place(at)]).collect())
    }
}

/// Row-major.
pub(super) fn strides(dims: &[usize]) -> Vec<usize> {
    let mut steps = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        steps[axis - 1] = steps[axis] * dims[axis];
    }
    steps
}

fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 31, bits & 1023);
    let magnitude = match exponent {
        0 => f32::from(fraction) * 2f32.powi(-24),
        31 if fraction == 0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + f32::from(fraction) / 1024.0) * 2f32.powi(i32::from(exponent) - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

/// Bytes of a number of a type, and what the type is called; `None` for those that are not read.
fn width(kind: i32) -> Option<usize> {
    Some(match kind {
        2 | 3 | 9 => 1,
        4 | 5 | 10 | 16 => 2,
        1 | 6 | 12 => 4,
        7 | 11 | 13 => 8,
        _ => return None,
    })
}

/// A tensor of the file. `folder`: where files beside it may lie.
pub(super) fn read(tensor: &Tensor, folder: Option<&Path>, budget: &mut usize) -> Result<Constant, String> {
    let name = tensor.name.as_deref().unwrap_or("a constant").chars().take(80).collect::<String>();
    let kind = tensor.data_type.unwrap_or(0);
    let width = width(kind).ok_or_else(|| format!("{name} has numbers of type {kind}, which aren't read"))?;
    let mut dims = Vec::with_capacity(tensor.dims.len().min(16));
    for &size in &tensor.dims {
        dims.push(usize::try_from(size).map_err(|_| format!("{name} has the size {size} along an axis"))?);
    }
    let count = dims.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    let bytes =
        count.and_then(|count| count.checked_mul(width.max(4))).ok_or_else(|| format!("{name} is too large"))?;
    let count = bytes / width.max(4);
    let wrong = |got: usize| format!("{name} should have {count} numbers, but {got} bytes or numbers are there");
    // What the file itself holds is bounded by its size: nothing is taken before that is known to be there.
    let outside;
    let raw: Option<&[u8]> = if tensor.data_location == Some(1) {
        outside = external(tensor, folder, count * width, &name)?;
        Some(&outside)
    } else {
        tensor.raw_data.as_deref()
    };
    let data = match raw {
        Some(raw) => {
            if raw.len() != count * width {
                return Err(wrong(raw.len()));
            }
            *budget = budget.checked_sub(count).ok_or("its constants are too large")?;
            of_bytes(raw, kind, width)
        }
        None => {
            let there = [
                tensor.float_data.len(),
                tensor.int32_data.len(),
                tensor.int64_data.len(),
                tensor.double_data.len(),
                tensor.uint64_data.len(),
            ];
            let data = of_numbers(tensor, kind);
            if data.len() != count {
                return Err(wrong(there.into_iter().max().unwrap_or(0)));
            }
            data
        }
    };
    Ok(Constant { dims, data })
}

fn of_bytes(raw: &[u8], kind: i32, width: usize) -> Data {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    let words = raw.chunks_exact(width).map(word);
    match kind {
        1 => Data::Real(words.map(|word| f32::from_bits(word as u32)).collect()),
        10 => Data::Real(words.map(|word| half(word as u16)).collect()),
        16 => Data::Real(words.map(|word| f32::from_bits((word as u32) << 16)).collect()),
        11 => Data::Real(words.map(|word| f64::from_bits(word) as f32).collect()),
        3 => Data::Whole(words.map(|word| i64::from(word as u8 as i8)).collect()),
        5 => Data::Whole(words.map(|word| i64::from(word as u16 as i16)).collect()),
        6 => Data::Whole(words.map(|word| i64::from(word as u32 as i32)).collect()),
        _ => Data::Whole(words.map(|word| word as i64).collect()),
    }
}

fn of_numbers(tensor: &Tensor, kind: i32) -> Data {
    match kind {
        1 => Data::Real(tensor.float_data.clone()),
        10 => Data::Real(tensor.int32_data.iter().map(|&bits| half(bits as u16)).collect()),
        16 => Data::Real(tensor.int32_data.iter().map(|&bits| f32::from_bits((bits as u32) << 16)).collect()),
        11 => Data::Real(tensor.double_data.iter().map(|&number| number as f32).collect()),
        7 => Data::Whole(tensor.int64_data.clone()),
        12 | 13 => Data::Whole(tensor.uint64_data.iter().map(|&number| number as i64).collect()),
        _ => Data::Whole(tensor.int32_data.iter().map(|&number| number.into()).collect()),
    }
}

/// Bytes from a file in the same folder.
fn external(tensor: &Tensor, folder: Option<&Path>, bytes: usize, name: &str) -> Result<Vec<u8>, String> {
    let entry = |key: &str| {
        let found = tensor.external_data.iter().find(|entry| entry.key.as_deref() == Some(key));
        found.and_then(|entry| entry.value.as_deref())
    };
    let location = entry("location").unwrap_or_default();
    let mut parts = Path::new(location).components();
    let (Some(Component::Normal(file)), None) = (parts.next(), parts.next()) else {
        return Err(format!("{name} lies in the file {location:?}, which isn't in the same folder"));
    };
    let path = folder.ok_or("its numbers lie in another file")?.join(file);
    let missing = || format!("{name} lies in the file {location}, which must be beside this one and can't be read");
    let mut file = File::open(&path).map_err(|_| missing())?;
    let offset: u64 = entry("offset").map_or(Some(0), |offset| offset.parse().ok()).ok_or_else(missing)?;
    let size = file.metadata().map_err(|_| missing())?;
    if !size.is_file() || offset.checked_add(bytes as u64).is_none_or(|end| end > size.len()) {
        return Err(format!("{location} is too short to hold {name}: it may be cut off"));
    }
    let mut read = vec![0; bytes];
    file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut read)).map_err(|_| missing())?;
    Ok(read)
}
