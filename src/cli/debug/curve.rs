//! A number over the steps so far, as a line of blocks and as JSON.

use serde_json::json;

use super::Said;
use super::obey::{Console, sentence};
use super::values::{digits, json_number};
use crate::expr::Expr;
use crate::trace::Series;

/// Columns of the line.
const COLUMNS: usize = 64;
/// Points that are told in JSON.
const TOLD: usize = 2000;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Console {
    /// The number after every step from where the run was opened to here; the run stands afterwards where it stood.
    pub(super) fn curve(&mut self, expression: &Expr) -> Result<Said, String> {
        let text = expression.to_string();
        self.debugger().check_condition(&text).map_err(|error| error.message)?;
        let (goes_on, here) = (self.going_on(), self.debugger().machine().step());
        let debugger = self.debugger_mut();
        debugger.set_curves(&[]);
        let finished = debugger.gather_curve(&text, &mut |_| goes_on()).map_err(sentence)?;
        let points = debugger.curves().pop().map(|curve| curve.points).unwrap_or_default();
        debugger.set_curves(&[]);
        if !finished {
            return Err("Interrupted: the curve needs all steps so far.".into());
        }
        let (Some(&first), Some((last, value))) = (points.steps().first(), points.last()) else {
            return Err(format!("{text} has no value after any of the {here} steps so far."));
        };
        let (low, high) = ends(&points);
        let shown = |value: f32| digits(f64::from(value));
        let line = format!(
            "{text}, steps {first} to {last}: from {} to {}, now {}\n{}",
            shown(low),
            shown(high),
            shown(value),
            blocks(&points, low, high)
        );
        let thin = points.thinned(TOLD);
        let values: Vec<_> = thin.values().iter().map(|&value| json_number(value.into())).collect();
        Ok(Said { text: line, json: json!({ "expression": text, "steps": thin.steps(), "values": values }) })
    }
}

/// The least and the largest number that is finite.
fn ends(points: &Series) -> (f32, f32) {
    let finite = points.values().iter().copied().filter(|value| value.is_finite());
    finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// A block for each stretch of steps, as high as its mean; `!` where a number was none.
fn blocks(points: &Series, low: f32, high: f32) -> String {
    let (first, last) = (points.steps().first().copied().unwrap_or(0), points.last().map_or(0, |(step, _)| step));
    let level = |mean: f32| {
        let share = if high > low { (mean - low) / (high - low) } else { 0.0 };
        BLOCKS[((share * BLOCKS.len() as f32) as usize).min(BLOCKS.len() - 1)]
    };
    let buckets = points.visible(first as f64, last as f64, COLUMNS / 2);
    buckets.iter().map(|bucket| if bucket.broken { '!' } else { level(bucket.mean) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_as_high_as_its_numbers() {
        let mut points = Series::default();
        [0.0, 1.0, f32::NAN, 7.0, 8.0].iter().zip(1..).for_each(|(&value, step)| points.push(step, value));
        let (low, high) = ends(&points);
        assert_eq!((low, high), (0.0, 8.0));
        assert_eq!(blocks(&points, low, high), "▁▂!██");
        let mut long = Series::default();
        (1..=10_000).for_each(|step| long.push(step, 3.0));
        let line = blocks(&long, 3.0, 3.0);
        assert!(line.chars().count() <= COLUMNS + 2 && line.chars().all(|block| block == '▁'), "{line}");
    }
}
