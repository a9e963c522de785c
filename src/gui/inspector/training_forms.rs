//! The settings of training that come in kinds: optimiser, schedule, clipping, early stopping.

use egui::{Sense, Stroke, Ui, Vec2};

use super::training::{Draft, usize_field};
use crate::gui::theme::Tokens;
use crate::gui::widgets::{checkbox, choice, float, rate};
use crate::model::{Clip, EarlyStopping, Optimiser, Schedule, TrainingSpec};

const MOMENTUM: &str = "How much of the last update is carried on into the next one, like a rolling ball.";
const DECAY: &str = "Pulls every weight towards zero a little in each step (weight decay).";
const EPSILON: &str = "A small number that keeps the division by the gradient's size from blowing up.";

fn same_kind<T>(a: &T, b: &T) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

pub(super) fn optimiser(ui: &mut Ui, draft: &mut Draft) {
    let all = Optimiser::all();
    let titles = all.each_ref().map(|o| o.title());
    let current = all.iter().position(|o| same_kind(o, &draft.spec.optimiser)).unwrap_or_default();
    let help = "How gradients become updates. SGD goes straight downhill; Adam gives every weight its own step size and is a good first choice.";
    if let Some(i) = choice(ui, "Optimiser", help, current, &titles) {
        draft.spec.optimiser = all[i].clone();
        draft.ended = true;
        return;
    }
    let mut now = draft.spec.optimiser.clone();
    match &mut now {
        Optimiser::Sgd { momentum, nesterov, weight_decay } => {
            number(ui, draft, "Momentum", MOMENTUM, momentum, (0.0, 0.999));
            let help =
                "Looks where the momentum will carry before measuring the gradient (Nesterov). Needs momentum above 0.";
            if *momentum > 0.0
                && let Some(on) = checkbox(ui, "Nesterov", help, *nesterov)
            {
                *nesterov = on;
                draft.ended = true;
            }
            // PyTorch refuses Nesterov without momentum; here it goes off with it.
            *nesterov &= *momentum > 0.0;
            number(ui, draft, "Weight decay", DECAY, weight_decay, (0.0, 10.0));
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay }
        | Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => {
            let help = "How long the average of past gradients remembers (first moment).";
            number(ui, draft, "Beta 1", help, beta1, (0.0, 0.999));
            let help = "How long the average of squared gradients remembers (second moment).";
            number(ui, draft, "Beta 2", help, beta2, (0.0, 0.99999));
            magnitude(ui, draft, "Epsilon", EPSILON, epsilon, (1e-12, 1.0));
            number(ui, draft, "Weight decay", DECAY, weight_decay, (0.0, 10.0));
        }
        Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
            let help = "How long the average of squared gradients remembers.";
            number(ui, draft, "Alpha", help, alpha, (0.0, 0.9999));
            magnitude(ui, draft, "Epsilon", EPSILON, epsilon, (1e-12, 1.0));
            number(ui, draft, "Momentum", MOMENTUM, momentum, (0.0, 0.999));
            number(ui, draft, "Weight decay", DECAY, weight_decay, (0.0, 10.0));
        }
    }
    draft.spec.optimiser = now;
}

fn number(ui: &mut Ui, draft: &mut Draft, label: &str, help: &str, value: &mut f64, range: (f64, f64)) {
    let change = float(ui, label, help, *value, range);
    draft.ended |= change.ended;
    *value = change.value.unwrap_or(*value);
}

fn magnitude(ui: &mut Ui, draft: &mut Draft, label: &str, help: &str, value: &mut f64, range: (f64, f64)) {
    let change = rate(ui, label, help, *value, range);
    draft.ended |= change.ended;
    *value = change.value.unwrap_or(*value);
}

