//! From a drawn graph to a program: load, forward, loss, backward, update.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::backward::{differentiate, gradient_name};
use super::build::ProgramBuilder;
use super::error::{EngineError, Result};
use super::init::Initial;
use super::lower::{self, Ending, Leaving, Lowering, Mixed, Side, lower_losses};
use super::op::ValueShape;
use super::ops::{ClipNorm, ClipValue, Load};
use super::optimiser;
use super::program::{Mode, Phase, Program, Role, ValueId};
use crate::model::layer::{LayerKind, Loss};
use crate::model::{Clip, DataSignature, Graph, Inference, Layer, LayerId, Task, TrainingSpec, Wire, infer};

/// Refuses a graph with problems, naming all of them. Layers that do not lead to a Loss are left out. Without any Loss
/// the program is only the forward phase of predicting, of all that can be computed.
pub fn compile(graph: &Graph, signature: &DataSignature, training: &TrainingSpec, mode: Mode) -> Result<Program> {
    compile_with(graph, signature, training, mode, false)
}

fn compile_with(
    graph: &Graph,
    signature: &DataSignature,
    training: &TrainingSpec,
    mode: Mode,
    for_input: bool,
) -> Result<Program> {
    let mut inference = infer(graph, Some(signature));
    if inference.is_forward_only() && !for_input {
        return forward_only(graph, inference, signature);
    }
    if let Some(why) = training.augmentation.problem(signature.task) {
        return Err(EngineError::Augmentation(why));
    }
    if !inference.is_valid() {
        return Err(EngineError::Invalid(inference.problems));
    }
    let (drawn, unfolded) = (graph, graph.unfolded());
    let graph = &*unfolded;
    if drawn.has_blocks() {
        inference = infer(graph, Some(signature));
    }
    let mut program = ProgramBuilder::default();
    let mixes = mode == Mode::Train && training.augmentation.mixes(&signature.input.0, signature.task);
    let Loaded { input, target, weights, mixed } = load(&mut program, signature, mixes);
    let mut side = Side::default();
    let leaving = forward(graph, &inference, &mut program, (input, mode, signature), &mut side)?;
    if let Some(lacking) = lacking(graph, &leaving) {
        return Err(EngineError::NoInstructions(lacking));
    }
    let ending =
        |(layer, loss)| ending(graph, (layer, loss), (&leaving, &inference), ([input, target], signature.task));
    let endings: Vec<_> = graph.losses().map(ending).map(|ending| Ending { weights, mixed, ..ending }).collect();
    let main = graph.main_loss().and_then(|(main, _)| endings.iter().find(|ending| ending.layer.id == main.id));
    let main = main.ok_or_else(|| EngineError::Invalid(Vec::new()))?;
    let (output, truth) = (main.answer, main.truth);
    let values = lower_losses(&mut program, &endings, &mut side);
    let mut gradients = BTreeMap::new();
    if for_input {
        gradients = differentiate(&mut program, values.total, &[input]);
    } else if mode == Mode::Train {
        let trained = trained_parameters(graph, &program);
        gradients = differentiate(&mut program, values.total, &trained);
        program.instructions.append(&mut side.updates);
        update(&mut program, training, &trained, &gradients);
    }
    Ok(Program {
        mode,
        values: program.values,
        instructions: program.instructions,
        layer_outputs: main_outputs(drawn, graph, &leaving),
        loss: Some(values.total),
        data_loss: Some(values.data),
        losses: values.each,
        input,
        target,
        weights,
        mixed: mixed.map(|mixed| [mixed.lambda, mixed.partner]),
        truth,
        task: inference.task(graph, signature.task),
        output,
        gradients,
        layer_names: names(drawn, graph),
    })
}

fn names(drawn: &Graph, graph: &Graph) -> BTreeMap<LayerId, String> {
    [drawn, graph].iter().flat_map(|of| of.layers()).map(|l| (l.id, l.name.clone())).collect()
}

