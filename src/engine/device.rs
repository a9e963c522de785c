//! Where tensors live, and how precise they are, in words that the floors above can use without naming the tensor library.

use std::fmt;

use candle_core::DType;

use super::error::{EngineError, Result};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Device {
    #[default]
    Cpu,
    /// By number. Needs a build with the `cuda` feature of the tensor library.
    Cuda(usize),
}

impl Device {
    /// A graphics card when this build can use one and there is one, else the CPU.
    pub fn best() -> Self {
        if candle_core::utils::cuda_is_available() && Self::Cuda(0).open().is_ok() { Self::Cuda(0) } else { Self::Cpu }
    }

    pub(super) fn open(&self) -> Result<candle_core::Device> {
        match self {
            Self::Cpu => Ok(candle_core::Device::Cpu),
            Self::Cuda(_) if !candle_core::utils::cuda_is_available() => {
                Err(EngineError::Device { device: self.to_string(), why: "this build has no CUDA.".into() })
            }
            Self::Cuda(n) => candle_core::Device::new_cuda(*n)
                .map_err(|error| EngineError::Device { device: self.to_string(), why: format!("{error}.") }),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    F32,
    /// For finite differences and other checks.
    F64,
}

impl Precision {
    pub(super) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
        }
    }
}
