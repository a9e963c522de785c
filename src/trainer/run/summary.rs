//! The sparse summary of all layers: what a step left in the machine is looked at, nothing is computed again.

use std::sync::Arc;

use super::Run;
use crate::model::LayerKind;
use crate::trace::{LayerHealth, LayerSummary, Summary, summary_is_due};
use crate::trainer::inspect::layers;

/// What is to be looked at, and what was seen.
#[derive(Default)]
pub(super) struct Looking {
    /// Somebody wishes to know how far updates move the weights.
    at_updates: bool,
    /// The step in progress is to be summarised.
    is_due: bool,
    seen: Option<Arc<Summary>>,
}

impl Run {
    /// Whether the machine measures how far updates move the weights, which takes a copy of them in every step.
    pub(in crate::trainer) fn watch_updates(&mut self, on: bool) {
        self.looking.at_updates = on;
        self.machine.watch_updates(on || self.looking.is_due);
    }

    /// The summary of the last complete step, once, where one was due.
    pub fn take_summary(&mut self) -> Option<Arc<Summary>> {
        self.looking.seen.take()
    }

    /// Before a step begins.
    pub(super) fn look_ahead(&mut self) {
        let is_due = summary_is_due(self.machine.step() + 1, || self.machine.parameter_count());
        self.looking.is_due = is_due;
        self.machine.watch_updates(is_due || self.looking.at_updates);
    }

    /// After a step.
    pub(super) fn look_back(&mut self) {
        self.looking.seen = self.looking.is_due.then(|| Arc::new(self.summary()));
    }

    fn summary(&self) -> Summary {
        let graph = &*self.project.graph.unfolded();
        let layers = graph.topological_order().into_iter().filter_map(|id| graph.layer(id));
        let own = layers.filter(|layer| !matches!(layer.kind, LayerKind::Loss(_) | LayerKind::Input(_)));
        let summaries = own.filter_map(|layer| Some(short(&layers::health(&self.machine, layer)?)));
        let mut layers: Vec<_> = summaries.collect();
        layers.sort_by_key(|summary| summary.layer);
        Summary { step: self.machine.step(), layers }
    }
}

fn short(health: &LayerHealth) -> LayerSummary {
    let seen = (health.activations.count > 0).then_some(health.activations);
    let of = |number: Option<f32>| number.unwrap_or(f32::NAN);
    LayerSummary {
        layer: health.layer,
        mean: of(seen.map(|s| s.mean)),
        deviation: of(seen.map(|s| s.std)),
        zeros: of(seen.map(|s| s.zeros)),
        dead: of(health.dead.map(|(dead, units)| dead as f32 / units.max(1) as f32)),
        saturated: of(health.saturated),
        gradient: of(health.gradient),
        update: of(health.update),
    }
}
