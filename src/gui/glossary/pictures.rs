//! Small pictures of terms, drawn from the thing itself: an activation's curve, a schedule, the way of an optimiser,
//! the losses of a network that learns by heart.

mod scenes;

use std::collections::HashMap;

use egui::{Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::engine::sketch;
use crate::gui::theme::{self, Tokens};
use crate::model::layer::{Group, LossKind, Softmax};
use crate::model::{LayerKind, OneCycle, Optimiser, Schedule, TrainingSpec};

pub const SIZE: Vec2 = Vec2::new(132.0, 76.0);

/// Those that were asked for; made when they are first seen.
#[derive(Default)]
pub struct Pictures {
    made: HashMap<&'static str, Option<Picture>>,
}

enum Picture {
    /// A function, with the lines x = 0 and y = 0 where they are in it.
    Function(Vec<[f32; 2]>),
    /// The learning rate from the first step to the last, 1 being its highest.
    Course(Vec<[f32; 2]>),
    /// The way of two weights through a valley.
    Way(Vec<[f32; 2]>),
    /// The training loss of a network that learns by heart, and its validation loss.
    Losses([Vec<[f32; 2]>; 2]),
    Confusion,
    Convolution,
}

impl Pictures {
    /// Whether this term has one.
    pub fn has(&mut self, term: &'static str) -> bool {
        self.made.entry(term).or_insert_with(|| Picture::of(term)).is_some()
    }

    pub fn show(&self, ui: &mut Ui, term: &'static str) {
        let Some(Some(picture)) = self.made.get(term) else { return };
        let tokens = Tokens::of(ui);
        let (rect, response) = ui.allocate_exact_size(SIZE, Sense::hover());
        ui.painter().rect_filled(rect, 6.0, tokens.raised);
        picture.paint(&ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())), &tokens, rect.shrink(6.0));
        let name = format!("{} of {term}", picture.name());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        response.on_hover_text(picture.words());
    }
}

impl Picture {
    fn of(term: &str) -> Option<Self> {
        activation(term).or_else(|| loss(term)).or_else(|| course(term)).or_else(|| way(term)).or_else(|| scene(term))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Function(_) => "Curve",
            Self::Course(_) => "Progress",
            Self::Way(_) => "Path",
            Self::Losses(_) => "Curves",
            Self::Confusion | Self::Convolution => "Picture",
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Function(_) => "Output against input. The faint lines are at 0.",
            Self::Course(_) => "The learning rate from the first step to the last.",
            Self::Way(_) => {
                "The path of two weights, step by step, down a long valley of the loss to its lowest point, where the \
                    lines cross."
            }
            Self::Losses(_) => {
                "Over the steps: the training loss keeps falling, while the validation loss (amber) is lowest early on and rises again."
            }
            Self::Confusion => {
                "Rows are true classes, columns predicted ones. Green on the diagonal is right; red was taken for another class."
            }
            Self::Convolution => {
                "A window of weights slides over the image on the left and gives one number at each place, on the right: here blue where the stroke begins, orange where it ends."
            }
        }
    }

    fn paint(&self, painter: &egui::Painter, tokens: &Tokens, rect: Rect) {
        let (points, range) = match self {
            Self::Function(points) => (points, range(points)),
            Self::Course(points) => (points, [0.0, 1.0, 0.0, 1.05]),
            Self::Way(points) => (points, [-0.7, 1.3, -0.7, 1.15]),
            Self::Losses([training, validation]) => (training, range(validation)),
            Self::Confusion => return scenes::confusion(painter, tokens, rect),
            Self::Convolution => return scenes::convolution(painter, tokens, rect),
        };
        let at = |[x, y]: [f32; 2]| {
            let share = |v: f32, from: f32, to: f32| (v - from) / (to - from).max(f32::MIN_POSITIVE);
            let (x, y) = (share(x, range[0], range[1]), share(y, range[2], range[3]));
            Pos2::new(rect.left() + x * rect.width(), rect.bottom() - y * rect.height())
        };
        let faint = Stroke::new(1.0, tokens.line);
        let zero = at([0.0, 0.0]);
        painter.hline(rect.x_range(), zero.y, faint);
        painter.vline(zero.x, rect.y_range(), faint);
        if let Self::Way(_) = self {
            let stroke = Stroke::new(1.0, theme::mix(tokens.raised, tokens.faint, 0.5));
            for loss in [0.05, 0.25, 0.7, 1.5, 2.8, 4.5, 7.0] {
                let ring = |i: usize| at(sketch::level(loss, i as f32 / 48.0 * std::f32::consts::TAU));
                painter.line((0..=48).map(ring).collect(), stroke);
            }
        }
        let curve = |points: &[[f32; 2]], colour| {
            painter.line(points.iter().map(|point| at(*point)).collect(), Stroke::new(1.5, colour));
        };
        curve(points, tokens.accent);
        if let Self::Losses([_, validation]) = self {
            curve(validation, tokens.warn);
        }
        if let Self::Way(_) = self {
            for point in points {
                painter.circle_filled(at(*point), 1.6, tokens.accent);
            }
            if let Some(first) = points.first() {
                painter.circle_filled(at(*first), 3.0, tokens.text);
            }
        }
    }
}

