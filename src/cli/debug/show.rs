//! Where the run stands, in words and as JSON.

use serde_json::{Value, json};

use super::obey::Console;
use super::{Said, breaks, values};
use crate::trace::{LayerCondition, Severity};
use crate::trainer::{Change, Debugger, JournalEntry, Moment, inspect};

/// Lines of the program shown before and after the next instruction.
const AROUND: usize = 5;

/// Where it stands, and what is watched.
pub fn place(console: &mut Console) -> Said {
    let watched = (!console.watches.is_empty()).then(|| watches(console));
    let debugger = console.debugger();
    let machine = debugger.machine();
    let Moment { step, instruction } = debugger.moment();
    let program = machine.program();
    let (_, next) = debugger.next_instruction();
    let line = next.map(|next| program.line(next)).unwrap_or_default();
    let loss = program.data_loss.filter(|&id| machine.is_current(id));
    let loss = loss.and_then(|id| machine.read_f64(id).ok()).and_then(|(_, numbers)| numbers.first().copied());
    let known = loss.map_or(String::new(), |loss| format!(", loss {}", values::digits(loss)));
    let mut text = match (step, instruction) {
        (0, 0) => "At the start, before step 1.".to_owned(),
        (step, 0) => format!("After step {step} (epoch {:.3}{known}).", debugger.run().epoch()),
        _ => {
            let (phase, count) = (next.map_or("", |next| next.phase.word()), program.instructions.len());
            format!(
                "In step {}, before instruction {} of {count}{known}:\n{phase:<9} {line}",
                step + 1,
                instruction + 1
            )
        }
    };
    let mut json = json!({
        "steps_completed": step,
        "instruction": instruction,
        "phase": next.map(|next| next.phase.word()),
        "next": line,
        "epoch": debugger.run().epoch(),
        "loss": loss.map(values::json_number),
    });
    if let Some(name) = console.ways.name_where_there_are_several() {
        json["branch"] = json!(name);
    }
    if let Some(watched) = watched {
        text = format!("{text}\n{}", watched.text);
        json["watches"] = watched.json["watches"].clone();
    }
    Said { text, json }
}

/// Every watched expression with its value, or why it has none here.
pub fn watches(console: &mut Console) -> Said {
    let (mut lines, mut all) = (Vec::new(), Vec::new());
    for (i, watched) in console.watches.clone().iter().enumerate() {
        let name = watched.to_string();
        match console.debugger_mut().value_with_before(watched).map_err(|error| error.to_string()) {
            Ok(found) => {
                lines.push(format!("watch {}: {name} = {}", i + 1, values::to_text(&found)));
                let mut json = values::to_json(&found);
                json["expression"] = json!(name);
                all.push(json);
            }
            Err(why) => {
                lines.push(format!("watch {}: {name}: {why}", i + 1));
                all.push(json!({ "expression": name, "error": why }));
            }
        }
    }
    let text = if lines.is_empty() { "Nothing is watched.".to_owned() } else { lines.join("\n") };
    Said { text, json: json!({ "watches": all }) }
}

pub fn list(debugger: &Debugger, all: bool) -> Said {
    let program = debugger.machine().program();
    let (at, _) = debugger.next_instruction();
    let listing = program.listing();
    let lines = listing.lines().enumerate().filter(|(i, _)| all || i.abs_diff(at) <= AROUND);
    let text: Vec<_> =
        lines.map(|(i, line)| format!("{} {:>4}  {line}", if i == at { "=>" } else { "  " }, i + 1)).collect();
    let json = json!({ "instruction": at, "listing": listing.lines().collect::<Vec<_>>() });
    Said { text: text.join("\n"), json }
}

/// All breakpoints, and why some cannot hold here.
pub fn breakpoints(debugger: &Debugger) -> Said {
    let program = debugger.machine().program();
    let (mut lines, mut all) = (Vec::new(), Vec::new());
    for breakpoint in debugger.breakpoints() {
        let problem = debugger.breakpoint_problem(breakpoint.id);
        let (id, hits, off) = (breakpoint.id, breakpoint.hits, if breakpoint.enabled { "" } else { ", disabled" });
        let what = breaks::description(breakpoint, program);
        let why = problem.map_or(String::new(), |why| format!("\n  It can't be checked here: {why}"));
        lines.push(format!("breakpoint {id}: {what} (hits {hits}{off}){why}"));
        all.push(breaks::to_json(breakpoint, problem));
    }
    let text = if lines.is_empty() { "There are no breakpoints.".to_owned() } else { lines.join("\n") };
    Said { text, json: json!({ "breakpoints": all }) }
}

