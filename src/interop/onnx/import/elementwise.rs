//! Functions of single numbers. Operators that follow one another are put together to one function, which becomes the
//! layer that it is (a GELU in five operators is a GELU), or a Formula.

use super::Reader;
use super::built::Port;
use super::constant::{Constant, Data};
use super::fold;
use super::op::{Op, Operand, short};
use super::value::{Axis, Pending, Value};
use crate::expr::{self, BinaryOperator, Expr, Function, UnaryOperator};
use crate::model::layer::{
    BatchNorm, CappedRelu, Elu, Formula, Gelu, HardSigmoid, HardSwish, HardTanh, LayerKind, LeakyRelu, Mish,
    PositionalEncoding, Positions, Prelu, Relu, Selu, Sigmoid, Silu, Softplus, Tanh, ThresholdedRelu,
};

/// Parts of a function at most: what is longer becomes two.
const MOST_PARTS: usize = 24;

fn x() -> Expr {
    Expr::Name("x".into())
}

fn number(value: f64) -> Expr {
    Expr::Number(value)
}

fn two(operator: BinaryOperator, a: Expr, b: Expr) -> Expr {
    Expr::Binary(operator, Box::new(a), Box::new(b))
}

fn call(function: Function, arguments: impl Into<Vec<Expr>>) -> Expr {
    Expr::Call(function, arguments.into())
}

/// What an operator of one value computes: the function, and the layer that is just this.
fn of_one(op: &Op) -> Option<(Expr, Option<LayerKind>)> {
    use BinaryOperator::{Add, Divide, Multiply, Subtract};
    use Function as F;
    let below = |factor: f64| two(Multiply, number(factor), call(F::Min, [x(), number(0.0)]));
    let leaky = |slope: f64| two(Add, call(F::Relu, [x()]), below(slope));
    let elu = |scale: f64, alpha: f64| {
        let low = two(Subtract, call(F::Exp, [call(F::Min, [x(), number(0.0)])]), number(1.0));
        let high = two(Multiply, number(scale), call(F::Relu, [x()]));
        two(Add, high, two(Multiply, number(scale * alpha), low))
    };
    let hard = |alpha: f64, beta: f64| {
        let line = two(Add, two(Multiply, number(alpha), x()), number(beta));
        call(F::Min, [call(F::Max, [line, number(0.0)]), number(1.0)])
    };
    let plain = |function: F, kind: Option<LayerKind>| (call(function, [x()]), kind);
    Some(match op.kind() {
        "Relu" => plain(F::Relu, Some(Relu {}.into())),
        "Sigmoid" => plain(F::Sigmoid, Some(Sigmoid {}.into())),
        "Tanh" => plain(F::Tanh, Some(Tanh {}.into())),
        "Softplus" => plain(F::Softplus, Some(Softplus {}.into())),
        "Gelu" if op.text("approximate", "none") == "none" => plain(F::Gelu, Some(Gelu {}.into())),
        "Gelu" => {
            let cube = two(Multiply, number(0.044715), two(BinaryOperator::Power, x(), number(3.0)));
            let root = (2.0 / std::f64::consts::PI).sqrt();
            let tanh = call(F::Tanh, [two(Multiply, number(root), two(Add, x(), cube))]);
            (two(Multiply, two(Multiply, number(0.5), x()), two(Add, number(1.0), tanh)), None)
        }
        "Swish" => {
            let gate = call(F::Sigmoid, [two(Multiply, number(op.float("alpha", 1.0)), x())]);
            (two(Multiply, x(), gate), None)
        }
        "Mish" => (two(Multiply, x(), call(F::Tanh, [call(F::Softplus, [x()])])), Some(Mish {}.into())),
        "HardSwish" => (two(Multiply, x(), hard(1.0 / 6.0, 0.5)), Some(HardSwish {}.into())),
        "HardSigmoid" => (hard(op.float("alpha", 0.2), op.float("beta", 0.5)), None),
        "LeakyRelu" => {
            let slope = op.float("alpha", 0.01);
            (leaky(slope), (0.0..=1.0).contains(&slope).then(|| LeakyRelu { slope }.into()))
        }
        "Elu" => {
            let alpha = op.float("alpha", 1.0);
            (elu(1.0, alpha), (0.0..=10.0).contains(&alpha).then(|| Elu { alpha }.into()))
        }
        "Celu" => {
            let alpha = op.float("alpha", 1.0);
            let inner = call(F::Exp, [two(Divide, call(F::Min, [x(), number(0.0)]), number(alpha))]);
            let low = two(Multiply, number(alpha), two(Subtract, inner, number(1.0)));
            (two(Add, call(F::Relu, [x()]), low), None)
        }
        "Selu" => {
            let (alpha, gamma) = (op.float("alpha", 1.673_263_2), op.float("gamma", 1.050_701));
            (elu(gamma, alpha), None)
        }
        "ThresholdedRelu" => {
            let threshold = op.float("alpha", 1.0);
            let above = call(F::Step, [two(Subtract, x(), number(threshold))]);
            (two(Multiply, x(), above), Some(ThresholdedRelu { threshold }.into()))
        }
        "Softsign" => (two(Divide, x(), two(Add, number(1.0), call(F::Abs, [x()]))), None),
        "Reciprocal" => (two(Divide, number(1.0), x()), None),
        "Neg" => (Expr::Unary(UnaryOperator::Negate, Box::new(x())), None),
        "Exp" => plain(F::Exp, None),
        "Log" => plain(F::Log, None),
        "Sqrt" => plain(F::Sqrt, None),
        "Abs" => plain(F::Abs, None),
        "Sin" => plain(F::Sin, None),
        "Cos" => plain(F::Cos, None),
        "Tan" => plain(F::Tan, None),
        "Erf" => plain(F::Erf, None),
        "Sign" => plain(F::Sign, None),
        _ => return None,
    })
}