/// All that can be computed of a network that has no Loss, as it predicts.
fn forward_only(drawn: &Graph, drawn_inference: Inference, signature: &DataSignature) -> Result<Program> {
    let unfolded = drawn.unfolded();
    let graph = &*unfolded;
    let inference = if drawn.has_blocks() { infer(graph, Some(signature)) } else { drawn_inference };
    let mut program = ProgramBuilder::default();
    let Loaded { input, target, weights, mixed: _ } = load(&mut program, signature, false);
    let leaving = forward(graph, &inference, &mut program, (input, Mode::Predict, signature), &mut Side::default())?;
    keep_weights(graph, &inference, &leaving, &mut program);
    let layer_outputs = main_outputs(drawn, graph, &leaving);
    let order = graph.topological_order();
    let is_end = |id: &&LayerId| graph.outgoing(**id).all(|wire| !leaving.contains_key(&wire.to));
    let end = order.iter().rev().filter(|id| leaving.contains_key(id)).find(is_end);
    let output = end.and_then(|id| layer_outputs.get(id)).copied().unwrap_or(input);
    Ok(Program {
        mode: Mode::Predict,
        values: program.values,
        instructions: program.instructions,
        layer_outputs,
        loss: None,
        data_loss: None,
        losses: Vec::new(),
        input,
        target,
        weights,
        mixed: None,
        truth: target,
        task: signature.task,
        output,
        gradients: BTreeMap::new(),
        layer_names: names(drawn, graph),
    })
}

/// The weights of layers that aren't computed outlive it all the same, for when what keeps them from it is mended.
fn keep_weights(
    graph: &Graph,
    inference: &Inference,
    leaving: &BTreeMap<LayerId, Leaving>,
    program: &mut ProgramBuilder,
) {
    for layer in graph.layers().filter(|layer| !leaving.contains_key(&layer.id)) {
        let shapes: Option<Vec<_>> = graph.incoming(layer.id).map(|wire| inference.shape_on(wire).cloned()).collect();
        let is_known = inference.shapes.contains_key(&layer.id);
        let Some(shapes) = shapes.filter(|shapes| is_known && !shapes.is_empty()) else { continue };
        for weight in layer.kind.spec().weights(&shapes) {
            let role = if weight.is_trained { Role::Parameter } else { Role::Buffer };
            let name = format!("{}.{}", layer.slug(), weight.name);
            let id = program.add_state(name, weight.dims, role, Some(layer.id), Initial::ZEROS);
            program.values[id.index()].axes = weight.axes;
        }
    }
}

/// A layer on the way to a Loss that was not computed, by its name.
fn lacking(graph: &Graph, leaving: &BTreeMap<LayerId, Leaving>) -> Option<String> {
    let is_lacking = |layer: &&Layer| {
        let is_computed = matches!(layer.kind, LayerKind::Loss(_)) || leaving.contains_key(&layer.id);
        !is_computed && graph.leads_to_loss(layer.id)
    };
    graph.layers().find(is_lacking).map(|layer| layer.name.clone())
}

/// A Loss with what arrives at it.
fn ending<'a>(
    graph: &Graph,
    (layer, loss): (&'a Layer, &'a Loss),
    (leaving, inference): (&BTreeMap<LayerId, Leaving>, &Inference),
    ([input, target], task): ([ValueId; 2], Task),
) -> Ending<'a> {
    let value = |wire: &Wire| leaving.get(&wire.from)?.get(wire.output).copied()?;
    let answer = graph.incoming(layer.id).find(|wire| wire.input != Loss::TRUTH).and_then(value);
    let wire = graph.truth_of(layer.id);
    let task = wire.and_then(|wire| inference.shape_on(wire)).map_or(task, |truth| Task::Input(truth.len()));
    let truth = wire.and_then(value).unwrap_or(target);
    Ending { layer, loss, answer: answer.unwrap_or(input), truth, task, weights: None, mixed: None }
}

