//! How many threads compute. Results do not depend on it; only speed does.
//!
//! candle's own matrix product asks /proc/cpuinfo for a thread count at every call; the kernels here do not go through it.

use super::error::{EngineError, Result};

/// Decides once, for the whole process, how many threads compute; `None` takes all. Returns how many there are: a later call
/// changes nothing.
pub fn set(count: Option<usize>) -> usize {
    let count = count.filter(|&count| count > 0).unwrap_or_else(Threads::available);
    // Fails only when they were started before, and then they stay.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(|i| format!("compute-{i}")).build_global();
    rayon::current_num_threads()
}

/// A set of threads of one's own for the engine's kernels, beside the process's.
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

    pub fn available() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    pub fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Everything that `work` computes uses these threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}
