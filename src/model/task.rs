//! What a network is asked for, as far as sizes go: how a target lies in memory, which losses fit, how outputs become
//! an answer, what is scored and which picture shows it.
//!
//! Everything that depends on the kind of task asks here or matches on [`Task`] without a catch-all, so that a new kind
//! leads the compiler through all of them. What classes and numbers are called, and in which units, is the data's.

use serde::{Deserialize, Serialize};

use super::Shape;
use super::answer::Answer;
use super::layer::LossKind;
use crate::expr::counted;

/// What is asked of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// One of n classes. The target is the class's index.
    Classes(usize),
    /// One of `classes` at each of `positions`: the next character at every place of a text. The target is an index
    /// each.
    ClassesAt {
        /// Places in a sample.
        positions: usize,
        /// The same at each.
        classes: usize,
    },
    /// n numbers.
    Numbers(usize),
    /// What goes in, once more: n numbers. The target in the data is not asked for.
    Input(usize),
    /// Things in a picture: at each cell of a grid of any size whether there is one, its box, and which of `classes` it
    /// is. The target is the things themselves: class (−1 where there is none), left, top, right, bottom, in fractions
    /// of the picture.
    Boxes {
        /// Things in one picture at most.
        most: usize,
        /// What a thing may be.
        classes: usize,
    },
}

/// Numbers of a thing in a target of [`Task::Boxes`].
pub const THING: usize = 5;
/// Numbers of a cell in an answer to [`Task::Boxes`] in front of those of the classes: whether there is a thing, where
/// its centre lies across and down, how wide and how high it is.
pub const CELL: usize = 5;

/// How a target lies beside the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// An index or numbers, as the data has it.
    AsStored,
    /// The index 0 or 1 as a number.
    Column,
    /// -1 for the first of two classes, +1 for the second.
    Signs,
    /// 1 at the class, 0 elsewhere.
    OneHot,
    /// +1 at the class, -1 elsewhere.
    SignOfEach,
    /// A probability for each class: one-hot, smoothed where that is asked for.
    Shares,
}

/// How what a network answers is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerView {
    /// What is said everywhere in the plane.
    Surface,
    /// One number in, one out.
    Curve,
    /// Classes of pictures.
    Images,
    /// Classes of rows.
    Rows,
    /// Predicted against true numbers.
    Numbers,
    /// Pictures above what became of them.
    Reconstructions,
    /// Pictures with the things that were found in them.
    Boxes,
}

/// The one score that is quoted beside the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The share of samples whose class is right, 0 to 1.
    #[default]
    Accuracy,
    /// Coefficient of determination.
    R2,
    /// Mean average precision of boxes that overlap the true ones by half, 0 to 1.
    Map50,
}

impl Metric {
    /// As charts and tables head it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::R2 => "R²",
            Self::Map50 => "mAP@0.5",
        }
    }

    /// In tables for other programs: "accuracy".
    pub fn key(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::R2 => "r2",
            Self::Map50 => "map50",
        }
    }
}

impl Task {
    /// How many classes there are to choose from for a sample; `None` for numbers and for things in pictures.
    pub fn classes(self) -> Option<usize> {
        match self {
            Self::Classes(classes) | Self::ClassesAt { classes, .. } => Some(classes),
            Self::Numbers(_) | Self::Input(_) | Self::Boxes { .. } => None,
        }
    }

    /// Axes of the answer in front of the last: the positions of a sequence, else none.
    pub fn positions(self) -> Option<usize> {
        match self {
            Self::ClassesAt { positions, .. } => Some(positions),
            Self::Classes(_) | Self::Numbers(_) | Self::Input(_) | Self::Boxes { .. } => None,
        }
    }

    /// How many numbers a network ends in (at each position or cell): one a class or predicted number.
    pub fn width(self) -> usize {
        match self {
            Self::Boxes { classes, .. } => CELL + classes,
            Self::Classes(n) | Self::ClassesAt { classes: n, .. } | Self::Numbers(n) | Self::Input(n) => n,
        }
    }

    /// The shape of one target. An index has no axes.
    pub fn target(self) -> Shape {
        match self {
            Self::Classes(_) => Shape(Vec::new()),
            Self::ClassesAt { positions, .. } => Shape(vec![positions]),
            Self::Numbers(n) | Self::Input(n) => Shape(vec![n]),
            Self::Boxes { most, .. } => Shape(vec![most, THING]),
        }
    }

