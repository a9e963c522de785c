//! A run as a checkpoint file and back: where the trainer's snapshot meets the file format.

mod state;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::running::bare;
use crate::data::Encoding;
use crate::engine::{Numbers, SavedTensor, Snapshot};
use crate::files::{NamedTensor, Values};
use crate::model::{Graph, LayerId, Project, TrainingSpec};
use crate::persist::Left;
use crate::persist::checkpoint::{self, Checkpoint};
use crate::trace::{Branches, Change, Curves, History, JournalEntry, LayerSummary, Pace, Series, Summaries, Summary};
pub use crate::trainer::Kept;
use crate::trainer::{Forks, KeptBranch, Page, Resume, Saved};
use state::Read;

/// Names of the best epoch's weights, when they are kept, begin with this.
const BEST: &str = "best/";
/// And those of the steps and numbers of curves, which are for the window, with this.
const CURVE: &str = "curve/";
/// And those of the weights that the run began with, when they were given to it, with this.
const START: &str = "start/";
/// And those of the summaries of a layer, by its number, with this.
const SUMMARY: &str = "summary/";

/// And those that were loaded into the run from other files, with this and the place of that change among all.
const LOADED: &str = "loaded/";

/// And those of a branch that rests, with this, its number and a stroke; what follows is as in the run itself.
const BRANCH: &str = "branch/";

/// And those of the last step, when others stand under the plain names, with this.
const LAST: &str = "last/";

/// Which weights stand under the plain names, where other programs look for them. Both are there, and what goes on is
/// the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Those of the last step.
    Last,
    /// Those of the best epoch: the result of a run that has come to its end.
    Best,
}

/// As [`save_as`], with the weights of the last step under the plain names.
pub fn save(path: &Path, project: &Project, kept: &Kept) -> Result<(), String> {
    save_as(path, project, kept, Plain::Last)
}

/// `project`: what the run belongs to; the network and the settings in force are the run's own. Errors are sentences
/// for the user.
pub fn save_as(path: &Path, project: &Project, kept: &Kept, plain: Plain) -> Result<(), String> {
    let (mut place, mut tensors) = written(&kept.saved, &kept.curves, plain);
    place["encoding"] = json!(kept.saved.encoding);
    let project = with(project, &kept.saved.project.graph, &kept.saved.project.training);
    if let Some(page) = kept.page.as_deref().filter(|page| **page != Page::of(&project)) {
        place["page"] = json!(page);
    }
    let resting = kept.forks.resting.iter().map(|branch| {
        let (place, of_branch) = written(&branch.saved, &branch.curves, Plain::Last);
        let name = |name| format!("{BRANCH}{}/{name}", branch.id);
        tensors.extend(of_branch.into_iter().map(|tensor| NamedTensor { name: name(tensor.name), ..tensor }));
        json!({ "id": branch.id, "project": branch.project, "place": place })
    });
    let resting: Vec<_> = resting.collect();
    if !resting.is_empty() {
        place["branches"] = json!({ "all": kept.forks.all, "resting": resting });
    }
    let checkpoint = Checkpoint { project, place: place.to_string(), tensors };
    checkpoint::save(&checkpoint, path).map_err(|error| error.to_string())
}

/// Where a run stands, as JSON, and its tensors.
fn written(saved: &Saved, curves: &Curves, plain: Plain) -> (Value, Vec<NamedTensor>) {
    let best = saved.best.as_ref();
    let (last_prefix, best_prefix) = if plain == Plain::Best && best.is_some() { (LAST, "") } else { ("", BEST) };
    let mut place = state::write(saved);
    place["plain"] = json!(if best_prefix.is_empty() { "best" } else { "last" });
    let mut tensors: Vec<_> = named(&saved.now, last_prefix).collect();
    tensors.extend(best.into_iter().flat_map(|best| named(best, best_prefix)));
    tensors.extend(saved.start.iter().flat_map(|start| named(start, START)));
    tensors.extend(loaded_tensors(saved.history.changes()));
    tensors.extend(curve_tensors(curves));
    (place, tensors)
}

/// With all its tensors in memory. Errors are sentences for the user.
pub fn load(path: &Path) -> Result<(Project, Kept), String> {
    read(path).map(|(project, kept, _)| (project, kept))
}

/// What answers for rows that come later.
pub struct Weights {
    /// Network, data and settings of the run.
    pub project: Project,
    /// Those under the plain names.
    pub snapshot: Snapshot,
    /// How rows become samples for these weights.
    pub encoding: Arc<Encoding>,
    /// Where the run stood, and what it knows of its data.
    pub place: Resume,
}

