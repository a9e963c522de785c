//! The form of the learning-rate schedule, with its curve.

use egui::{Sense, Stroke, Ui, Vec2};

use super::training::Draft;
use super::training_forms::{magnitude, number, same_kind};
use crate::gui::theme::Tokens;
use crate::gui::widgets::{checkbox, choice, usize_field};
use crate::model::limits::Limits;
use crate::model::{OneCycle, Plateau, Schedule, TrainingSpec, Watched, limits};

pub(super) fn schedule(ui: &mut Ui, draft: &mut Draft) {
    let all = Schedule::all();
    let titles = all.each_ref().map(|s| s.title());
    let current = all.iter().position(|s| same_kind(s, &draft.spec.schedule)).unwrap_or_default();
    let help = "How the learning rate changes during the run. Lowering it towards the end helps training settle.";
    if let Some(i) = choice(ui, "Schedule", help, current, &titles) {
        draft.spec.schedule = all[i];
        draft.ended = true;
        return;
    }
    let mut now = draft.spec.schedule;
    match &mut now {
        Schedule::Constant => {}
        Schedule::Step { every, factor } => {
            whole(ui, draft, "Every", "Steps between drops of the learning rate.", every, &limits::STEP_EVERY);
            number(ui, draft, "Factor", "The rate is multiplied by this at each drop.", factor, &limits::STEP_FACTOR);
        }
        Schedule::Exponential { factor } => {
            number(
                ui,
                draft,
                "Factor",
                "The rate is multiplied by this at every step.",
                factor,
                &limits::EXPONENTIAL_FACTOR,
            );
        }
        Schedule::Cosine { steps, floor } => {
            whole(ui, draft, "Steps", "Steps until the rate reaches its floor.", steps, &limits::SCHEDULE_STEPS);
            number(ui, draft, "Floor", "The share of the rate that is left at the end.", floor, &limits::COSINE_FLOOR);
        }
        Schedule::OneCycle(cycle) => one_cycle(ui, draft, cycle),
        Schedule::Plateau(settings) => plateau(ui, draft, settings),
    }
    draft.spec.schedule = now;
    let is_flat = matches!(draft.spec.schedule, Schedule::Constant | Schedule::Plateau(_));
    if !is_flat || draft.spec.warm_up_steps > 0 {
        rate_curve(ui, &draft.spec);
    }
}

fn whole(ui: &mut Ui, draft: &mut Draft, label: &str, help: &str, value: &mut usize, limits: &Limits<usize>) {
    let change = usize_field(ui, label, help, *value, limits);
    draft.ended |= change.ended;
    *value = change.value.unwrap_or(*value);
}

fn epochs(ui: &mut Ui, draft: &mut Draft, label: &str, help: &str, value: &mut u64, limits: &Limits<usize>) {
    let mut count = usize::try_from(*value).unwrap_or(usize::MAX);
    whole(ui, draft, label, help, &mut count, limits);
    *value = count as u64;
}

fn tick(ui: &mut Ui, draft: &mut Draft, label: &str, help: &str, value: &mut bool) {
    if let Some(on) = checkbox(ui, label, help, *value) {
        *value = on;
        draft.ended = true;
    }
}

fn one_cycle(ui: &mut Ui, draft: &mut Draft, cycle: &mut OneCycle) {
    whole(
        ui,
        draft,
        "Steps",
        "Steps in the whole cycle. The learning rate above is its peak.",
        &mut cycle.steps,
        &limits::SCHEDULE_STEPS,
    );
    number(
        ui,
        draft,
        "Rise",
        "The share of the steps during which the rate rises.",
        &mut cycle.rise,
        &limits::CYCLE_RISE,
    );
    let help = "The first rate is the peak divided by this.";
    magnitude(ui, draft, "Start divisor", help, &mut cycle.start_divisor, &limits::START_DIVISOR);
    let help = "The last rate is the first divided by this.";
    magnitude(ui, draft, "End divisor", help, &mut cycle.end_divisor, &limits::END_DIVISOR);
    tick(ui, draft, "Linear", "Change the rate along straight lines instead of half cosines.", &mut cycle.linear);
    let help = "First fall back to the first rate as fast as it rose, then to the last.";
    tick(ui, draft, "Three phases", help, &mut cycle.three_phases);
    let help = "Move the momentum (Adam's beta 1) opposite to the rate, overriding the optimiser's own.";
    tick(ui, draft, "Cycle momentum", help, &mut cycle.cycle_momentum);
    if cycle.cycle_momentum {
        let help = "The momentum when the rate is at its peak.";
        number(ui, draft, "Low momentum", help, &mut cycle.low_momentum, &limits::CYCLE_MOMENTUM);
        let help = "The momentum at both ends of the cycle.";
        number(ui, draft, "High momentum", help, &mut cycle.high_momentum, &limits::CYCLE_MOMENTUM);
    }
}

fn plateau(ui: &mut Ui, draft: &mut Draft, settings: &mut Plateau) {
    let current = usize::from(settings.watch == Watched::Score);
    let help = "What is measured on the validation set after every epoch: the loss, which should fall, or the accuracy \
        (R² for numbers), which should rise.";
    if let Some(i) = choice(ui, "Watch", help, current, &["validation loss", "validation score"]) {
        settings.watch = if i == 0 { Watched::Loss } else { Watched::Score };
        draft.ended = true;
    }
    number(
        ui,
        draft,
        "Factor",
        "The rate is multiplied by this at each cut.",
        &mut settings.factor,
        &limits::PLATEAU_FACTOR,
    );
    let help = "Epochs without improvement before the rate is cut.";
    epochs(ui, draft, "Epochs to wait", help, &mut settings.patience, &limits::PLATEAU_WAIT);
    let help = "How much better than the best so far a result must be to count as an improvement.";
    number(ui, draft, "Threshold", help, &mut settings.threshold, &limits::PLATEAU_THRESHOLD);
    let help = "Take the threshold as a share of the best result, not as a difference.";
    tick(ui, draft, "Threshold is a share", help, &mut settings.relative);
    let help = "Epochs after a cut during which no further cut is considered.";
    epochs(ui, draft, "Cooldown", help, &mut settings.cooldown, &limits::PLATEAU_COOLDOWN);
    number(
        ui,
        draft,
        "Minimum rate",
        "The rate never falls below this.",
        &mut settings.least_rate,
        &limits::PLATEAU_LEAST_RATE,
    );
    number(
        ui,
        draft,
        "Minimum cut",
        "Smaller cuts than this are skipped.",
        &mut settings.least_cut,
        &limits::PLATEAU_LEAST_CUT,
    );
}

/// The rate over the steps in which it changes.
fn rate_curve(ui: &mut Ui, spec: &TrainingSpec) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 40.0), Sense::hover());
    let steps = spec.warm_up_steps
        + match spec.schedule {
            Schedule::Constant | Schedule::Plateau(_) => spec.warm_up_steps.max(1),
            Schedule::Step { every, .. } => every * 4,
            Schedule::Exponential { factor } => (-3.0 / factor.max(0.01).ln().min(-1e-9)).min(1e7) as usize,
            Schedule::Cosine { steps, .. } | Schedule::OneCycle(OneCycle { steps, .. }) => steps + steps / 8,
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
