//! What the `train.py` of all frameworks have in common: settings as constants, plateaus, what ends a run early and
//! what is kept of it.

use super::Network;
use super::code::{Level, Part, Writer, python};
use super::pytorch::schedule;
use crate::model::layer::Loss;
use crate::model::{Augmentation, ColumnRole, Metric, Project, Schedule, Source, Task, TrainingSpec, Watched};

/// "accuracy" or "r2", as the log has it.
pub fn score(network: &Network) -> &'static str {
    network.task.metric().key()
}

/// Whether a logarithm is learnt, so that scores are of what `data.in_units` makes of numbers.
pub fn learns_logarithms(project: &Project, network: &Network) -> bool {
    let Source::Csv(csv) = &project.data.source else { return false };
    let is_log = |name: &&str| csv.said(name) == Some(ColumnRole::LogTarget);
    matches!(network.task, Task::Numbers(_)) && csv.targets().iter().any(is_log)
}

/// The score of numbers or boxes, as an expression. `together`: of all numbers, not the mean over each by itself.
pub fn scored(
    (project, network): (&Project, &Network),
    answers: &str,
    truths: &str,
    together: bool,
    channels_last: bool,
) -> String {
    if learns_logarithms(project, network) {
        return format!("reproduce.r_squared(data.in_units({answers}), data.in_units({truths}))");
    }
    match network.task.metric() {
        Metric::Map50 if channels_last => format!("boxes.map50({answers}, {truths}, channels_last=True)"),
        Metric::Map50 => format!("boxes.map50({answers}, {truths})"),
        Metric::Accuracy | Metric::R2 if together => format!("reproduce.r_squared({answers}, {truths}, together=True)"),
        Metric::Accuracy | Metric::R2 => format!("reproduce.r_squared({answers}, {truths})"),
    }
}

/// The loss of things in pictures, as an expression.
pub fn detection(loss: &Loss, answer: &str, truth: &str) -> String {
    let [gamma, weight] = [loss.gamma, loss.box_weight].map(python::float);
    format!("detection.loss({answer}, {truth}, gamma={gamma}, box_weight={weight})")
}

/// What a batch consists of: `x, y`, and `w` where rows have weights.
pub fn batch(network: &Network) -> &'static str {
    if network.signature.weighted { "x, y, w" } else { "x, y" }
}

/// What a batch of training consists of: with mixup also the targets of the partners, and the share of each sample.
pub fn trained_batch(training: &TrainingSpec, network: &Network) -> &'static str {
    if mixes(training, network) { "x, y, other_y, share" } else { batch(network) }
}

/// Whether pictures are mixed.
pub fn mixes(training: &TrainingSpec, network: &Network) -> bool {
    training.augmentation.mixes(&network.signature.input.0, network.signature.task)
}

/// `mixed_loss(outputs, y, other_y, share)`, and of several losses `mixed_losses`. `arguments`: those of the plain
/// ones.
pub fn mixed_losses(w: &mut Writer, arguments: &str, are_several: bool) {
    w.block(format!("def mixed_loss({arguments}, other_y, share):"), |w| {
        w.line("\"\"\"Against the targets of both parts of each mixture, each by its share.\"\"\"");
        w.line(format!("own = loss_function({arguments}, share)"));
        w.line(format!("return own + loss_function({}, 1 - share)", arguments.replace(", y", ", other_y")));
    });
    w.blank(2);
    if are_several {
        w.block(format!("def mixed_losses({arguments}, other_y, share):"), |w| {
            w.line("\"\"\"Each by its name.\"\"\"");
            w.line(format!("own = losses({arguments}, share)"));
            w.line(format!("other = losses({}, 1 - share)", arguments.replace(", y", ", other_y")));
            w.line("return {name: own[name] + other[name] for name in own}");
        });
        w.blank(2);
    }
}

/// Whether things are found.
pub fn finds(network: &Network) -> bool {
    network.task.metric() == Metric::Map50
}

/// Whether pictures are changed while training.
pub fn augments(training: &TrainingSpec, network: &Network) -> bool {
    training.augmentation.is_active() && network.signature.input.rank() == 3
}

/// How they are changed, as a constant, where they are.
fn augmentation(w: &mut Writer, training: &TrainingSpec, network: &Network, packs: bool) {
    if !augments(training, network) {
        return;
    }
    let Augmentation {
        flip,
        flip_up_down,
        rotation,
        shift,
        zoom,
        shear,
        brightness,
        contrast,
        saturation,
        noise,
        cutout,
        mixup,
    } = *training.augmentation;
    let switches = [
        ("flip", flip),
        ("flip_up_down", flip_up_down),
        ("things", finds(network)),
        ("packs", packs && mixes(training, network)),
    ];
    let numbers = [
        ("rotation", rotation),
        ("shift", shift),
        ("zoom", zoom),
        ("shear", shear),
        ("brightness", brightness),
        ("contrast", contrast),
        ("saturation", saturation),
        ("noise", noise),
        ("cutout", cutout),
        ("mixup", mixup),
    ];
    let switches = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| format!("{name}=True"));
    let numbers = numbers.into_iter().filter(|(_, number)| *number != 0.0);
    let arguments: Vec<String> = ["SEED".to_owned()]
        .into_iter()
        .chain(switches)
        .chain(numbers.map(|(name, number)| format!("{name}={}", python::float(number))))
        .collect();
    w.about(Part::Data, Level::Layer, |w| w.call("AUGMENTATION = augment.Augmentation", &arguments, ""));
}