/// The layer that an operator of one value is.
pub(super) fn layer(op: &Op) -> Option<LayerKind> {
    let (expression, kind) = of_one(op)?;
    kind.or_else(|| recognised(&expression))
}

/// `inner` in the place of x.
fn within(outer: &Expr, inner: &Expr) -> Expr {
    match outer {
        Expr::Name(_) => inner.clone(),
        Expr::Unary(operator, a) => Expr::Unary(*operator, Box::new(within(a, inner))),
        Expr::Binary(operator, a, b) => two(*operator, within(a, inner), within(b, inner)),
        Expr::Call(function, all) => Expr::Call(*function, all.iter().map(|a| within(a, inner)).collect()),
        other => other.clone(),
    }
}

/// How many parts an expression has.
fn parts(expression: &Expr) -> usize {
    match expression {
        Expr::Unary(_, a) => 1 + parts(a),
        Expr::Binary(_, a, b) => 1 + parts(a) + parts(b),
        Expr::Call(_, all) => 1 + all.iter().map(parts).sum::<usize>(),
        _ => 1,
    }
}

/// The layer that computes the same, if there is one: compared where the functions bend and between.
fn recognised(expression: &Expr) -> Option<LayerKind> {
    let at = |place: f64| expr::eval(expression, place);
    let points: Vec<f64> = (-48..=48).map(|place| f64::from(place) / 4.0 + 0.01).chain([-3.0, 0.0, 3.0]).collect();
    let found: Vec<f64> = points.iter().map(|&place| at(place)).collect();
    let is = |candidate: &dyn Fn(f64) -> f64| {
        points.iter().zip(&found).all(|(&place, &found)| {
            let wanted = candidate(place);
            (found - wanted).abs() <= 2e-7 * wanted.abs().max(1.0)
        })
    };
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    let hard = |x: f64| (x / 6.0 + 0.5).clamp(0.0, 1.0);
    let selu = |x: f64| 1.050_700_987_355_480_5 * if x > 0.0 { x } else { 1.673_263_242_354_377_2 * x.exp_m1() };
    let all: [(LayerKind, &dyn Fn(f64) -> f64); 11] = [
        (Relu {}.into(), &|x| x.max(0.0)),
        (Sigmoid {}.into(), &sigmoid),
        (Tanh {}.into(), &f64::tanh),
        (Softplus {}.into(), &softplus),
        (Gelu {}.into(), &|x| x * 0.5 * (1.0 + expr::erf(x / std::f64::consts::SQRT_2))),
        (Silu {}.into(), &|x| x * sigmoid(x)),
        (Mish {}.into(), &|x| x * softplus(x).tanh()),
        (HardSwish {}.into(), &|x| x * hard(x)),
        (HardSigmoid {}.into(), &hard),
        (HardTanh {}.into(), &|x| x.clamp(-1.0, 1.0)),
        (Selu {}.into(), &selu),
    ];
    if let Some((kind, _)) = all.into_iter().find(|(_, candidate)| is(candidate)) {
        return Some(kind);
    }
    let cap = at(1e6);
    if (0.001..1e6).contains(&cap) && is(&|x| x.clamp(0.0, cap)) {
        return Some(CappedRelu { cap: short(cap as f32) }.into());
    }
    let slope = at(-1.0) / -1.0;
    if (0.0..1.0).contains(&slope) && is(&|x| if x > 0.0 { x } else { slope * x }) {
        return Some(LeakyRelu { slope: short(slope as f32) }.into());
    }
    None
}

