//! Two tensors of the same shape, or one at two steps: what differs, and by how much.

use std::sync::Arc;

use egui::{ComboBox, Context, RichText, Ui, WidgetInfo};

use super::counted::Counted;
use super::{Compare, Side, TensorUi, TensorView};
use crate::gui::numbers::{number, percent, significant};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Number, combo, named};
use crate::trace::{Branch, Facts, Sums, TensorRecord, comparable};

/// Numbers subtracted in one frame: about 3 ms.
const PIECE: usize = 1 << 19;

/// The difference of two tensors: computed once, a piece in each frame where they are large.
pub struct Difference {
    of: [Arc<[f32]>; 2],
    record: TensorRecord,
    sums: Sums,
    facts: Option<Facts>,
    counted: Option<Counted>,
}

impl Difference {
    /// `a - b`, one more piece of it; a sentence when they cannot be compared.
    pub fn of<'a>(
        slot: &'a mut Option<Self>,
        a: &TensorRecord,
        b: &TensorRecord,
        ctx: &Context,
    ) -> Result<&'a Self, String> {
        comparable(a, b)?;
        let known = slot.as_ref().is_some_and(|d| Arc::ptr_eq(&d.of[0], &a.data) && Arc::ptr_eq(&d.of[1], &b.data));
        if !known {
            *slot = None;
        }
        let difference = slot.get_or_insert_with(|| Self::begin(a, b));
        difference.advance(ctx);
        Ok(difference)
    }

    fn begin(a: &TensorRecord, b: &TensorRecord) -> Self {
        let data = std::iter::repeat_n(0.0, a.data.len()).collect();
        let record = TensorRecord { name: format!("{} − {}", a.name, b.name), data, ..a.clone() };
        Self { of: [a.data.clone(), b.data.clone()], record, sums: Sums::default(), facts: None, counted: None }
    }

    fn advance(&mut self, ctx: &Context) {
        if self.facts.is_none() {
            let [a, b] = &self.of;
            let from = self.sums.count;
            let to = (from + PIECE).min(a.len());
            // Nobody has seen it yet, so nobody else holds it.
            if let Some(numbers) = Arc::get_mut(&mut self.record.data) {
                self.sums.advance(&a[from..to], &b[from..to], &mut numbers[from..to]);
            }
            if to < a.len() {
                ctx.request_repaint();
                return;
            }
            self.facts = Some(Facts::of(&self.sums, &self.record));
        }
        Counted::of(&mut self.counted, &self.record.data, ctx);
    }

    /// Once it is all there; until then the share that is.
    pub fn facts(&self) -> Result<&Facts, f32> {
        self.facts.as_ref().ok_or(self.sums.count as f32 / self.record.data.len().max(1) as f32)
    }

    /// To be drawn, with what was counted of it.
    pub fn picture(&self) -> Option<(&TensorRecord, &Counted)> {
        self.counted.as_ref().map(|counted| (&self.record, counted))
    }
}

/// One sentence.
pub fn text(facts: &Facts, record: &TensorRecord) -> String {
    if facts.same == 1.0 {
        return "Identical, bit for bit.".into();
    }
    format!(
        "largest difference {} at {} · mean |difference| {} · {} of the norm · {} identical",
        number(facts.largest),
        record.place(&facts.at),
        significant(facts.mean, 4),
        if facts.relative.is_finite() { percent(facts.relative as f32) } else { "–".into() },
        percent(facts.same),
    )
}

