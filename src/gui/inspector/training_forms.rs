//! The settings of training that come in kinds: optimiser, clipping, early stopping. Schedules are in `schedule_forms`.

use egui::Ui;

use super::training::Draft;
use crate::gui::widgets::{Few, checkbox, choice, float, rate, usize_field};
use crate::model::limits::Limits;
use crate::model::{Clip, EarlyStopping, Optimiser, limits};

const MOMENTUM: &str = "How much of the last update carries over into the next, like the momentum of a rolling ball.";
const DECAY: &str = "Adds decay · w to the gradient of every weight and bias, like PyTorch's weight_decay. It pulls \
    them towards zero like an L2 penalty of half this value, but isn't part of the loss. AdamW and Lion shrink the \
    weights directly instead.";
const DIRECT_DECAY: &str = "Shrinks every weight and bias by rate · decay at each step, directly rather than through \
    the gradient (decoupled weight decay, as in PyTorch's AdamW). It isn't part of the loss; an L2 penalty is.";
const BETA1: &str = "How slowly the running average of gradients (first moment) changes.";
const BETA2: &str = "How slowly the running average of squared gradients (second moment) changes.";
const EPSILON: &str = "A small number that prevents division by zero.";

pub(super) fn same_kind<T>(a: &T, b: &T) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

pub(super) fn optimiser(ui: &mut Ui, draft: &mut Draft, few: &mut Few) {
    let all = Optimiser::all();
    let titles = all.each_ref().map(|o| o.title());
    let current = all.iter().position(|o| same_kind(o, &draft.spec.optimiser)).unwrap_or_default();
    let help = "How gradients become updates. SGD goes straight downhill. Adam adapts the step size of every weight \
        and is a good first choice. Lion needs a rate about ten times smaller.";
    if let Some(i) = choice(ui, "Optimiser", help, current, &titles) {
        draft.spec.optimiser = all[i].clone();
        draft.ended = true;
        return;
    }
    if few.shows(draft.spec.optimiser == all[current]) {
        let mut now = draft.spec.optimiser.clone();
        optimiser_settings(ui, draft, &mut now);
        draft.spec.optimiser = now;
    }
}

fn optimiser_settings(ui: &mut Ui, draft: &mut Draft, now: &mut Optimiser) {
    let is_direct = matches!(now, Optimiser::AdamW { .. });
    match now {
        Optimiser::Sgd { momentum, nesterov, weight_decay } => {
            number(ui, draft, "Momentum", MOMENTUM, momentum, &limits::MOMENTUM);
            let help = "Measures the gradient where the momentum is about to carry the weights (Nesterov). Needs momentum \
                    above 0.";
            if *momentum > 0.0
                && let Some(on) = checkbox(ui, "Nesterov", help, *nesterov)
            {
                *nesterov = on;
                draft.ended = true;
            }
            // PyTorch refuses Nesterov without momentum; here it goes off with it.
            *nesterov &= *momentum > 0.0;
            number(ui, draft, "Weight decay", DECAY, weight_decay, &limits::WEIGHT_DECAY);
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay }
        | Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => {
            number(ui, draft, "Beta 1", BETA1, beta1, &limits::BETA1);
            number(ui, draft, "Beta 2", BETA2, beta2, &limits::BETA2);
            magnitude(ui, draft, "Epsilon", EPSILON, epsilon, &limits::EPSILON);
            let help = if is_direct { DIRECT_DECAY } else { DECAY };
            number(ui, draft, "Weight decay", help, weight_decay, &limits::WEIGHT_DECAY);
        }
        Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
            let help = "How slowly the running average of squared gradients changes.";
            number(ui, draft, "Alpha", help, alpha, &limits::ALPHA);
            magnitude(ui, draft, "Epsilon", EPSILON, epsilon, &limits::EPSILON);
            number(ui, draft, "Momentum", MOMENTUM, momentum, &limits::MOMENTUM);
            number(ui, draft, "Weight decay", DECAY, weight_decay, &limits::WEIGHT_DECAY);
        }
        Optimiser::Adagrad { rate_decay, start, epsilon, weight_decay } => {
            let help = "How quickly the learning rate falls: it is divided by 1 + this × the number of updates so far.";
            number(ui, draft, "Rate decay", help, rate_decay, &limits::RATE_DECAY);
            let help = "Initial value of the sum of squared gradients. Larger values make the first steps smaller.";
            number(ui, draft, "Initial sum", help, start, &limits::SUM_START);
            magnitude(ui, draft, "Epsilon", EPSILON, epsilon, &limits::EPSILON);
            number(ui, draft, "Weight decay", DECAY, weight_decay, &limits::WEIGHT_DECAY);
        }
        Optimiser::NAdam { beta1, beta2, epsilon, weight_decay, momentum_decay } => {
            number(ui, draft, "Beta 1", BETA1, beta1, &limits::BETA1);
            number(ui, draft, "Beta 2", BETA2, beta2, &limits::BETA2);
            magnitude(ui, draft, "Epsilon", EPSILON, epsilon, &limits::EPSILON);
            number(ui, draft, "Weight decay", DECAY, weight_decay, &limits::WEIGHT_DECAY);
            let help = "How quickly the momentum grows from half of beta 1 to all of it.";
            number(ui, draft, "Momentum decay", help, momentum_decay, &limits::MOMENTUM_DECAY);
        }
        Optimiser::Lion { beta1, beta2, weight_decay } => {
            number(
                ui,
                draft,
                "Beta 1",
                "How much past gradients count towards the direction of the update.",
                beta1,
                &limits::BETA1,
            );
            number(ui, draft, "Beta 2", "How slowly the running average of gradients changes.", beta2, &limits::BETA2);
            number(ui, draft, "Weight decay", DIRECT_DECAY, weight_decay, &limits::WEIGHT_DECAY);
        }
    }
}