impl Reader {
    /// The value as it leaves a layer: what was put together until here becomes one.
    pub fn settle(&mut self, value: &Value) -> Result<Value, String> {
        let Some(pending) = &value.pending else { return Ok(value.clone()) };
        let bare = Value { pending: None, ..value.clone() };
        let text = pending.expression.to_string();
        let key = (value.from, text.clone(), pending.name.clone());
        let from = match self.settled.get(&key) {
            Some(&from) => from,
            None => {
                let kind = pending.kind.clone().or_else(|| recognised(&pending.expression));
                let kind = kind.unwrap_or_else(|| Formula { expression: text }.into());
                let from = self.built.add(kind, &[value.from], Vec::new())?;
                self.built.layers[from.0].name.clone_from(&pending.name);
                self.settled.insert(key, from);
                from
            }
        };
        Ok(Value { from, ..bare })
    }

    /// The value with a function of it; what Glassbox wrote layer by layer is read so.
    fn pending(&mut self, value: &Value, op: &Op) -> Result<(Value, Pending), String> {
        let name = self.layer_name(op);
        let value = match &value.pending {
            Some(pending) if (self.is_ours && pending.name != name) || pending.parts > MOST_PARTS => {
                self.settle(value)?
            }
            _ => value.clone(),
        };
        let none = || Box::new(Pending { expression: x(), kind: None, parts: 1, name: None });
        let pending = *value.pending.clone().unwrap_or_else(none);
        Ok((Value { pending: None, ..value }, Pending { name, ..pending }))
    }
}

fn with(value: Value, expression: Expr, kind: Option<LayerKind>, name: Option<String>) -> Vec<Operand> {
    let parts = parts(&expression);
    vec![Operand::Value(Value { pending: Some(Box::new(Pending { expression, kind, parts, name })), ..value })]
}

/// An operator of one value, where it is one.
pub(super) fn one(r: &mut Reader, op: &Op) -> Result<Option<Vec<Operand>>, String> {
    let Some((outer, kind)) = of_one(op) else { return Ok(None) };
    let (value, inner) = r.pending(op.value(0)?, op)?;
    let is_all = inner.expression == x();
    let expression = within(&outer, &inner.expression);
    Ok(Some(with(value, expression, kind.filter(|_| is_all), inner.name)))
}

/// `Clip`, whose limits are inputs or, in older versions, settings.
pub(super) fn clip(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let limit = |at: usize, name: &str, otherwise: f64| match op.input(at) {
        Some(Operand::Constant(constant)) => constant.single().ok_or("its limits aren't single numbers".to_owned()),
        Some(_) => Err("its limits aren't constants".to_owned()),
        None => Ok(op.float(name, otherwise)),
    };
    let (low, high) = (limit(1, "min", f64::NEG_INFINITY)?, limit(2, "max", f64::INFINITY)?);
    let (value, inner) = r.pending(op.value(0)?, op)?;
    let mut expression = inner.expression;
    if low > f64::from(f32::MIN) {
        expression = call(Function::Max, [expression, number(short(low as f32))]);
    }
    if high < f64::from(f32::MAX) {
        expression = call(Function::Min, [expression, number(short(high as f32))]);
    }
    Ok(with(value, expression, None, inner.name))
}

