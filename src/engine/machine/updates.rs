//! How far an update moves the weights: measured only while somebody looks, since it takes a copy of them in every
//! step.

use std::collections::BTreeMap;

use super::{Machine, tensor_data};
use crate::engine::error::Result;
use crate::engine::program::{Phase, Role, ValueId};

/// What the last update did to one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateSize {
    /// Euclidean norm of the change.
    pub change: f64,
    /// Of the parameter before it.
    pub weight: f64,
}

#[derive(Default)]
pub(super) struct UpdateWatch {
    on: bool,
    /// Parameters as they were before the update that is under way.
    before: Vec<(ValueId, Vec<f32>)>,
    found: BTreeMap<ValueId, UpdateSize>,
}

impl UpdateWatch {
    /// What was found belongs to another history.
    pub fn forget(&mut self) {
        self.before.clear();
        self.found.clear();
    }
}

impl Machine {
    /// Whether updates are measured from now on.
    pub fn watch_updates(&mut self, on: bool) {
        if self.update_watch.on != on {
            self.update_watch = UpdateWatch { on, ..UpdateWatch::default() };
        }
    }

    /// What the last complete step did to each parameter that it trained; empty when nobody was watching.
    pub fn updates(&self) -> &BTreeMap<ValueId, UpdateSize> {
        &self.update_watch.found
    }

    /// Before an instruction runs.
    pub(super) fn before_update(&mut self, instruction: usize) -> Result<()> {
        let is_update = self.program.instructions.get(instruction).is_some_and(|i| i.phase == Phase::Update);
        if !self.update_watch.on || !is_update || !self.update_watch.before.is_empty() {
            return Ok(());
        }
        let trained = self.program.gradients.keys().copied();
        let parameters = trained.filter(|id| self.program.values[id.index()].role == Role::Parameter);
        let copy = |id| Ok((id, tensor_data::to_f32(self.tensor(id)?)?));
        self.update_watch.before = parameters.map(copy).collect::<Result<_>>()?;
        Ok(())
    }

    /// After the last instruction of a step.
    pub(super) fn after_update(&mut self) -> Result<()> {
        for (id, before) in std::mem::take(&mut self.update_watch.before) {
            let now = tensor_data::to_f32(self.tensor(id)?)?;
            let (mut change, mut weight) = (0.0, 0.0);
            for (&now, &before) in now.iter().zip(&before) {
                let (now, before) = (f64::from(now), f64::from(before));
                change += (now - before) * (now - before);
                weight += before * before;
            }
            self.update_watch.found.insert(id, UpdateSize { change: change.sqrt(), weight: weight.sqrt() });
        }
        Ok(())
    }
}