pub(super) fn number(ui: &mut Ui, draft: &mut Draft, label: &str, help: &str, value: &mut f64, limits: &Limits<f64>) {
    let change = float(ui, label, help, *value, limits.range());
    draft.ended |= change.ended;
    *value = change.value.unwrap_or(*value);
}

pub(super) fn magnitude(
    ui: &mut Ui,
    draft: &mut Draft,
    label: &str,
    help: &str,
    value: &mut f64,
    limits: &Limits<f64>,
) {
    let change = rate(ui, label, help, *value, limits.range());
    draft.ended |= change.ended;
    *value = change.value.unwrap_or(*value);
}

pub(super) fn clipping(ui: &mut Ui, draft: &mut Draft) {
    let all = [Clip::None, Clip::Norm { max: 1.0 }, Clip::Value { max: 1.0 }];
    let current = all.iter().position(|c| same_kind(c, &draft.spec.clip)).unwrap_or_default();
    let help = "Limits the size of gradients, so that one unusual batch can't throw the weights far off.";
    if let Some(i) = choice(ui, "Clip gradients", help, current, &["off", "total norm", "each value"]) {
        draft.spec.clip = all[i];
        draft.ended = true;
        return;
    }
    let mut now = draft.spec.clip;
    if let Clip::Norm { max } | Clip::Value { max } = &mut now {
        magnitude(ui, draft, "At most", "The largest norm, or single value, allowed.", max, &limits::CLIP);
    }
    draft.spec.clip = now;
}

pub(super) fn early_stopping(ui: &mut Ui, draft: &mut Draft) {
    let help = "Stop when the validation loss has not improved for a while. Training on would only memorise the \
        training samples (overfitting).";
    if let Some(on) = checkbox(ui, "Stop early", help, draft.spec.early_stopping.is_some()) {
        draft.spec.early_stopping = on.then_some(EarlyStopping { patience: 10, min_delta: 0.0 });
        draft.ended = true;
        return;
    }
    let Some(mut stopping) = draft.spec.early_stopping else { return };
    let change = usize_field(
        ui,
        "Patience",
        "Epochs without improvement before training stops.",
        stopping.patience,
        &limits::PATIENCE,
    );
    draft.ended |= change.ended;
    stopping.patience = change.value.unwrap_or(stopping.patience);
    let help = "How much the loss must fall to count as an improvement.";
    number(ui, draft, "Minimum gain", help, &mut stopping.min_delta, &limits::LEAST_GAIN);
    draft.spec.early_stopping = Some(stopping);
}