/// All layers in the order of the network, and in one sentence what stands out.
pub fn layers(debugger: &Debugger) -> Said {
    let record = inspect::all_layers(debugger);
    let (severity, headline) = record.headline();
    let known = |value: Option<f32>| value.map_or("–".to_owned(), values::brief);
    let width = record.layers.iter().map(|health| health.name.chars().count()).max().unwrap_or(0).max(5);
    let mut lines =
        vec![headline.clone(), format!("{:width$} {:>10} {:>10} {:>8}", "layer", "gradient", "update", "zeros")];
    let mut all = Vec::new();
    for health in &record.layers {
        let LayerCondition { severity, words } = record.condition(health);
        let zeros = (health.activations.count > 0).then_some(health.activations.zeros);
        let shown = zeros.map_or("–".to_owned(), |zeros| format!("{:.1} %", zeros * 100.0));
        let (gradient, update) = (known(health.gradient), known(health.update));
        let line = format!("{:width$} {gradient:>10} {update:>10} {shown:>8}  {words}", health.name);
        lines.push(line.trim_end().to_owned());
        let number = |value: Option<f32>| value.map(|value| values::json_number(value.into()));
        all.push(json!({
            "layer": health.name,
            "output": health.output,
            "gradient": number(health.gradient),
            "weights": number(health.weights),
            "update": number(health.update),
            "zeros": number(zeros),
            "dead": health.dead.map(|(dead, of)| json!({ "units": dead, "of": of })),
            "saturated": number(health.saturated),
            "severity": word(severity),
            "words": words,
        }));
    }
    let json = json!({ "step": record.step, "severity": word(severity), "headline": headline, "layers": all });
    Said { text: lines.join("\n"), json }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Well => "well",
        Severity::Unknown => "unknown",
        Severity::Warning => "watch",
        Severity::Bad => "bad",
    }
}

pub fn info(console: &mut Console) -> Said {
    let Said { text, mut json } = place(console);
    let debugger = console.debugger();
    let mut lines = vec![text];
    let stops = breakpoints(debugger);
    if !debugger.breakpoints().is_empty() {
        lines.push(stops.text);
    }
    json["breakpoints"] = stops.json["breakpoints"].clone();
    if let Some(earlier) = &debugger.run().history().origin.earlier {
        let data = earlier.other_data.as_ref().map_or(String::new(), |difference| format!(": {difference}"));
        lines.push(format!("{earlier}{data}"));
        json["begun"] = json!({ "step": earlier.step, "other_data": earlier.other_data });
    }
    let (made, ahead) = debugger.changes();
    lines.extend(made.iter().map(change_text));
    lines.extend(ahead.iter().map(|entry| format!("{} (ahead)", change_text(entry))));
    let (count, bytes, spacing) = debugger.checkpoints();
    let noun = if count == 1 { "checkpoint" } else { "checkpoints" };
    lines.push(format!("{count} {noun}, {:.1} MiB, every {spacing} steps", bytes as f64 / f64::from(1 << 20)));
    let furthest = debugger.furthest();
    lines.push(format!("the furthest step so far: {furthest}"));
    json["changes"] = made.iter().map(change_json).collect();
    json["changes_ahead"] = ahead.iter().map(change_json).collect();
    json["checkpoints"] = json!({ "count": count, "bytes": bytes, "spacing": spacing });
    json["furthest"] = json!(furthest);
    Said { text: lines.join("\n"), json }
}

pub fn change_text(entry: &JournalEntry) -> String {
    let JournalEntry { step, instruction, change } = entry;
    let what = match change {
        Change::Value { name, index, value } => format!("{name}{index:?} = {value}"),
        Change::Tensor { .. } | Change::Weights { .. } => change.to_string(),
        Change::Training { training } => format!("training settings (learning rate {})", training.learning_rate),
        Change::Device { device } => format!("device: {device}"),
        Change::Graph { .. } => "new network".to_owned(),
        Change::Plateau { .. } => "learning rate cut on a plateau".to_owned(),
    };
    match instruction {
        0 => format!("change after step {step}: {what}"),
        n => format!("change in step {}, after instruction {n}: {what}", step + 1),
    }
}

pub fn change_json(entry: &JournalEntry) -> Value {
    json!({ "steps_completed": entry.step, "instruction": entry.instruction, "change": change_text(entry) })
}
