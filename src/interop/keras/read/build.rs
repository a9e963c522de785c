//! From the calls of a model to a graph: each becomes the layers of its plan where these fit, else a foreign layer.

use std::collections::BTreeSet;

use super::config::{Argument, Call, Net, Source};
use super::layers;
use super::plan::{Feed, Flow, Plan, Site};
use super::weights::Weights;
use crate::files::NamedTensor;
use crate::files::tensors::Values;
use crate::interop::{Arrived, Fate, Report};
use crate::model::layer::{Foreign, Input, LayerKind, Reshape};
use crate::model::{Edit, End, Graph, LayerId, Shape};

/// Where a file leaves the size of an axis open.
const OPEN_SIZE: usize = 32;
/// Of the attributes of a foreign layer.
const MOST_ATTRIBUTES: usize = 2000;
/// Numbers that leave a layer, as everywhere in Glassbox.
const MOST_NUMBERS: usize = crate::model::infer::MAX_NUMBERS;

/// A graph of all calls.
pub fn build(net: &Net, weights: &Weights, is_old: bool) -> Result<Arrived, String> {
    let mut builder = Builder {
        net,
        weights,
        is_old,
        channels_first: has_channels_first(net),
        rows_may_turn: rows_may_turn(net),
        used: used(net),
        several_inputs: net.calls.iter().filter(|call| call.class == "InputLayer").count() > 1,
        graph: Graph::default(),
        flows: Vec::new(),
        inputs: Vec::new(),
        tensors: Vec::new(),
        report: Report::default(),
    };
    for at in 0..net.calls.len() {
        let outputs = builder.call(at)?;
        builder.flows.push(outputs);
    }
    builder.mark_outputs();
    let Builder { mut graph, inputs, tensors, report, .. } = builder;
    if inputs.is_empty() {
        return Err("nothing enters its model".into());
    }
    Edit::Tidy.apply(&mut graph).map_err(|error| error.to_string())?;
    Ok(Arrived { name: net.name.clone(), format: String::new(), graph, inputs, weights: tensors, report })
}

fn has_channels_first(net: &Net) -> bool {
    let formats = net.calls.iter().filter_map(|call| call.config.get("data_format")?.as_str());
    let (first, last): (Vec<&str>, Vec<&str>) = formats.partition(|format| *format == "channels_first");
    first.len() > last.len()
}

/// Which calls take a row in any order: Dense layers, and what passes it on to nothing else.
fn rows_may_turn(net: &Net) -> Vec<bool> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); net.calls.len()];
    for (at, call) in net.calls.iter().enumerate() {
        for source in call.sources() {
            readers[source.call].push(at);
        }
    }
    let leaves: BTreeSet<usize> = net.outputs.iter().map(|source| source.call).collect();
    let mut takes = vec![false; net.calls.len()];
    let mut all_take = vec![false; net.calls.len()];
    for at in (0..net.calls.len()).rev() {
        let call = &net.calls[at];
        all_take[at] =
            !leaves.contains(&at) && !readers[at].is_empty() && readers[at].iter().all(|&reader| takes[reader]);
        takes[at] = !call.is_operation
            && call.sources().len() == 1
            && (call.class == "Dense" || layers::passes_rows(&call.class) && all_take[at]);
    }
    all_take
}

/// How many outputs of each call others use.
fn used(net: &Net) -> Vec<usize> {
    let mut used = vec![0; net.calls.len()];
    let all = net.calls.iter().flat_map(Call::sources).chain(net.outputs.iter().copied());
    for Source { call, output } in all {
        used[call] = used[call].max(output + 1);
    }
    used
}

struct Builder<'a> {
    net: &'a Net,
    weights: &'a Weights,
    is_old: bool,
    channels_first: bool,
    rows_may_turn: Vec<bool>,
    used: Vec<usize>,
    several_inputs: bool,
    graph: Graph,
    /// Of each call so far, output by output.
    flows: Vec<Vec<Flow>>,
    inputs: Vec<Shape>,
    tensors: Vec<NamedTensor>,
    report: Report,
}

