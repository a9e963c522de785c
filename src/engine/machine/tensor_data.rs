//! Numbers on their way in and out of the machine.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use crate::engine::error::Result;

/// A copy of a tensor, for other threads and files.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorData {
    /// With the batch axis, where there is one.
    pub dims: Vec<usize>,
    /// Row-major.
    pub data: Arc<[f32]>,
}

pub(super) fn from_f32(numbers: &[f32], dims: &[usize], dtype: DType, device: &Device) -> Result<Tensor> {
    Ok(Tensor::from_vec(numbers.to_vec(), dims, device)?.to_dtype(dtype)?)
}

pub(super) fn from_f64(numbers: &[f64], dims: &[usize], dtype: DType, device: &Device) -> Result<Tensor> {
    if dtype == DType::F64 {
        return Ok(Tensor::from_vec(numbers.to_vec(), dims, device)?);
    }
    let rounded: Vec<f32> = numbers.iter().map(|&v| v as f32).collect();
    Ok(Tensor::from_vec(rounded, dims, device)?.to_dtype(dtype)?)
}

pub(super) fn to_f32(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?)
}

pub(super) fn to_f64(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?)
}
