//! Input: the samples of the step, or some columns of them.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::Input;

impl Lower for Input {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let taken = self.taken(l);
        let is_arranged = l.shape(taken).dims == l.output_dims();
        Ok(if is_arranged { taken } else { l.emit(ops::Reshape { dims: l.output_dims().to_vec() }, &[taken]) })
    }
}

impl Input {
    fn taken(&self, l: &mut Lowering) -> ValueId {
        let data = l.data;
        // A name that is not there was refused before.
        let Some(places) = self.places(l.signature).ok().flatten() else { return data };
        if places.iter().copied().eq(0..l.shape(data).dims[0]) {
            return data;
        }
        let mut parts: Vec<(usize, usize)> = Vec::new();
        for place in places {
            match parts.last_mut() {
                Some((start, length)) if *start + *length == place => *length += 1,
                _ => parts.push((place, 1)),
            }
        }
        let cut = |(start, length)| ops::Slice { axis: 1, start, length, drop_axis: false };
        let parts: Vec<ValueId> = parts.into_iter().map(|part| l.emit(cut(part), &[data])).collect();
        if let [only] = parts[..] { only } else { l.emit(ops::Concat { axis: 1 }, &parts) }
    }
}
