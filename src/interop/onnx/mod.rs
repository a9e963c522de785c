//! ONNX: a network as a file that other programs run. Owns the messages, what each layer becomes, and what each
//! operator of a foreign file becomes here. Deliberately knows nothing of machines, and nothing of where files are
//! kept.

mod export;
mod import;
mod proto;

pub use export::{OPERATOR_SET, Refusal, write};
pub use import::{Unreadable, parse, read};
