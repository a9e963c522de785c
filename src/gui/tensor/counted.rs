//! What was counted of the tensor on the screen: once for each tensor, a piece in each frame where it is large.

use std::sync::Arc;

use egui::Context;

use crate::trace::{Findings, Survey};

/// Numbers counted in one frame: about 3 ms.
const PIECE: usize = 1 << 19;
/// Numbers behind the first impression of a large tensor.
const SAMPLE: usize = 1 << 14;

pub struct Counted {
    /// Kept alive, so that no other tensor gets its address.
    data: Arc<[f32]>,
    /// Another for every tensor.
    pub version: u64,
    state: Progress,
}

enum Progress {
    Counting { survey: Box<Survey>, impression: Arc<Findings> },
    Done(Arc<Findings>),
}

impl Counted {
    /// Of `data`: what is known already, or the counting begins. One more piece is counted.
    pub fn of<'a>(slot: &'a mut Option<Self>, data: &Arc<[f32]>, ctx: &Context) -> &'a mut Self {
        if slot.as_ref().is_some_and(|known| !Arc::ptr_eq(&known.data, data)) {
            *slot = None;
        }
        let counted = slot.get_or_insert_with(|| Self::begin(data, ctx));
        counted.advance(ctx);
        counted
    }

    fn begin(data: &Arc<[f32]>, ctx: &Context) -> Self {
        let every = data.len().div_ceil(SAMPLE).max(1);
        let some: Vec<f32> = data.iter().step_by(every).copied().collect();
        let impression = Arc::new(Findings::of(&some));
        // A count for all viewers of this window: addresses come again, numbers do not.
        let version = ctx.data_mut(|memory| {
            let next: &mut u64 = memory.get_temp_mut_or_default(egui::Id::unique("tensors counted"));
            *next += 1;
            *next
        });
        let state = if every == 1 {
            Progress::Done(impression)
        } else {
            Progress::Counting { survey: Box::default(), impression }
        };
        Self { data: data.clone(), version, state }
    }

    fn advance(&mut self, ctx: &Context) {
        let Progress::Counting { survey, .. } = &mut self.state else { return };
        if survey.advance(&self.data, PIECE) {
            let findings = std::mem::take(&mut **survey).finish();
            self.state = Progress::Done(Arc::new(findings));
        }
        ctx.request_repaint();
    }

    /// Everything, once it is counted; until then the share that is.
    pub fn findings(&self) -> Result<&Arc<Findings>, f32> {
        match &self.state {
            Progress::Done(findings) => Ok(findings),
            Progress::Counting { survey, .. } => Err(survey.fraction()),
        }
    }

    /// Of some of the numbers while the rest is being counted: enough for a range of colours.
    pub fn impression(&self) -> &Arc<Findings> {
        match &self.state {
            Progress::Done(findings) => findings,
            Progress::Counting { impression, .. } => impression,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_tensor_is_counted_in_pieces_and_each_only_once() {
        let ctx = Context::default();
        let data: Arc<[f32]> = (0..PIECE + 10).map(|i| i as f32).collect();
        let mut slot = None;
        let mut frames = 0;
        while Counted::of(&mut slot, &data, &ctx).findings().is_err() {
            frames += 1;
        }
        assert_eq!(frames, 3);
        let version = Counted::of(&mut slot, &data.clone(), &ctx).version;
        let found = Counted::of(&mut slot, &data, &ctx).findings().ok().cloned().unwrap();
        assert_eq!(found.statistics.count, PIECE + 10);
        let same_numbers: Arc<[f32]> = data.to_vec().into();
        let other = Counted::of(&mut slot, &same_numbers, &ctx);
        assert!(other.version > version && other.findings().is_err());
    }
}
