//! Reverse mode by source transformation: walks the forward instructions from the loss to the parameters and appends
//! what each op's `vjp` asks for. What no parameter needs is not computed; where a value feeds several instructions,
//! their contributions are added.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::ProgramBuilder;
use super::op::{Op, ValueShape};
use super::ops::{Add, Ones};
use super::program::{Instruction, Phase, Role, ValueId};
use crate::model::LayerId;

/// Writes backward instructions.
pub struct BackwardBuilder<'a> {
    program: &'a mut ProgramBuilder,
    layer: Option<LayerId>,
    hidden: u32,
}

impl<'a> BackwardBuilder<'a> {
    /// No gradient is known yet.
    pub fn new(program: &'a mut ProgramBuilder) -> Self {
        Self { program, layer: None, hidden: 0 }
    }

    /// Sizes of a value of the program.
    pub fn shape(&self, id: ValueId) -> &ValueShape {
        self.program.shape(id)
    }

    /// Appends an instruction whose single output is (a contribution to) the gradient of `of`.
    pub fn gradient(&mut self, op: impl Op + 'static, inputs: &[ValueId], of: ValueId) -> ValueId {
        let output = self.add_gradient(of);
        self.program.push(Phase::Backward, self.layer, Arc::new(op), inputs, &[output]);
        output
    }

    /// One instruction that makes the gradients of several values at once.
    pub fn gradients(&mut self, op: impl Op + 'static, inputs: &[ValueId], of: &[ValueId]) -> Vec<ValueId> {
        let outputs: Vec<_> = of.iter().map(|&of| self.add_gradient(of)).collect();
        self.program.push(Phase::Backward, self.layer, Arc::new(op), inputs, &outputs);
        outputs
    }

    /// An intermediate result, shaped by the op's own rule.
    pub fn hidden(&mut self, op: impl Op + 'static, inputs: &[ValueId]) -> Vec<ValueId> {
        self.hidden += 1;
        let base = format!("t%{}", self.hidden);
        self.program.emit_named(&base, Phase::Backward, Role::Hidden, self.layer, op, inputs)
    }

    fn add_gradient(&mut self, of: ValueId) -> ValueId {
        let name = gradient_name(self.program.name(of));
        let shape = self.program.shape(of).clone();
        let layer = self.program.values[of.index()].layer.or(self.layer);
        self.program.add(name, shape, Role::Gradient, layer)
    }
}

/// One instruction on the way back: what its op's `vjp` reads, and writes its own instructions with.
pub struct Pullback<'a, 'b> {
    builder: &'a mut BackwardBuilder<'b>,
    instruction: &'a Instruction,
    /// The gradient of the loss with respect to each output; `None` where that output does not influence it.
    grads: &'a [Option<ValueId>],
    /// Whether each input's gradient is wanted.
    needs: &'a [bool],
    contributions: Vec<(ValueId, ValueId)>,
}

impl Pullback<'_, '_> {
    /// The gradient of the first output.
    pub fn dy(&self) -> Option<ValueId> {
        self.grads[0]
    }

    /// The gradient of output `i`; `None` where that does not influence the loss.
    pub fn gradient_of(&self, i: usize) -> Option<ValueId> {
        self.grads.get(i).copied().flatten()
    }

    /// What the instruction read.
    pub fn inputs(&self) -> &[ValueId] {
        &self.instruction.inputs
    }

    /// Input `i`.
    pub fn input(&self, i: usize) -> ValueId {
        self.instruction.inputs[i]
    }

    /// Output `i`.
    pub fn output(&self, i: usize) -> ValueId {
        self.instruction.outputs[i]
    }

    /// The shape of any value.
    pub fn shape(&self, id: ValueId) -> &ValueShape {
        self.builder.shape(id)
    }

    fn needs(&self, i: usize) -> bool {
        self.needs.get(i).copied().unwrap_or(false)
    }

    /// The gradient of input `i` is what `op` makes of `from`. Nothing where it is not wanted, or the op was not given
    /// that input.
    pub fn give(&mut self, i: usize, op: impl Op + 'static, from: &[ValueId]) {
        if self.needs(i) {
            let gradient = self.builder.gradient(op, from, self.input(i));
            self.pass(i, gradient);
        }
    }

    /// As [`Self::give`], of two inputs by one instruction, where at least one is wanted.
    pub fn give_both(&mut self, [a, b]: [usize; 2], op: impl Op + 'static, from: &[ValueId]) {
        if self.needs(a) || self.needs(b) {
            let both = self.builder.gradients(op, from, &[self.input(a), self.input(b)]);
            self.pass(a, both[0]);
            self.pass(b, both[1]);
        }
    }

