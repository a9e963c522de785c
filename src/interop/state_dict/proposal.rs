//! A network proposed from the names and sizes of weights alone. They say which layers there were, how wide they are
//! and mostly in which order; not strides, padding, dilation, pooling, activations, nor what leads around what. So it
//! is a proposal, and the report says so.

use std::path::Path;

use super::StateDict;
use super::groups::{self, COUNTER, Group};
use super::keras_layout::joined;
use super::layers::{self, Found, Reads};
use super::mapping::sizes;
use crate::files::{NamedTensor, Values};
use crate::interop::{Arrived, Fate, Report};
use crate::model::layer::{
    AdaptiveAvgPool2d, Flatten, GlobalAvgPool, Input, LayerKind, PaddingInTime, ParamValue, Recurrence, Relu,
};
use crate::model::{Edit, End, Graph, Layer, LayerId, Shape};

/// Rows and columns, or steps, of an input whose weights do not say.
const SIDE: usize = 32;
const STEPS: usize = 16;
/// Of a layer, in letters.
const LONGEST_NAME: usize = 80;
/// Layers that nothing stands before have an Input of their own, up to so many.
const MOST_INPUTS: usize = 16;
/// More places of a picture or sequence no row is made of.
const MOST_PLACES: usize = 1024;

/// What leaves a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Picture(usize),
    Sequence(usize),
    Row(usize),
}

/// A layer that stands.
#[derive(Clone, Copy)]
struct Standing {
    id: LayerId,
    flow: Flow,
    /// It can give its last step as well as all.
    is_recurrent: bool,
    /// Which of the Inputs it comes from.
    input: usize,
    /// Steps that its sequence has lost on the way.
    lost: usize,
}

/// A network for these weights, with them in it.
pub fn network(dict: &StateDict, file: &Path) -> Arrived {
    let mut report = Report::default();
    report.say(
        "network",
        Fate::Guessed,
        "The file holds only weights, so this network is a proposal from their names and sizes. Check the order, strides, \
         padding, dilation, pooling and activations before relying on its answers.",
    );
    for (what, sentence) in &dict.translated {
        report.say(what, Fate::Translated, sentence);
    }
    for (what, sentence) in &dict.notes {
        report.say(what, Fate::LeftOut, sentence);
    }
    let all = groups::of(dict);
    let mut builder = Builder { graph: Graph::default(), standing: Vec::new(), inputs: Vec::new(), steps: Vec::new() };
    let mut weights = Vec::new();
    let known: Vec<Option<Found>> = all.iter().map(layers::found).collect();
    let last = known.iter().rposition(Option::is_some);
    for (index, (group, found)) in all.iter().zip(known).enumerate() {
        let name = if group.name.is_empty() { "weights" } else { &group.name };
        let guess = found.as_ref().map_or("", |found| found.guess);
        let is_bare = Some(index) == last || all.get(index + 1).is_some_and(is_elementwise);
        let stood = match found {
            Some(found) => builder.stand(found, name, [is_bare, Some(index) == last]),
            None => Err("Left out, as no layer of Glassbox has such weights"),
        };
        match stood {
            Ok((id, words)) => {
                report.say_of(vec![id], name, Fate::Guessed, format!("{guess} {words}").trim());
                let slug = builder.graph.layer(id).map(|layer| layer.slug()).unwrap_or_default();
                weights.extend(own_weights(dict, group, &slug));
            }
            Err(why) => {
                let tensors = group.entries.iter().map(|entry| format!("{} ({})", entry.role, sizes(&entry.dims)));
                report.say(name, Fate::Foreign, format!("{why}: {}.", tensors.collect::<Vec<_>>().join(", ")));
            }
        }
    }
    let inputs = builder.entered();
    let Builder { mut graph, .. } = builder;
    // Moves cards only.
    let _ = Edit::Tidy.apply(&mut graph);
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Arrived { name, format: format!("{}, weights only", dict.format), graph, inputs, weights, report }
}

/// Norms and PReLU: what stands before them has no activation of its own.
fn is_elementwise(group: &Group) -> bool {
    group.entries.iter().all(|entry| entry.dims.len() <= 1)
}

fn own_weights<'a>(dict: &'a StateDict, group: &'a Group, slug: &'a str) -> impl Iterator<Item = NamedTensor> + 'a {
    group.entries.iter().filter(|entry| entry.role != COUNTER).map(move |entry| {
        let parts: Vec<Values> = entry.tensors.iter().map(|at| dict.tensors[*at].values.as_ref().clone()).collect();
        NamedTensor { name: format!("{slug}.{}", entry.role), dims: entry.dims.clone(), values: joined(&parts) }
    })
}

struct Builder {
    graph: Graph,
    standing: Vec<Standing>,
    /// What enters, Input by Input.
    inputs: Vec<(LayerId, Shape)>,
    /// Of each, the length of its sequences where a layer has asked for one.
    steps: Vec<Option<usize>>,
}

