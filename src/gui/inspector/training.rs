//! How the network is trained. Every change takes effect at once, also in the middle of a run.

use egui::{Label, RichText, Ui};

use super::schedule_forms::schedule;
use super::selection::fact;
use super::training_forms::{clipping, early_stopping, optimiser};
use crate::gui::numbers::significant;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{Few, checkbox, choice, rate, section, usize_field};
use crate::model::difference::{differences, in_words};
use crate::model::layer::LossKind;
use crate::model::{Edit, ParamValue, Project, TrainingSpec, limits};
use crate::session::{Action, State};

/// A changed copy of the settings, and whether the change is complete.
pub(super) struct Draft {
    pub(super) spec: TrainingSpec,
    pub(super) ended: bool,
}

/// What the run has otherwise than the settings say: a branch keeps its own, and so does a place before a change.
fn in_force(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(there) = state.other_training_in_force() else { return };
    let run = Project { training: there.clone(), ..state.project().clone() };
    let words = in_words(&differences(&run, state.project()));
    let branch = state
        .debug()
        .branches
        .iter()
        .find(|branch| branch.id == state.run().branch && state.debug().branches.len() > 1);
    let place = branch.map_or(String::new(), |branch| format!(" on the branch {}", branch.name));
    let rate = significant(there.learning_rate, 3);
    let text = format!("The run{place} currently uses other settings: learning rate {rate}. Changed here: {words}.");
    ui.add(Label::new(RichText::new(text).color(Tokens::of(ui).warn)).wrap());
    ui.horizontal_wrapped(|ui| {
        let help = "The run switches to the settings below, from the current step on.";
        if ui.button("Apply to the run").on_hover_text(help).clicked() {
            actions.push(Action::GiveSettingsToRun);
        }
        let help = "Replaces the settings below by those of the run.";
        if ui.button("Use the run's settings").on_hover_text(help).clicked() {
            actions.push(Action::SetTraining(there.clone()));
            actions.push(Action::EndEdit);
        }
    });
    ui.add_space(4.0);
}

pub(super) fn show(ui: &mut Ui, state: &State, more: &mut bool, actions: &mut Vec<Action>) {
    in_force(ui, state, actions);
    loss(ui, state, actions);
    let (before, fresh) = (&state.project().training, TrainingSpec::default());
    let mut few = Few::new(state.desk().simple, *more);
    let mut draft = Draft { spec: before.clone(), ended: false };
    let help = "How far each update moves the weights against the gradient. Too low and learning is slow; too high and it \
            never settles.";
    let changed = rate(ui, "Learning rate", help, before.learning_rate, limits::LEARNING_RATE.range());
    draft.take(changed, |spec, v| spec.learning_rate = v);
    optimiser(ui, &mut draft, &mut few);
    super::whole::show(ui, state, &mut few, actions);

    if few.shows((before.schedule, before.warm_up_steps) == (fresh.schedule, fresh.warm_up_steps)) {
        section(ui, "SCHEDULE", &format!("rate now {}", significant(state.run().learning_rate, 3)));
        schedule(ui, &mut draft);
        let help = "Steps at the start over which the rate rises from 0 to its full value. Helps large networks.";
        draft.take(usize_field(ui, "Warm-up steps", help, before.warm_up_steps, &limits::WARM_UP), |spec, v| {
            spec.warm_up_steps = v
        });
    }

    section(ui, "BATCHES", "");
    let help = "Number of samples averaged for each update. Small batches are quick and noisy, large ones smooth.";
    draft.take(usize_field(ui, "Batch size", help, before.batch_size, &limits::BATCH_SIZE), |spec, v| {
        spec.batch_size = v
    });
    let help = "Passes over the training data.";
    draft.take(usize_field(ui, "Epochs", help, before.epochs, &limits::EPOCHS), |spec, v| spec.epochs = v);
    if few.shows(before.clip == fresh.clip) {
        clipping(ui, &mut draft);
    }
    if few.shows((&before.early_stopping, before.keep_best) == (&fresh.early_stopping, fresh.keep_best)) {
        stopping(ui, &mut draft);
    }
    if few.shows(before.seed == fresh.seed) {
        chance(ui, &mut draft);
    }
    if state.desk().simple {
        few.button(ui, "settings", more);
    }

    if draft.spec != *before {
        actions.push(Action::SetTraining(draft.spec));
    }
    if draft.ended {
        actions.push(Action::EndEdit);
    }
}

fn stopping(ui: &mut Ui, draft: &mut Draft) {
    section(ui, "STOPPING", "");
    early_stopping(ui, draft);
    let help = "When training ends, restore the weights with the lowest validation loss.";
    if let Some(keep) = checkbox(ui, "Keep the best", help, draft.spec.keep_best) {
        draft.spec.keep_best = keep;
        draft.ended = true;
    }
}

fn chance(ui: &mut Ui, draft: &mut Draft) {
    section(ui, "RANDOMNESS", "");
    let help = "The number that all randomness comes from: initial weights, sample order, dropout. The same seed gives \
        the same run. If you change it during a run, sample order and dropout follow at once, the initial weights on \
        reset.";
    let seed = usize::try_from(draft.spec.seed).unwrap_or(usize::MAX);
    draft.take(usize_field(ui, "Seed", help, seed, &limits::SEED), |spec, v| spec.seed = v as u64);
}

impl Draft {
    pub(super) fn take<T>(&mut self, change: crate::gui::widgets::Change<T>, set: impl FnOnce(&mut TrainingSpec, T)) {
        self.ended |= change.ended;
        if let Some(value) = change.value {
            set(&mut self.spec, value);
        }
    }
}

/// The loss belongs to the Loss layer; it is shown here too, where a person looks for it.
fn loss(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let (tokens, graph) = (Tokens::of(ui), &state.project().graph);
    if graph.main_loss().is_none() {
        let text = "The network has no Loss layer yet, so it can't train.";
        ui.add(Label::new(RichText::new(text).color(tokens.warn)).wrap());
    }
    let titles: Vec<&str> = LossKind::ALL.iter().map(|kind| kind.title()).collect();
    for (layer, loss) in graph.losses() {
        let current = LossKind::ALL.iter().position(|&kind| kind == loss.loss).unwrap_or_default();
        let help = "How wrong the predictions are, as one number. Training makes it smaller.";
        let label = if graph.has_several_losses() { &layer.name } else { "Loss" };
        if let Some(i) = choice(ui, label, help, current, &titles) {
            let value = ParamValue::Text(LossKind::ALL[i].key().to_owned());
            actions.push(Action::Edit(Edit::SetParam { layer: layer.id, key: "loss".into(), value }));
            actions.push(Action::EndEdit);
        }
        if let (LossKind::Auto, Some(dataset)) = (loss.loss, state.dataset()) {
            fact(ui, "currently", dataset.truth.task.usual_loss().title());
        }
    }
}
