//! Loss: targets put into the form that the loss compares with, the loss itself, and the penalties on top.

use super::{Mixed, Side};
use crate::engine::build::ProgramBuilder;
use crate::engine::op::Op;
use crate::engine::ops::formula::ScaleShift;
use crate::engine::ops::{
    Absolute, Add, Apply, BinaryCrossEntropy, Column, CrossEntropy, Focal, Hinge, Huber, KlDivergence, Mean, OneHot,
    Signs, Squared, Summed, Weighted, WeightedCrossEntropy,
};
use crate::engine::program::{Phase, Role, ValueId};
use crate::model::layer::{Loss, LossKind};
use crate::model::{Compared, Layer, LayerId, Task};

/// The values that the loss phase ends in, both scalars.
pub struct LossValues {
    /// With penalties.
    pub total: ValueId,
    /// Without penalties: what curves show.
    pub data: ValueId,
    /// Of each Loss, before its weight.
    pub each: Vec<(LayerId, ValueId)>,
}

/// A Loss and what it compares: what the network answers with the truth.
#[derive(Clone, Copy)]
pub struct Ending<'a> {
    pub layer: &'a Layer,
    pub loss: &'a Loss,
    pub answer: ValueId,
    pub truth: ValueId,
    /// What the truth is.
    pub task: Task,
    /// What each sample counts for.
    pub weights: Option<ValueId>,
    /// Where samples are mixed.
    pub mixed: Option<Mixed>,
}

/// Appends the loss phase. A single Loss is the loss of the data by itself; of several, or of one with a weight, each
/// has a name of its own, `loss_2.mse`, and their weighted sum is.
pub fn lower_losses(program: &mut ProgramBuilder, endings: &[Ending], side: &mut Side) -> LossValues {
    let penalties = std::mem::take(&mut side.penalties);
    let name = if penalties.is_empty() { "loss" } else { "data_loss" };
    let (data, each, owner) = match endings {
        [only] if only.loss.weight == 1.0 => {
            let data = lower_one(program, only, name, None);
            (data, vec![(only.layer.id, data)], Some(only.layer.id))
        }
        _ => {
            let mut each = Vec::new();
            for ending in endings {
                let slug = ending.layer.slug();
                let own = format!("{slug}.{}", ending.task.loss(ending.loss.loss).key());
                each.push((ending.layer.id, lower_one(program, ending, &own, Some(&slug))));
            }
            (weighted_sum(program, name, endings, &each), each, None)
        }
    };
    if penalties.is_empty() {
        return LossValues { total: data, data, each };
    }
    let mut parts = vec![data];
    for (weights, penalty) in penalties {
        let name = format!("{}.{}", program.name(weights), penalty.name());
        let owner = program.values[weights.index()].layer;
        parts.push(program.emit_named(&name, Phase::Loss, Role::Loss, owner, penalty, &[weights])[0]);
    }
    let total = program.emit_named("loss", Phase::Loss, Role::Loss, owner, Add, &parts)[0];
    LossValues { total, data, each }
}

/// The sum of what the Losses say, each times its weight.
fn weighted_sum(program: &mut ProgramBuilder, name: &str, endings: &[Ending], each: &[(LayerId, ValueId)]) -> ValueId {
    let is_one = endings.len() == 1;
    let mut parts = Vec::new();
    for (ending, &(layer, value)) in endings.iter().zip(each) {
        let scale = ending.loss.weight;
        let weighted = if is_one { name.to_owned() } else { format!("{}.weighted", ending.layer.slug()) };
        let scaled = Apply(ScaleShift { scale, shift: 0.0 });
        parts.push(if scale == 1.0 { value } else { emit(program, &weighted, layer, scaled, &[value]) });
    }
    match parts[..] {
        [only] => only,
        _ => program.emit_named(name, Phase::Loss, Role::Loss, None, Add, &parts)[0],
    }
}

/// What a Loss says. `prefix`: of the names of what is made of its truth, where another Loss may make the same.
///
/// Of mixed samples it is the sum of two, `loss.own` and `loss.partner`: against the target of either part, each sample
/// weighted with its share. A truth from within the network was made of the mixture already.
fn lower_one(program: &mut ProgramBuilder, ending: &Ending, name: &str, prefix: Option<&str>) -> ValueId {
    let Some(mixed) = ending.mixed else { return lower_plain(program, ending, name, prefix) };
    let layer = ending.layer.id;
    let [own, rest] = mixed.weights;
    if ending.truth != mixed.target {
        let both = |_| emit(program, &format!("{name}.weights"), layer, Add, &[own, rest]);
        let weights = ending.weights.map(both);
        return lower_plain(program, &Ending { weights, ..*ending }, name, prefix);
    }
    let of_own = Ending { weights: Some(own), ..*ending };
    let of_partner = Ending { weights: Some(rest), truth: mixed.partner, ..*ending };
    let prefix_of_partner = prefix.map(|prefix| format!("{prefix}.partner"));
    let parts = [
        lower_plain(program, &of_own, &format!("{name}.own"), prefix),
        lower_plain(program, &of_partner, &format!("{name}.partner"), prefix_of_partner.as_deref()),
    ];
    emit(program, name, layer, Add, &parts)
}

