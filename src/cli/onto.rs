//! `glassbox import --onto`: other people's weights for the network of a project, as a run beside it that starts with
//! them.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::options::ImportOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files, quoted};
use super::prepare;
use super::train::Named;
use crate::engine::Device;
use crate::interop::Network;
use crate::interop::state_dict::mapping::{CHECK_GUESSES, Certainty, Mapping, Row, sizes};
use crate::interop::state_dict::{self, StateDict, mapping};
use crate::session::checkpoint;
use crate::trace::{Curves, Ending};
use crate::trainer::{Forks, Kept, Run};

/// Left-over tensors that are named; of more the number is told.
const MOST_NAMED: usize = 12;

pub fn run(options: &ImportOptions, onto: &Path) -> anyhow::Result<()> {
    let project = prepare::project(onto)?;
    Files::new(options.force)
        .reads("the weights", Some(&options.file))
        .reads("the project", Some(onto))
        .writes("-o", FileKind::Checkpoint, options.output.as_deref())
        .check()?;
    let dict = state_dict::read(&options.file).map_err(anyhow::Error::msg)?;
    let dataset = prepare::load(&project, &prepare::base_of(onto))?;
    let network = match Network::computed(&project.graph, &dataset.signature()) {
        Ok(network) => network,
        Err(problems) => {
            let sentences: Vec<_> = problems.iter().map(|problem| prepare::sentence(&project, problem)).collect();
            bail!("The network can't take weights yet.\n  {}", sentences.join("\n  "));
        }
    };
    let mut mapping = state_dict::propose(&dict, &network);
    for choice in &options.map {
        choose(&mut mapping, &dict, choice)?;
    }
    if !options.json {
        dict.remarks().for_each(|(what, sentence)| remark(format_args!("{what}: {sentence}")));
        answer(table(&mapping, &dict))?;
    }
    let missing: Vec<_> = mapping.missing().into_iter().map(|row| row.weight.clone()).collect();
    if !missing.is_empty() && (!options.partial || missing.len() == mapping.rows.len()) {
        bail!("{}", lacking(&missing, mapping.rows.len()));
    }
    let weights = mapping.without_missing().apply(&dict).map_err(|problems| anyhow::Error::msg(problems.join("\n")))?;
    let snapshot = state_dict::snapshot(weights);
    let mut run = Run::start(&project, Some(&snapshot), dataset, Device::Cpu)?;
    let notices = run.take_notices();
    if !options.json {
        notices.iter().for_each(remark);
    }
    let kept = keep(options, onto, &run)?;
    if options.json {
        let mut told = told(&mapping, &dict, options, onto);
        told["notices"] = json!(notices);
        for (key, value) in kept.as_object().into_iter().flatten() {
            told[key] = value.clone();
        }
        answer(told)?;
    }
    Ok(())
}

/// Writes the run, and says where it is.
fn keep(options: &ImportOptions, onto: &Path, run: &Run) -> anyhow::Result<Value> {
    if let Some(path) = &options.output {
        let kept = Kept::new(run.save()?, Curves::default());
        checkpoint::save(path, run.project(), &kept).map_err(anyhow::Error::msg)?;
        if !options.json {
            remark(format_args!("Wrote {}. Open it with: glassbox {0}", path.display()));
        }
        return Ok(json!({ "checkpoint": path.display().to_string() }));
    }
    let stem = options.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.name.clone().or(stem).context("The run needs a name: add --name NAME.")?;
    let mut named = Named::claim(onto, &name, None, &Curves::default())?;
    named.keep(run, &Curves::default(), &Forks::default(), Ending::Paused)?;
    if !options.json {
        let (project, name) = (quoted(onto), quoted(Path::new(&name)));
        remark(format_args!(
            "Saved as the run {name}. Open the project with: glassbox {project}. Train it with: glassbox train {project} \
             --resume {name}"
        ));
    }
    Ok(json!({ "run": name }))
}

