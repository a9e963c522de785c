//! How many threads compute. Results do not depend on it; only speed does.
//!
//! candle's own matrix product asks /proc/cpuinfo for a thread count at every call; the kernels here do not go through
//! it.

use super::error::{EngineError, Result};

/// A named set of threads for the engine's kernels.
pub struct Threads {
    pool: rayon::ThreadPool,
}

impl Threads {
    /// 0 takes all that the machine has.
    pub fn new(count: usize) -> Result<Self> {
        let count = if count == 0 { Self::available() } else { count };
        rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("compute-{i}"))
            .build()
            .map(|pool| Self { pool })
            .map_err(|error| EngineError::Threads { count, why: error.to_string() })
    }

    /// Processor cores that can be used.
    pub fn available() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// Threads in use.
    pub fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Everything that `work` computes uses these threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}
