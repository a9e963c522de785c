//! Rectifiers that are zero for the whole batch.
//!
//! SageMaker Debugger: more than half of the units are active for under 1 % of samples; AUTOTRAINER: at least 70 % of
//! gradients are zero. Here half of a layer's units, zero for every sample of the batch, in three summaries: a unit
//! that answers one sample in a hundred is alive.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::layer::Activation;
use crate::model::{Edit, Layer, LayerKind, ParamValue};

/// Share of a layer's units.
const LIMIT: f64 = 0.5;
/// From here on the layer passes nothing worth having.
const SERIOUS: f64 = 0.9;
/// While the loss has fallen by more, half of the units may be spared.
const FELL: f64 = 0.2;
/// Summaries that must agree.
const SUMMARIES: usize = 3;
/// In fewer samples a unit that is alive may be silent.
const LEAST_BATCH: usize = 16;

pub static RULE: Rule = Rule {
    id: "dead-relu",
    title: "Dead ReLU units",
    when: When::Training { within: 64 },
    fires: "In the last 3 summaries at least half of a rectifier's units are zero for every sample of a batch of at least \
        16, and the loss has fallen by less than 20 %; serious from 90 %, whatever the loss.",
    why: "Half is the published share. That a unit is zero for a whole batch, three times, tells units that are dead from \
        those that answer seldom.",
    source: "SageMaker Debugger, DeadRelu (half of the units active for under 1 %); AUTOTRAINER (70 % of gradients zero)",
    follows: &["inputs-unscaled", "target-out-of-range", "steps-too-large", "diverging"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.batch >= LEAST_BATCH) else { return Vec::new() };
    let of_layer = |layer: &&Layer| {
        let lately = records.lately(layer.id, SUMMARIES);
        let dead: Vec<f64> = lately.iter().map(|(_, summary)| f64::from(summary.dead)).collect();
        // NaN of layers that are no rectifiers.
        let least = dead.iter().copied().fold(f64::INFINITY, f64::min);
        let is_dead = !dead.is_empty() && dead.iter().all(|dead| *dead >= LIMIT);
        let learns = least < SERIOUS && records.loss_fell_by().is_some_and(|fell| fell > FELL);
        (is_dead && !learns).then(|| finding(case, layer, (lately[SUMMARIES - 1].0, least)))
    };
    case.network.layers().iter().filter_map(of_layer).collect()
}

fn finding(case: &Case, layer: &Layer, (step, share): (u64, f64)) -> Finding {
    let severity = if share >= SERIOUS { Severity::Serious } else { Severity::Warning };
    let words = format!(
        "Most units of {} are 0 for the whole batch. A ReLU unit whose sum is negative for all samples passes nothing on and \
         gets no gradient, so it never comes back.",
        case.network.name(layer.id)
    );
    let finding = Finding::new(&RULE, severity, Place::Layer(layer.id), words).seen(step, Confidence::Measured).beyond(
        "share of units that are 0 for the whole batch",
        share,
        LIMIT,
    );
    [leaky(layer), Some(super::slower(case.training))].into_iter().flatten().fold(finding, Finding::remedy)
}

/// A rectifier that lets a little through.
fn leaky(layer: &Layer) -> Option<Remedy> {
    let (id, label) = (layer.id.drawn(), format!("Use Leaky ReLU in {}", layer.name));
    let edit = match (&layer.kind, layer.kind.chosen_activation()) {
        (_, Some(Activation::Relu | Activation::CappedRelu | Activation::ThresholdedRelu)) => {
            let value = ParamValue::Text(Activation::LeakyRelu.key().into());
            Edit::SetParam { layer: id, key: "activation".into(), value }
        }
        (LayerKind::Relu(_) | LayerKind::CappedRelu(_) | LayerKind::ThresholdedRelu(_), _) => {
            Edit::Replace { layer: id, kind: crate::model::layer::LeakyRelu::default().into() }
        }
        _ => return None,
    };
    Some(Remedy::edits(label, vec![edit]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, activated, dense, points, summaries};

    fn planted(dead: f32, batch: usize) -> Vec<Finding> {
        let planted = Planted::new(vec![activated(8, Activation::Relu), dense(2)], points(1.0, 0.0));
        let records = summaries(&planted, &["Dense 1", "Dense 2"], 0.0, |layer, of| {
            of.dead = if layer == 0 { dead } else { f32::NAN };
        });
        judge(&planted.case().after(&Records { batch, ..records }))
    }

    #[test]
    fn the_layer_whose_units_are_silent_is_named_and_healthy_ones_are_not() {
        let found = planted(0.95, 32);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Serious));
        assert!(found[0].words.contains("Dense 1"), "{}", found[0].words);
        assert_eq!(found[0].remedies[0].label, "Use Leaky ReLU in Dense 1");
        assert_eq!(planted(0.6, 32)[0].severity, Severity::Warning);
        assert!(planted(0.4, 32).is_empty() && planted(0.95, 8).is_empty());
    }
}