/// For predicting: the best epoch's, where these are the plain ones or the result of a run that is over. Errors are
/// sentences for the user.
pub fn load_weights(path: &Path) -> Result<Weights, String> {
    let (project, Kept { saved, .. }, plain) = read(path)?;
    let place = saved.place;
    let is_over = place.stopped_early || place.epoch >= project.training.epochs as u64;
    let is_told = plain == Plain::Best || (is_over && project.training.keep_best);
    let snapshot = saved.best.filter(|_| is_told).unwrap_or(saved.now);
    let encoding = saved.encoding.ok_or_else(|| {
        format!(
            "{0} is from an older version and doesn't say how rows become samples. Write it again with this version: \
             glassbox train PROJECT --resume {0} --checkpoint {0}",
            path.display()
        )
    })?;
    Ok(Weights { project, snapshot, encoding, place })
}

fn read(path: &Path) -> Result<(Project, Kept, Plain), String> {
    let file = checkpoint::load(path).map_err(|error| error.to_string())?;
    let unreadable = |why: String| format!("Can't read the run in {}: {why}", path.display());
    let damaged = |error: serde_json::Error| unreadable(format!("it is damaged ({error})."));
    let place: Value = serde_json::from_str(&file.place).map_err(damaged)?;
    let encoding: Option<Arc<Encoding>> = serde_json::from_value(place["encoding"].clone()).map_err(damaged)?;
    let mut tensors = file.tensors;
    let forks = read_forks(&place["branches"], &mut tensors, encoding.as_ref()).map_err(unreadable)?;
    let (saved, curves, plain) = read_state(&place, &file.project, tensors, encoding).map_err(unreadable)?;
    let page = Option::deserialize(&place["page"]).map_err(damaged)?;
    Ok((file.project, Kept { page, forks, ..Kept::new(saved, curves) }, plain))
}

/// The branches that rest, whose tensors are taken; older files have none.
fn read_forks(told: &Value, tensors: &mut Vec<NamedTensor>, encoding: Option<&Arc<Encoding>>) -> Result<Forks, String> {
    #[derive(Deserialize)]
    struct Told {
        all: Branches,
        resting: Vec<Resting>,
    }
    #[derive(Deserialize)]
    struct Resting {
        id: u32,
        project: Project,
        place: Value,
    }
    let Some(Told { all, resting }) = Option::deserialize(told).map_err(|error| format!("it is damaged ({error})."))?
    else {
        return Ok(Forks::default());
    };
    let branch = |Resting { id, project, place }| {
        let prefix = format!("{BRANCH}{id}/");
        let own = tensors.extract_if(.., |tensor| tensor.name.starts_with(&prefix));
        let bare = |tensor: NamedTensor| NamedTensor { name: tensor.name[prefix.len()..].to_owned(), ..tensor };
        let own = own.map(bare).collect();
        let (saved, curves, _) = read_state(&place, &project, own, encoding.cloned())?;
        Ok(Arc::new(KeptBranch { id, project, saved, curves }))
    };
    Ok(Forks { all, resting: resting.into_iter().map(branch).collect::<Result<_, String>>()? })
}

/// A run, and what is told of it, out of what [`written`] makes of it.
fn read_state(
    place: &Value,
    project: &Project,
    mut tensors: Vec<NamedTensor>,
    encoding: Option<Arc<Encoding>>,
) -> Result<(Saved, Curves, Plain), String> {
    let plain = if place["plain"] == "best" { Plain::Best } else { Plain::Last };
    let Read { step, best_step, place, mut history, notice } = state::read(place, project)?;
    let mut of = |prefix: &str| -> Vec<NamedTensor> {
        tensors.extract_if(.., |tensor| tensor.name.starts_with(prefix)).collect()
    };
    let (told, best, last, start, summed) = (of(CURVE), of(BEST), of(LAST), of(START), of(SUMMARY));
    read_loaded(&mut history, &of(LOADED))?;
    let ((now, now_prefix), (best, best_prefix)) = match plain {
        Plain::Best => ((last, LAST), (tensors, "")),
        Plain::Last => ((tensors, ""), (best, BEST)),
    };
    let now = snapshot(step, now, now_prefix);
    let best = best_step.map(|step| snapshot(step, best, best_prefix));
    let start = (!start.is_empty()).then(|| Arc::new(snapshot(0, start, START)));
    let mut curves = Curves { summaries: summaries(&summed), ..curves(&told) };
    curves.truncate(step);
    let saved = Saved { project: project.clone(), now, best, start, place, history, encoding, notice };
    Ok((saved, curves, plain))
}

