//! A network that is another one when it is asked than while it is trained: batch norm whose running statistics lag,
//! dropout that takes too much.
//!
//! Batch norm's answers come from running statistics; they are only as good as those
//! are close to the batches'.

use crate::diagnosis::{Case, Confidence, Finding, Place, Records, Remedy, Rule, Severity, When};
use crate::model::layer::{BatchNorm, Dropout};
use crate::model::{Edit, Layer, LayerKind, ParamValue};
use crate::trace::{BatchReading, Instrument};

/// Loss as asked, in the loss as trained; and the other way round for dropout.
const LIMIT: f64 = 2.0;
/// Their difference, as a share of the first losses.
const APART: f64 = 0.25;
/// Steps before anything is said.
const LEAST: u64 = 50;
/// UMLAUT's limit on the rate.
const RATE: f64 = 0.5;
/// Of PyTorch.
const MOMENTUM: f64 = 0.1;

pub static NORM: Rule = Rule {
    id: "norm-lags",
    title: "Batch norm's statistics lag behind",
    when: When::Training { within: 100 },
    fires: "In a network with batch norm and without dropout or noise, after at least 50 steps, the loss over the same \
        training samples is more than twice as high when asked (with running statistics) as when trained (with those of the \
        batch), by at least a quarter of the first losses.",
    why: "No limit is published. A healthy batch norm answers much alike either way; twice the loss, by a quarter of what there \
        was to lose, isn't chance.",
    source: "Ioffe and Szegedy (2015), section 3.1 (statistics of the population when asked)",
    follows: &["batch-of-one", "dropout-before-norm", "diverging", "steps-too-large"],
    asks: &[Instrument::Batches],
    judge: judge_norm,
};

pub static DROPOUT: Rule = Rule {
    id: "dropout-too-strong",
    title: "Dropout takes too much",
    when: When::Training { within: 100 },
    fires: "In a network with a dropout of more than 0.5, after at least 50 steps, the loss over the same training samples is \
        more than twice as high with dropout as without, by at least a quarter of the first losses.",
    why: "The published rate alone fires on wide layers that can spare 60 %. The loss with and without tells whether this one \
        can.",
    source: "UMLAUT (dropout above 0.5); Srivastava et al., Dropout (2014): 0.5 for hidden units",
    follows: &["dropout-at-end"],
    asks: &[Instrument::Batches],
    judge: judge_dropout,
};

fn judge_norm(case: &Case) -> Vec<Finding> {
    let layers = case.network.layers();
    let norms: Vec<&&Layer> = layers.iter().filter(|layer| matches!(layer.kind, LayerKind::BatchNorm(_))).collect();
    let is_noisy = layers.iter().any(|layer| matches!(layer.kind, LayerKind::Dropout(_) | LayerKind::GaussianNoise(_)));
    let Some((first, (records, reading))) = norms.first().zip(readings(case)).filter(|_| !is_noisy) else {
        return Vec::new();
    };
    if !is_apart(records, reading.asked, reading.trained) {
        return Vec::new();
    }
    let words = format!(
        "When asked, the network answers much worse than while it is trained. {} then uses the mean and variance that it has \
         kept on the way, and they are far from those of the batches.",
        case.network.name(first.id)
    );
    let slow = |layer: &&&&Layer| matches!(&layer.kind, LayerKind::BatchNorm(BatchNorm { momentum, .. }) if *momentum < MOMENTUM);
    let set = |layer: &&&Layer| Edit::SetParam {
        layer: layer.id.drawn(),
        key: "momentum".into(),
        value: ParamValue::Float(MOMENTUM),
    };
    let edits: Vec<Edit> = norms.iter().filter(slow).map(set).collect();
    let finding = finding(&NORM, first, records, words)
        .beyond("loss when asked, in the loss when trained", reading.asked / reading.trained, LIMIT)
        .with("loss when asked", reading.asked)
        .with("loss when trained", reading.trained);
    let quicker = (!edits.is_empty()).then(|| Remedy::edits("Set the momentum of batch norm to 0.1", edits));
    let all = quicker.into_iter().chain([Remedy::by_hand("Use larger batches, or layer norm")]);
    vec![all.fold(finding, Finding::remedy)]
}