impl Builder {
    /// Puts a layer behind the last one that makes what it reads, or by itself where none does. Returns what was done
    /// for it, in words. Errors: why it was left out.
    fn stand(
        &mut self,
        found: Found,
        name: &str,
        [is_bare, is_last]: [bool; 2],
    ) -> Result<(LayerId, String), &'static str> {
        let Found { mut kind, reads, width, .. } = found;
        let function = if is_bare { "none" } else { "relu" };
        // Layers without one do not have the parameter.
        let _ = kind.params_mut().set_param("activation", &ParamValue::Text(function.into()));
        if self.standing.is_empty() && !matches!(reads, Reads::Any(_)) {
            self.begin(reads);
        }
        let mut own = "";
        let fitting = |before: &Standing| fits(&kind, before, reads) && self.has_steps(before, reads);
        // What reads each step is likelier than what reads all of them, where the widths allow both.
        let nearest = self.standing.iter().rposition(fitting);
        let whole = nearest.is_some_and(|place| flattens(self.standing[place].flow, reads));
        let stepwise = |before: &Standing| matches!(before.flow, Flow::Sequence(_)) && !flattens(before.flow, reads);
        let by_steps = self.standing.iter().rposition(|before| fitting(before) && stepwise(before));
        let place = match by_steps.filter(|_| whole).or(nearest) {
            Some(place) => place,
            None if matches!(reads, Reads::Any(_)) => {
                return Err("Left out, as nothing before it has as many channels");
            }
            None if self.inputs.len() >= MOST_INPUTS => {
                return Err("Left out, as nothing before it makes what it reads");
            }
            None => {
                self.begin(reads);
                own = "Nothing before it makes what it reads, so it has an Input of its own.";
                self.standing.len() - 1
            }
        };
        let is_branch = place + 1 < self.standing.len();
        let Standing { input, lost, .. } = self.standing[place];
        let lost = lost + loses(&kind);
        let (from, flow, words) = self.adapt(self.standing[place], reads);
        let is_recurrent = is_recurrent(&kind);
        let is_norm = matches!(kind, LayerKind::BatchNorm(_));
        let id = self.graph.add_named(kind, &name.chars().take(LONGEST_NAME).collect::<String>());
        // A new layer behind one that stands: nothing can refuse.
        let _ = self.graph.connect(from, id);
        let flow = match (flow, reads) {
            (_, Reads::Words) => Flow::Sequence(width),
            (Flow::Picture(_), _) => Flow::Picture(width),
            (Flow::Sequence(_), _) => Flow::Sequence(width),
            (Flow::Row(_), _) => Flow::Row(width),
        };
        self.standing.push(Standing { id, flow, is_recurrent, input, lost });
        if is_norm && !is_last && !is_bare {
            let relu = self.behind(End { layer: id, port: None }, Relu {}.into());
            self.standing.push(Standing { id: relu.layer, flow, is_recurrent: false, input, lost });
        }
        let branch = if is_branch { "Connected to the last layer with as many features." } else { own };
        Ok((id, format!("{branch} {words}").trim().to_owned()))
    }

    /// One sample of what enters, Input by Input. Where there are several, each takes its own part of the sample.
    fn entered(&mut self) -> Vec<Shape> {
        let is_one = self.inputs.len() == 1;
        for (id, shape) in self.inputs.iter().filter(|_| !is_one) {
            let columns = self.graph.layer(*id).map(Layer::slug).unwrap_or_default();
            let shape = if shape.rank() == 1 { String::new() } else { shape.to_string() };
            let kind = Input { columns, shape }.into();
            // It stands, and stays an Input.
            let _ = Edit::Replace { layer: *id, kind }.apply(&mut self.graph);
        }
        self.inputs.iter().map(|(_, shape)| shape.clone()).collect()
    }

    /// An Input of what a layer reads that nothing stands before.
    fn begin(&mut self, reads: Reads) {
        let (shape, flow) = match reads {
            Reads::Words => (vec![STEPS], Flow::Row(STEPS)),
            Reads::Picture(channels) => (vec![channels, SIDE, SIDE], Flow::Picture(channels)),
            Reads::Sequence(features) => (vec![STEPS, features], Flow::Sequence(features)),
            Reads::Row(width) | Reads::Any(width) => (vec![width], Flow::Row(width)),
        };
        let entry = self.graph.add(Input::default().into(), [0.0, 0.0]);
        self.inputs.push((entry, Shape(shape)));
        self.steps.push(None);
        self.standing.push(Standing { id: entry, flow, is_recurrent: false, input: self.inputs.len() - 1, lost: 0 });
    }

    /// Whether the sequences of its Input have the length that flattening them asks for, or still may have it.
    fn has_steps(&self, before: &Standing, reads: Reads) -> bool {
        let (Flow::Sequence(features), Reads::Row(width)) = (before.flow, reads) else { return true };
        if features == width {
            return true;
        }
        let needed = width / features.max(1) + before.lost;
        let longest = self.standing.iter().filter(|one| one.input == before.input).map(|one| one.lost).max();
        self.steps[before.input].map_or(needed > longest.unwrap_or(0), |steps| steps == needed)
    }

    /// What must come between: pooling or flattening where a row is wanted, all steps or the last one.
    fn adapt(&mut self, before: Standing, wanted: Reads) -> (End, Flow, String) {
        let Standing { id, flow, is_recurrent, input, lost } = before;
        let from = End { layer: id, port: None };
        match (flow, wanted) {
            (Flow::Sequence(width), Reads::Sequence(_) | Reads::Any(_)) if is_recurrent => {
                (End::at(id, Recurrence::SEQUENCE), Flow::Sequence(width), String::new())
            }
            (Flow::Sequence(width), Reads::Row(wanted)) if is_recurrent && width == wanted => {
                (End::at(id, Recurrence::LAST), Flow::Row(width), "Reading the last step is a guess.".into())
            }
            (Flow::Picture(channels), Reads::Row(width)) if width == channels => {
                let pool = self.behind(from, GlobalAvgPool {}.into());
                (pool, Flow::Row(width), "The global average pooling before it is a guess.".into())
            }
            (Flow::Picture(channels), Reads::Row(width)) => {
                let places = width / channels.max(1);
                let rows =
                    (1..=places).take_while(|side| side * side <= places).filter(|side| places % side == 0).last();
                let rows = rows.unwrap_or(1);
                let columns = places / rows;
                let pool = self.behind(from, AdaptiveAvgPool2d { rows, columns }.into());
                let flat = self.behind(pool, Flatten {}.into());
                let words = format!("The pooling to {rows} × {columns} before it is a guess.");
                (flat, Flow::Row(width), words)
            }
            (Flow::Sequence(features), Reads::Row(width)) if width != features => {
                let flat = self.behind(from, Flatten {}.into());
                let steps = width / features.max(1) + lost;
                self.steps[input] = Some(steps);
                self.inputs[input].1.0[0] = steps;
                (flat, Flow::Row(width), "Flattening the sequence before it is a guess.".into())
            }
            _ => (from, flow, String::new()),
        }
    }

    fn behind(&mut self, from: End, kind: LayerKind) -> End {
        let id = self.graph.add(kind, [0.0, 0.0]);
        // As above.
        let _ = self.graph.connect(from, id);
        End { layer: id, port: None }
    }
}

