//! LSTM, GRU and SimpleRnn. ONNX has the steps before the batch, both directions in one tensor, and other orders of the
//! gates: i, o, f, g of an LSTM, z, r, n of a GRU.

use super::Refusal;
use super::place::Place;
use crate::interop::onnx::proto::Attribute;
use crate::model::layer::{Gru, Lstm, Nonlinearity, Recurrence, SimpleRnn};

/// What ONNX calls a function, and its two settings where it has any.
fn function(nonlinearity: Nonlinearity) -> (&'static str, Option<[f64; 2]>) {
    match nonlinearity {
        Nonlinearity::Tanh => ("Tanh", None),
        Nonlinearity::Relu => ("Relu", None),
        Nonlinearity::Sigmoid => ("Sigmoid", None),
        Nonlinearity::HardSigmoid => ("HardSigmoid", Some([1.0 / 6.0, 0.5])),
        Nonlinearity::Linear => ("Affine", Some([1.0, 0.0])),
    }
}

/// `order[i]` is the gate of PyTorch's that is ONNX's i-th.
struct Written<'a> {
    operator: &'a str,
    order: &'a [usize],
    functions: &'a [Nonlinearity],
    settings: Vec<Attribute>,
}

pub(super) fn lstm(l: &mut Place, layer: &Lstm) -> Result<Vec<String>, Refusal> {
    let functions = [layer.gate_nonlinearity, layer.nonlinearity, layer.nonlinearity];
    let written = Written { operator: "LSTM", order: &[0, 3, 1, 2], functions: &functions, settings: Vec::new() };
    write(l, &layer.recurrence(), written)
}

pub(super) fn gru(l: &mut Place, layer: &Gru) -> Result<Vec<String>, Refusal> {
    let functions = [layer.gate_nonlinearity, layer.nonlinearity];
    let settings = vec![Attribute::int("linear_before_reset", 1)];
    write(l, &layer.recurrence(), Written { operator: "GRU", order: &[1, 0, 2], functions: &functions, settings })
}

pub(super) fn simple(l: &mut Place, layer: &SimpleRnn) -> Result<Vec<String>, Refusal> {
    let functions = [layer.nonlinearity];
    let written = Written { operator: "RNN", order: &[0], functions: &functions, settings: Vec::new() };
    write(l, &layer.recurrence(), written)
}

fn write(l: &mut Place, r: &Recurrence, written: Written) -> Result<Vec<String>, Refusal> {
    let directions: &[bool] = if r.bidirectional { &[false, true] } else { &[false] };
    let (count, features, steps) = (directions.len(), l.sizes()[1], l.sizes()[0]);
    let (mut inner, mut own, mut biases) = (Vec::new(), Vec::new(), Vec::new());
    for &reverse in directions {
        let [input, state, input_bias, state_bias] = Recurrence::names(reverse);
        inner.extend(ordered(&l.numbers(input)?.1, written.order));
        own.extend(ordered(&l.numbers(state)?.1, written.order));
        if r.bias {
            biases.extend(ordered(&l.numbers(input_bias)?.1, written.order));
            biases.extend(ordered(&l.numbers(state_bias)?.1, written.order));
        }
    }
    let rows = r.gates * r.units;
    let x = l.transpose(&l.x(), &[1, 0, 2]);
    let mut inputs = vec![
        x,
        l.constant("weight_ih", &[count, rows, features], &inner),
        l.constant("weight_hh", &[count, rows, r.units], &own),
    ];
    if r.bias {
        inputs.push(l.constant("bias", &[count, 2 * rows], &biases));
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let both = written.functions.repeat(count);
    let constants = both.iter().filter_map(|&nonlinearity| function(nonlinearity).1);
    let mut settings = written.settings;
    settings.extend([
        Attribute::int("hidden_size", r.units as i64),
        Attribute::text("direction", if r.bidirectional { "bidirectional" } else { "forward" }),
        Attribute::texts("activations", both.iter().map(|&nonlinearity| function(nonlinearity).0)),
    ]);
    if constants.clone().next().is_some() {
        settings.push(Attribute::floats("activation_alpha", constants.clone().map(|[alpha, _]| alpha)));
        settings.push(Attribute::floats("activation_beta", constants.map(|[_, beta]| beta)));
    }
    let made = l.ops(written.operator, &inputs, settings, 2);
    // [steps, directions, batch, units] and [directions, batch, units].
    let sequence = l.transpose(&made[0], &[2, 0, 1, 3]);
    let sequence = l.reshape(&sequence, &[steps, count * r.units]);
    let last = l.transpose(&made[1], &[1, 0, 2]);
    let last = l.reshape(&last, &[count * r.units]);
    Ok(vec![sequence, last])
}

/// The rows, or numbers, of each gate in another order.
fn ordered(numbers: &[f32], order: &[usize]) -> Vec<f32> {
    let each = numbers.len() / order.len();
    order.iter().flat_map(|&gate| numbers[gate * each..(gate + 1) * each].iter().copied()).collect()
}