fn lower_plain(program: &mut ProgramBuilder, ending: &Ending, name: &str, prefix: Option<&str>) -> ValueId {
    let (loss, layer, task) = (ending.loss, ending.layer.id, ending.task);
    if let (LossKind::Detection, Task::Boxes { classes, .. }) = (task.loss(loss.loss), task) {
        return super::detection::lower(program, ending, classes, name);
    }
    let truth = comparable(program, ending, prefix);
    let mut to = Weighing { program, name, layer, inputs: vec![ending.answer, truth], weights: ending.weights };
    match task.loss(loss.loss) {
        LossKind::Auto | LossKind::CrossEntropy => match shaping(loss, task) {
            Some(weights) => to.emit(WeightedCrossEntropy { weights, smoothing: loss.smoothing() }),
            None => to.emit(CrossEntropy),
        },
        LossKind::Focal => to.emit(Focal { gamma: loss.gamma, weights: weights(loss, task) }),
        LossKind::KlDivergence => to.emit(KlDivergence),
        LossKind::BinaryCrossEntropy => to.emit(Mean(BinaryCrossEntropy)),
        LossKind::Hinge => to.emit(Mean(Hinge)),
        LossKind::Mse => to.emit(Mean(Squared)),
        LossKind::Mae => to.emit(Mean(Absolute)),
        // Refused by the shape rule.
        LossKind::Detection => to.emit(Mean(Squared)),
        LossKind::Huber => to.emit(Mean(Huber)),
    }
}

/// Writes a loss, with weights where samples have them.
struct Weighing<'a> {
    program: &'a mut ProgramBuilder,
    name: &'a str,
    layer: LayerId,
    /// Answer and truth.
    inputs: Vec<ValueId>,
    weights: Option<ValueId>,
}

impl Weighing<'_> {
    fn emit(&mut self, op: impl Summed) -> ValueId {
        match self.weights {
            None => emit(self.program, self.name, self.layer, op, &self.inputs),
            Some(weights) => {
                self.inputs.push(weights);
                emit(self.program, self.name, self.layer, Weighted(op), &self.inputs)
            }
        }
    }
}

fn emit(
    program: &mut ProgramBuilder,
    name: &str,
    layer: LayerId,
    op: impl Op + 'static,
    inputs: &[ValueId],
) -> ValueId {
    program.emit_named(name, Phase::Loss, Role::Loss, Some(layer), op, inputs)[0]
}

/// A weight a class: those that are given, else 1.
fn weights(loss: &Loss, task: Task) -> Vec<f64> {
    let classes = task.width();
    loss.weights_of_classes(classes).ok().flatten().unwrap_or_else(|| vec![1.0; classes])
}

/// Class weights where cross-entropy is not the plain one.
fn shaping(loss: &Loss, task: Task) -> Option<Vec<f64>> {
    let weights = weights(loss, task);
    (loss.smoothing() > 0.0 || weights.iter().any(|&weight| weight != 1.0)).then_some(weights)
}

/// The target as the loss compares it.
fn comparable(program: &mut ProgramBuilder, ending: &Ending, prefix: Option<&str>) -> ValueId {
    let (loss, target, task) = (ending.loss, ending.truth, ending.task);
    let classes = task.width();
    let is_single = program.shape(ending.answer).dims.last() == Some(&1);
    let base = prefix.unwrap_or_else(|| program.name(target)).to_owned();
    let mut to = Targets { program, layer: ending.layer.id, base };
    match task.compared(loss.loss, is_single) {
        Compared::AsStored => target,
        Compared::Column => to.emit("", Column, target),
        Compared::Signs => to.emit("", Signs, target),
        Compared::OneHot => to.emit("", OneHot { classes }, target),
        Compared::SignOfEach => {
            let one_hot = to.emit("", OneHot { classes }, target);
            to.emit(".sign_of_each", Apply(ScaleShift { scale: 2.0, shift: -1.0 }), one_hot)
        }
        Compared::Shares => {
            let (one_hot, smoothing) = (to.emit("", OneHot { classes }, target), loss.smoothing());
            if smoothing == 0.0 {
                return one_hot;
            }
            let smoothed = ScaleShift { scale: 1.0 - smoothing, shift: smoothing / classes.max(1) as f64 };
            to.emit(".smoothed", Apply(smoothed), one_hot)
        }
    }
}