/// Steps that a layer takes off a sequence.
fn loses(kind: &LayerKind) -> usize {
    match kind {
        LayerKind::Conv1d(layer) if layer.padding == PaddingInTime::Valid => {
            layer.kernel.saturating_sub(1).saturating_mul(layer.dilation)
        }
        _ => 0,
    }
}

/// Whether a row is made of a whole sequence.
fn flattens(flow: Flow, reads: Reads) -> bool {
    matches!((flow, reads), (Flow::Sequence(features), Reads::Row(width)) if features != width)
}

fn is_recurrent(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Lstm(_) | LayerKind::Gru(_) | LayerKind::SimpleRnn(_))
}

/// Whether a layer can stand behind another, perhaps with pooling or flattening between.
fn fits(kind: &LayerKind, before: &Standing, reads: Reads) -> bool {
    // Only what enters a network is words, and in a sequence these two go by the steps.
    let is_by_channel = match kind {
        LayerKind::BatchNorm(_) => true,
        LayerKind::Prelu(layer) => layer.per_channel,
        _ => false,
    };
    match (before.flow, reads) {
        (Flow::Row(width), Reads::Words) => width == STEPS && !before.is_recurrent,
        (Flow::Picture(width), Reads::Picture(wanted)) | (Flow::Sequence(width), Reads::Sequence(wanted)) => {
            width == wanted
        }
        (Flow::Sequence(_), Reads::Any(_)) if is_by_channel => false,
        // It goes by whole pictures.
        (Flow::Picture(_), Reads::Any(_)) if matches!(kind, LayerKind::LayerNorm(_) | LayerKind::RmsNorm(_)) => false,
        (Flow::Picture(width) | Flow::Sequence(width) | Flow::Row(width), Reads::Any(wanted)) => {
            width == wanted || (wanted == 1 && matches!(kind, LayerKind::Prelu(_)))
        }
        (Flow::Row(width), Reads::Row(wanted)) => width == wanted,
        (Flow::Picture(width) | Flow::Sequence(width), Reads::Row(wanted)) => {
            width > 0 && wanted >= width && wanted % width == 0 && wanted / width <= MOST_PLACES
        }
        _ => false,
    }
}
