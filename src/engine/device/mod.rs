//! Where tensors live, and how precise they are, in words that the floors above can use without naming the tensor
//! library: the processor, or one of the cards that [`Device::choices`] finds.

mod cuda;

use candle_core::DType;

use super::error::{EngineError, Result};
use crate::files::memory;
pub use crate::model::Device;

/// A device that a person may choose, or be told why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceChoice {
    /// The device.
    pub device: Device,
    /// "CPU", "NVIDIA H100 80GB HBM3".
    pub name: String,
    /// Otherwise a sentence that says why not.
    pub available: std::result::Result<(), String>,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryInUse {
    /// Bytes in use by all programs.
    pub used: u64,
    /// Bytes there are.
    pub total: u64,
}

impl Device {
    /// A graphics card when this build can use one and there is one, else the CPU.
    pub fn best() -> Self {
        if Self::Cuda(0).is_there().is_ok() { Self::Cuda(0) } else { Self::Cpu }
    }

    /// The processor first, then every card; where there is none, one entry says why.
    pub fn choices() -> Vec<DeviceChoice> {
        let mut choices = vec![DeviceChoice { device: Self::Cpu, name: "CPU".into(), available: Ok(()) }];
        match cuda::card_names() {
            Ok(names) => choices.extend(names.into_iter().enumerate().map(|(n, name)| DeviceChoice {
                device: Self::Cuda(n),
                name,
                available: Ok(()),
            })),
            Err(why) => {
                choices.push(DeviceChoice { device: Self::Cuda(0), name: "NVIDIA card".into(), available: Err(why) });
            }
        }
        choices
    }

    /// Whether it can be used; otherwise a sentence that says why not.
    pub fn is_there(&self) -> Result<()> {
        self.open().map(drop)
    }

    /// Of the processor what this program holds of the machine's memory, of a card what all programs hold of the
    /// card's. `None` where nobody tells.
    pub fn memory(&self) -> Option<MemoryInUse> {
        match self {
            Self::Cpu => memory::of_this_program().map(|(used, total)| MemoryInUse { used, total }),
            Self::Cuda(n) => cuda::memory(*n),
        }
    }

    /// Bytes that a network could take now.
    pub fn free_memory(&self) -> Option<u64> {
        match self {
            Self::Cpu => memory::available(),
            Self::Cuda(n) => cuda::memory(*n).map(|memory| memory.total.saturating_sub(memory.used)),
        }
    }

    pub(super) fn open(&self) -> Result<candle_core::Device> {
        match self {
            Self::Cpu => Ok(candle_core::Device::Cpu),
            Self::Cuda(n) => cuda::open(*n).map_err(|why| EngineError::Device { device: self.to_string(), why }),
        }
    }
}

/// Precision of the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Single precision: training.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_there_or_says_why_not() {
        let choices = Device::choices();
        assert_eq!((&choices[0].device, &choices[0].available), (&Device::Cpu, &Ok(())));
        assert!(choices.len() > 1, "cards are listed even where there is none");
        for choice in &choices {
            assert_eq!(choice.device.is_there().is_ok(), choice.available.is_ok(), "{choice:?}");
            if let Err(why) = &choice.available {
                assert!(why.ends_with('.') && why.len() > 20, "{why}");
            }
        }
        let of_cards = choices.iter().filter(|choice| choice.device != Device::Cpu);
        if !cfg!(feature = "cuda") {
            let why: Vec<_> = of_cards.filter_map(|choice| choice.available.clone().err()).collect();
            assert!(why.len() == 1 && why[0].contains("scripts/cuda/build"), "{why:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_processor_tells_its_memory() {
        let memory = Device::Cpu.memory().unwrap();
        assert!(memory.used > 1 << 20 && memory.used < memory.total, "{memory:?}");
        assert!(Device::Cpu.free_memory().unwrap() < memory.total);
    }
}
