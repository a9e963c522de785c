//! How a network's outputs are read as an answer: what becomes of a row of them depends on the loss in force, because
//! that is what they are trained to mean.
//!
//! Everything that speaks of classes and how sure the network is (scores, pictures, the command line) asks here.

use super::Task;
use super::graph::{Graph, LayerId};
use super::layer::{Activation, LayerKind, LossKind};
use crate::expr::{Expr, Function, parse_elementwise};

/// How one row of outputs is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Logits that compete: their softmax are probabilities, together 1 (cross-entropy).
    Softmax,
    /// Logits that stand alone: the sigmoid of each is the probability of its class against all others (binary
    /// cross-entropy). A single one tells two classes apart and is the second's.
    Sigmoid,
    /// The network ends in Softmax or Sigmoid: the outputs are probabilities already. A single one is the second
    /// class's.
    Probabilities,
    /// Numbers trained towards 1 at the class and 0 elsewhere, or as a single one towards -1 and +1 (squared, absolute
    /// and Huber error). The nearer to 1, the more the network means the class; no probability.
    Scores,
    /// Numbers trained to be beyond +1 at the class and -1 elsewhere (hinge). The larger, the more the network means
    /// the class; no probability.
    Margins,
    /// Numbers, not classes: as they are.
    Numbers,
    /// Numbers of the cells of a grid, read as things in a picture: see `model::boxes`.
    Boxes,
}

/// What the last layers do to each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Softmax,
    Sigmoid,
    Other,
}

impl Answer {
    /// For what arrives at the main Loss; without one, as with the loss that fits the data.
    pub fn of(graph: &Graph, task: Task) -> Self {
        let graph = &*graph.unfolded();
        let loss = graph.main_loss().map(|(layer, loss)| (layer.id, loss.loss));
        let ends_in_shares = loss.is_some_and(|(id, _)| before(graph, id) != End::Other);
        task.answer(loss.map_or(LossKind::Auto, |(_, chosen)| chosen), ends_in_shares)
    }

    /// Whether [`Self::shares`] are probabilities.
    pub fn is_probability(self) -> bool {
        matches!(self, Self::Softmax | Self::Sigmoid | Self::Probabilities)
    }

    /// The class that a row of outputs names: the largest, the first of equals; a single output tells two classes
    /// apart.
    pub fn class(self, row: &[f32]) -> usize {
        if let [single] = row {
            let middle = if self == Self::Probabilities { 0.5 } else { 0.0 };
            return usize::from(*single > middle);
        }
        let mut best = 0;
        for (i, &value) in row.iter().enumerate() {
            if value > row[best] {
                best = i;
            }
        }
        best
    }

    /// One number a class from a row of outputs: 1 where the network is wholly sure of it, 0 where it is not at all.
    /// Scores may lie outside: an output may be larger than what it was trained towards. Of a single output two, for
    /// two classes.
    pub fn shares(self, row: &[f32]) -> Vec<f32> {
        if let [single] = row
            && !matches!(self, Self::Numbers | Self::Boxes)
        {
            let second = match self {
                Self::Softmax | Self::Sigmoid => sigmoid(*single),
                Self::Scores | Self::Margins => (single + 1.0) / 2.0,
                Self::Probabilities | Self::Numbers | Self::Boxes => *single,
            };
            return vec![1.0 - second, second];
        }
        match self {
            Self::Softmax => softmax(row),
            Self::Sigmoid => row.iter().map(|&logit| sigmoid(logit)).collect(),
            Self::Margins => row.iter().map(|&output| (output + 1.0) / 2.0).collect(),
            Self::Probabilities | Self::Scores | Self::Numbers | Self::Boxes => row.to_vec(),
        }
    }