pub(super) fn schedule(ui: &mut Ui, draft: &mut Draft) {
    let all = Schedule::all();
    let titles = all.each_ref().map(|s| s.title());
    let current = all.iter().position(|s| same_kind(s, &draft.spec.schedule)).unwrap_or_default();
    let help = "How the learning rate changes over the run. Falling rates settle more finely at the end.";
    if let Some(i) = choice(ui, "Schedule", help, current, &titles) {
        draft.spec.schedule = all[i];
        draft.ended = true;
        return;
    }
    let mut now = draft.spec.schedule;
    match &mut now {
        Schedule::Constant => {}
        Schedule::Step { every, factor } => {
            let change = usize_field(ui, "Every", "Steps between two drops of the rate.", *every, (1, 1_000_000));
            draft.ended |= change.ended;
            *every = change.value.unwrap_or(*every);
            number(ui, draft, "Factor", "What the rate is multiplied by at each drop.", factor, (0.01, 1.0));
        }
        Schedule::Exponential { factor } => {
            number(ui, draft, "Factor", "What the rate is multiplied by in every step.", factor, (0.9, 1.0));
        }
        Schedule::Cosine { steps, floor } => {
            let change =
                usize_field(ui, "Steps", "Steps until the rate has reached its floor.", *steps, (1, 10_000_000));
            draft.ended |= change.ended;
            *steps = change.value.unwrap_or(*steps);
            number(ui, draft, "Floor", "The share of the rate that remains at the end.", floor, (0.0, 1.0));
        }
    }
    draft.spec.schedule = now;
    if !matches!(draft.spec.schedule, Schedule::Constant) || draft.spec.warm_up_steps > 0 {
        rate_curve(ui, &draft.spec);
    }
}

/// The rate over the steps in which it changes.
fn rate_curve(ui: &mut Ui, spec: &TrainingSpec) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 40.0), Sense::hover());
    let steps = spec.warm_up_steps
        + match spec.schedule {
            Schedule::Constant => spec.warm_up_steps.max(1),
            Schedule::Step { every, .. } => every * 4,
            Schedule::Exponential { factor } => (-3.0 / factor.max(0.01).ln().min(-1e-9)).min(1e7) as usize,
            Schedule::Cosine { steps, .. } => steps + steps / 8,
        };
    let columns = (rect.width() as usize / 2).max(2);
    let point = |i: usize| {
        let t = i as f32 / (columns - 1) as f32;
        let rate = spec.rate_at((t as f64 * steps as f64) as usize) / spec.learning_rate.max(f64::MIN_POSITIVE);
        egui::pos2(rect.left() + t * rect.width(), rect.bottom() - 2.0 - rate as f32 * (rect.height() - 4.0))
    };
    ui.painter().rect_filled(rect, 6.0, tokens.raised);
    ui.painter().line((0..columns).map(point).collect(), Stroke::new(1.5, tokens.accent));
    let name = format!("Learning rate over {steps} steps");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    response.on_hover_text(name);
}

pub(super) fn clipping(ui: &mut Ui, draft: &mut Draft) {
    let all = [Clip::None, Clip::Norm { max: 1.0 }, Clip::Value { max: 1.0 }];
    let current = all.iter().position(|c| same_kind(c, &draft.spec.clip)).unwrap_or_default();
    let help = "Limits how large gradients may become, so that one odd batch cannot throw the weights far away.";
    if let Some(i) = choice(ui, "Clip gradients", help, current, &["off", "joint norm", "each value"]) {
        draft.spec.clip = all[i];
        draft.ended = true;
        return;
    }
    let mut now = draft.spec.clip;
    if let Clip::Norm { max } | Clip::Value { max } = &mut now {
        magnitude(
            ui,
            draft,
            "At most",
            "The largest norm, or the largest single value, that is let through.",
            max,
            (1e-4, 1000.0),
        );
    }
    draft.spec.clip = now;
}

pub(super) fn early_stopping(ui: &mut Ui, draft: &mut Draft) {
    let help = "Stops when the validation loss has not improved for a while: going on would only learn the training samples by heart.";
    if let Some(on) = checkbox(ui, "Stop early", help, draft.spec.early_stopping.is_some()) {
        draft.spec.early_stopping = on.then_some(EarlyStopping { patience: 10, min_delta: 0.0 });
        draft.ended = true;
        return;
    }
    let Some(mut stopping) = draft.spec.early_stopping else { return };
    let change =
        usize_field(ui, "Patience", "Epochs without an improvement before it stops.", stopping.patience, (1, 10_000));
    draft.ended |= change.ended;
    stopping.patience = change.value.unwrap_or(stopping.patience);
    let help = "By how much the loss must fall to count as an improvement.";
    number(ui, draft, "Least gain", help, &mut stopping.min_delta, (0.0, 10.0));
    draft.spec.early_stopping = Some(stopping);
}