/// The weights of files that were loaded in the course of a run. They are as many in memory as there.
fn loaded_tensors(changes: &[JournalEntry]) -> Vec<NamedTensor> {
    let of_change = |(at, entry): (usize, &JournalEntry)| match &entry.change {
        Change::Weights { tensors, .. } => Some((at, tensors.clone())),
        _ => None,
    };
    let tensor = |at: usize, name: &str, numbers: &Arc<[f32]>| NamedTensor {
        name: format!("{LOADED}{at}/{name}"),
        dims: vec![numbers.len()],
        values: Values::F32(numbers.to_vec()),
    };
    let changes = changes.iter().enumerate().filter_map(of_change);
    changes
        .flat_map(|(at, tensors)| tensors.iter().map(|(name, numbers)| tensor(at, name, numbers)).collect::<Vec<_>>())
        .collect()
}

fn read_loaded(history: &mut History, tensors: &[NamedTensor]) -> Result<(), String> {
    for (at, loaded) in history.loaded_mut() {
        let prefix = format!("{LOADED}{at}/");
        let own = tensors.iter().filter_map(|tensor| match &tensor.values {
            Values::F32(values) => Some((tensor.name.strip_prefix(&prefix)?.to_owned(), values.clone().into())),
            Values::F64(_) => None,
        });
        *loaded = Arc::new(own.collect());
        if loaded.is_empty() {
            return Err("it is damaged (the weights that were loaded into it are missing).".to_owned());
        }
    }
    Ok(())
}

/// The curves of a run alone, without its tensors.
pub fn load_curves(path: &Path) -> Result<Curves, String> {
    let file = checkpoint::load_only(path, |name| name.starts_with(CURVE)).map_err(|error| error.to_string())?;
    Ok(curves(&file.tensors))
}

/// The run of what a window left, and the project as it was for this run, which may have been edited since. It is of
/// the same data and, where nothing else says that they belong together, of the same network.
pub fn run_of(left: &Left) -> Option<(Project, Kept)> {
    let (project, kept) = load(left.run.as_deref()?).ok()?;
    let fits = project.data == left.project.data;
    let is_sure = !left.is_guessed || bare(&kept.page().graph) == bare(&left.project.graph);
    (fits && is_sure).then_some((project, kept))
}

/// As [`with`], for what is drawn and set beside a run.
pub fn on_page(project: &Project, kept: &Kept) -> Project {
    let Page { graph, training } = kept.page();
    with(project, &graph, &training)
}

/// A project as it is for a run of this network under these settings. Cards stay where they are.
pub fn with(project: &Project, graph: &Graph, training: &TrainingSpec) -> Project {
    let is_same = bare(&project.graph) == bare(graph);
    let graph = if is_same { &project.graph } else { graph };
    Project { graph: graph.clone(), training: training.clone(), ..project.clone() }
}

/// Of every curve its steps and its numbers; of the pace one row a knot.
fn curve_tensors(curves: &Curves) -> Vec<NamedTensor> {
    let mut tensors = Vec::new();
    let of_losses = curves.losses.iter().flat_map(|(id, both)| {
        let [train, validation] = loss_names(*id);
        [(train, &both.train), (validation, &both.validation)]
    });
    let named = curves.named().into_iter().map(|(name, series)| (name.to_owned(), series));
    for (name, series) in named.chain(of_losses).filter(|(_, series)| !series.is_empty()) {
        let dims = vec![series.len()];
        let steps = Values::F64(series.steps().iter().map(|&step| step as f64).collect());
        tensors.push(NamedTensor { name: format!("{CURVE}{name}.steps"), dims: dims.clone(), values: steps });
        let values = Values::F32(series.values().to_vec());
        tensors.push(NamedTensor { name: format!("{CURVE}{name}"), dims, values });
    }
    tensors.extend(summary_tensors(&curves.summaries));
    if !curves.pace.is_empty() {
        let numbers = curves.pace.iter().flat_map(|pace| [pace.step as f64, pace.epoch, pace.seconds]);
        let (dims, values) = (vec![curves.pace.len(), 3], Values::F64(numbers.collect()));
        tensors.push(NamedTensor { name: format!("{CURVE}pace"), dims, values });
    }
    tensors
}

