//! Floor 3: the engine. Compiles a drawn graph to a [`Program`], and runs programs. The only module that names candle.
//!
//! It knows no epochs, files, windows or threads of its own: the trainer drives it.

mod backward;
mod build;
mod error;
mod init;
mod kernels;
mod op;
mod ops;
mod program;
mod random;

pub use error::EngineError;
pub use op::{Call, Op, StepContext, ValueShape};
pub use program::{Instruction, Mode, Phase, Program, Role, Value, ValueId};
mod stub;
pub use stub::*;