/// A function of two, as the language of Formulas has it.
fn of_two(kind: &str, a: Expr, b: Expr) -> Option<Expr> {
    Some(match kind {
        "Add" | "Sum" => two(BinaryOperator::Add, a, b),
        "Sub" => two(BinaryOperator::Subtract, a, b),
        "Mul" => two(BinaryOperator::Multiply, a, b),
        "Div" => two(BinaryOperator::Divide, a, b),
        "Pow" => two(BinaryOperator::Power, a, b),
        "Max" => call(Function::Max, [a, b]),
        "Min" => call(Function::Min, [a, b]),
        // 1 where it is so, else 0: what `Where` chooses by.
        "Greater" => call(Function::Step, [two(BinaryOperator::Subtract, a, b)]),
        "Less" => call(Function::Step, [two(BinaryOperator::Subtract, b, a)]),
        "Mean" => two(BinaryOperator::Divide, two(BinaryOperator::Add, a, b), number(2.0)),
        _ => return None,
    })
}

/// A value and a single number, or two functions of one value; `None` where it is neither.
pub(super) fn pair(r: &mut Reader, op: &Op) -> Result<Option<Vec<Operand>>, String> {
    let (Some(a), Some(b), 2) = (op.input(0), op.input(1), op.inputs.len()) else { return Ok(None) };
    match (a, b) {
        (Operand::Value(value), Operand::Constant(constant)) | (Operand::Constant(constant), Operand::Value(value)) => {
            let Some(single) = constant.single().filter(|_| constant.dims.len() <= value.rank()) else {
                return Ok(None);
            };
            let single = number(short(single as f32));
            let (value, inner) = r.pending(value, op)?;
            let made = if matches!(a, Operand::Value(_)) {
                of_two(op.kind(), inner.expression, single)
            } else {
                of_two(op.kind(), single, inner.expression)
            };
            Ok(made.map(|expression| with(value, expression, None, inner.name)))
        }
        (Operand::Value(a), Operand::Value(b)) => {
            let is_one = (a.from, &a.axes) == (b.from, &b.axes) && a.sizes == b.sizes;
            let is_short = |value: &Value| value.pending.as_ref().is_none_or(|pending| pending.parts <= MOST_PARTS);
            if !is_one || !is_short(a) || !is_short(b) {
                return Ok(None);
            }
            let name = r.layer_name(op);
            let is_apart = |value: &Value| value.pending.as_ref().is_some_and(|pending| pending.name != name);
            if r.is_ours && (is_apart(a) || is_apart(b)) {
                return Ok(None);
            }
            let expression =
                |value: &Value| value.pending.as_ref().map_or_else(x, |pending| pending.expression.clone());
            let made = of_two(op.kind(), expression(a), expression(b));
            Ok(made.map(|made| with(Value { pending: None, ..a.clone() }, made, None, name)))
        }
        _ => Ok(None),
    }
}

/// `Where` between functions of one value, where it is a layer: as exporters write leaky ReLU and softplus.
pub(super) fn choose(op: &Op) -> Result<Vec<Operand>, String> {
    let refused = || "it chooses between values".to_owned();
    let condition = op.value(0)?;
    let chosen = condition.pending.as_ref().ok_or_else(refused)?;
    let part = |at: usize| match op.input(at) {
        Some(Operand::Constant(constant)) => constant.single().map(number).ok_or_else(refused),
        Some(Operand::Value(value)) if value.from == condition.from && value.axes == condition.axes => {
            Ok(value.pending.as_ref().map_or_else(x, |pending| pending.expression.clone()))
        }
        _ => Err(refused()),
    };
    let (yes, no) = (part(1)?, part(2)?);
    let not = two(BinaryOperator::Subtract, number(1.0), chosen.expression.clone());
    let both = [two(BinaryOperator::Multiply, chosen.expression.clone(), yes), two(BinaryOperator::Multiply, not, no)];
    let [yes, no] = both;
    let expression = two(BinaryOperator::Add, yes, no);
    let kind = recognised(&expression).ok_or_else(refused)?;
    Ok(with(Value { pending: None, ..condition.clone() }, expression, Some(kind), chosen.name.clone()))
}

