//! The graph while it is read: layers with their inputs, shapes and weights. In the end what leads nowhere goes,
//! functions behind weights become their layer's own, and all get names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::files::{NamedTensor, Values};
use crate::model::layer::{
    Activation, CappedRelu, Dense, Elu, Foreign, Inputs, LayerKind, LeakyRelu, ParamValue, ThresholdedRelu,
};
use crate::model::{Edit, Graph, LayerId, Shape};

/// Layers that a file may become.
const MOST_LAYERS: usize = 4096;
/// Numbers in a sample.
const MOST_NUMBERS: usize = 1 << 30;

/// A layer's index, and its output.
pub(super) type Port = (usize, usize);

/// A layer to be.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub kind: LayerKind,
    pub inputs: Vec<Option<Port>>,
    pub leaving: Vec<Shape>,
    pub weights: Vec<(&'static str, Vec<f32>)>,
    /// Where Glassbox wrote the file, the name of the layer.
    pub name: Option<String>,
    /// The value of the file that leaves it as it is.
    pub output: Option<String>,
    pub frozen: bool,
}

/// What they become.
pub(super) struct Finished {
    pub graph: Graph,
    pub weights: Vec<NamedTensor>,
    /// What enters, Input by Input.
    pub inputs: Vec<Shape>,
    /// Where the file's outputs leave.
    pub ends: Vec<(LayerId, usize)>,
    /// What each layer that was made became; `None`: it is needed for nothing.
    pub homes: Vec<Option<LayerId>>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Built {
    pub layers: Vec<Made>,
    /// Where the data enters, with their columns.
    pub inputs: Vec<usize>,
}

impl Built {
    pub fn shape(&self, (layer, port): Port) -> &Shape {
        static NONE: Shape = Shape(Vec::new());
        self.layers.get(layer).and_then(|layer| layer.leaving.get(port)).unwrap_or(&NONE)
    }