/// As [`compile`], with the gradient of the loss with respect to the input instead of the parameters, and no update.
pub fn compile_for_input(graph: &Graph, signature: &DataSignature, training: &TrainingSpec) -> Result<Program> {
    compile_with(graph, signature, training, Mode::Train, true)
}

/// What a batch brings.
struct Loaded {
    /// What enters the network.
    input: ValueId,
    target: ValueId,
    weights: Option<ValueId>,
    mixed: Option<Mixed>,
}

/// `%x, %y = batch`, from the values that the machine stages; `%w` where samples have weights, `%lambda` where they are
/// mixed.
fn load(program: &mut ProgramBuilder, signature: &DataSignature, mixes: bool) -> Loaded {
    let (input, target) = (&signature.input.0, signature.task.target().0);
    let mut all = vec![(STAGED_INPUT, "%x", Role::Input, input.clone()), (STAGED_TARGET, "%y", Role::Target, target)];
    all.extend(signature.weighted.then(|| (STAGED_WEIGHTS, "%w", Role::Weight, Vec::new())));
    all.extend(mixes.then(|| (STAGED_SHARES, "%lambda", Role::Weight, Vec::new())));
    let shape = |dims: &Vec<usize>| ValueShape::batched(dims.clone());
    let staged: Vec<_> =
        all.iter().map(|(name, _, _, dims)| program.add(*name, shape(dims), Role::Hidden, None)).collect();
    let loaded: Vec<_> = all.iter().map(|(_, name, role, dims)| program.add(*name, shape(dims), *role, None)).collect();
    program.push(Phase::Load, None, Arc::new(Load), &staged, &loaded);
    let [input, target] = [loaded[0], loaded[1]];
    let weights = signature.weighted.then(|| loaded[2]);
    let lambda = loaded.last().copied().filter(|_| mixes);
    let mixed = lambda.map(|lambda| lower::mix(program, [input, target], weights, lambda));
    Loaded { input: mixed.map_or(input, |mixed| mixed.input), target, weights, mixed }
}

/// Where the machine puts a batch before its first instruction.
pub const STAGED_INPUT: &str = "batch.x";
/// Name of the value that the targets of a batch are loaded from.
pub const STAGED_TARGET: &str = "batch.y";
/// Name of the value that the weights of its samples are loaded from, where they have any.
pub const STAGED_WEIGHTS: &str = "batch.w";
/// Name of the value that their shares in mixtures are loaded from, where samples are mixed.
pub const STAGED_SHARES: &str = "batch.lambda";

/// What stands for each layer; for a Block what leaves its last repetition.
fn main_outputs(drawn: &Graph, graph: &Graph, leaving: &BTreeMap<LayerId, Leaving>) -> BTreeMap<LayerId, ValueId> {
    let main = |(&id, ports): (&LayerId, &Leaving)| Some((id, (*ports.get(graph.main_output(id))?)?));
    let of_block = |layer: &Layer| {
        let (from, output) = drawn.stands_for(layer.id)?;
        Some((layer.id, (*leaving.get(&from)?.get(output)?)?))
    };
    let blocks = drawn.layers().filter(|layer| layer.kind.is_end() || drawn.block(layer.id).is_some());
    leaving.iter().filter_map(main).chain(blocks.filter_map(of_block)).collect()
}

