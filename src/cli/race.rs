//! `glassbox race`: several engines train the same project from the same weights on the same batches.

use std::io::IsTerminal;

use anyhow::bail;
use serde_json::json;

use super::interrupt::Interrupt;
use super::options::RaceOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files};
use super::{engines, prepare};
use crate::files::atomic;
use crate::session::engines::{Compared, Course, Engine, Finish, Standing, Status, Wishes, compare, csv, run as race};

pub fn run(options: &RaceOptions) -> anyhow::Result<()> {
    Files::new(options.force)
        .reads("the project", Some(&options.file))
        .writes("--csv", FileKind::Table, options.csv.as_deref())
        .check()?;
    let mut project = prepare::project(&options.file)?;
    if let Some(path) = &options.data {
        prepare::use_data(&mut project, path)?;
    }
    let base = prepare::base_of(&options.file);
    let dataset = prepare::load(&project, &base)?;
    let found = prepare::inference(&project, &dataset);
    if !found.is_valid() {
        let sentences: Vec<_> = found.problems.iter().map(|problem| prepare::sentence(&project, problem)).collect();
        bail!("The network can't train yet.\n  {}", sentences.join("\n  "));
    }
    // As many epochs as the steps take.
    project.training.epochs =
        project.training.epochs.max(options.steps.try_into().unwrap_or(usize::MAX).min(1_000_000));
    let interpreters = engines::found(&options.python).interpreters;
    let engines: Vec<Engine> = options
        .engines
        .iter()
        .map(|word| Engine::named(word.trim(), &interpreters).map_err(anyhow::Error::msg))
        .collect::<anyhow::Result<_>>()?;
    let interrupt = Interrupt::listen()?;
    let (steps, threads) = (options.steps, options.threads);
    let course = Course { project: &project, dataset: &dataset, base: &base, steps, threads };
    let shows = std::io::stderr().is_terminal() && !options.json;
    let mut shown = String::new();
    let racers = race(engines, options.at_once, &course, &mut |racers| {
        let running = racers.iter().rev().find(|racer| *racer.status() == Status::Running);
        if let (true, Some(racer)) = (shows, running)
            && let Some(last) = racer.log.told.last()
        {
            let line = format!("{}: step {} of {steps}, loss {:.4}", racer.engine.title(), last.step, last.loss);
            if line != shown {
                eprint!("\r{line:60}");
                shown = line;
            }
        }
        Wishes { abandoned: interrupt.asked().is_some(), ..Wishes::default() }
    });
    if shows {
        eprintln!();
    }
    if interrupt.asked().is_some() {
        bail!("The race was stopped.");
    }
    let standings: Vec<Standing> = racers.iter().map(Standing::of).collect();
    let finishes: Vec<Finish> = standings.iter().map(Finish::of).collect();
    let compared = compare(&standings);
    if let Some(path) = &options.csv {
        atomic::write(path, csv(&standings).as_bytes())?;
    }
    finishes.iter().filter_map(|finish| finish.error.as_ref()).for_each(remark);
    if options.json {
        answer(json!({ "steps": options.steps, "engines": finishes, "compared": compared }))?;
    } else {
        answer(report(&finishes, &compared))?;
    }
    if finishes.iter().any(|finish| finish.error.is_some()) {
        bail!("Not every engine came to the end.")
    } else {
        Ok(())
    }
}

fn report(finishes: &[Finish], compared: &[Compared]) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let mut lines = vec![format!(
        "{:24} {:>12} {:>11} {:>12} {:>12} {:>6} {:>12}",
        "engine", "first step", "ms a step", "samples/s", "peak memory", "lines", "final loss"
    )];
    for finish in finishes {
        lines.push(format!(
            "{:24} {:>12} {:>11} {:>12} {:>12} {:>6} {:>12}",
            finish.title,
            or_none(finish.seconds_to_first_step.map(|seconds| format!("{seconds:.2} s"))),
            or_none(finish.ms_per_step.map(|ms| format!("{ms:.3}"))),
            or_none(finish.samples_per_second.map(|rate| format!("{rate:.0}"))),
            or_none(finish.peak_bytes.map(|bytes| format!("{} MiB", bytes >> 20))),
            finish.lines_of_code,
            or_none(finish.final_loss.map(|loss| format!("{loss:.6}"))),
        ));
    }
    for one in compared {
        let parts = one.parts_at.map_or_else(
            || "they lie on each other to the end".to_owned(),
            |step| format!("rounding leads them apart from step {step} on"),
        );
        lines.push(format!(
            "{}: losses differ by at most {:.1e} in the first hundred steps, {:.1e} in all; {parts}",
            one.engine, one.first_hundred, one.largest
        ));
    }
    lines.join("\n")
}
