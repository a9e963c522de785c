//! Small networks that chance draws, out of every kind of layer with any of its settings.

use glassbox::data::Batch;
use glassbox::engine::{Device, Machine, Precision};
use glassbox::model::layer::{
    Dense, Flatten, Input, Inputs, LayerKind, Loss, LossKind, ParamKind, ParamSpec, ParamValue,
};
use glassbox::model::{
    Clip, DataSignature, Edit, Graph, LayerId, OneCycle, Optimiser, Schedule, Shape, Task, TrainingSpec, infer,
};

const STEPS: usize = 2;

/// The same numbers on every machine (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn pick(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.pick(0, all.len() - 1)].clone()
    }

    pub fn number(&mut self, reach: f64) -> f64 {
        reach * ((self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    }
}

fn setting(chance: &mut Chance, spec: &ParamSpec, shape: &Shape) -> ParamValue {
    let order = || {
        let (rank, first) = (shape.rank().max(1), shape.len());
        (0..rank).map(|i| ((i + first) % rank + 1).to_string()).collect::<Vec<_>>().join(", ")
    };
    match (&spec.kind, spec.key) {
        (ParamKind::Int { min, .. }, "units" | "filters" | "width" | "vocabulary") => {
            ParamValue::Int((chance.pick(1, 6) as i64).max(*min))
        }
        (ParamKind::Int { min, .. }, _) => ParamValue::Int((chance.pick(0, 4) as i64).max(*min)),
        (ParamKind::Float { .. }, "epsilon") => ParamValue::Float(chance.of(&[1e-5, 1e-3, 0.1])),
        (ParamKind::Float { .. }, "l1" | "l2") => ParamValue::Float(chance.of(&[0.0, 0.0, 0.02])),
        (ParamKind::Float { .. }, _) => ParamValue::Float(chance.of(&[0.0, 0.1, 0.5, 0.9])),
        (ParamKind::Bool, _) => ParamValue::Bool(chance.pick(0, 1) == 1),
        (ParamKind::Choice(options), _) => ParamValue::Text(chance.of(options).0.to_owned()),
        (ParamKind::Text, "order") => ParamValue::Text(order()),
        (ParamKind::Text, "start") => ParamValue::Text((chance.pick(0, 4) as i64 - 2).to_string()),
        (ParamKind::Text, "shape") => ParamValue::Text(format!("{} x ?", shape.0.last().copied().unwrap_or(1))),
        (ParamKind::Text, _) => {
            let known =
                ["x * sigmoid(x)", "x^2 - 1", "max(x, 0.3) * min(x, sin(x))", "abs(x) + 1 / (x^2 + 0.5)", "2^x / 3"];
            ParamValue::Text(chance.of(&known).to_owned())
        }
    }
}

/// A layer with settings by chance, if they fit what arrives.
fn layer(chance: &mut Chance, kind: &LayerKind, shape: &Shape) -> LayerKind {
    let mut kind = kind.clone();
    for spec in kind.spec().param_specs() {
        let value = setting(chance, &spec, shape);
        // What lies beyond the limits of a setting leaves it at its default.
        let _ = kind.params_mut().set_param(spec.key, &value);
    }
    kind
}

/// Layers that may feed one that takes several, with the shapes of what leaves them.
fn sources(chance: &mut Chance, kind: &LayerKind, made: &[(LayerId, Shape)]) -> Vec<(LayerId, Shape)> {
    let last = &made[made.len() - 1];
    let others: Vec<_> =
        made[..made.len() - 1].iter().filter(|other| other.1.rank() == last.1.rank()).cloned().collect();
    let more = match kind.spec().about().inputs {
        Inputs::Many | Inputs::Any => 1,
        Inputs::Named(ports) => chance.pick(0, ports.len() - 1),
        Inputs::None | Inputs::One => 0,
    };
    let wired = (0..if others.is_empty() { 0 } else { more }).map(|_| chance.of(&others));
    let mut all = vec![last.clone()];
    for other in wired {
        if all.iter().all(|known| known.0 != other.0) {
            all.push(other);
        }
    }
    all
}

/// A drawing over data of its shape that can be trained, `wanted` among its layers.
pub fn network(chance: &mut Chance, wanted: &LayerKind) -> Option<(Graph, DataSignature)> {
    let kinds = LayerKind::all();
    let rank = chance.pick(1, 3);
    let input = Shape((0..rank).map(|_| chance.pick(1, 6)).collect());
    let mut graph = Graph::default();
    let mut made = vec![(graph.add(Input::default().into(), [0.0; 2]), input.clone())];
    let (depth, place) = (chance.pick(1, 4), chance.pick(0, 3));
    for i in 0..depth {
        let kind = if i == place.min(depth - 1) { wanted.clone() } else { chance.of(&kinds) };
        let stays_out = matches!(kind, LayerKind::Input(_) | LayerKind::Loss(_) | LayerKind::Block(_));
        if stays_out || matches!(kind, LayerKind::Embedding(_)) && i > 0 {
            continue;
        }
        let kind = layer(chance, &kind, &made[i.min(made.len() - 1)].1);
        let from = sources(chance, &kind, &made);
        let shapes: Vec<_> = from.iter().map(|(_, shape)| shape.clone()).collect();
        let fits = shapes.len() >= kind.spec().about().inputs.least();
        let Some(shape) = fits.then(|| kind.spec().infer(&shapes, None).ok()).flatten() else { continue };
        let id = graph.add(kind, [0.0; 2]);
        from.iter().for_each(|(source, _)| drop(graph.connect(*source, id)));
        made.push((id, shape));
    }
    let task = end(chance, &mut graph, made.pop()?);
    if matches!(wanted, LayerKind::Block(_)) {
        group(chance, &mut graph);
    }
    let data = DataSignature { weighted: false, names: Vec::new(), input, task };
    let is_there = graph.layers().any(|layer| layer.kind.key() == wanted.key());
    (is_there && infer(&graph, Some(&data)).is_valid()).then_some((graph, data))
}

/// Layers in a row become a Block, which repeats where that fits.
fn group(chance: &mut Chance, graph: &mut Graph) {
    let ids: Vec<LayerId> = graph.layers().map(|layer| layer.id).collect();
    let first = chance.pick(1, ids.len() - 2);
    let last = chance.pick(first, ids.len() - 2);
    let Ok(made) = Edit::Group(ids[first..=last].to_vec()).apply(graph) else { return };
    let (key, value) = ("repeat".to_owned(), ParamValue::Int(chance.pick(1, 3) as i64));
    let _ = Edit::SetParam { layer: made[0], key, value }.apply(graph);
}

/// The last layers: to a row, to a few numbers, to the loss.
fn end(chance: &mut Chance, graph: &mut Graph, (last, shape): (LayerId, Shape)) -> Task {
    let units = chance.pick(1, 3);
    let mut ends: Vec<LayerKind> = if shape.rank() == 1 { Vec::new() } else { vec![Flatten {}.into()] };
    ends.push(Dense { units, ..Dense::default() }.into());
    ends.push(Loss { loss: chance.of(LossKind::ALL), ..Loss::default() }.into());
    let mut from = last;
    for kind in ends {
        let id = graph.add(kind, [0.0; 2]);
        let _ = graph.connect(from, id);
        from = id;
    }
    if chance.pick(0, 1) == 0 { Task::Numbers(units) } else { Task::Classes(units.max(2)) }
}

pub fn training(chance: &mut Chance, seed: u64) -> TrainingSpec {
    let all = Optimiser::all();
    let cycle = OneCycle { steps: 5, ..OneCycle::default() };
    TrainingSpec {
        optimiser: all[seed as usize % all.len()].clone(),
        learning_rate: 0.02,
        clip: chance.of(&[Clip::None, Clip::Norm { max: 0.1 }, Clip::Value { max: 0.05 }]),
        schedule: chance.of(&[Schedule::Constant, Schedule::OneCycle(cycle)]),
        seed,
        ..TrainingSpec::default()
    }
}

pub fn batch(chance: &mut Chance, graph: &Graph, data: &DataSignature) -> Batch {
    let len = chance.of(&[1, 2, 5]);
    let is_whole = graph.layers().find_map(|layer| match &layer.kind {
        LayerKind::Embedding(embedding) => Some(embedding.vocabulary),
        _ => None,
    });
    let inputs = (0..len * data.input.len()).map(|_| match is_whole {
        Some(vocabulary) => chance.pick(0, vocabulary - 1) as f32,
        None => chance.number(2.0) as f32,
    });
    let inputs = inputs.collect();
    let (each, classes) = match data.task {
        Task::Numbers(n) => (n, None),
        other => (1, other.classes()),
    };
    let targets = (0..len * each).map(|_| match classes {
        Some(classes) => chance.pick(0, classes - 1) as f32,
        None => chance.number(2.0) as f32,
    });
    let targets = targets.collect();
    Batch { len, inputs, targets, rows: (0..len as u32).collect(), ..Batch::default() }
}

/// A network at work, with all that is needed to begin again.
pub struct Drawn {
    pub name: String,
    pub graph: Graph,
    pub data: DataSignature,
    pub training: TrainingSpec,
    pub batches: Vec<Batch>,
}

impl Drawn {
    pub fn new(seed: u64, kind: &LayerKind) -> Option<Self> {
        let mut chance = Chance(seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let (graph, data) = network(&mut chance, kind)?;
        let training = training(&mut chance, seed);
        let batches = (0..STEPS).map(|_| batch(&mut chance, &graph, &data)).collect();
        let kinds: Vec<_> = graph.layers().map(|layer| layer.kind.key()).collect();
        Some(Self { name: format!("network {seed} ({})", kinds.join(", ")), graph, data, training, batches })
    }

    /// With weights that are nowhere 0, so that biases and slopes take part.
    pub fn machine(&self, precision: Precision) -> Machine {
        let (graph, data) = (&self.graph, &self.data);
        let mut machine = Machine::new(graph, data, &self.training, Device::Cpu, precision).unwrap();
        let trained: Vec<_> = machine.program().gradients.keys().copied().collect();
        let mut chance = Chance(7);
        for id in
            trained.into_iter().filter(|id| machine.program().value(*id).unwrap().role.is_state()).collect::<Vec<_>>()
        {
            let (dims, numbers) = machine.read_f64(id).unwrap();
            let moved: Vec<_> = numbers.iter().map(|number| f64::from((number + chance.number(0.3)) as f32)).collect();
            machine.write_f64(id, &dims, &moved).unwrap();
        }
        machine
    }
}