/// Of every layer one row a summary: its step, and the measures in their order.
fn summary_tensors(summaries: &Summaries) -> Vec<NamedTensor> {
    let mut rows: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for summary in summaries.all() {
        for layer in &summary.layers {
            let row = rows.entry(layer.layer.0).or_default();
            row.push(summary.step as f64);
            row.extend(layer.numbers().map(f64::from));
        }
    }
    let width = 1 + LayerSummary::MEASURES.len();
    let tensor = |(layer, numbers): (u64, Vec<f64>)| NamedTensor {
        name: format!("{SUMMARY}{layer}"),
        dims: vec![numbers.len() / width, width],
        values: Values::F64(numbers),
    };
    rows.into_iter().map(tensor).collect()
}

/// What of it makes sense; older files have none.
fn summaries(tensors: &[NamedTensor]) -> Summaries {
    let mut steps: BTreeMap<u64, Vec<LayerSummary>> = BTreeMap::new();
    for tensor in tensors {
        let layer = tensor.name.strip_prefix(SUMMARY).and_then(|number| number.parse().ok()).map(LayerId);
        let (Some(layer), Values::F64(numbers)) = (layer, &tensor.values) else { continue };
        for [step, rest @ ..] in numbers.as_chunks::<8>().0 {
            steps.entry(*step as u64).or_default().push(LayerSummary::of(layer, rest.map(|v| v as f32)));
        }
    }
    let mut summaries = Summaries::default();
    steps.into_iter().for_each(|(step, layers)| summaries.push(Arc::new(Summary { step, layers })));
    summaries
}

/// The curves of a Loss, where there are several, in a file.
fn loss_names(id: LayerId) -> [String; 2] {
    ["train_loss", "validation_loss"].map(|curve| format!("{curve}.{}", id.0))
}

/// What of it makes sense; older files have none.
fn curves(tensors: &[NamedTensor]) -> Curves {
    let found = |name: String| tensors.iter().find(|tensor| tensor.name == name).map(|tensor| &tensor.values);
    let read = |name: &str, series: &mut Series| {
        let (steps, values) = (found(format!("{CURVE}{name}.steps")), found(format!("{CURVE}{name}")));
        if let (Some(Values::F64(steps)), Some(Values::F32(values))) = (steps, values)
            && steps.is_sorted()
        {
            steps.iter().zip(values).for_each(|(&step, &value)| series.push(step as u64, value));
        }
    };
    let mut curves = Curves::default();
    curves.named_mut().into_iter().for_each(|(name, series)| read(name, series));
    let of_loss = |tensor: &NamedTensor| tensor.name.strip_prefix(CURVE)?.split_once("_loss.")?.1.parse().ok();
    for id in tensors.iter().filter_map(of_loss).map(LayerId) {
        let (both, [train, validation]) = (curves.losses.entry(id).or_default(), loss_names(id));
        if both.train.is_empty() && both.validation.is_empty() {
            read(&train, &mut both.train);
            read(&validation, &mut both.validation);
        }
    }
    if let Some(Values::F64(numbers)) = found(format!("{CURVE}pace")) {
        let knot = |knot: &[f64; 3]| Pace { step: knot[0] as u64, epoch: knot[1], seconds: knot[2] };
        curves.pace = numbers.as_chunks().0.iter().map(knot).collect();
    }
    curves
}

fn named<'a>(snapshot: &'a Snapshot, prefix: &'a str) -> impl Iterator<Item = NamedTensor> + 'a {
    snapshot.tensors.iter().map(move |(name, tensor)| NamedTensor {
        name: format!("{prefix}{name}"),
        dims: tensor.dims.clone(),
        values: match &tensor.numbers {
            Numbers::F32(values) => Values::F32(values.to_vec()),
            Numbers::F64(values) => Values::F64(values.to_vec()),
        },
    })
}

fn snapshot(step: u64, tensors: Vec<NamedTensor>, prefix: &str) -> Snapshot {
    let tensors = tensors.into_iter().map(|tensor| {
        let name = tensor.name.strip_prefix(prefix).unwrap_or(&tensor.name).to_owned();
        let numbers = match tensor.values {
            Values::F32(values) => Numbers::F32(values.into()),
            Values::F64(values) => Numbers::F64(values.into()),
        };
        (name, SavedTensor { dims: tensor.dims, numbers })
    });
    Snapshot { step, tensors: tensors.collect() }
}
