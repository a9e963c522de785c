//! The learning rate as a function of the step, and PyTorch's own schedule on plateaus.

use super::super::code::{Level, Part, Writer, python};
use super::super::training;
use super::optimiser;
use crate::model::{OneCycle, Plateau, Schedule, TrainingSpec, Watched};

/// Whether a plateau cuts a rate that is a function of the step as well, which PyTorch's own schedules can't say.
pub fn is_scaled(training: &TrainingSpec) -> bool {
    training::is_scaled(training) && is_function(training)
}

/// Whether the rate is a function of the step.
pub fn is_function(training: &TrainingSpec) -> bool {
    !matches!(training.schedule, Schedule::Constant | Schedule::Plateau(_)) || training.warm_up_steps > 0
}

/// Whether the file needs `import math`.
pub fn uses_math(training: &TrainingSpec) -> bool {
    matches!(&training.schedule, Schedule::Cosine { .. })
        || matches!(&training.schedule, Schedule::OneCycle(cycle) if !cycle.linear)
}

/// `learning_rate(step)`, and `momentum(step)` where it moves too.
pub fn definitions(w: &mut Writer, training: &TrainingSpec) {
    if !is_function(training) {
        return;
    }
    w.about(Part::Schedule, Level::Operation, |w| {
        if let Schedule::OneCycle(cycle) = &training.schedule {
            between(w, cycle);
            w.blank(2);
        }
        w.block("def learning_rate(step):", |w| {
            let base = training.learning_rate;
            if training.warm_up_steps > 0 {
                w.block(format!("if step < {}:", training.warm_up_steps), |w| {
                    w.line(format!("return {} * (step + 1) / {}", python::float(base), training.warm_up_steps));
                });
                if !matches!(training.schedule, Schedule::Constant) {
                    w.line(format!("step -= {}", training.warm_up_steps));
                }
            }
            rate(w, &training.schedule, base);
        });
        if let (Schedule::OneCycle(cycle), Some(_)) = (&training.schedule, momentum(training)) {
            w.blank(2);
            w.block("def momentum(step):", |w| {
                let [low, high] = [cycle.low_momentum, cycle.high_momentum].map(python::float);
                let step = match training.warm_up_steps {
                    0 => "step".to_owned(),
                    steps => format!("max(step - {steps}, 0)"),
                };
                w.line(format!("return between({high}, {low}, {high}, {step})"));
            });
        }
    });
    w.blank(2);
}

fn momentum(training: &TrainingSpec) -> Option<String> {
    training.momentum_at(0).and_then(|_| optimiser::momentum(&training.optimiser))
}

fn rate(w: &mut Writer, schedule: &Schedule, base: f64) {
    let rate = python::float(base);
    match schedule {
        Schedule::Constant | Schedule::Plateau(_) => w.line(format!("return {rate}")),
        Schedule::Step { every, factor } => {
            w.line(format!("return {rate} * {} ** (step // {})", python::float(*factor), every.max(&1)));
        }
        Schedule::Exponential { factor } => w.line(format!("return {rate} * {}**step", python::float(*factor))),
        Schedule::Cosine { steps, floor } => {
            w.line(format!("progress = min(step / {}, 1.0)", steps.max(&1)));
            w.line("cosine = 0.5 * (1.0 + math.cos(math.pi * progress))");
            match floor {
                0.0 => w.line(format!("return {rate} * cosine")),
                floor => {
                    let [floor, rest] = [*floor, 1.0 - floor].map(python::float);
                    w.line(format!("return {rate} * ({floor} + {rest} * cosine)"));
                }
            }
        }
        Schedule::OneCycle(cycle) => {
            let first = base / cycle.start_divisor;
            let [first, last] = [first, first / cycle.end_divisor].map(python::float);
            w.line(format!("return between({first}, {rate}, {last}, step)"));
        }
    }
}

/// One cycle, as `torch.optim.lr_scheduler.OneCycleLR`, which ends with an error behind its last step.
fn between(w: &mut Writer, cycle: &OneCycle) {
    let steps = cycle.steps.max(1) as f64;
    let up = cycle.rise * steps - 1.0;
    let ends = match cycle.three_phases {
        true => format!(
            "({}, first, highest), ({}, highest, first), ({}, first, last)",
            python::float(up),
            python::float(2.0 * cycle.rise * steps - 2.0),
            python::float(steps - 1.0)
        ),
        false => format!("({}, first, highest), ({}, highest, last)", python::float(up), python::float(steps - 1.0)),
    };
    w.block("def between(first, highest, last, step):", |w| {
        w.line("\"\"\"Up and down once (Smith and Topin, 2018); then it stays.\"\"\"");
        w.line(format!("step, start = min(step, {}), 0.0", cycle.steps.saturating_sub(1)));
        w.block(format!("for end, a, b in ({ends}):"), |w| {
            w.block(format!("if step <= end or end == {}:", python::float(steps - 1.0)), |w| {
                w.line("progress = (step - start) / (end - start) if end > start else 1.0");
                match cycle.linear {
                    true => w.line("return (b - a) * progress + a"),
                    false => w.line("return b + (a - b) / 2.0 * (math.cos(math.pi * progress) + 1.0)"),
                }
            });
            w.line("start = end");
        });
    });
}

/// What is made before the loop.
pub fn construct(w: &mut Writer, training: &TrainingSpec) {
    if is_scaled(training) {
        return training::plateau(w, training);
    }
    if let Schedule::Plateau(plateau) = &training.schedule {
        w.about(Part::Schedule, Level::Layer, |w| {
            w.call("plateau = torch.optim.lr_scheduler.ReduceLROnPlateau", &arguments(plateau, "optimizer"), "");
        });
    }
}

/// `of`: what stands first.
pub fn arguments(plateau: &Plateau, of: &str) -> Vec<String> {
    let usual = Plateau::default();
    let mut all = vec![of.to_owned()];
    all.extend((plateau.watch == Watched::Score).then(|| "mode=\"max\"".to_owned()));
    let mut number = |name: &str, value: f64, usual: f64| {
        all.extend((value != usual).then(|| format!("{name}={}", python::float(value))));
    };
    number("factor", plateau.factor, usual.factor);
    number("threshold", plateau.threshold, usual.threshold);
    number("min_lr", plateau.least_rate, usual.least_rate);
    number("eps", plateau.least_cut, usual.least_cut);
    for (name, value, usual) in
        [("patience", plateau.patience, usual.patience), ("cooldown", plateau.cooldown, usual.cooldown)]
    {
        all.extend((value != usual).then(|| format!("{name}={value}")));
    }
    all.extend((!plateau.relative).then(|| "threshold_mode=\"abs\"".to_owned()));
    all
}

/// What a step does first.
pub fn step(w: &mut Writer, training: &TrainingSpec) {
    if !is_function(training) {
        return;
    }
    w.about(Part::Schedule, Level::Loop, |w| {
        w.block("for group in optimizer.param_groups:", |w| {
            let scale = if is_scaled(training) { " * scale" } else { "" };
            w.line(format!("group[\"lr\"] = learning_rate(step){scale}"));
            momentum(training).into_iter().for_each(|line| w.line(line));
        });
    });
}
