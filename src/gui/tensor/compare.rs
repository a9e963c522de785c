//! Two tensors of the same shape, or one at two steps: what differs, and by how much.

use std::sync::Arc;

use egui::{DragValue, RichText, Ui, WidgetInfo};

use super::counted::Counted;
use super::{Compare, Side, TensorUi, TensorView};
use crate::gui::numbers::{number, percent, significant};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::named;
use crate::trace::TensorRecord;

/// The difference of two tensors, computed once.
pub struct Difference {
    of: [Arc<[f32]>; 2],
    pub record: TensorRecord,
    pub facts: Facts,
    pub counted: Option<Counted>,
}

/// What there is to say about a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Largest magnitude, and where.
    pub largest: f32,
    pub at: Vec<usize>,
    pub mean: f64,
    /// Norm of the difference as a share of the norm of the second.
    pub relative: f64,
    /// Share of numbers that are the same bit for bit (or both NaN).
    pub same: f32,
}

impl Difference {
    /// `a - b`; a sentence when they cannot be compared.
    pub fn of<'a>(slot: &'a mut Option<Self>, a: &TensorRecord, b: &TensorRecord) -> Result<&'a mut Self, String> {
        if a.dims != b.dims {
            return Err(format!(
                "{} has the shape {:?} and {} the shape {:?}: only tensors of the same shape can be compared.",
                a.name, a.dims, b.name, b.dims
            ));
        }
        let known = slot.as_ref().is_some_and(|d| Arc::ptr_eq(&d.of[0], &a.data) && Arc::ptr_eq(&d.of[1], &b.data));
        if !known {
            *slot = None;
        }
        Ok(slot.get_or_insert_with(|| Self::compute(a, b)))
    }

    fn compute(a: &TensorRecord, b: &TensorRecord) -> Self {
        let data: Arc<[f32]> = a.data.iter().zip(b.data.iter()).map(|(a, b)| difference(*a, *b)).collect();
        let facts = Facts::of(a, b, &data);
        let record = TensorRecord { name: format!("{} − {}", a.name, b.name), data, ..a.clone() };
        Self { of: [a.data.clone(), b.data.clone()], record, facts, counted: None }
    }
}

/// Equal infinities do not differ.
fn difference(a: f32, b: f32) -> f32 {
    if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { a - b }
}

impl Facts {
    fn of(a: &TensorRecord, b: &TensorRecord, difference: &[f32]) -> Self {
        let (mut largest, mut at, mut sum, mut squares, mut norm) = (0.0f32, 0, 0.0f64, 0.0f64, 0.0f64);
        let mut same = 0usize;
        for (i, &d) in difference.iter().enumerate() {
            let magnitude = if d.is_nan() { f32::INFINITY } else { d.abs() };
            if magnitude > largest {
                (largest, at) = (magnitude, i);
            }
            sum += f64::from(magnitude);
            squares += f64::from(magnitude) * f64::from(magnitude);
            norm += f64::from(b.data[i]) * f64::from(b.data[i]);
            same +=
                usize::from(a.data[i].to_bits() == b.data[i].to_bits() || (a.data[i].is_nan() && b.data[i].is_nan()));
        }
        let n = difference.len().max(1) as f64;
        Self {
            largest,
            at: a.unflatten(at),
            mean: sum / n,
            relative: if squares == 0.0 { 0.0 } else { (squares / norm).sqrt() },
            same: same as f32 / n as f32,
        }
    }

    /// One sentence.
    pub fn text(&self, record: &TensorRecord) -> String {
        if self.same == 1.0 {
            return "They are the same, bit for bit.".into();
        }
        format!(
            "largest difference {} at {} · mean |difference| {} · {} of the norm · {} identical",
            number(self.largest),
            record.place(&self.at),
            significant(self.mean, 4),
            if self.relative.is_finite() { percent(self.relative as f32) } else { "–".into() },
            percent(self.same),
        )
    }
}

/// With what it is compared, how, and what came out.
pub(super) fn bar(ui: &mut Ui, tokens: &Tokens, view: &TensorView<'_>, facts: Option<&str>, local: &mut TensorUi) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("compared with").color(tokens.muted));
        match &mut local.compare {
            Some(Compare::Step(step)) => {
                let field = ui.add(DragValue::new(step).range(1..=u64::MAX).prefix("step ").speed(0.2));
                field.widget_info(|| WidgetInfo::labeled(egui::Role::SpinButton, true, "Step to compare with"));
            }
            Some(Compare::Tensor(name)) => {
                ui.label(RichText::new(name.as_str()).font(theme::mono(12.0)));
            }
            None => {}
        }
        for (side, title) in [(Side::Beside, "side by side"), (Side::Difference, "difference")] {
            if ui.selectable_label(local.side == side, title).clicked() {
                local.side = side;
            }
        }
        if named(ui.small_button("✕"), "Stop comparing").clicked() {
            local.compare = None;
        }
    });
    match (&view.other, facts) {
        (_, Some(facts)) => {
            ui.label(RichText::new(facts).size(12.0).color(tokens.muted));
        }
        (Some(Err(why)), None) => {
            ui.label(RichText::new(*why).color(tokens.warn));
        }
        _ => {
            ui.label(RichText::new("fetching it …").color(tokens.faint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, numbers: &[f32]) -> TensorRecord {
        let axes = vec!["unit".to_owned()];
        TensorRecord { name: name.into(), dims: vec![numbers.len()], axes, step: 1, data: numbers.into() }
    }

    #[test]
    fn differences_are_found_where_they_are() {
        let (a, b) =
            (record("a", &[1.0, 2.0, f32::NAN, f32::INFINITY]), record("b", &[1.0, 2.5, f32::NAN, f32::INFINITY]));
        let mut slot = None;
        let found = Difference::of(&mut slot, &a, &b).unwrap();
        assert_eq!(found.record.data[..], [0.0, -0.5, 0.0, 0.0]);
        assert_eq!((found.facts.largest, &found.facts.at[..], found.facts.same), (0.5, &[1][..], 0.75));
        assert!(found.facts.text(&a).starts_with("largest difference 0.5 at unit 1"));
        let same = Difference::of(&mut slot, &a, &a).unwrap();
        assert_eq!(same.facts.text(&a), "They are the same, bit for bit.");
        let text = Difference::of(&mut slot, &a, &record("c", &[1.0])).err().unwrap();
        assert!(text.contains("same shape"), "{text}");
    }
}