    /// The gradient of input `i` is there already.
    pub fn pass(&mut self, i: usize, gradient: ValueId) {
        if self.needs(i) {
            self.contributions.push((self.input(i), gradient));
        }
    }

    /// Gradients of values of this instruction, by one instruction, whether they are wanted or not.
    pub fn gradients(&mut self, op: impl Op + 'static, from: &[ValueId], of: &[ValueId]) -> Vec<ValueId> {
        self.builder.gradients(op, from, of)
    }

    /// An intermediate result, shaped by the op's own rule.
    pub fn hidden(&mut self, op: impl Op + 'static, from: &[ValueId]) -> Vec<ValueId> {
        self.builder.hidden(op, from)
    }
}

/// `d%3`, `dense_1.weight.grad`.
pub fn gradient_name(of: &str) -> String {
    if of.starts_with('%') { format!("d{of}") } else { format!("{of}.grad") }
}

/// Appends the backward phase for the gradients of `loss` with respect to `wanted`, and returns the gradient of every
/// value that has one: the wanted ones and those on the way.
pub fn differentiate(program: &mut ProgramBuilder, loss: ValueId, wanted: &[ValueId]) -> BTreeMap<ValueId, ValueId> {
    if !needed(program, wanted)[loss.index()] {
        return BTreeMap::new();
    }
    let mut builder = BackwardBuilder::new(program);
    let seed = builder.gradient(Ones, &[], loss);
    pull_back(program, &[(loss, seed)], wanted)
}

/// As [`differentiate`], from given gradients of any values instead of a single loss.
pub fn pull_back(
    program: &mut ProgramBuilder,
    seeds: &[(ValueId, ValueId)],
    wanted: &[ValueId],
) -> BTreeMap<ValueId, ValueId> {
    let needed = needed(program, wanted);
    let mut parts: BTreeMap<ValueId, Vec<ValueId>> = BTreeMap::new();
    for &(value, gradient) in seeds {
        parts.entry(value).or_default().push(gradient);
    }
    let mut gradients = BTreeMap::new();
    let forward = program.instructions.iter().filter(|i| i.phase < Phase::Backward).cloned().collect::<Vec<_>>();
    let mut builder = BackwardBuilder::new(program);
    for instruction in forward.into_iter().rev() {
        let needs: Vec<bool> = instruction.inputs.iter().map(|id| needed[id.index()]).collect();
        if !needs.contains(&true) {
            continue;
        }
        builder.layer = instruction.layer;
        let grads: Vec<_> = instruction.outputs.iter().map(|&id| gather(&mut builder, &mut parts, id)).collect();
        if grads.iter().all(Option::is_none) {
            continue;
        }
        gradients.extend(instruction.outputs.iter().zip(&grads).filter_map(|(&id, grad)| grad.map(|g| (id, g))));
        let mut pull = Pullback {
            builder: &mut builder,
            instruction: &instruction,
            grads: &grads,
            needs: &needs,
            contributions: Vec::new(),
        };
        instruction.op.vjp(&mut pull);
        for (input, contribution) in pull.contributions {
            parts.entry(input).or_default().push(contribution);
        }
    }
    for &id in wanted {
        if let Some(gradient) = gather(&mut builder, &mut parts, id) {
            gradients.insert(id, gradient);
        }
    }
    gradients
}

/// Which values a wanted one flows into (or is).
fn needed(program: &ProgramBuilder, wanted: &[ValueId]) -> Vec<bool> {
    let mut needed = vec![false; program.values.len()];
    for id in wanted {
        needed[id.index()] = true;
    }
    for instruction in program.instructions.iter().filter(|i| i.phase < Phase::Backward) {
        if instruction.inputs.iter().any(|id| needed[id.index()]) {
            instruction.outputs.iter().for_each(|id| needed[id.index()] = true);
        }
    }
    needed
}

/// The gradient of a value from its contributions: the only one, or their sum.
fn gather(builder: &mut BackwardBuilder, parts: &mut BTreeMap<ValueId, Vec<ValueId>>, id: ValueId) -> Option<ValueId> {
    let contributions = parts.remove(&id)?;
    if let [only] = contributions[..] {
        return Some(only);
    }
    let name = gradient_name(builder.program.name(id));
    for (i, part) in contributions.iter().enumerate() {
        let part = &mut builder.program.values[part.index()];
        // A gradient that is passed on unchanged (by an addition) keeps the name of the value that it was made for.
        if part.name == name {
            part.name = format!("{name}.{}", i + 1);
        }
    }
    Some(builder.gradient(Add, &contributions, id))
}