    /// How targets lie beside the outputs that a loss compares them with. `is_single`: the network ends in one number.
    pub fn compared(self, loss: LossKind, is_single: bool) -> Compared {
        match self {
            Self::Numbers(_) | Self::Input(_) | Self::Boxes { .. } => return Compared::AsStored,
            Self::Classes(_) | Self::ClassesAt { .. } => {}
        }
        match self.loss(loss) {
            LossKind::Auto | LossKind::CrossEntropy | LossKind::Focal | LossKind::Detection => Compared::AsStored,
            LossKind::BinaryCrossEntropy if is_single => Compared::Column,
            LossKind::Hinge | LossKind::Mse | LossKind::Mae | LossKind::Huber if is_single => Compared::Signs,
            LossKind::Hinge => Compared::SignOfEach,
            LossKind::BinaryCrossEntropy | LossKind::Mse | LossKind::Mae | LossKind::Huber => Compared::OneHot,
            LossKind::KlDivergence => Compared::Shares,
        }
    }

    /// The loss where none is chosen.
    pub fn usual_loss(self) -> LossKind {
        match self {
            Self::Classes(_) | Self::ClassesAt { .. } => LossKind::CrossEntropy,
            Self::Numbers(_) | Self::Input(_) => LossKind::Mse,
            Self::Boxes { .. } => LossKind::Detection,
        }
    }

    /// The loss in force where this one is chosen.
    pub fn loss(self, chosen: LossKind) -> LossKind {
        match chosen {
            LossKind::Auto => self.usual_loss(),
            _ => chosen,
        }
    }

    /// Whether a loss compares what this task is about.
    pub fn fits(self, loss: LossKind) -> bool {
        match self {
            Self::Boxes { .. } => matches!(loss, LossKind::Auto | LossKind::Detection),
            Self::Classes(_) | Self::ClassesAt { .. } => loss != LossKind::Detection,
            Self::Numbers(_) | Self::Input(_) => loss != LossKind::Detection && !loss.compares_classes(),
        }
    }

    /// Whether a network may end in this shape.
    pub fn takes(self, answer: &Shape, loss: LossKind) -> bool {
        match self {
            Self::Boxes { .. } => matches!(answer.0[..], [numbers, _, _] if numbers == self.width()),
            _ => self.outputs(loss).contains(answer),
        }
    }

    /// The shapes that a network may end in, the usual one last; of a grid a single cell. Two classes may also be told
    /// apart by a single number, where the loss does not make probabilities of both.
    pub fn outputs(self, loss: LossKind) -> Vec<Shape> {
        if let Self::Boxes { .. } = self {
            return vec![Shape(vec![self.width(), 1, 1])];
        }
        let single = self.classes() == Some(2) && !self.loss(loss).compares_shares();
        let widths = single.then_some(1).into_iter().chain([self.width()]);
        widths.map(|n| Shape(self.positions().into_iter().chain([n]).collect())).collect()
    }

    /// How a row of outputs is read: as the loss in force means it, which a network that ends in Softmax or Sigmoid has
    /// done itself (`ends_in_shares`).
    pub fn answer(self, chosen: LossKind, ends_in_shares: bool) -> Answer {
        match self {
            Self::Boxes { .. } => return Answer::Boxes,
            Self::Numbers(_) | Self::Input(_) => return Answer::Numbers,
            Self::Classes(_) | Self::ClassesAt { .. } => {}
        }
        if ends_in_shares {
            return Answer::Probabilities;
        }
        match self.loss(chosen) {
            LossKind::Auto | LossKind::CrossEntropy | LossKind::Focal | LossKind::KlDivergence => Answer::Softmax,
            LossKind::BinaryCrossEntropy => Answer::Sigmoid,
            LossKind::Hinge => Answer::Margins,
            LossKind::Mse | LossKind::Mae | LossKind::Huber => Answer::Scores,
            LossKind::Detection => Answer::Boxes,
        }
    }

    /// The score that is quoted.
    pub fn metric(self) -> Metric {
        match self {
            Self::Classes(_) | Self::ClassesAt { .. } => Metric::Accuracy,
            Self::Numbers(_) | Self::Input(_) => Metric::R2,
            Self::Boxes { .. } => Metric::Map50,
        }
    }

    /// `input`: the shape of a sample; `in_plane`: whether samples are points of the plane.
    pub fn view(self, input: &[usize], in_plane: bool) -> AnswerView {
        match self {
            Self::Input(n) if input.len() == 3 && input.iter().product::<usize>() == n => AnswerView::Reconstructions,
            Self::Input(_) => AnswerView::Numbers,
            Self::Boxes { .. } => AnswerView::Boxes,
            _ if in_plane => AnswerView::Surface,
            Self::Classes(_) | Self::ClassesAt { .. } if input.len() == 3 => AnswerView::Images,
            Self::Classes(_) | Self::ClassesAt { .. } => AnswerView::Rows,
            Self::Numbers(1) if input == [1] => AnswerView::Curve,
            Self::Numbers(_) => AnswerView::Numbers,
        }
    }