impl Builder<'_> {
    /// What leaves the model by a port that isn't the usual one of its layer has a wire, which says so.
    fn mark_outputs(&mut self) {
        for source in &self.net.outputs {
            let Some(flow) = self.flows[source.call].get(source.output).cloned() else { continue };
            let Some(shape) = flow.shape.filter(|_| flow.port != self.graph.main_output(flow.from)) else { continue };
            let kind = Reshape { shape: shape.to_string() };
            let id = self.graph.add_named(kind.into(), &format!("{} output", self.net.calls[source.call].name));
            let _ = self.graph.connect(End::at(flow.from, flow.port), id);
        }
    }

    fn call(&mut self, at: usize) -> Result<Vec<Flow>, String> {
        let net = self.net;
        let call = &net.calls[at];
        if call.class == "InputLayer" {
            return self.input(call);
        }
        let given: Option<Vec<Flow>> =
            call.sources().iter().map(|source| self.flows[source.call].get(source.output).cloned()).collect();
        let given = given.ok_or_else(|| format!("{} uses an output that isn't there", call.name))?;
        let site = Site {
            call,
            flows: &given,
            weights: self.weights,
            channels_first: self.channels_first,
            is_old: self.is_old,
            rows_may_turn: self.rows_may_turn[at],
            used: self.used[at],
        };
        let planned = layers::plan(&site).and_then(|plan| self.fitted(&plan, &given).map(|shapes| (plan, shapes)));
        match planned {
            Ok((plan, shapes)) => Ok(self.draw(call, &plan, shapes, &given)),
            Err(why) => Ok(self.foreign(call, &given, &why, self.used[at])),
        }
    }

    /// Where data enters.
    fn input(&mut self, call: &Call) -> Result<Vec<Flow>, String> {
        let sizes = call.shapes.get(&0).cloned().unwrap_or_default();
        let is_open = sizes.contains(&None);
        let sizes: Vec<usize> = sizes.into_iter().map(|size| size.unwrap_or(OPEN_SIZE)).collect();
        let shape = self.here(&sizes);
        if shape.is_empty() || shape.len() > MOST_NUMBERS || shape.rank() > 3 {
            return Err(format!("{} takes {shape}, which Glassbox can't", call.name));
        }
        let kind = if self.several_inputs {
            let slug = crate::model::slug(&call.name);
            let text = if shape.rank() == 1 { String::new() } else { shape.to_string() };
            Input { columns: slug, shape: text }
        } else {
            Input::default()
        };
        let from = self.graph.add_named(kind.into(), &call.name);
        let mut words = Vec::new();
        if shape.0 != sizes {
            words.push(format!("Pictures of {} are {shape} here: channels come first.", Shape(sizes.clone())));
        }
        if is_open {
            words.push(format!("The file leaves its size open; the sample is {shape}."));
        }
        let fate = if words.is_empty() { Fate::Exact } else { Fate::Translated };
        self.report.say_of(vec![from], &call.name, fate, words.join(" "));
        self.inputs.push(shape.clone());
        Ok(vec![Flow { from, port: 0, shape: Some(shape), rows: None, masked: false }])
    }

    /// Keras's sizes as Glassbox has them.
    fn here(&self, sizes: &[usize]) -> Shape {
        match *sizes {
            [rows, columns, channels] if !self.channels_first => Shape(vec![channels, rows, columns]),
            _ => Shape(sizes.to_vec()),
        }
    }

    /// The shapes that leave each step. Errors: something does not fit, so that the layer is foreign.
    fn fitted(&self, plan: &Plan, given: &[Flow]) -> Result<Vec<Vec<Shape>>, String> {
        if given.iter().any(|flow| flow.shape.is_none()) {
            return Err("the shape of its input isn't known".into());
        }
        let mut leaving: Vec<Vec<Shape>> = Vec::new();
        for step in &plan.steps {
            for spec in step.kind.spec().param_specs() {
                let value = step.kind.spec().param(spec.key);
                if let Some(refusal) = value.and_then(|value| spec.kind.refuse(spec.label, &value)) {
                    return Err(refusal.trim_end_matches('.').to_owned());
                }
            }
            let arriving = |feed: &Feed| match *feed {
                Feed::Given(at) => given.get(at).and_then(|flow| flow.shape.clone()),
                Feed::Step(at) => leaving.get(at).and_then(|ports| ports.first().cloned()),
            };
            let shapes: Option<Vec<Shape>> = step.feeds.iter().map(arriving).collect();
            let shapes = shapes.ok_or("nothing arrives at one of its parts")?;
            let ports: Vec<Option<Shape>> = shapes.iter().cloned().map(Some).collect();
            let spec = step.kind.spec();
            let outputs = spec.infer_ports(&ports, None).map_err(|mismatch| {
                format!(
                    "{} (it takes {}, and its input is {})",
                    mismatch.why.trim_end_matches('.'),
                    mismatch.expected,
                    mismatch.got
                )
            })?;
            if outputs.iter().any(|shape| shape.len() > MOST_NUMBERS || shape.is_empty()) {
                return Err("more leaves it than fits in memory".into());
            }
            for weight in spec.weights(&shapes) {
                let own = step.weights.iter().find(|(name, _)| *name == weight.name);
                let numbers = weight.dims.iter().fold(1usize, |n, &size| n.saturating_mul(size));
                match own {
                    Some((_, data)) if data.len() == numbers => {}
                    Some((_, data)) => {
                        return Err(format!(
                            "its {} has {} numbers in the file, not {numbers}",
                            weight.name,
                            data.len()
                        ));
                    }
                    None => return Err(format!("its {} isn't in the file", weight.name)),
                }
            }
            leaving.push(outputs);
        }
        Ok(leaving)
    }

    fn draw(&mut self, call: &Call, plan: &Plan, shapes: Vec<Vec<Shape>>, given: &[Flow]) -> Vec<Flow> {
        let mut made: Vec<LayerId> = Vec::new();
        let is_shared = call.uses > 1 && plan.steps.iter().any(|step| !step.weights.is_empty());
        for (number, step) in plan.steps.iter().enumerate() {
            let name = if step.is_main {
                call.name.clone()
            } else {
                format!("{} {}", call.name, step.kind.about().title.to_lowercase())
            };
            let id = self.graph.add_named(step.kind.clone(), &name);
            for (port, feed) in step.feeds.iter().enumerate() {
                let from = match *feed {
                    Feed::Given(at) => End::at(given[at].from, given[at].port),
                    Feed::Step(at) => End::at(made[at], self.graph.main_output(made[at])),
                };
                // What was found to fit can be connected.
                let _ = self.graph.connect(from, End::at(id, port));
            }
            let has_weights = !step.weights.is_empty();
            if has_weights && (step.frozen || call.frozen || is_shared) {
                self.graph.freeze(id);
            }
            self.keep(id, number, step, given, &shapes);
            made.push(id);
        }
        let mut words = plan.words.clone();
        if is_shared {
            words.push(format!(
                "It is used {} times with the same weights: each use is a layer of its own, frozen, so that they stay the same.",
                call.uses
            ));
        }
        let fate = match (plan.is_left_out, words.is_empty()) {
            (true, _) => Fate::LeftOut,
            (false, true) => Fate::Exact,
            (false, false) => Fate::Translated,
        };
        self.report.say_of(made.clone(), &call.name, fate, words.join(" "));
        self.leaving(call, plan, &made, &shapes, given)
    }

    /// What leaves the last step, or what arrived where there is none.
    fn leaving(&self, call: &Call, plan: &Plan, made: &[LayerId], shapes: &[Vec<Shape>], given: &[Flow]) -> Vec<Flow> {
        let masked = plan.masks || layers::passes_masks(&call.class) && given.iter().any(|flow| flow.masked);
        let (Some(&last), Some(ports)) = (made.last(), shapes.last()) else {
            return given.first().cloned().into_iter().collect();
        };
        let usual = plan.steps.last().map_or(0, |step| step.kind.spec().usual_output());
        let outputs = if plan.outputs.is_empty() { vec![usual] } else { plan.outputs.clone() };
        let passed = given.first().and_then(|flow| flow.rows).filter(|_| layers::passes_rows(&call.class));
        let flow = |port: usize| Flow {
            from: last,
            port,
            shape: ports.get(port).cloned(),
            rows: plan.rows.or(passed),
            masked,
        };
        outputs.into_iter().map(flow).collect()
    }

    /// The weights of a step under the names that checkpoints have.
    fn keep(&mut self, id: LayerId, number: usize, step: &super::plan::Step, given: &[Flow], leaving: &[Vec<Shape>]) {
        let arriving = step.feeds.iter().filter_map(|feed| match *feed {
            Feed::Given(at) => given.get(at)?.shape.clone(),
            Feed::Step(at) if at < number => leaving.get(at)?.first().cloned(),
            Feed::Step(_) => None,
        });
        let shapes: Vec<Shape> = arriving.collect();
        let Some(slug) = self.graph.layer(id).map(crate::model::Layer::slug) else { return };
        for weight in step.kind.spec().weights(&shapes) {
            let Some((_, data)) = step.weights.iter().find(|(name, _)| *name == weight.name) else { continue };
            let name = format!("{slug}.{}", weight.name);
            self.tensors.push(NamedTensor { name, dims: weight.dims, values: Values::F32(data.clone()) });
        }
    }

    /// A layer that stands in its place as what it is.
    fn foreign(&mut self, call: &Call, given: &[Flow], why: &str, used: usize) -> Vec<Flow> {
        let outputs = used.max(1);
        let shape = |output: usize| -> Option<Shape> {
            let sizes: Vec<usize> = call.shapes.get(&output)?.iter().copied().collect::<Option<_>>()?;
            Some(self.here(&sizes)).filter(|shape| !shape.is_empty() && shape.len() <= MOST_NUMBERS)
        };
        let shapes: Option<Vec<Shape>> = (0..outputs).map(shape).collect();
        let unknown = || ";".repeat(outputs - 1);
        let kind = Foreign {
            what: format!("Keras {}", call.class),
            attributes: attributes(call),
            output: shapes.as_deref().map_or_else(unknown, Foreign::said),
        };
        let from = self.graph.add_named(LayerKind::from(kind), &call.name);
        for (port, flow) in given.iter().enumerate() {
            let _ = self.graph.connect(End::at(flow.from, flow.port), End::at(from, port));
        }
        let words = format!("Keras {} stays foreign: {why}.", call.class);
        self.report.say_of(vec![from], &call.name, Fate::Foreign, words);
        let flow = |port: usize| Flow {
            from,
            port,
            shape: shapes.as_ref().and_then(|shapes| shapes.get(port).cloned()),
            rows: None,
            masked: false,
        };
        (0..outputs).map(flow).collect()
    }
}

/// Settings of a layer as text; what every layer has is left out.
fn attributes(call: &Call) -> String {
    let plain =
        |key: &str| !matches!(key, "name" | "dtype" | "trainable" | "autocast") && !key.ends_with("initializer");
    let settings = call.config.iter().filter(|(key, value)| plain(key) && !value.is_null());
    let mut all: Vec<String> = settings.map(|(key, value)| format!("{key} = {value}")).collect();
    let constants = call.arguments.iter().filter_map(|argument| match argument {
        Argument::Constant(value) => Some(value.to_string()),
        Argument::Tensor(_) | Argument::Tensors(_) => None,
    });
    all.extend(constants);
    let text = all.join(", ");
    match text.char_indices().nth(MOST_ATTRIBUTES) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
