//! The samples of a set of points of the plane, over whatever the network makes of the plane.

use egui::{Color32, Painter, Pos2, Stroke};
use egui_plot::{PlotPoint, PlotTransform};

use super::colours;
use crate::data::{self, Dataset};
use crate::gui::heatmap;
use crate::gui::theme::Tokens;
use crate::model::Task;

/// The most points of a part that are drawn; the panel says when there are more.
pub const MOST: usize = 2_000;

/// A drawn sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub x: f32,
    pub y: f32,
    /// Class index, or the number to predict in the user's units.
    pub target: f32,
    pub test: bool,
}

/// What is drawn of the data, and what is not.
pub struct Samples {
    pub drawn: Vec<Sample>,
    /// Of all the points that could be drawn.
    pub all: usize,
    /// Drawn, but outside the picture.
    pub outside: usize,
}

pub fn samples(dataset: &Dataset, test: bool) -> Samples {
    let mut samples = Samples { drawn: Vec::new(), all: 0, outside: 0 };
    let Some(plane) = &dataset.plane else { return samples };
    let mut add = |part: &data::Samples, points: &[f32], test: bool| {
        samples.all += part.len();
        samples.drawn.extend(part.spread(MOST).into_iter().filter_map(|row| {
            let row = row as usize;
            let &[x, y] = points.get(2 * row..2 * row + 2)? else { return None };
            Some(Sample { x, y, target: in_units(dataset, *part.target(row).ok()?.first()?), test })
        }));
    };
    add(&dataset.train, &plane.train_points, false);
    if test {
        add(&dataset.validation, &plane.validation_points, true);
    }
    samples.outside = samples.drawn.iter().filter(|s| s.x.abs() > plane.extent || s.y.abs() > plane.extent).count();
    samples
}

fn in_units(dataset: &Dataset, target: f32) -> f32 {
    dataset.truth.unit(0).value(target)
}

/// The magnitude that has full colour when numbers are predicted: the largest of the data, so that it does not move as
/// the network learns.
pub fn target_range(dataset: &Dataset) -> f32 {
    let (low, high) = dataset.train.target_range().unwrap_or_default();
    heatmap::largest(&[low, high])
}

/// Train points have a bright ring; test points a dark one and are a little smaller.
pub fn paint(painter: &Painter, tokens: &Tokens, places: &PlotTransform, dataset: &Dataset, samples: &Samples) {
    let range = target_range(dataset);
    // In a small picture smaller ones, or nothing is seen between them.
    let size = (places.frame().width() / 190.0).clamp(0.5, 1.0);
    let radius = tokens.weight.sqrt() * size * if samples.drawn.len() > 800 { 2.2 } else { 3.2 };
    for sample in &samples.drawn {
        let at = places.position_from_point(&PlotPoint::new(sample.x, sample.y));
        let (ring, radius) =
            if sample.test { (tokens.on_icon, radius * 0.88) } else { (colours::ring(tokens), radius) };
        painter.circle(at, radius, colour(tokens, dataset, sample, range), Stroke::new(0.8, ring));
    }
}

pub fn colour(tokens: &Tokens, dataset: &Dataset, sample: &Sample, range: f32) -> Color32 {
    match dataset.truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => tokens.class(sample.target as usize),
        Task::Numbers(_) | Task::Input(_) | Task::Boxes { .. } => tokens.diverging(sample.target / range),
    }
}

/// The drawn sample under the pointer, if any.
pub fn under<'a>(places: &PlotTransform, samples: &'a Samples, pos: Pos2) -> Option<&'a Sample> {
    let distance = |s: &Sample| places.position_from_point(&PlotPoint::new(s.x, s.y)).distance(pos);
    samples.drawn.iter().filter(|s| distance(s) < 7.0).min_by(|a, b| distance(a).total_cmp(&distance(b)))
}