    /// "The data has 3 classes".
    pub fn sentence(self) -> String {
        match self {
            Self::Classes(n) => format!("The data has {n} classes"),
            Self::ClassesAt { positions, classes } => {
                format!("The data has one of {classes} classes at each of {positions} positions")
            }
            Self::Numbers(n) => format!("The data has {}", counted(n, "target number")),
            Self::Input(n) => format!("The truth has {}", counted(n, "number")),
            Self::Boxes { classes, .. } => {
                format!("Each cell needs {CELL} numbers for its box and one for each of {classes} classes")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Task; 4] =
        [Task::Classes(2), Task::Classes(3), Task::ClassesAt { positions: 4, classes: 3 }, Task::Numbers(2)];

    #[test]
    fn what_a_network_ends_in_follows_from_task_and_loss() {
        let shapes = |task: Task, loss| -> Vec<Vec<usize>> { task.outputs(loss).into_iter().map(|s| s.0).collect() };
        assert_eq!(shapes(Task::Classes(2), LossKind::Auto), [vec![2]]);
        assert_eq!(shapes(Task::Classes(2), LossKind::BinaryCrossEntropy), [vec![1], vec![2]]);
        assert_eq!(shapes(Task::Classes(3), LossKind::Mse), [vec![3]]);
        assert_eq!(shapes(ALL[2], LossKind::Auto), [vec![4, 3]]);
        assert_eq!(shapes(Task::Numbers(2), LossKind::Mae), [vec![2]]);
        assert!(ALL.iter().all(|task| task.fits(task.usual_loss()) && task.fits(LossKind::Huber)));
        let others = || LossKind::ALL[1..].iter().filter(|loss| **loss != LossKind::Detection);
        assert!(others().all(|&loss| Task::Numbers(2).fits(loss) != loss.compares_classes()));
        let boxes = Task::Boxes { most: 3, classes: 2 };
        assert!(others().all(|&loss| !boxes.fits(loss)) && boxes.fits(LossKind::Detection));
        assert!(ALL.iter().all(|task| !task.fits(LossKind::Detection)));
        let takes = |sizes: [usize; 3]| boxes.takes(&Shape(sizes.to_vec()), LossKind::Auto);
        assert!(
            takes([7, 8, 8]) && takes([7, 5, 1]) && !takes([8, 8, 8]) && !boxes.takes(&Shape::row(7), LossKind::Auto)
        );
        assert!(
            LossKind::ALL
                .iter()
                .filter(|loss| loss.compares_shares())
                .all(|&loss| { ALL[0].compared(loss, false) != Compared::Signs && ALL[0].outputs(loss).len() == 1 })
        );
        assert_eq!(Task::Numbers(1).compared(LossKind::Mse, true), Compared::AsStored);
        assert_eq!(Task::Classes(2).compared(LossKind::Mse, true), Compared::Signs);
    }

    #[test]
    fn a_target_is_an_index_a_position_or_numbers() {
        assert_eq!(ALL.map(|task| task.target().len()), [1, 1, 4, 2]);
        assert_eq!(ALL.map(Task::metric), [Metric::Accuracy, Metric::Accuracy, Metric::Accuracy, Metric::R2]);
    }

    #[test]
    fn a_task_is_shown_by_what_arrives() {
        let (classes, number) = (Task::Classes(3), Task::Numbers(1));
        assert_eq!((classes.view(&[2], true), number.view(&[2], true)), (AnswerView::Surface, AnswerView::Surface));
        assert_eq!(
            (classes.view(&[1, 8, 8], false), classes.view(&[4], false)),
            (AnswerView::Images, AnswerView::Rows)
        );
        assert_eq!((number.view(&[1], false), number.view(&[4], false)), (AnswerView::Curve, AnswerView::Numbers));
        assert_eq!(Task::Numbers(2).view(&[1], false), AnswerView::Numbers);
        assert_eq!(Task::Input(64).view(&[1, 8, 8], false), AnswerView::Reconstructions);
        assert_eq!(
            (Task::Input(4).view(&[4], false), Task::Input(2).view(&[2], true)),
            (AnswerView::Numbers, AnswerView::Numbers)
        );
    }
}