    /// What orders rows by how much they mean a class, as [`Self::shares`] would, without what rounding to 32 bits
    /// makes equal.
    pub fn rank(self, row: &[f32], class: usize) -> f64 {
        match row {
            [single] => f64::from(if class == 1 { *single } else { -*single }),
            _ if self == Self::Softmax => softmax_at(row, class),
            _ => row.get(class).map_or(f64::NAN, |&own| f64::from(own)),
        }
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = largest(logits);
    let exps: Vec<f32> = logits.iter().map(|logit| (logit - max).exp()).collect();
    let sum: f32 = exps.iter().sum();
    exps.iter().map(|exp| exp / sum).collect()
}

fn softmax_at(logits: &[f32], class: usize) -> f64 {
    let max = largest(logits);
    let exp = |logit: f32| f64::from(logit - max).exp();
    logits.get(class).map_or(f64::NAN, |&own| exp(own) / logits.iter().map(|&logit| exp(logit)).sum::<f64>())
}

fn largest(row: &[f32]) -> f32 {
    row.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// What arrives at a layer with one input.
fn before(graph: &Graph, layer: LayerId) -> End {
    let mut sources = graph.incoming(layer).map(|wire| end_of(graph, wire.from));
    let Some(first) = sources.next() else { return End::Other };
    if sources.all(|other| other == first) { first } else { End::Other }
}

/// What a layer does to each number last.
fn end_of(graph: &Graph, layer: LayerId) -> End {
    let Some(found) = graph.layer(layer) else { return End::Other };
    // Loops cannot be drawn: each step goes nearer to the Input.
    let carried = |keeps_rows: bool| match before(graph, layer) {
        End::Softmax if !keeps_rows => End::Other,
        end => end,
    };
    let activation = match &found.kind {
        LayerKind::Softmax(_) => return End::Softmax,
        LayerKind::Formula(formula) => {
            let is_sigmoid = matches!(parse_elementwise(&formula.expression), Ok(Expr::Call(Function::Sigmoid, _)));
            return if is_sigmoid { End::Sigmoid } else { End::Other };
        }
        // Absent when predicting.
        LayerKind::Dropout(_) | LayerKind::GaussianNoise(_) => return carried(true),
        // What lies between 0 and 1 stays there; what was a row of shares need not be one any more.
        LayerKind::Flatten(_) | LayerKind::Reshape(_) | LayerKind::Concat(_) | LayerKind::Permute(_) => {
            return carried(false);
        }
        LayerKind::Slice(_) | LayerKind::MeanOver(_) | LayerKind::MaxOver(_) | LayerKind::GlobalAvgPool(_) => {
            return carried(false);
        }
        kind => kind.activation(),
    };
    if activation == Some(Activation::Sigmoid) { End::Sigmoid } else { End::Other }
}

#[cfg(test)]
mod tests {
    use super::super::layer::{Dense, Dropout, Flatten, Formula, Input, Loss, Relu, Sigmoid, Softmax};
    use super::*;

    fn answer(layers: Vec<LayerKind>, loss: LossKind, task: Task) -> Answer {
        let mut graph = Graph::default();
        let mut last = graph.add(Input::default().into(), [0.0, 0.0]);
        for kind in layers.into_iter().chain([Loss { loss, ..Loss::default() }.into()]) {
            let next = graph.add(kind, [0.0, 0.0]);
            graph.connect(last, next).unwrap();
            last = next;
        }
        Answer::of(&graph, task)
    }

    fn dense(activation: Activation) -> LayerKind {
        Dense { activation, ..Dense::default() }.into()
    }

    fn plain(loss: LossKind, task: Task) -> Answer {
        answer(vec![dense(Activation::None)], loss, task)
    }

    fn near(found: &[f32], right: &[f32]) -> bool {
        found.len() == right.len() && found.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    #[test]
    fn the_loss_in_force_decides_how_outputs_are_read() {
        let three = Task::Classes(3);
        assert_eq!(plain(LossKind::Auto, three), Answer::Softmax);
        assert_eq!(plain(LossKind::CrossEntropy, three), Answer::Softmax);
        assert_eq!(plain(LossKind::BinaryCrossEntropy, three), Answer::Sigmoid);
        for loss in [LossKind::Mse, LossKind::Mae, LossKind::Huber] {
            assert_eq!(plain(loss, three), Answer::Scores);
            assert_eq!(plain(loss, Task::Numbers(3)), Answer::Numbers);
        }
        assert_eq!([LossKind::Focal, LossKind::KlDivergence].map(|loss| plain(loss, three)), [Answer::Softmax; 2]);
        assert_eq!(plain(LossKind::Hinge, three), Answer::Margins);
        assert_eq!(plain(LossKind::Auto, Task::Numbers(1)), Answer::Numbers);
        assert_eq!(plain(LossKind::Auto, Task::ClassesAt { positions: 4, classes: 3 }), Answer::Softmax);
    }

    #[test]
    fn what_ends_in_softmax_or_sigmoid_does_not_get_it_twice() {
        let (two, auto, bce) = (Task::Classes(2), LossKind::Auto, LossKind::BinaryCrossEntropy);
        let ends: [Vec<LayerKind>; 5] = [
            vec![dense(Activation::None), Softmax {}.into()],
            vec![Softmax {}.into(), Dropout::default().into()],
            vec![Sigmoid {}.into()],
            vec![dense(Activation::Sigmoid), Flatten {}.into()],
            vec![Formula { expression: "sigmoid(2 * x)".into() }.into()],
        ];
        for end in ends {
            for loss in [auto, bce, LossKind::Mse] {
                assert_eq!(answer(end.clone(), loss, two), Answer::Probabilities, "{end:?}");
            }
        }
        let not: [Vec<LayerKind>; 4] = [
            vec![Softmax {}.into(), dense(Activation::None)],
            vec![Sigmoid {}.into(), Relu {}.into()],
            vec![Softmax {}.into(), Flatten {}.into()],
            vec![Formula { expression: "2 * sigmoid(x)".into() }.into()],
        ];
        for end in not {
            assert_eq!(answer(end.clone(), auto, two), Answer::Softmax, "{end:?}");
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_trained() {
        assert!(near(&Answer::Softmax.shares(&[1.0, 0.0]), &[0.731_058_6, 0.268_941_4]));
        assert!(near(&Answer::Softmax.shares(&[1000.0, 0.0, 0.0]), &[1.0, 0.0, 0.0]));
        assert!(near(&Answer::Sigmoid.shares(&[0.0, 2.0, -2.0]), &[0.5, 0.880_797, 0.119_203]));
        assert!(near(&Answer::Sigmoid.shares(&[2.0]), &[0.119_203, 0.880_797]));
        assert!(near(&Answer::Probabilities.shares(&[0.9]), &[0.1, 0.9]));
        assert!(near(&Answer::Probabilities.shares(&[0.9, 0.1]), &[0.9, 0.1]));
        // A perfect answer is wholly sure.
        assert_eq!(Answer::Scores.shares(&[0.0, 1.0]), [0.0, 1.0]);
        assert_eq!((Answer::Scores.shares(&[-1.0]), Answer::Scores.shares(&[1.0])), (vec![1.0, 0.0], vec![0.0, 1.0]));
        assert_eq!(
            (Answer::Margins.shares(&[-1.0]), Answer::Margins.shares(&[1.0, -1.0])),
            (vec![1.0, 0.0], vec![1.0, 0.0])
        );
        assert_eq!(Answer::Numbers.shares(&[-7.5]), [-7.5]);
        assert!(!Answer::Scores.is_probability() && !Answer::Numbers.is_probability());
        assert!(Answer::Softmax.shares(&[f32::NAN, 0.0]).iter().all(|p| p.is_nan()));
    }

    #[test]
    fn the_class_is_the_largest_output_or_the_side_of_the_single_one() {
        assert_eq!(Answer::Softmax.class(&[0.1, 0.9, 0.9]), 1);
        assert_eq!((Answer::Sigmoid.class(&[-0.1]), Answer::Scores.class(&[0.1])), (0, 1));
        assert_eq!((Answer::Probabilities.class(&[0.4]), Answer::Probabilities.class(&[0.6])), (0, 1));
        // Larger than what both were trained towards, and still told apart.
        assert_eq!(Answer::Scores.class(&[1.2, 1.5]), 1);
    }

    #[test]
    fn rows_are_ordered_as_their_shares_also_where_those_round_to_one() {
        let (sure, surer) = ([40.0, 0.0], [80.0, 0.0]);
        assert_eq!(Answer::Sigmoid.shares(&sure)[0], Answer::Sigmoid.shares(&surer)[0]);
        assert!(Answer::Sigmoid.rank(&sure, 0) < Answer::Sigmoid.rank(&surer, 0));
        assert!(Answer::Softmax.rank(&[9.0, 9.0], 0) < Answer::Softmax.rank(&[1.0, 0.0], 0));
        assert_eq!((Answer::Scores.rank(&[0.5], 0), Answer::Scores.rank(&[0.5], 1)), (-0.5, 0.5));
        assert!(Answer::Softmax.rank(&[1.0, 2.0], 5).is_nan());
    }
}
