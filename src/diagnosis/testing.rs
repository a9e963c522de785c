//! Networks with a fault, small data and made-up records for the tests of rules.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Case, DataFacts, Records, Remedy};
pub use crate::data::test_data::dataset;
use crate::data::{Dataset, NoProgress, Samples, Truth};
use crate::model::layer::{Activation, Dense, Loss};
use crate::model::{Edit, Graph, LayerKind, Project, TrainingSpec, templates};
use crate::trace::{LayerSummary, Summary};

/// Two inputs, x within ±1 and y within ±1.5 before they are scaled and shifted, and two classes.
pub fn points(scale: f32, shift: f32) -> Dataset {
    let spread = |i: usize, by: usize| (i * by % 200) as f32 / 100.0 - 1.0;
    let rows = (0..200).flat_map(|i| [spread(i, 37), 1.5 * spread(i, 83)]);
    let inputs: Vec<f32> = rows.map(|number| number * scale + shift).collect();
    dataset(2, inputs, (0..200).map(|i| (i % 2) as f32).collect(), 2)
}

/// As [`points`], with a number to learn instead of classes.
pub fn numbers(target: impl Fn(usize) -> f32) -> Dataset {
    let whole = points(1.0, 0.0).train.whole().map(|all| all.inputs.into_owned()).unwrap_or_default();
    let part = Samples::in_memory(&[2], whole, (0..200).map(target).collect::<Vec<_>>());
    let truth = Truth::numbers(vec!["price".into()], &[0.0], &[1.0]);
    Dataset { truth, validation: part.clone(), train: part, ..points(1.0, 0.0) }
}

pub fn dense(units: usize) -> LayerKind {
    Dense { units, ..Dense::default() }.into()
}

pub fn activated(units: usize, activation: Activation) -> LayerKind {
    Dense { units, activation, ..Dense::default() }.into()
}

/// A project whose network is a chain, with its data.
pub struct Planted {
    pub project: Project,
    pub facts: DataFacts,
    dataset: Arc<Dataset>,
}

impl Planted {
    pub fn new(layers: Vec<LayerKind>, dataset: Dataset) -> Self {
        Self::with_loss(layers, Loss::default(), dataset)
    }

    pub fn with_loss(layers: Vec<LayerKind>, loss: Loss, dataset: Dataset) -> Self {
        let mut graph = templates::chain(layers);
        let layer = graph.main_loss().expect("a chain ends in a Loss").0.id;
        Edit::Replace { layer, kind: loss.into() }.apply(&mut graph).expect("a Loss for a Loss");
        Self::of(Project { graph, ..Project::default() }, dataset)
    }

    fn of(project: Project, dataset: Dataset) -> Self {
        let facts = DataFacts::of(&dataset, &NoProgress).expect("in memory");
        Self { project, facts, dataset: Arc::new(dataset) }
    }

    /// With other settings of training.
    pub fn trained(mut self, change: impl FnOnce(&mut TrainingSpec)) -> Self {
        change(&mut self.project.training);
        self
    }

    pub fn case(&self) -> Case<'_> {
        Case::new(&self.project, &self.facts)
    }

    pub fn graph(&self) -> Cow<'_, Graph> {
        self.project.graph.unfolded()
    }

    /// With a remedy applied.
    pub fn with(&self, remedy: &Remedy) -> Self {
        Self::of(remedy.apply(&self.project).expect("a remedy that can be made"), (*self.dataset).clone())
    }
}

/// Records of a run with these losses of its batches.
pub fn losses(losses: &[f32]) -> Records {
    let mut records =
        Records { steps: losses.len() as u64, steps_per_epoch: 10, batch: 32, is_fresh: true, ..Records::default() };
    losses.iter().enumerate().for_each(|(i, &loss)| records.curves.train_loss.push(i as u64 + 1, loss));
    records
}

/// Records of 64 steps in which the loss has fallen by a share, with healthy summaries but for what is changed.
pub fn summaries(
    planted: &Planted,
    names: &[&str],
    fell: f32,
    mut change: impl FnMut(usize, &mut LayerSummary),
) -> Records {
    let all: Vec<f32> = (0..64).map(|step| if step < 5 { 1.0 } else { 1.0 - fell }).collect();
    let mut records = losses(&all);
    for step in (0..7).map(|doubling| 1 << doubling) {
        let of = |(i, name): (usize, &&str)| {
            let id = planted.graph().find(name).expect("a layer of this name").id;
            let mut summary = LayerSummary::of(id, [0.0, 1.0, 0.0, f32::NAN, f32::NAN, 0.1, 1e-3]);
            change(i, &mut summary);
            summary
        };
        let layers = names.iter().enumerate().map(of).collect();
        records.curves.summaries.push(Arc::new(Summary { step, layers }));
    }
    records
}