/// `their.name=our.name`: a tensor for a weight, or a layer for a layer; nothing before the sign leaves a weight out.
fn choose(mapping: &mut Mapping, dict: &StateDict, choice: &str) -> anyhow::Result<()> {
    let Some((theirs, ours)) = choice.split_once('=') else {
        bail!("--map {choice} should be their.name=our.name.");
    };
    let is_weight = mapping.rows.iter().any(|row| row.weight == ours);
    let whole_layer: Vec<String> = mapping.rows.iter().filter_map(|row| inner(&row.weight, ours)).collect();
    if is_weight || whole_layer.is_empty() {
        let theirs = Some(theirs).filter(|name| !name.is_empty());
        return mapping.choose(ours, theirs, dict).map_err(anyhow::Error::msg);
    }
    for weight in whole_layer {
        let own = format!("{ours}.{weight}");
        let spellings = [format!("{theirs}.{weight}"), format!("{theirs}.{}", numbered(&weight))];
        let found = spellings.iter().find(|name| dict.find(name).is_some());
        match found {
            _ if theirs.is_empty() => mapping.choose(&own, None, dict),
            Some(name) => mapping.choose(&own, Some(name), dict),
            None => mapping.choose(&own, Some(&spellings[0]), dict),
        }
        .map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

/// What is behind the layer's name in a weight's.
fn inner(weight: &str, layer: &str) -> Option<String> {
    weight.strip_prefix(layer)?.strip_prefix('.').map(str::to_owned)
}

/// As PyTorch spells a recurrent layer's weights: `weight_ih_l0_reverse`.
fn numbered(weight: &str) -> String {
    match weight.strip_suffix("_reverse") {
        Some(weight) => format!("{weight}_l0_reverse"),
        None => format!("{weight}_l0"),
    }
}

fn lacking(missing: &[String], count: usize) -> String {
    let names = missing.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = missing.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if missing.len() == count {
        return format!(
            "None of the file's tensors fits this network: {names}{more} have none. Change the network, or choose by hand: \
             --map their.name=our.name"
        );
    }
    format!(
        "{} of {count} weights have no tensor: {names}{more}. Choose one with --map their.name=our.name, or add --partial \
         to initialise them.",
        missing.len()
    )
}

fn table(mapping: &Mapping, dict: &StateDict) -> String {
    const TITLES: [&str; 6] = ["weight", "size", "from", "change", "certainty", "reason"];
    let row = |row: &Row| {
        let taken = row.taken.as_ref();
        let of = |text: Option<String>| text.unwrap_or_default();
        vec![
            row.weight.clone(),
            sizes(&row.dims),
            taken.map_or("–".to_owned(), |taken| taken.origin.text()),
            of(taken.map(|taken| taken.origin.change())),
            of(taken.map(|taken| taken.certainty.word().to_owned())),
            of(taken.map(|taken| taken.why.clone())),
        ]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(TITLES.map(String::from).to_vec()).chain(mapping.rows.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..TITLES.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    if let Some(prefix) = mapping::prefix(dict) {
        lines.push(format!("All names in the file begin with “{prefix}”, which is left aside."));
    }
    let left = mapping.left(dict);
    if !left.is_empty() {
        let named = left.iter().take(MOST_NAMED).map(|tensor| format!("{} ({})", tensor.name, sizes(&tensor.dims)));
        let more = left.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("Unused tensors of the file: {}{more}.", named.collect::<Vec<_>>().join(", ")));
    }
    if mapping.rows.iter().any(|row| row.taken.as_ref().is_some_and(|taken| taken.certainty == Certainty::Guess)) {
        lines.push(CHECK_GUESSES.to_owned());
    }
    lines.join("\n")
}

fn told(mapping: &Mapping, dict: &StateDict, options: &ImportOptions, onto: &Path) -> Value {
    let row = |row: &Row| {
        let taken = row.taken.as_ref();
        json!({
            "weight": row.weight,
            "dims": row.dims,
            "tensors": taken.map(|taken| taken.origin.tensors()),
            "change": taken.map(|taken| taken.origin.change()),
            "certainty": taken.map(|taken| taken.certainty.word()),
            "reason": taken.map(|taken| taken.why.clone()),
        })
    };
    let notes = dict.remarks().map(|(what, sentence)| json!({ "what": what, "note": sentence }));
    json!({
        "file": options.file.display().to_string(),
        "format": dict.format,
        "project": onto.display().to_string(),
        "rows": mapping.rows.iter().map(row).collect::<Vec<_>>(),
        "unused": mapping.left(dict).iter().map(|tensor| tensor.name.clone()).collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
    })
}