/// Which branch the step is of.
fn branch_of_step(ui: &mut Ui, tokens: &Tokens, view: &TensorView<'_>, (step, branch): (&mut u64, &mut Option<u32>)) {
    if view.branches.len() < 2 {
        *branch = None;
        return;
    }
    ui.label(RichText::new("of").color(tokens.muted));
    let chosen = branch.unwrap_or(view.branch);
    let name =
        |id: u32| view.branches.iter().find(|known| known.id == id).map_or("a deleted branch", |b| b.name.as_str());
    let list = ComboBox::from_id_salt("branch to compare with").selected_text(name(chosen)).truncate();
    let shown = combo(ui, list, |ui| {
        for Branch { id, name, step: stands, .. } in view.branches {
            if ui.selectable_label(*id == chosen, name).clicked() {
                *branch = (*id != view.branch).then_some(*id);
                // As far as that one has gone.
                *step = (*step).min(*stands).max(1);
            }
        }
    });
    let label = format!("Branch to compare with: {}", name(chosen));
    shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
}

/// With what it is compared, how, and what came out.
pub(super) fn bar(ui: &mut Ui, tokens: &Tokens, view: &TensorView<'_>, facts: Option<&str>, local: &mut TensorUi) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("compared with").color(tokens.muted));
        match &mut local.compare {
            Some(Compare::Step { step, branch }) => {
                let number = Number::whole("Step", (1.0, f64::INFINITY)).prefix("step ").speed(0.2);
                let change = number.add(ui, "Step to compare with", *step as f64).1;
                *step = change.value.map_or(*step, |typed| typed as u64);
                branch_of_step(ui, tokens, view, (step, branch));
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
            ui.label(RichText::new("Loading …").color(tokens.faint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, numbers: &[f32]) -> TensorRecord {
        let axes = vec!["unit".to_owned()];
        TensorRecord { name: name.into(), dims: vec![numbers.len()], axes, gates: None, step: 1, data: numbers.into() }
    }

    #[test]
    fn differences_are_found_where_they_are() {
        let ctx = Context::default();
        let (a, b) =
            (record("a", &[1.0, 2.0, f32::NAN, f32::INFINITY]), record("b", &[1.0, 2.5, f32::NAN, f32::INFINITY]));
        let mut slot = None;
        let found = Difference::of(&mut slot, &a, &b, &ctx).unwrap();
        assert_eq!(found.picture().unwrap().0.data[..], [0.0, -0.5, 0.0, 0.0]);
        let facts = found.facts().unwrap();
        assert_eq!((facts.largest, &facts.at[..], facts.same), (0.5, &[1][..], 0.75));
        assert!(text(facts, &a).starts_with("largest difference 0.5 at unit 1"));
        let same = Difference::of(&mut slot, &a, &a, &ctx).unwrap();
        assert_eq!(text(same.facts().unwrap(), &a), "Identical, bit for bit.");
        let why = Difference::of(&mut slot, &a, &record("c", &[1.0]), &ctx).err().unwrap();
        assert!(why.contains("same shape"), "{why}");
    }

    #[test]
    fn large_ones_are_subtracted_in_pieces_and_each_only_once() {
        let ctx = Context::default();
        let numbers: Vec<f32> = (0..2 * PIECE + 10).map(|i| i as f32).collect();
        let a = record("a", &numbers);
        let mut other = numbers;
        other[2 * PIECE + 3] -= 64.0;
        let b = record("b", &other);
        let (mut slot, mut shares) = (None, Vec::new());
        while let Err(share) = Difference::of(&mut slot, &a, &b, &ctx).unwrap().facts() {
            assert!(slot.as_ref().is_some_and(|difference| difference.picture().is_none()), "half of one is not drawn");
            shares.push(share);
        }
        assert_eq!(shares.len(), 2);
        assert!(0.0 < shares[0] && shares[0] < shares[1] && shares[1] < 1.0);
        let found = Difference::of(&mut slot, &a, &b, &ctx).unwrap();
        let (facts, data) = (found.facts().unwrap(), found.picture().unwrap().0.data.clone());
        assert_eq!((facts.largest, &facts.at[..], data[2 * PIECE + 3]), (64.0, &[2 * PIECE + 3][..], 64.0));
        let again = Difference::of(&mut slot, &a, &b, &ctx).unwrap();
        assert!(Arc::ptr_eq(&again.picture().unwrap().0.data, &data));
    }
}
