//! Runs made by hand, for the tests of the tab.

use std::sync::Arc;

use crate::gui::test_window::chain;
use crate::model::LayerKind;
use crate::model::Metric;
use crate::session::{State, Tab};
use crate::trace::{Curves, Pace, RunCard};

/// "Run n": n hundred steps, a learning rate of n hundredths, a best score of 0.n.
pub fn card(n: usize) -> RunCard {
    let mut project = chain(&["input", "dense", "loss"]).project().clone();
    project.training.learning_rate = n as f64 / 100.0;
    RunCard {
        id: format!("run-{n}"),
        name: format!("Run {n}"),
        steps: 100 * n as u64,
        epochs: 10.0 * n as f64,
        seconds: n as f64,
        began_secs: n as u64,
        project,
        train_loss: Some(1.0 / n as f64),
        validation_loss: Some(2.0 / n as f64),
        best_score: Some(n as f64 / 10.0),
        spark: (0..64).map(|i| 1.0 / (1 + i) as f32).collect(),
        ..RunCard::default()
    }
}

/// In the Compare tab, with so many runs that are kept.
pub fn state(runs: usize) -> State {
    let mut state = chain(&["input", "dense", "loss"]);
    *state.pose().tab = Tab::Compare;
    state.pose().runs.cards = (1..=runs).map(|n| Arc::new(card(n))).collect();
    state
}

/// Of so many steps, 10 to an epoch and a hundredth of a second each, falling to `1 / n` of what they began with.
pub fn curves(steps: u64, n: f32) -> Arc<Curves> {
    let mut curves = Curves { metric: Metric::Accuracy, ..Curves::default() };
    curves.pace.push(Pace::default());
    for step in 1..=steps {
        let left = (1.0 - step as f32 / steps as f32) * (1.0 - 1.0 / n) + 1.0 / n;
        curves.train_loss.push(step, left);
        if step % 10 == 0 {
            curves.validation_loss.push(step, left);
            curves.validation_metric.push(step, 1.0 - left);
        }
    }
    curves.pace.push(Pace { step: steps, epoch: steps as f64 / 10.0, seconds: steps as f64 / 100.0 });
    Arc::new(curves)
}

/// A layer of a run's network is changed.
pub fn with_units(card: &RunCard, units: i64) -> RunCard {
    let mut card = card.clone();
    let id = card.project.graph.find("Dense 1").map(|layer| layer.id);
    let edit = crate::model::Edit::SetParam {
        layer: id.expect("the layer"),
        key: "units".into(),
        value: crate::model::ParamValue::Int(units),
    };
    edit.apply(&mut card.project.graph).expect("an edit");
    card
}

/// What the palette calls a kind of layer.
pub fn kind(key: &str) -> LayerKind {
    LayerKind::from_key(key).expect("a kind of layer")
}