    /// A layer that takes all its inputs by number.
    pub fn add(
        &mut self,
        kind: impl Into<LayerKind>,
        inputs: &[Port],
        weights: Vec<(&'static str, Vec<f32>)>,
    ) -> Result<Port, String> {
        self.add_ports(kind.into(), &inputs.iter().map(|&port| Some(port)).collect::<Vec<_>>(), weights)
    }

    /// As [`Self::add`], where inputs may stay free. The error is a reason.
    pub fn add_ports(
        &mut self,
        kind: LayerKind,
        inputs: &[Option<Port>],
        weights: Vec<(&'static str, Vec<f32>)>,
    ) -> Result<Port, String> {
        if self.layers.len() >= MOST_LAYERS {
            return Err(format!("the network has more than {MOST_LAYERS} layers"));
        }
        for spec in kind.spec().param_specs() {
            if let Some(why) = kind.spec().param(spec.key).and_then(|value| spec.kind.refuse(spec.label, &value)) {
                return Err(why);
            }
        }
        let arriving: Vec<Option<Shape>> =
            inputs.iter().map(|port| port.map(|port| self.shape(port).clone())).collect();
        let leaving = kind.spec().infer_ports(&arriving, None).map_err(|refused| {
            format!("{} expected {}, got {}: {}", kind.about().title, refused.expected, refused.got, refused.why)
        })?;
        if leaving.is_empty() || leaving.iter().any(|shape| shape.len() > MOST_NUMBERS || shape.is_empty()) {
            return Err("what leaves it is nothing, or too large".into());
        }
        let shapes: Vec<Shape> = arriving.iter().flatten().cloned().collect();
        let declared = kind.spec().weights(&shapes);
        for weight in &declared {
            let given = weights.iter().find(|(name, _)| *name == weight.name);
            let count = weight.dims.iter().fold(1usize, |all, &size| all.saturating_mul(size));
            if given.is_none_or(|(_, numbers)| numbers.len() != count) {
                return Err(format!("its {} should have {count} numbers", weight.name));
            }
        }
        self.layers.push(Made {
            kind,
            inputs: inputs.to_vec(),
            leaving,
            weights,
            name: None,
            output: None,
            frozen: false,
        });
        Ok((self.layers.len() - 1, 0))
    }

    /// An Input of its own shape, without weights or rules.
    pub fn add_input(&mut self, kind: LayerKind, shape: Shape) -> Port {
        self.push(kind, Vec::new(), vec![shape])
    }

    /// What Glassbox has no layer for.
    pub fn add_foreign(&mut self, foreign: Foreign, inputs: Vec<Option<Port>>) -> Result<usize, String> {
        if self.layers.len() >= MOST_LAYERS {
            return Err(format!("the network has more than {MOST_LAYERS} layers"));
        }
        let leaving = foreign.shapes().unwrap_or_default();
        Ok(self.push(foreign.into(), inputs, leaving).0)
    }

    /// A layer that works number by number behind one whose shape isn't known.
    pub fn add_bare(&mut self, kind: LayerKind, from: Port) -> Result<usize, String> {
        if self.layers.len() >= MOST_LAYERS {
            return Err(format!("the network has more than {MOST_LAYERS} layers"));
        }
        Ok(self.push(kind, vec![Some(from)], Vec::new()).0)
    }

    fn push(&mut self, kind: LayerKind, inputs: Vec<Option<Port>>, leaving: Vec<Shape>) -> Port {
        let (weights, name, output) = (Vec::new(), None, None);
        self.layers.push(Made { kind, inputs, leaving, weights, name, output, frozen: false });
        (self.layers.len() - 1, 0)
    }

    fn readers(&self, port: Port) -> impl Iterator<Item = usize> + '_ {
        self.layers.iter().enumerate().filter(move |(_, layer)| layer.inputs.contains(&Some(port))).map(|(at, _)| at)
    }

    /// Functions behind layers that have one of their own. Where Glassbox wrote the file, only those that were.
    fn fuse(&mut self, ends: &mut [Port], is_ours: bool) -> Vec<bool> {
        let mut gone = vec![false; self.layers.len()];
        for at in 0..self.layers.len() {
            let Some((activation, key, number)) = function(&self.layers[at].kind) else { continue };
            let Some(Some((before, port))) = self.layers[at].inputs.first().copied() else { continue };
            let is_apart = is_ours && self.layers[before].name != self.layers[at].name;
            let takes = self.layers[before].kind.chosen_activation() == Some(Activation::None);
            let is_read = ends.contains(&(before, port)) || self.readers((before, port)).any(|reader| reader != at);
            if is_apart || !takes || is_read || gone[before] {
                continue;
            }
            let mut kind = self.layers[before].kind.clone();
            let chosen = ParamValue::Text(activation.key().to_owned());
            let set = kind.params_mut().set_param("activation", &chosen).is_ok()
                && (key.is_empty() || kind.params_mut().set_param(key, &ParamValue::Float(number)).is_ok());
            if !set {
                continue;
            }
            self.layers[before].kind = kind;
            gone[at] = true;
            let inputs = self.layers.iter_mut().flat_map(|layer| layer.inputs.iter_mut());
            inputs.flatten().filter(|input| **input == (at, 0)).for_each(|input| *input = (before, port));
            ends.iter_mut().filter(|end| **end == (at, 0)).for_each(|end| *end = (before, port));
        }
        gone
    }

    /// What the ends depend on, and where the data enters.
    fn needed(&self, ends: &[Port]) -> BTreeSet<usize> {
        let mut open: Vec<usize> = ends.iter().map(|end| end.0).collect();
        let mut needed: BTreeSet<usize> = self.inputs.iter().copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(self.layers[at].inputs.iter().flatten().map(|input| input.0));
            }
        }
        needed.extend(seen);
        needed
    }

