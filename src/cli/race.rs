//! `glassbox race`: several engines train the same project from the same weights on the same batches.

use std::io::IsTerminal;

use anyhow::{Context, bail};
use serde_json::json;

use super::interrupt::Interrupt;
use super::options::RaceOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files};
use super::prepare;
use crate::files::atomic;
use crate::session::engines::{Compared, Engine, Finish, Racer, compare, look_around};

pub fn run(options: &RaceOptions) -> anyhow::Result<()> {
    Files::new(options.force)
        .reads("the project", Some(&options.file))
        .writes("--csv", FileKind::Answers, options.csv.as_deref())
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
    let interpreters = look_around(&options.python);
    let engines: Vec<Engine> = options
        .engines
        .iter()
        .map(|word| Engine::named(word.trim(), &interpreters).map_err(anyhow::Error::msg))
        .collect::<anyhow::Result<_>>()?;
    let interrupt = Interrupt::listen()?;
    let start = |engine: &Engine| {
        let racer = Racer::start(engine, &project, &dataset, &base, (options.steps, options.threads));
        racer.map_err(anyhow::Error::msg)
    };
    let mut racers = Vec::new();
    if options.at_once {
        for engine in &engines {
            racers.push(start(engine)?);
        }
    }
    let shows = std::io::stderr().is_terminal() && !options.json;
    for (i, engine) in engines.iter().enumerate() {
        if !options.at_once {
            racers.push(start(engine)?);
        }
        racers[i].finish(|racer| {
            if let (true, Some(last)) = (shows, racer.told.last()) {
                eprint!("\r{}: step {} of {}, loss {:.4}   ", engine.title(), last.step, options.steps, last.loss);
            }
            interrupt.asked().is_none()
        });
        if shows {
            eprintln!();
        }
        if interrupt.asked().is_some() {
            bail!("The race was stopped.");
        }
    }
    let finishes: Vec<Finish> = racers.iter().map(Finish::of).collect();
    let compared = compare(&racers);
    if let Some(path) = &options.csv {
        atomic::write(path, table(&racers)?.as_bytes())?;
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

/// Step by step.
fn table(racers: &[Racer]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["engine", "step", "seconds", "loss"])?;
    for racer in racers {
        for told in &racer.told {
            let numbers = [told.step.to_string(), told.seconds.to_string(), told.loss.to_string()];
            writer.write_record(std::iter::once(racer.engine.word().to_owned()).chain(numbers))?;
        }
    }
    String::from_utf8(writer.into_inner()?).context("The table isn't text")
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