/// A number of its own for each place: added, subtracted, multiplied or divided. Biases become those of the layer
/// before; other shifts and scales those of a batch norm that has nothing else to do.
pub(super) fn with_table(r: &mut Reader, op: &Op) -> Result<Option<Vec<Operand>>, String> {
    let (value, constant, is_first) = match (op.input(0), op.input(1)) {
        (Some(Operand::Value(value)), Some(Operand::Constant(constant))) => (value, constant.clone(), true),
        (Some(Operand::Constant(constant)), Some(Operand::Value(value))) => (value, constant.clone(), false),
        _ => return Ok(None),
    };
    let kind = op.kind();
    if op.inputs.len() != 2 || !matches!(kind, "Add" | "Sum" | "Sub" | "Mul" | "Div") || (kind == "Div" && !is_first) {
        return Ok(None);
    }
    let added = matches!(kind, "Add" | "Sum");
    if added && let Some(made) = r.take_bias(op, value, &constant)? {
        return Ok(Some(made));
    }
    let value = r.settle(value)?;
    r.spend(value.len())?;
    let Some(table) = on_own(&value, &constant) else { return Ok(None) };
    let (scale, shift) = match (kind, is_first) {
        ("Mul", _) => (table, None),
        ("Div", _) => (table.iter().map(|number| 1.0 / number).collect(), None),
        ("Sub", true) => (vec![1.0; table.len()], Some(table.iter().map(|number| -number).collect())),
        ("Sub", false) => (vec![-1.0; table.len()], Some(table)),
        _ => (vec![1.0; table.len()], Some(table)),
    };
    let made = match (shift, added) {
        (Some(shift), true) => add_own(r, &value, shift)?,
        (shift, _) => {
            let shift = shift.unwrap_or_else(|| vec![0.0; value.len()]);
            Value { from: scaled(r, value.from, &value.sizes, scale, shift)?, ..value }
        }
    };
    Ok(Some(vec![Operand::Value(made)]))
}

/// A number of its own added at each place, in the order of the sample's own axes.
fn add_own(r: &mut Reader, value: &Value, table: Vec<f32>) -> Result<Value, String> {
    let from = if let [_, _] = value.sizes[..] {
        let positions = PositionalEncoding { encoding: Positions::Learned };
        r.note("A table that is added, as of positions.");
        r.built.add(positions, &[value.from], vec![("weight", table)])?
    } else {
        scaled(r, value.from, &value.sizes, vec![1.0; table.len()], table)?
    };
    Ok(Value { from, ..value.clone() })
}

/// As [`add_own`], in the file's order of axes.
pub(super) fn add_table(r: &mut Reader, value: &Value, table: Vec<f32>) -> Result<Value, String> {
    let dims: Vec<usize> = value.dims().into_iter().map(|size| size.unwrap_or(1)).collect();
    let table = on_own(value, &Constant::new(dims, Data::Real(table))).ok_or("a table doesn't fit")?;
    add_own(r, value, table)
}

/// The constant for every place of a sample, in the order of the sample's own axes; `None` where it does not fit.
fn on_own(value: &Value, constant: &Constant) -> Option<Vec<f32>> {
    let dims: Vec<usize> = value.dims().into_iter().map(|size| size.unwrap_or(1)).collect();
    let table = Constant::new(dims, Data::Real(on_sample(value, constant)?));
    let own = (0..value.sizes.len()).filter_map(|own| value.axes.iter().position(|axis| *axis == Axis::Of(own)));
    let mut order: Vec<i64> = own.map(|axis| axis as i64).collect();
    let rest = (0..value.rank() as i64).filter(|axis| !order.contains(axis)).collect::<Vec<_>>();
    order.extend(rest);
    fold::transpose(&table, &order).ok().map(|table| table.reals())
}

/// The constant for every place of a sample, in the file's order of axes; `None` where it does not fit.
fn on_sample(value: &Value, constant: &Constant) -> Option<Vec<f32>> {
    let dims: Vec<usize> = value.dims().into_iter().map(|size| size.unwrap_or(1)).collect();
    if constant.dims.len() < value.rank() {
        return constant.spread(&dims);
    }
    constant.once_along(value.batch().ok()?).spread(&dims)
}

