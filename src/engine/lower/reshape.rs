//! Flatten and Reshape: other axes, same numbers. Nothing where the axes are already right.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Flatten, Reshape};

fn lower(l: &mut Lowering) -> ValueId {
    let (x, dims) = (l.input(0), l.output_dims().to_vec());
    if l.shape(x).dims == dims { x } else { l.emit(ops::Reshape { dims }, &[x]) }
}

impl Lower for Flatten {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(lower(l))
    }
}

impl Lower for Reshape {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        Ok(lower(l))
    }
}