/// Writes what is made of the targets: `%y.one_hot`, of one of several Losses `loss_2.one_hot`.
struct Targets<'a> {
    program: &'a mut ProgramBuilder,
    layer: LayerId,
    base: String,
}

impl Targets<'_> {
    fn emit(&mut self, suffix: &str, op: impl Op + 'static, input: ValueId) -> ValueId {
        let name = format!("{}{suffix}", self.base);
        self.program.emit_named(&name, Phase::Loss, Role::Target, Some(self.layer), op, &[input])[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Mode, compile};
    use crate::model::layer::{Dense, LayerKind};
    use crate::model::{DataSignature, Graph, Shape, TrainingSpec};

    fn listing(loss: Loss) -> String {
        listing_of(vec![loss])
    }

    /// Of a network with these Losses behind the same layer.
    fn listing_of(mut losses: Vec<Loss>) -> String {
        let loss = losses.remove(0);
        let mut graph = Graph::default();
        let mut last = None;
        let dense = Dense { units: 3, ..Dense::default() };
        for kind in [LayerKind::from(crate::model::layer::Input::default()), dense.into(), loss.into()] {
            let id = graph.add(kind, [0.0; 2]);
            if let Some(from) = last {
                graph.connect(from, id).unwrap();
            }
            last = Some(id);
        }
        let dense = graph.find("Dense 1").unwrap().id;
        for loss in losses {
            let id = graph.add(loss.into(), [0.0; 2]);
            graph.connect(dense, id).unwrap();
        }
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape::row(2), task: Task::Classes(3) };
        compile(&graph, &data, &TrainingSpec::default(), Mode::Train).unwrap().listing()
    }

    #[test]
    fn each_of_several_losses_has_its_name_and_their_weighted_sum_is_the_loss() {
        let mse = |weight| Loss { loss: LossKind::Mse, weight, ..Loss::default() };
        let text = listing_of(vec![Loss::default(), mse(0.5), mse(1.0)]);
        for line in [
            "loss.cross_entropy, loss.cross_entropy.softmax = cross_entropy %1, %y   (Loss)",
            "loss_2.one_hot = one_hot [3 classes] %y   (Loss 2)",
            "loss_2.mse = mse %1, loss_2.one_hot   (Loss 2)",
            "loss_3.mse = mse %1, loss_3.one_hot   (Loss 3)",
            "loss_2.weighted = scale_shift [scale 0.5, shift 0] loss_2.mse   (Loss 2)",
            "loss = add loss.cross_entropy, loss_2.weighted, loss_3.mse\n",
            "loss.grad = one",
            "loss_2.mse.grad = scale_shift'x [scale 0.5, shift 0] loss.grad",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        // One by itself is the loss, and has a name of its own only where it is weighted.
        assert_eq!(listing(mse(1.0)).matches("loss = mse %1, %y.one_hot   (Loss)").count(), 1);
        let half = listing(mse(0.5));
        assert!(half.contains("loss = scale_shift [scale 0.5, shift 0] loss.mse   (Loss)"), "{half}");
    }

    #[test]
    fn what_shapes_a_loss_takes_effect_where_it_can() {
        let of = |loss| Loss { loss, label_smoothing: 0.3, class_weights: "1, 2, 1".into(), ..Loss::default() };
        let shaped = listing(of(LossKind::CrossEntropy));
        assert!(shaped.contains("weighted_cross_entropy [weights 1, 2, 1, smoothing 0.3]"), "{shaped}");
        assert!(listing(of(LossKind::Focal)).contains("focal [gamma 2, weights 1, 2, 1]"));
        let smoothed = listing(of(LossKind::KlDivergence));
        assert!(smoothed.contains("%y.smoothed = scale_shift [scale 0.7, shift 0."), "{smoothed}");
        let hinge = listing(of(LossKind::Hinge));
        assert!(hinge.contains("hinge %1, %y.sign_of_each"), "{hinge}");
        // Plain cross-entropy stays the op that it is.
        let plain = listing(Loss { loss: LossKind::CrossEntropy, ..Loss::default() });
        for text in [listing(of(LossKind::Auto)), plain] {
            assert!(text.contains("= cross_entropy %1, %y"), "{text}");
        }
    }
}
