//! Floor 3: the engine. Compiles a drawn graph to a [`Program`], and runs programs on a [`Machine`]. The only module
//! that names candle.
//!
//! It knows no epochs, files, windows or threads of its own: the trainer drives it.

mod backward;
mod build;
pub mod class_scores;
mod compile;
mod device;
mod error;
mod explain;
mod init;
mod kernels;
mod lower;
mod machine;
mod memory;
pub mod metrics;
mod op;
mod ops;
mod optimiser;
pub mod peak;
mod processor;
mod program;
mod random;
pub mod ranking;
pub mod sketch;
pub mod threads;

pub use compile::{STAGED_INPUT, compile};
pub use device::{Device, DeviceChoice, MemoryInUse, Precision};
pub use error::EngineError;
pub use explain::{Operand, Reader};
pub use init::Initial;
pub use kernels::memory::keep_freed_memory;
pub use machine::{
    Evaluated, FirstNotFinite, Kept, Machine, MeanLosses, Numbers, Override, Rehearsal, SavedTensor, Snapshot,
    StepReport, TensorData, UpdateSize,
};
pub use memory::{Memory, size};
pub use op::{Ends, Op, StepContext, ValueShape};
pub use processor::processor;
pub use program::{Instruction, Mode, Phase, Program, Role, Value, ValueId};
pub use threads::Threads;
