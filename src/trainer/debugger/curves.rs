//! Watched numbers as curves: taken after every step, wherever it is gone through.
//!
//! A curve begins where it was asked for; what lies before is gone through once more when somebody wants it.

use std::sync::Arc;

use super::scope::Scope;
use super::{DebugError, Debugger};
use crate::expr::{self, Expr};
use crate::trace::{Series, WatchCurve};

/// A number over the steps.
#[derive(Clone)]
pub(super) struct Curve {
    expression: String,
    parsed: Option<Expr>,
    points: Arc<Series>,
}

impl Debugger {
    /// These expressions are taken after every step from here on, and no others. What is known of one stays.
    pub fn set_curves(&mut self, expressions: &[String]) {
        self.curves.retain(|curve| expressions.contains(&curve.expression));
        for expression in expressions {
            if self.curves.iter().all(|curve| curve.expression != *expression) {
                let parsed = expr::parse(expression).ok();
                self.curves.push(Curve { expression: expression.clone(), parsed, points: Arc::default() });
            }
        }
    }

    /// With all points that are known.
    pub fn curves(&self) -> Vec<WatchCurve> {
        let told = |curve: &Curve| WatchCurve {
            expression: curve.expression.clone(),
            points: curve.points.clone(),
            is_whole: self.is_whole(curve),
        };
        self.curves.iter().map(told).collect()
    }

    /// Whether it has a point for every step from where the run was opened.
    fn is_whole(&self, curve: &Curve) -> bool {
        let begin = self.checkpoints.first().map_or(0, |first| first.step());
        let first = curve.points.steps().first().copied();
        first.map_or(self.machine().step() <= begin, |first| first <= begin + 1)
    }

    /// Takes a number over the steps so far as well, which are gone through once more. `go_on` is told the share that
    /// is done and says whether to go on. Returns whether it was finished; it stands where it stood either way.
    pub fn gather_curve(&mut self, expression: &str, go_on: &mut dyn FnMut(f32) -> bool) -> Result<bool, DebugError> {
        self.check_condition(expression)?;
        let mut wanted: Vec<_> = self.curves.iter().map(|curve| curve.expression.clone()).collect();
        wanted.push(expression.to_owned());
        self.set_curves(&wanted);
        let here = self.moment();
        let (Some(first), Some(at)) =
            (self.checkpoints.first().cloned(), self.curves.iter().position(|curve| curve.expression == expression))
        else {
            return Ok(true);
        };
        let known = std::mem::take(&mut self.curves[at].points);
        self.go_back_to(&first)?;
        let is_finished = self.replay_until(here, go_on)?;
        if !is_finished {
            self.curves[at].points = known;
            self.travel(here, false, &mut |_| true)?;
            return Ok(false);
        }
        let points = Arc::make_mut(&mut self.curves[at].points);
        known.points().filter(|(step, _)| *step > here.step).for_each(|(step, value)| points.push(step, value));
        Ok(true)
    }

    /// After a step: its number on every curve that does not have it yet.
    pub(super) fn sample_curves(&mut self, step: u64) {
        let Self { run, memories, curves, .. } = self;
        for curve in curves {
            if curve.points.last().is_some_and(|(last, _)| last >= step) {
                continue;
            }
            // Where it has no number, the curve has a gap.
            let value = curve.parsed.as_ref().and_then(|parsed| Scope::of(run, memories, step).number(parsed).ok());
            if let Some(value) = value {
                Arc::make_mut(&mut curve.points).push(step, value as f32);
            }
        }
    }

    /// What lies ahead of a step becomes another history.
    pub(super) fn cut_curves(&mut self, step: u64) {
        for curve in &mut self.curves {
            if curve.points.last().is_some_and(|(last, _)| last > step) {
                Arc::make_mut(&mut curve.points).truncate(step);
            }
        }
    }
}
