//! Mixup: what it makes of a batch. Written where the batch is loaded, so that all that follows finds mixed inputs, and
//! every loss the targets and shares of both parts.

use crate::engine::build::ProgramBuilder;
use crate::engine::op::Op;
use crate::engine::ops::formula::ScaleShift;
use crate::engine::ops::{Apply, Mixup, Mul, Partner};
use crate::engine::program::{Phase, Role, ValueId};

/// What a batch becomes.
#[derive(Clone, Copy, Debug)]
pub struct Mixed {
    /// What enters the network.
    pub input: ValueId,
    /// The target of the batch, which is that of the first part of each mixture.
    pub target: ValueId,
    /// That of the other part.
    pub partner: ValueId,
    /// What the first part counts for in the loss, and the other.
    pub weights: [ValueId; 2],
    /// The share of the first part.
    pub lambda: ValueId,
}

/// Appends what mixes a batch. Where samples have weights, each part counts for as much as its own sample does.
pub fn mix(
    program: &mut ProgramBuilder,
    [input, target]: [ValueId; 2],
    weights: Option<ValueId>,
    lambda: ValueId,
) -> Mixed {
    let mixed = load(program, "%x_mixed", Role::Input, Mixup, &[input, lambda]);
    let partner = load(program, "%y_partner", Role::Target, Partner, &[target]);
    let rest = Apply(ScaleShift { scale: -1.0, shift: 1.0 });
    let rest = load(program, "%lambda_partner", Role::Weight, rest, &[lambda]);
    let shares = match weights {
        None => [lambda, rest],
        Some(weights) => {
            let of_partner = load(program, "%w_partner", Role::Weight, Partner, &[weights]);
            [
                load(program, "%w_lambda", Role::Weight, Mul, &[weights, lambda]),
                load(program, "%w_partner_lambda", Role::Weight, Mul, &[of_partner, rest]),
            ]
        }
    };
    Mixed { input: mixed, target, partner, weights: shares, lambda }
}

fn load(program: &mut ProgramBuilder, name: &str, role: Role, op: impl Op + 'static, inputs: &[ValueId]) -> ValueId {
    program.emit_named(name, Phase::Load, role, None, op, inputs)[0]
}
