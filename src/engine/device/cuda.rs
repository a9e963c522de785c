//! NVIDIA's cards: their names, their memory, and each opened once for the whole program. A build without the feature
//! `cuda` has none, and says how to get them.

#[cfg(feature = "cuda")]
pub use with_driver::{card_names, memory, open};
#[cfg(not(feature = "cuda"))]
pub use without::{card_names, memory, open};

#[cfg(not(feature = "cuda"))]
mod without {
    use crate::engine::device::MemoryInUse;

    const WHY: &str = "This program was built without CUDA. scripts/cuda/build builds one with it.";

    pub fn card_names() -> Result<Vec<String>, String> {
        Err(WHY.into())
    }

    pub fn open(_: usize) -> Result<candle_core::Device, String> {
        Err(WHY.into())
    }

    pub fn memory(_: usize) -> Option<MemoryInUse> {
        None
    }
}

#[cfg(feature = "cuda")]
mod with_driver {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, MutexGuard};

    use candle_core::Device;
    use candle_core::cuda_backend::cudarc::driver::sys::cudaError_enum as Code;
    use candle_core::cuda_backend::cudarc::driver::{CudaContext, DriverError, result};

    use crate::engine::device::MemoryInUse;

    /// Every machine of the program computes through the same handle, so that tensors can go from one to the other.
    static OPENED: Mutex<BTreeMap<usize, Device>> = Mutex::new(BTreeMap::new());

    fn opened() -> MutexGuard<'static, BTreeMap<usize, Device>> {
        OPENED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn card_names() -> Result<Vec<String>, String> {
        // Asks no more of a card than its name: that takes none of its memory.
        let count = CudaContext::device_count().map_err(sentence)?;
        if count == 0 {
            return Err(NO_CARD.into());
        }
        (0..count)
            .map(|n| result::device::get_name(result::device::get(n)?))
            .collect::<Result<_, _>>()
            .map_err(sentence)
    }

    pub fn open(number: usize) -> Result<Device, String> {
        let count = card_names()?.len();
        if number >= count {
            let cards = if count == 1 { "one card".to_owned() } else { format!("{count} cards") };
            return Err(format!("There is {cards}, numbered from 0."));
        }
        let mut opened = opened();
        if let Some(device) = opened.get(&number) {
            return Ok(device.clone());
        }
        let device = Device::new_cuda(number).map_err(|error| format!("The driver says: {error}."))?;
        opened.insert(number, device.clone());
        Ok(device)
    }

    /// Only of a card that is in use: asking another would take some of its memory.
    pub fn memory(number: usize) -> Option<MemoryInUse> {
        let device = opened().get(&number)?.as_cuda_device().ok()?.clone();
        let (free, total) = device.cuda_stream().context().mem_get_info().ok()?;
        Some(MemoryInUse { used: total.saturating_sub(free) as u64, total: total as u64 })
    }

    const NO_CARD: &str = "The driver found no NVIDIA card.";

    fn sentence(error: DriverError) -> String {
        match error.0 {
            Code::CUDA_ERROR_NO_DEVICE => NO_CARD.into(),
            Code::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH | Code::CUDA_ERROR_STUB_LIBRARY => {
                "The driver is too old for this program. Install a newer one (580 or later for CUDA 13.0).".into()
            }
            code => match error.error_string() {
                Ok(text) => format!("The driver says: {}.", text.to_string_lossy()),
                Err(_) => format!("The driver failed with {code:?}."),
            },
        }
    }
}