fn judge_dropout(case: &Case) -> Vec<Finding> {
    let layers = case.network.layers();
    let rate = |layer: &Layer| match &layer.kind {
        LayerKind::Dropout(Dropout { rate, .. }) => *rate,
        _ => 0.0,
    };
    let strongest =
        layers.iter().copied().max_by(|a, b| rate(a).total_cmp(&rate(b))).filter(|layer| rate(layer) > RATE);
    let Some((layer, (records, reading))) = strongest.zip(readings(case)) else { return Vec::new() };
    if !is_apart(records, reading.trained, reading.asked) {
        return Vec::new();
    }
    let words = format!(
        "{} sets {} % of its numbers to 0 in every step. That is so much that the rest can't make up for it: with dropout the \
         network is far worse than without.",
        case.network.name(layer.id),
        (rate(layer) * 100.0).round()
    );
    let edit = Edit::SetParam { layer: layer.id.drawn(), key: "rate".into(), value: ParamValue::Float(0.2) };
    let finding = finding(&DROPOUT, layer, records, words)
        .beyond("loss with dropout, in the loss without", reading.trained / reading.asked, LIMIT)
        .beyond("rate", rate(layer), RATE)
        .remedy(Remedy::edits(format!("Set the rate of {} to 0.2", layer.name), vec![edit]));
    vec![finding]
}

fn readings<'a>(case: &Case<'a>) -> Option<(&'a Records, BatchReading)> {
    let records = case.records.filter(|records| records.steps >= LEAST)?;
    Some((records, records.readings.batches?))
}

fn is_apart(records: &Records, higher: f64, lower: f64) -> bool {
    let early = records.early_loss().unwrap_or(f64::INFINITY);
    higher.is_finite() && higher > LIMIT * lower && higher - lower > APART * early
}

fn finding(rule: &'static Rule, layer: &Layer, records: &Records, words: String) -> Finding {
    Finding::new(rule, Severity::Warning, Place::Layer(layer.id), words).seen(records.steps, Confidence::Measured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, losses, points};
    use crate::model::layer::Activation;
    use crate::trace::Readings;

    fn planted(between: LayerKind, trained: f64, asked: f64) -> [Vec<Finding>; 2] {
        let planted = Planted::new(vec![activated(8, Activation::Relu), between, dense(2)], points(1.0, 0.0));
        let batches = Some(BatchReading { batches: 4, size: 32, trained, asked, ..BatchReading::default() });
        let records = Records { readings: Readings { batches, ..Readings::default() }, ..losses(&[0.7; 60]) };
        let case = planted.case().after(&records);
        [judge_norm(&case), judge_dropout(&case)]
    }

    fn count(found: &[Vec<Finding>; 2]) -> [usize; 2] {
        [found[0].len(), found[1].len()]
    }

    #[test]
    fn a_network_that_is_another_one_when_asked_is_told_by_its_layer() {
        let slow = || LayerKind::from(BatchNorm { momentum: 0.001, ..BatchNorm::default() });
        let drop = |rate| LayerKind::from(Dropout { rate, ..Dropout::default() });
        let found = planted(slow(), 0.2, 0.9);
        assert_eq!(count(&found), [1, 0]);
        assert_eq!(found[0][0].remedies[0].label, "Set the momentum of batch norm to 0.1");
        assert_eq!(count(&planted(slow(), 0.2, 0.3)), [0, 0]);
        assert_eq!(count(&planted(drop(0.9), 0.6, 0.1)), [0, 1]);
        assert_eq!(count(&planted(drop(0.5), 0.6, 0.1)), [0, 0], "the usual rate");
        assert_eq!(count(&planted(drop(0.9), 0.02, 0.001)), [0, 0], "nothing is lost");
    }
}