/// The modules that change pictures, that score what is no share of right answers, and, where `compares`, that compare
/// boxes.
pub fn modules(w: &mut Writer, training: &TrainingSpec, network: &Network, compares: bool) {
    if augments(training, network) {
        w.line("import augment");
    }
    if finds(network) {
        w.line("import boxes");
    }
    w.line("import data");
    if compares && finds(network) {
        w.line("import detection");
    }
}

/// Modules of Python's own that the file imports first.
pub fn imports(w: &mut Writer, modules: &[(&str, bool)]) {
    let used: Vec<_> = modules.iter().filter(|(_, is_used)| *is_used).collect();
    used.iter().for_each(|(module, _)| w.line(format!("import {module}")));
    if !used.is_empty() {
        w.blank(1);
    }
}

/// `EPOCHS = 10` and the like. `packs`: the truths of mixed samples are one array.
pub fn constants(w: &mut Writer, training: &TrainingSpec, network: &Network, packs: bool) {
    w.at_level(Level::Loop, |w| {
        w.line(format!("EPOCHS = {}", training.epochs));
        w.line(format!("BATCH_SIZE = {}", training.batch_size));
        w.line(format!("SEED = {}", training.seed));
    });
    augmentation(w, training, network, packs);
}

/// Whether the rate is cut by `reproduce.Plateau`, whose `scale` a step takes.
pub fn is_scaled(training: &TrainingSpec) -> bool {
    matches!(training.schedule, Schedule::Plateau(_))
}

/// The rate of a step, where nothing is cut: `0.01` or `learning_rate(step)`.
pub fn rate(training: &TrainingSpec) -> String {
    if schedule::is_function(training) {
        "learning_rate(step)".to_owned()
    } else {
        python::float(training.learning_rate)
    }
}

/// `plateau = reproduce.Plateau(0.01, patience=3)`, where there is one.
pub fn plateau(w: &mut Writer, training: &TrainingSpec) {
    if let Schedule::Plateau(plateau) = &training.schedule {
        let arguments = schedule::arguments(plateau, &python::float(training.learning_rate));
        w.about(Part::Schedule, Level::Layer, |w| w.call("plateau = reproduce.Plateau", &arguments, ""));
    }
}

/// What an end of an epoch judges by, in a loop that is written out.
pub fn watched(training: &TrainingSpec, loss: &'static str, score: &'static str) -> Option<&'static str> {
    match &training.schedule {
        Schedule::Plateau(plateau) if plateau.watch == Watched::Loss => Some(loss),
        Schedule::Plateau(_) => Some(score),
        _ => None,
    }
}

/// What is remembered from epoch to epoch. `first`: how a name begins, from what it usually begins with.
pub fn prepare(w: &mut Writer, training: &TrainingSpec, first: impl Fn(&str, &str) -> String) {
    let infinity = "float(\"inf\")";
    if training.keep_best {
        w.wrapped(&format!("best, kept = {}, {}", first("best", infinity), first("kept", "None")));
    }
    if training.early_stopping.is_some() {
        w.wrapped(&format!("least, waited = {}, {}", first("least", infinity), first("waited", "0")));
    }
}

/// The names of what is remembered.
pub fn remembered(training: &TrainingSpec) -> Vec<&'static str> {
    let best: &[_] = if training.keep_best { &["best", "kept"] } else { &[] };
    let least: &[_] = if training.early_stopping.is_some() { &["least", "waited"] } else { &[] };
    [best, least].concat()
}

/// "waited < 5 and ", where a run ends when nothing improves.
pub fn goes_on(training: &TrainingSpec) -> String {
    training.early_stopping.map_or_else(String::new, |early| format!("waited < {} and ", early.patience.max(1)))
}

/// Keeps the best weights, which `copy` copies, and counts the epochs without improvement.
pub fn judge(w: &mut Writer, training: &TrainingSpec, copy: &str) {
    if training.keep_best {
        w.block("if val_loss < best:", |w| w.line(format!("best, kept = val_loss, {copy}")));
    }
    if let Some(early) = training.early_stopping {
        let margin = python::float(early.min_delta);
        let below = if early.min_delta == 0.0 { "least".to_owned() } else { format!("least - {margin}") };
        w.line(format!("waited = 0 if val_loss < {below} else waited + 1"));
        w.line("least = val_loss if waited == 0 else least");
    }
}

/// Keras's callbacks for the same.
pub fn callbacks(training: &TrainingSpec) -> Vec<String> {
    let early = |patience: usize, margin: f64, keeps: bool| {
        let mut all = format!("keras.callbacks.EarlyStopping(patience={patience}");
        if margin != 0.0 {
            all.push_str(&format!(", min_delta={}", python::float(margin)));
        }
        if keeps {
            all.push_str(", restore_best_weights=True");
        }
        all + ")"
    };
    match (training.early_stopping, training.keep_best) {
        (None, false) => Vec::new(),
        // Never stops, and puts the best weights back.
        (None, true) => vec![early(training.epochs.max(1), 0.0, true)],
        (Some(one), keeps) if !keeps || one.min_delta == 0.0 => vec![early(one.patience.max(1), one.min_delta, keeps)],
        (Some(one), _) => {
            vec![early(one.patience.max(1), one.min_delta, false), early(training.epochs.max(1), 0.0, true)]
        }
    }
}

/// The name of a project's model in `train.py`'s first line.
pub fn headline(project: &Project, how: &str) -> String {
    format!(
        "\"\"\"Trains {} on the samples of Glassbox, in the same order: {how}\"\"\"",
        project.name.replace(['"', '\\'], "'")
    )
}