/// `scale · x + shift` by a batch norm of mean 0 and variance 1 whose epsilon is lost in single precision.
fn scaled(r: &mut Reader, from: Port, sizes: &[usize], scale: Vec<f32>, shift: Vec<f32>) -> Result<Port, String> {
    let per_channel = |all: &[f32]| {
        let each = all.len() / sizes[0].max(1);
        all.chunks(each.max(1)).all(|channel| channel.iter().all(|number| number.to_bits() == channel[0].to_bits()))
    };
    let first = |all: &[f32]| all.iter().copied().step_by((all.len() / sizes[0].max(1)).max(1)).collect::<Vec<f32>>();
    let by_channel = sizes.len() == 3 && per_channel(&scale) && per_channel(&shift);
    let (scale, shift) = if by_channel { (first(&scale), first(&shift)) } else { (scale, shift) };
    let count = scale.len();
    let flat = if by_channel { from } else { r.built.reshape(from, &[count])? };
    r.note("A scale and a shift, as a batch norm of mean 0 and variance 1.");
    let norm = BatchNorm { epsilon: 1e-12, ..BatchNorm::default() };
    let weights =
        vec![("weight", scale), ("bias", shift), ("running_mean", vec![0.0; count]), ("running_var", vec![1.0; count])];
    let made = r.built.add(norm, &[flat], weights)?;
    // In training it would take the statistics of the batch.
    r.built.layers[made.0].frozen = true;
    if by_channel { Ok(made) } else { r.built.reshape(made, sizes) }
}

/// `PRelu`: one slope, or one a channel, the first axis of a sample.
pub(super) fn prelu(r: &mut Reader, op: &Op) -> Result<Vec<Operand>, String> {
    let slopes = op.needed(1, "slope")?.clone();
    let value = r.settle(op.value(0)?)?;
    if let Some(slope) = slopes.single() {
        let layer = Prelu { slope: slope.clamp(-10.0, 10.0), per_channel: false };
        let from = r.built.add(layer, &[value.from], vec![("weight", vec![slope as f32])])?;
        return Ok(vec![Operand::Value(Value { from, ..value })]);
    }
    // Of old files one slope a channel, however many axes are behind.
    let channels = value.size(1).unwrap_or(0);
    let table = if slopes.dims == [channels] && value.rank() > 2 && op.version < 7 {
        let dims: Vec<usize> = std::iter::once(channels).chain(std::iter::repeat_n(1, value.rank() - 2)).collect();
        on_sample(&value, &Constant::new(dims, slopes.data.clone()))
    } else {
        on_sample(&value, &slopes)
    };
    let table = table.ok_or("its slopes don't fit its input")?;
    r.spend(table.len())?;
    let from = r.built.natural(&value)?;
    let sizes = r.built.shape(from).0.clone();
    // The axis that the slopes differ along comes first.
    let along: Vec<usize> = (0..sizes.len()).filter(|&axis| differs(&table, &sizes, axis)).collect();
    let axis = match along[..] {
        [] => 0,
        [axis] => axis,
        _ => return Err("its slopes differ along several axes".into()),
    };
    let others = value.others();
    let mut order = vec![others[axis]];
    order.extend(others.iter().copied().filter(|&other| other != others[axis]));
    let from = r.built.arrange(&value, &order)?;
    let step: usize = sizes[axis + 1..].iter().product();
    let own: Vec<f32> = (0..sizes[axis]).map(|at| table[at * step]).collect();
    let from = r.built.add(Prelu { per_channel: true, ..Prelu::default() }, &[from], vec![("weight", own)])?;
    let axes = value.axes.iter().enumerate().map(|(at, axis)| match order.iter().position(|&other| other == at) {
        Some(own) => Axis::Of(own),
        None => *axis,
    });
    let axes = axes.collect();
    let sizes = r.built.shape(from).0.clone();
    Ok(vec![Operand::Value(Value { from, sizes, axes, pending: None })])
}

fn differs(table: &[f32], sizes: &[usize], axis: usize) -> bool {
    let step: usize = sizes[axis + 1..].iter().product();
    sizes[axis] > 1
        && (0..table.len() - step)
            .any(|at| (at / step) % sizes[axis] + 1 < sizes[axis] && table[at] != table[at + step])
}