/// Least and largest x, least and largest y, with 0 and a little room.
fn range(points: &[[f32; 2]]) -> [f32; 4] {
    let of = |k: usize| {
        let (low, high) =
            points.iter().fold((0.0f32, 0.0f32), |(low, high), point| (low.min(point[k]), high.max(point[k])));
        let room = (high - low) * 0.06;
        (low - room, high + room)
    };
    let (x, y) = (of(0), of(1));
    [x.0, x.1, y.0, y.1]
}

fn xs(reach: f32) -> Vec<f32> {
    (0..=80).map(|i| (i as f32 / 40.0 - 1.0) * reach).collect()
}

fn points(xs: Vec<f32>, ys: Vec<f32>) -> Vec<[f32; 2]> {
    xs.into_iter().zip(ys).map(|(x, y)| [x, y]).collect()
}

fn activation(term: &str) -> Option<Picture> {
    let is_it = |kind: &LayerKind| kind.about().title == term && kind.about().group == Group::Activation;
    let kind = LayerKind::all().into_iter().find(is_it)?;
    // Softmax looks at several numbers at once.
    if kind == LayerKind::from(Softmax::default()) {
        return None;
    }
    let xs = xs(4.0);
    sketch::curve(kind, &xs).ok().map(|ys| Picture::Function(points(xs, ys)))
}

fn loss(term: &str) -> Option<Picture> {
    let kind = match term {
        "MSE" => LossKind::Mse,
        "MAE" => LossKind::Mae,
        "Huber" => LossKind::Huber,
        _ => return None,
    };
    let xs = xs(2.5);
    sketch::loss(kind, &xs).ok().map(|ys| Picture::Function(points(xs, ys)))
}

const STEPS: usize = 1000;

fn course(term: &str) -> Option<Picture> {
    let schedule = match term {
        "Constant" | "Warm-up" => Schedule::Constant,
        "Step" => Schedule::Step { every: STEPS / 4, factor: 0.5 },
        "Exponential" => Schedule::Exponential { factor: 0.997 },
        "Cosine" => Schedule::Cosine { steps: STEPS, floor: 0.0 },
        "One cycle" => Schedule::OneCycle(OneCycle { steps: STEPS, ..OneCycle::default() }),
        _ => return None,
    };
    let warm_up_steps = if term == "Warm-up" { STEPS / 4 } else { 0 };
    let spec = TrainingSpec { learning_rate: 1.0, schedule, warm_up_steps, ..TrainingSpec::default() };
    let rate = |i: usize| [i as f32 / 100.0, spec.rate_at(i * STEPS / 100) as f32];
    Some(Picture::Course((0..=100).map(rate).collect()))
}

/// At a rate that shows what each is like.
fn way(term: &str) -> Option<Picture> {
    let (optimiser, rate) = match term {
        "Momentum" => (Optimiser::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 }, 0.02),
        "Nesterov" => (Optimiser::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.0 }, 0.02),
        _ => {
            let optimiser = Optimiser::all().into_iter().find(|optimiser| optimiser.title() == term)?;
            let rate = match optimiser {
                Optimiser::Sgd { .. } => 0.2,
                Optimiser::Adagrad { .. } => 0.3,
                Optimiser::Lion { .. } | Optimiser::RmsProp { .. } => 0.04,
                _ => 0.08,
            };
            (optimiser, rate)
        }
    };
    sketch::way(&optimiser, rate, 40).ok().map(Picture::Way)
}

fn scene(term: &str) -> Option<Picture> {
    match term {
        "Overfitting" => {
            let curve = |losses: Vec<f32>| (0u8..).map(f32::from).zip(losses).map(|(x, y)| [x, y]).collect();
            sketch::learnt_by_heart().ok().map(|losses| Picture::Losses(losses.map(curve)))
        }
        "Confusion matrix" => Some(Picture::Confusion),
        "Convolution" | "Conv 2-D" | "Filters" | "Kernel" => Some(Picture::Convolution),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::glossary;

    #[test]
    fn the_filter_finds_where_ink_begins_and_where_it_ends() {
        let found = [(0, 3), (2, 0), (1, 1)].map(|(row, column)| scenes::filtered(row, column));
        assert_eq!(found, [-1.0, 2.0, 0.0]);
    }

    #[test]
    fn optimisers_schedules_and_activations_have_pictures() {
        let mut pictures = Pictures::default();
        let with: Vec<&str> =
            glossary::all().into_iter().map(|term| term.name).filter(|term| pictures.has(term)).collect();
        let optimisers = Optimiser::all().into_iter().map(|optimiser| optimiser.title());
        let activations = LayerKind::all().into_iter().map(|kind| kind.about());
        let activations = activations.filter(|about| about.group == Group::Activation && about.title != "Softmax");
        let others = ["Cosine", "Warm-up", "Step", "MSE", "Huber", "Momentum"];
        let others = others.into_iter().chain(["Overfitting", "Confusion matrix", "Convolution"]);
        for name in optimisers.chain(activations.map(|about| about.title)).chain(others) {
            assert!(with.contains(&name), "{name} has no picture: {with:?}");
        }
        assert!(!with.contains(&"Softmax") && !with.contains(&"Epoch"));
    }
}
