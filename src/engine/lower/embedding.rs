//! Embedding, and what tells positions apart: a learned table, or one of sines and cosines kept as a buffer.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Embedding, PositionalEncoding, Positions};

impl Lower for Embedding {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let weight = l.weight("weight", Initial::Normal { deviation: 1.0 })?;
        Ok(l.emit(ops::Embedding, &[x, weight]))
    }
}

impl Lower for PositionalEncoding {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let table = match self.encoding {
            Positions::Learned => l.weight("weight", Initial::Normal { deviation: 0.02 })?,
            Positions::Sinusoidal => l.weight("table", Initial::Sinusoids)?,
        };
        Ok(l.emit(ops::Offset, &[x, table]))
    }
}
