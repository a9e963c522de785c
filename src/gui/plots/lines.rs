//! Curves of any length as items of a plot: a line through the means, a band from minimum to maximum where points fall
//! together, and a cross where a value was NaN or infinite.

use egui::{Color32, Stroke};
use egui_plot::{FilledArea, Line, MarkerShape, PlotPoint, PlotPoints, PlotUi, Points};

use super::scale::Scale;
use crate::trace::Bucket;

/// How the curves of a chart are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Pen<'a> {
    pub scale: Scale<'a>,
    pub log: bool,
    /// Ends of the value axis as it is drawn.
    pub from: f64,
    pub to: f64,
}

impl Pen<'_> {
    /// Items of one curve share a name, so that they are shown and hidden together.
    pub fn line(&self, plot: &mut PlotUi<'_>, name: &str, buckets: &[Bucket], stroke: Stroke) {
        let mut run = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            match self.value(bucket.mean) {
                Some(y) => run.push(PlotPoint::new(self.middle(bucket), y)),
                // It breaks where there is no finite value.
                None => add_run(plot, name, std::mem::take(&mut run), stroke),
            }
        }
        add_run(plot, name, run, stroke);
    }

    /// Every extreme is reached, also that of a single point.
    pub fn band(&self, plot: &mut PlotUi<'_>, name: &str, buckets: &[Bucket], colour: Color32) {
        for run in buckets.split(|b| self.value(b.max).is_none()).filter(|run| run.len() > 1) {
            let xs: Vec<f64> = run.iter().map(|b| self.middle(b)).collect();
            let lows: Vec<f64> = run.iter().map(|b| self.value(b.min).unwrap_or(self.from)).collect();
            let highs: Vec<f64> = run.iter().map(|b| self.value(b.max).unwrap_or(self.to)).collect();
            plot.add(FilledArea::new(name, &xs, &lows, &highs).fill_color(colour));
        }
    }

    /// A small cross at the top wherever a value was NaN or infinite.
    pub fn broken(&self, plot: &mut PlotUi<'_>, buckets: &[Bucket], colour: Color32) {
        let top = self.to - 6.0 * (self.to - self.from) / f64::from(plot.transform().frame().height());
        let at: Vec<[f64; 2]> = buckets.iter().filter(|b| b.broken).map(|b| [self.middle(b), top]).collect();
        plot.points(Points::new("", at).shape(MarkerShape::Cross).radius(3.5).color(colour));
    }

    /// A value's place on the value axis, if it has one.
    pub fn value(&self, value: f32) -> Option<f64> {
        let drawable = value.is_finite() && (!self.log || value > 0.0);
        drawable.then(|| if self.log { f64::from(value).log10() } else { f64::from(value) })
    }

    fn middle(&self, bucket: &Bucket) -> f64 {
        self.scale.at((bucket.first + bucket.last) / 2.0)
    }
}

fn add_run<'a>(plot: &mut PlotUi<'a>, name: &str, run: Vec<PlotPoint>, stroke: Stroke) {
    match run.as_slice() {
        [] => {}
        [only] => {
            let point = vec![[only.x, only.y]];
            plot.points(Points::new(name, point).radius(stroke.width + 1.0).color(stroke.color));
        }
        _ => plot.line(Line::new(name, PlotPoints::Owned(run)).stroke(stroke).allow_band(false)),
    }
}