    /// The graph on the canvas, and its weights by their names. `aside` stay, although nothing asks for them.
    pub fn finish(mut self, mut ends: Vec<Port>, aside: &[usize], is_ours: bool) -> Result<Finished, String> {
        // A pass for each: what became a layer's own function may make room for nothing else.
        let gone = self.fuse(&mut ends, is_ours);
        let asked: Vec<Port> = ends.iter().copied().chain(aside.iter().map(|&at| (at, 0))).collect();
        let needed = self.needed(&asked);
        let kept: Vec<usize> = (0..self.layers.len()).filter(|at| needed.contains(at) && !gone[*at]).collect();
        let mut names = Names::default();
        let (mut layers, mut wires, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let id = |at: usize| at as u64 + 1;
        let mut wire_id = self.layers.len() as u64 + 1;
        for &at in &kept {
            let made = &self.layers[at];
            let wished = match &made.kind {
                // Of several, each is called as its columns are.
                LayerKind::Input(input) if !input.columns.is_empty() => Some(input.columns.as_str()),
                _ => made.name.as_deref().filter(|_| is_ours),
            };
            let name = names.of(&made.kind, wished);
            let mut layer = serde_json::to_value(&made.kind).map_err(|error| error.to_string())?;
            layer["id"] = json!(id(at));
            layer["name"] = json!(name);
            if made.frozen {
                layer["frozen"] = json!(true);
            }
            layers.push(layer);
            for (input, port) in made.inputs.iter().enumerate().filter_map(|(i, port)| Some((i, (*port)?))) {
                wires.push(self.wire(wire_id, port, (at, input)));
                wire_id += 1;
            }
            weights.extend(named(&self, at, &crate::model::slug(&name)));
        }
        let mut graph: Graph = serde_json::from_value(json!({ "layers": layers, "wires": wires }))
            .map_err(|error| format!("the graph doesn't hold together ({error})"))?;
        Edit::Tidy.apply(&mut graph).map_err(|error| error.to_string())?;
        let inputs = self.inputs.iter().map(|&at| self.shape((at, 0)).clone()).collect();
        let ends = ends.into_iter().map(|(at, port)| (LayerId(id(at)), port)).collect();
        let before = |at: usize| self.layers[at].inputs.first().copied().flatten().map(|port| port.0);
        let home = |at: usize| if gone[at] { before(at) } else { Some(at) };
        let homes =
            (0..self.layers.len()).map(|at| home(at).filter(|at| needed.contains(at)).map(|at| LayerId(id(at))));
        let homes = homes.collect();
        Ok(Finished { graph, weights, inputs, ends, homes })
    }

    fn wire(&self, id: u64, (from, output): Port, (to, input): Port) -> Json {
        let mut wire = json!({ "id": id, "from": from as u64 + 1, "to": to as u64 + 1 });
        let outputs = self.layers[from].kind.spec().outputs();
        if outputs.len() > 1 {
            wire["output"] = json!(outputs.get(output).copied().unwrap_or_default());
        }
        let inputs = self.layers[to].kind.about().inputs;
        if inputs != Inputs::One {
            wire["input"] = json!(inputs.name(input));
        }
        wire
    }
}

/// The function that a layer is, if another can have it, with its setting.
fn function(kind: &LayerKind) -> Option<(Activation, &'static str, f64)> {
    Some(match kind {
        LayerKind::LeakyRelu(LeakyRelu { slope }) => (Activation::LeakyRelu, "slope", *slope),
        LayerKind::CappedRelu(CappedRelu { cap }) => (Activation::CappedRelu, "cap", *cap),
        LayerKind::ThresholdedRelu(ThresholdedRelu { threshold }) => {
            (Activation::ThresholdedRelu, "threshold", *threshold)
        }
        LayerKind::Elu(Elu { alpha }) if *alpha != Elu::default().alpha => return None,
        LayerKind::Dense(Dense { .. }) => return None,
        other if other.chosen_activation().is_none() => (other.activation()?, "", 0.0),
        _ => return None,
    })
}

fn named(built: &Built, at: usize, slug: &str) -> Vec<NamedTensor> {
    let made = &built.layers[at];
    let shapes: Vec<Shape> = made.inputs.iter().flatten().map(|&port| built.shape(port).clone()).collect();
    if made.weights.is_empty() {
        return Vec::new();
    }
    let declared = made.kind.spec().weights(&shapes);
    let tensors = declared.into_iter().filter_map(|weight| {
        let values = made.weights.iter().find(|(name, _)| *name == weight.name)?.1.clone();
        Some(NamedTensor { name: format!("{slug}.{}", weight.name), dims: weight.dims, values: Values::F32(values) })
    });
    tensors.collect()
}

/// Names that no two layers share, also as listings spell them.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
}

impl Names {
    fn of(&mut self, kind: &LayerKind, wished: Option<&str>) -> String {
        if let Some(name) = wished
            && !crate::model::slug(name).is_empty()
            && name.len() < 200
            && self.taken.insert(crate::model::slug(name))
        {
            return name.to_owned();
        }
        let title = match kind {
            // As the file calls it.
            LayerKind::Foreign(foreign) => foreign.what.trim_start_matches("ONNX "),
            other => other.about().title,
        };
        let title = if crate::model::slug(title).is_empty() { kind.about().title } else { title };
        if matches!(kind, LayerKind::Input(_)) && self.taken.insert(crate::model::slug(title)) {
            return title.to_owned();
        }
        let count = self.counts.entry(title.to_owned()).or_default();
        loop {
            *count += 1;
            let name = format!("{title} {count}");
            if self.taken.insert(crate::model::slug(&name)) {
                return name;
            }
        }
    }
}
