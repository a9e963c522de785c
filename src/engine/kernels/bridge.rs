//! Between tensors and slices: reading the numbers of a CPU f32 tensor, and writing them in place.

use std::cell::RefCell;
use std::ops::Deref;

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Storage, StorageRef, Tensor};

use crate::engine::error::Result;

/// The numbers of a contiguous CPU f32 tensor, locked against writing while this lives.
pub struct F32s<'a> {
    guard: StorageRef<'a>,
    start: usize,
    end: usize,
}

impl Deref for F32s<'_> {
    type Target = [f32];

    #[inline]
    fn deref(&self) -> &[f32] {
        match &*self.guard {
            Storage::Cpu(CpuStorage::F32(data)) => &data[self.start..self.end],
            _ => &[],
        }
    }
}

pub fn is_cpu_f32(tensor: &Tensor) -> bool {
    tensor.dtype() == DType::F32 && matches!(tensor.device(), Device::Cpu) && tensor.is_contiguous()
}

/// Fails on other types, other devices and tensors that are not contiguous.
pub fn f32s(tensor: &Tensor) -> Result<F32s<'_>> {
    let (guard, layout) = tensor.storage_and_layout();
    match (&*guard, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(_)), Some((start, end))) => Ok(F32s { guard, start, end }),
        _ => Err(candle_core::Error::Msg("a kernel met a tensor that is not contiguous f32 on the CPU".into()).into()),
    }
}

pub fn from_vec(data: Vec<f32>, dims: &[usize]) -> Result<Tensor> {
    Ok(Tensor::from_vec(data, dims, &Device::Cpu)?)
}

/// A single number of any type on any device, without the detour over a vector on CPU f32.
pub fn scalar(tensor: &Tensor) -> Result<f64> {
    if is_cpu_f32(tensor) {
        return Ok(f32s(tensor)?.first().copied().map_or(f64::NAN, f64::from));
    }
    Ok(f64s(tensor)?.first().copied().unwrap_or(f64::NAN))
}

/// All numbers of any type on any device.
pub fn f64s(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?)
}

struct Write<F>(RefCell<Option<F>>);

impl<F: FnOnce(&mut [f32])> InplaceOp1 for Write<F> {
    fn name(&self) -> &'static str {
        "write"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (Some((start, end)), Some(write)) = (layout.contiguous_offsets(), self.0.take()) else {
            return Err(candle_core::Error::Msg("a kernel must write to a contiguous tensor".into()));
        };
        match storage {
            CpuStorage::F32(data) => write(&mut data[start..end]),
            _ => return Err(candle_core::Error::Msg("a kernel must write to an f32 tensor".into())),
        }
        Ok(())
    }
}

/// Writes the numbers of a contiguous CPU f32 tensor in place. Clones and views of it see the change. The closure must
/// not read the same tensor through [`f32s`]: it is locked meanwhile.
pub fn write(tensor: &Tensor, write: impl FnOnce(&mut [f32])) -> Result<()> {
    Ok(tensor.inplace_op1(&Write(RefCell::new(Some(write))))?)
}

/// As [`write`], two tensors at once; they must not share memory.
pub fn write2(a: &Tensor, b: &Tensor, f: impl FnOnce(&mut [f32], &mut [f32])) -> Result<()> {
    let mut inner = Ok(());
    write(a, |a| inner = write(b, |b| f(a, b)))?;
    inner
}

/// As [`write`], three tensors at once; they must not share memory.
pub fn write3(a: &Tensor, b: &Tensor, c: &Tensor, f: impl FnOnce(&mut [f32], &mut [f32], &mut [f32])) -> Result<()> {
    let mut inner = Ok(());
    write(a, |a| inner = write2(b, c, |b, c| f(a, b, c)))?;
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_seen_by_reading_and_by_views() {
        let tensor = from_vec(vec![1.0, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        let view = tensor.reshape(4).unwrap();
        write(&tensor, |data| data[3] = 9.0).unwrap();
        assert_eq!(&*f32s(&view).unwrap(), &[1.0, 2.0, 3.0, 9.0]);
    }

    #[test]
    fn a_row_of_a_tensor_is_read_from_its_offset() {
        let tensor = from_vec(vec![1.0, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        assert_eq!(&*f32s(&tensor.narrow(0, 1, 1).unwrap()).unwrap(), &[3.0, 4.0]);
        assert!(f32s(&tensor.t().unwrap()).is_err());
        assert!(f32s(&tensor.to_dtype(DType::F64).unwrap()).is_err());
    }
}