fn forward(
    graph: &Graph,
    inference: &Inference,
    program: &mut ProgramBuilder,
    (data, mode, signature): (ValueId, Mode, &DataSignature),
    side: &mut Side,
) -> Result<BTreeMap<LayerId, Leaving>> {
    let mut leaving: BTreeMap<LayerId, Leaving> = BTreeMap::new();
    let has_loss = graph.main_loss().is_some();
    let order = graph.topological_order().into_iter();
    let wanted: BTreeSet<LayerId> = order.filter(|&id| !has_loss || graph.leads_to_loss(id)).collect();
    for id in graph.topological_order().into_iter().filter(|id| wanted.contains(id)) {
        // A Loss ends the network; `lower_losses` makes its instructions.
        let Some(layer) = graph.layer(id).filter(|layer| !matches!(layer.kind, LayerKind::Loss(_))) else { continue };
        let (Some(output), Some(rule)) = (inference.shapes.get(&id), lower::of(&layer.kind)) else { continue };
        let is_computed = |wire: &Wire| leaving.get(&wire.from).is_some_and(|ports| ports.len() > wire.output);
        if !graph.incoming(id).all(is_computed) {
            continue;
        }
        let mut ports = vec![None; graph.incoming(id).last().map_or(0, |wire| wire.input + 1)];
        for wire in graph.incoming(id) {
            ports[wire.input] = leaving.get(&wire.from).and_then(|ports| ports.get(wire.output).copied()?);
        }
        let inputs: Vec<_> = ports.iter().flatten().copied().collect();
        let asked = graph.outgoing(id).filter(|wire| wanted.contains(&wire.to)).map(|wire| wire.output);
        let asked: Vec<_> = asked.chain([graph.main_output(id)]).collect();
        let (inputs, ports, asked) = (inputs.as_slice(), ports.as_slice(), asked.as_slice());
        let mut lowering =
            Lowering { program, layer, inputs, ports, wanted: asked, output, mode, data, signature, side };
        leaving.insert(id, rule.lower_ports(&mut lowering)?);
    }
    Ok(leaving)
}

/// Parameters of layers that are not frozen, in the order of the program.
fn trained_parameters(graph: &Graph, program: &ProgramBuilder) -> Vec<ValueId> {
    let frozen = |layer: Option<LayerId>| layer.and_then(|id| graph.layer(id)).is_some_and(|layer| layer.frozen);
    let ids = (0..program.values.len() as u32).map(ValueId);
    ids.filter(|id| {
        let value = &program.values[id.index()];
        value.role == Role::Parameter && !frozen(value.layer)
    })
    .collect()
}

fn update(
    program: &mut ProgramBuilder,
    training: &TrainingSpec,
    trained: &[ValueId],
    gradients: &BTreeMap<ValueId, ValueId>,
) {
    let pairs: Vec<_> = trained.iter().filter_map(|&p| gradients.get(&p).map(|&g| (p, g))).collect();
    let clipped = clip(program, training.clip, &pairs);
    let scheduled = training.momentum_at(0).is_some();
    for (&(parameter, _), gradient) in pairs.iter().zip(clipped) {
        optimiser::emit(program, &training.optimiser, scheduled, parameter, gradient);
    }
}

/// The gradients that the optimiser is to use.
fn clip(program: &mut ProgramBuilder, clip: Clip, pairs: &[(ValueId, ValueId)]) -> Vec<ValueId> {
    let gradients: Vec<_> = pairs.iter().map(|&(_, gradient)| gradient).collect();
    if clip == Clip::None || pairs.is_empty() {
        return gradients;
    }
    let clipped: Vec<_> = pairs
        .iter()
        .map(|&(parameter, _)| {
            let name = format!("{}.clipped", gradient_name(program.name(parameter)));
            let layer = program.values[parameter.index()].layer;
            program.add(name, program.shape(parameter).clone(), Role::Gradient, layer)
        })
        .collect();
    match clip {
        Clip::None => {}
        Clip::Norm { max } => {
            let norm = program.add(GRADIENT_NORM, ValueShape::scalar(), Role::Hidden, None);
            let outputs: Vec<_> = std::iter::once(norm).chain(clipped.iter().copied()).collect();
            program.push(Phase::Update, None, Arc::new(ClipNorm { max }), &gradients, &outputs);
        }
        Clip::Value { max } => {
            for (&gradient, &output) in gradients.iter().zip(&clipped) {
                let layer = program.values[output.index()].layer;
                program.push(Phase::Update, layer, Arc::new(ClipValue { max }), &[gradient], &[output]);
            }
        }
    }
    clipped
}

/// The joint norm of all gradients, where they are clipped by it.
pub const GRADIENT_NORM: &str = "grad_norm";
