//! Operators between constants: exporters compute shapes, tables and slices of weights that way. What is not here stays
//! an operator that cannot be read.

use super::constant::{BATCH, Constant, Data, strides};
use super::op::Op;

/// Numbers that a folded constant may have.
const MOST: usize = 1 << 26;

/// What leaves the operator; the error is a reason.
pub(super) fn fold(op: &Op, inputs: &[Option<&Constant>]) -> Result<Vec<Constant>, String> {
    let refused = || format!("{} of constants isn't computed", op.kind());
    let first = inputs.first().copied().flatten();
    if op.kind() == "ConstantOfShape" {
        return of_shape(op, first.ok_or_else(refused)?).map(|made| vec![made]);
    }
    let x = first.ok_or_else(refused)?;
    let made = match op.kind() {
        "Identity" | "Dropout" => x.clone(),
        "Cast" => cast(x, op.int("to", 1)),
        "Shape" => Constant::whole(x.dims.iter().map(|&size| size as i64).collect()),
        "Size" => Constant::new(vec![], Data::Whole(vec![x.data.len() as i64])),
        "Transpose" => transpose(x, &op.ints("perm").unwrap_or_else(|| (0..x.dims.len() as i64).rev().collect()))?,
        "Reshape" => reshape(x, &op.numbers_or(1, "shape").ok_or_else(refused)?)?,
        "Flatten" => {
            let axis = op.axis("axis", 1, x.dims.len())?.min(x.dims.len());
            let rows: usize = x.dims[..axis].iter().product();
            Constant::new(vec![rows, x.dims[axis..].iter().product()], x.data.clone())
        }
        "Squeeze" => squeeze(x, op.numbers_or(1, "axes"))?,
        "Unsqueeze" => unsqueeze(x, &op.numbers_or(1, "axes").ok_or_else(refused)?)?,
        "Concat" => concat(op, inputs)?,
        "Gather" => gather(op, x, inputs.get(1).copied().flatten().ok_or_else(refused)?)?,
        "Slice" => slice(op, x)?,
        "Split" => return split(op, x),
        "Expand" => expand(x, inputs.get(1).copied().flatten().and_then(Constant::wholes).ok_or_else(refused)?)?,
        "Range" => range(inputs).ok_or_else(refused)?,
        "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" if op.int("keepdims", 1) == 0 => {
            whole_reduction(op, x).ok_or_else(refused)?
        }
        "Neg" | "Sqrt" | "Exp" | "Log" | "Abs" | "Floor" | "Ceil" | "Reciprocal" | "Sign" | "Not" => {
            unary(op.kind(), x)?
        }
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Min" | "Max" | "Equal" | "Greater" | "Less" | "Mod" => {
            binary(op.kind(), x, inputs.get(1).copied().flatten().ok_or_else(refused)?)?
        }
        "Where" => choose(x, inputs).ok_or_else(refused)?,
        _ => return Err(refused()),
    };
    Ok(vec![made])
}

fn bounded(dims: &[usize]) -> Result<usize, String> {
    let count = dims.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    count.filter(|&count| count <= MOST).ok_or_else(|| "a constant in it would be too large".to_owned())
}

/// Sizes of a shape that is computed; where it names the batch, one sample stands for all.
fn sizes(shape: &[i64]) -> Result<Vec<usize>, String> {
    let size = |&size: &i64| if size == BATCH { Ok(1) } else { usize::try_from(size) };
    shape.iter().map(size).collect::<Result<_, _>>().map_err(|_| "a shape in it has a negative size".to_owned())
}

fn of_shape(op: &Op, shape: &Constant) -> Result<Constant, String> {
    let dims = sizes(shape.wholes().ok_or("a shape in it isn't of whole numbers")?)?;
    let count = bounded(&dims)?;
    let value = op.tensor("value")?.unwrap_or_else(|| Constant::new(vec![1], Data::Real(vec![0.0])));
    if value.data.len() != 1 {
        return Err("its value isn't a single number".into());
    }
    Ok(Constant::new(dims, value.data.at(std::iter::repeat_n(0, count))))
}

fn cast(x: &Constant, to: i64) -> Constant {
    let data = match (&x.data, to) {
        (Data::Whole(all), 1 | 10 | 11 | 16) => Data::Real(all.iter().map(|&number| number as f32).collect()),
        (Data::Real(all), 1 | 10 | 11 | 16) => Data::Real(all.clone()),
        (Data::Real(all), 9) => Data::Whole(all.iter().map(|&number| i64::from(number != 0.0)).collect()),
        (Data::Real(all), _) => Data::Whole(all.iter().map(|&number| number as i64).collect()),
        (Data::Whole(all), _) => Data::Whole(all.clone()),
    };
    Constant::new(x.dims.clone(), data)
}

/// The axes in another order.
pub(super) fn transpose(x: &Constant, order: &[i64]) -> Result<Constant, String> {
    let order: Vec<usize> = order.iter().filter_map(|&axis| usize::try_from(axis).ok()).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..x.dims.len()) {
        return Err("an order of axes in it doesn't name every axis".into());
    }
    let dims: Vec<usize> = order.iter().map(|&axis| x.dims[axis]).collect();
    let steps = strides(&x.dims);
    let steps: Vec<usize> = order.iter().map(|&axis| steps[axis]).collect();
    let data = x.data.at((0..x.data.len()).map(|at| {
        let mut rest = at;
        let each = dims.iter().zip(&steps).rev().map(|(size, step)| {
            let index = rest % size;
            rest /= size;
            index * step
        });
        each.sum()
    }));
    Ok(Constant::new(dims, data))
}

fn reshape(x: &Constant, shape: &[i64]) -> Result<Constant, String> {
    let wrong = || "a constant in it can't take the shape asked for".to_owned();
    let known = |(at, &size): (usize, &i64)| match size {
        -1 => Some(1),
        0 => x.dims.get(at).copied(),
        size => usize::try_from(size).ok(),
    };
    let mut dims: Vec<usize> = shape.iter().enumerate().map(known).collect::<Option<_>>().ok_or_else(wrong)?;
    if let Some(free) = shape.iter().position(|&size| size == -1) {
        let rest = bounded(&dims)?.max(1);
        dims[free] = x.data.len() / rest;
    }
    if bounded(&dims)? != x.data.len() {
        return Err(wrong());
    }
    Ok(Constant::new(dims, x.data.clone()))
}

fn from_end(axis: i64, rank: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(place).ok().filter(|&axis| axis < rank).ok_or_else(|| format!("it has no axis {axis}"))
}

fn squeeze(x: &Constant, axes: Option<Vec<i64>>) -> Result<Constant, String> {
    let rank = x.dims.len();
    let gone: Vec<usize> = match axes {
        Some(axes) => axes.into_iter().map(|axis| from_end(axis, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).filter(|&axis| x.dims[axis] == 1).collect(),
    };
    if gone.iter().any(|&axis| x.dims[axis] != 1) {
        return Err("an axis to be removed isn't of size 1".into());
    }
    let dims = (0..rank).filter(|axis| !gone.contains(axis)).map(|axis| x.dims[axis]).collect();
    Ok(Constant::new(dims, x.data.clone()))
}

fn unsqueeze(x: &Constant, axes: &[i64]) -> Result<Constant, String> {
    let rank = x.dims.len() + axes.len();
    let new: Vec<usize> = axes.iter().map(|&axis| from_end(axis, rank)).collect::<Result<_, _>>()?;
    let mut old = x.dims.iter();
    let dims = (0..rank).map(|axis| if new.contains(&axis) { Some(1) } else { old.next().copied() });
    let dims = dims.collect::<Option<Vec<usize>>>().ok_or("an axis in it is added twice")?;
    Ok(Constant::new(dims, x.data.clone()))
}

fn concat(op: &Op, inputs: &[Option<&Constant>]) -> Result<Constant, String> {
    let all: Vec<&Constant> = inputs.iter().copied().flatten().collect();
    let axis = op.axis("axis", 0, all[0].dims.len().max(1))?;
    let mut dims = all[0].dims.clone();
    let alike = |x: &&Constant| {
        x.dims.len() == dims.len() && (0..dims.len()).all(|other| other == axis || x.dims[other] == dims[other])
    };
    if dims.is_empty() || !all.iter().all(alike) {
        return Err("constants that are joined don't fit each other".into());
    }
    let outer: usize = dims[..axis].iter().product();
    dims[axis] = all.iter().map(|x| x.dims[axis]).sum();
    bounded(&dims)?;
    let is_whole = all.iter().all(|x| x.wholes().is_some());
    let (mut whole, mut real) = (Vec::new(), Vec::new());
    for row in 0..outer {
        for x in &all {
            let each = x.data.len() / outer.max(1);
            match &x.data {
                Data::Whole(all) if is_whole => whole.extend_from_slice(&all[row * each..(row + 1) * each]),
                data => real.extend_from_slice(&data.reals()[row * each..(row + 1) * each]),
            }
        }
    }
    Ok(Constant::new(dims, if is_whole { Data::Whole(whole) } else { Data::Real(real) }))
}

fn gather(op: &Op, x: &Constant, at: &Constant) -> Result<Constant, String> {
    let axis = op.axis("axis", 0, x.dims.len())?;
    let size = x.dims[axis];
    let places = at.wholes().ok_or("places in it aren't whole numbers")?;
    let places: Vec<usize> = places.iter().map(|&place| from_end(place, size)).collect::<Result<_, _>>()?;
    let (outer, inner): (usize, usize) = (x.dims[..axis].iter().product(), x.dims[axis + 1..].iter().product());
    let dims = [&x.dims[..axis], &at.dims[..], &x.dims[axis + 1..]].concat();
    bounded(&dims)?;
    let at = (0..outer).flat_map(|row| {
        places.iter().flat_map(move |&place| (0..inner).map(move |i| (row * size + place) * inner + i))
    });
    Ok(Constant::new(dims, x.data.at(at)))
}

fn part(x: &Constant, axis: usize, places: &[usize]) -> Constant {
    let size = x.dims[axis];
    let (outer, inner): (usize, usize) = (x.dims[..axis].iter().product(), x.dims[axis + 1..].iter().product());
    let mut dims = x.dims.clone();
    dims[axis] = places.len();
    let at = (0..outer).flat_map(|row| {
        places.iter().flat_map(move |&place| (0..inner).map(move |i| (row * size + place) * inner + i))
    });
    Constant::new(dims, x.data.at(at))
}

fn slice(op: &Op, x: &Constant) -> Result<Constant, String> {
    let mut made = x.clone();
    for cut in op.cuts(x.dims.len())? {
        let size = made.dims[cut.axis];
        made = part(&made, cut.axis, &cut.places(size));
    }
    Ok(made)
}

fn split(op: &Op, x: &Constant) -> Result<Vec<Constant>, String> {
    let axis = op.axis("axis", 0, x.dims.len())?;
    let parts = op.parts(x.dims[axis])?;
    let mut start = 0;
    let cut = parts.into_iter().map(|size| {
        start += size;
        part(x, axis, &(start - size..start).collect::<Vec<_>>())
    });
    Ok(cut.collect())
}

fn expand(x: &Constant, shape: &[i64]) -> Result<Constant, String> {
    let wished = sizes(shape)?;
    let rank = wished.len().max(x.dims.len());
    let size = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |at| dims[at]);
    let dims: Vec<usize> = (0..rank).map(|axis| size(&x.dims, axis).max(size(&wished, axis))).collect();
    bounded(&dims)?;
    let places = Constant::new(x.dims.clone(), Data::Real((0..x.data.len()).map(|at| at as f32).collect()));
    // Places beyond 2^24 would not be exact in single precision.
    if x.data.len() > 1 << 24 {
        return Err("a constant in it would be too large".into());
    }
    let places = places.spread(&dims).ok_or("a constant in it can't be spread to the shape asked for")?;
    Ok(Constant::new(dims, x.data.at(places.into_iter().map(|at| at as usize))))
}

fn range(inputs: &[Option<&Constant>]) -> Option<Constant> {
    let number = |at: usize| inputs.get(at).copied().flatten()?.single();
    let (start, end, step) = (number(0)?, number(1)?, number(2)?);
    let count = ((end - start) / step).ceil().max(0.0);
    if !count.is_finite() || count > MOST as f64 {
        return None;
    }
    let all = (0..count as usize).map(|at| start + at as f64 * step);
    let data = match inputs[0]?.wholes() {
        Some(_) => Data::Whole(all.map(|number| number as i64).collect()),
        None => Data::Real(all.map(|number| number as f32).collect()),
    };
    Some(Constant::new(vec![data.len()], data))
}

fn whole_reduction(op: &Op, x: &Constant) -> Option<Constant> {
    let all = x.wholes().filter(|all| x.dims.len() <= 1 && !all.contains(&BATCH) && !all.is_empty())?;
    let made = match op.kind() {
        "ReduceProd" => all.iter().try_fold(1i64, |so_far, &next| so_far.checked_mul(next))?,
        "ReduceSum" => all.iter().try_fold(0i64, |so_far, &next| so_far.checked_add(next))?,
        "ReduceMax" => *all.iter().max()?,
        _ => *all.iter().min()?,
    };
    Some(Constant::new(vec![], Data::Whole(vec![made])))
}

fn unary(kind: &str, x: &Constant) -> Result<Constant, String> {
    let of = |number: f64| match kind {
        "Neg" => -number,
        "Sqrt" => number.sqrt(),
        "Exp" => number.exp(),
        "Log" => number.ln(),
        "Abs" => number.abs(),
        "Floor" => number.floor(),
        "Ceil" => number.ceil(),
        "Reciprocal" => 1.0 / number,
        "Sign" if number == 0.0 => 0.0,
        "Sign" => number.signum(),
        _ => f64::from(u8::from(number == 0.0)),
    };
    let data = match &x.data {
        Data::Real(all) => Data::Real(all.iter().map(|&number| of(f64::from(number)) as f32).collect()),
        Data::Whole(all) if all.contains(&BATCH) => return Err("it computes with the size of the batch".into()),
        Data::Whole(all) => Data::Whole(all.iter().map(|&number| of(number as f64) as i64).collect()),
    };
    Ok(Constant::new(x.dims.clone(), data))
}

fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let size = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |at| dims[at]);
    let dims = (0..rank).map(|axis| match (size(a, axis), size(b, axis)) {
        (1, size) | (size, 1) => Ok(size),
        (a, b) if a == b => Ok(a),
        _ => Err("constants in it don't fit each other".to_owned()),
    });
    let dims = dims.collect::<Result<Vec<_>, _>>()?;
    bounded(&dims).map(|_| dims)
}

fn binary(kind: &str, a: &Constant, b: &Constant) -> Result<Constant, String> {
    let dims = broadcast(&a.dims, &b.dims)?;
    if let (Some(a), Some(b)) = (a.wholes(), b.wholes()) {
        return whole(kind, dims, (a, b));
    }
    let of = |a: f32, b: f32| match kind {
        "Add" => a + b,
        "Sub" => a - b,
        "Mul" => a * b,
        "Div" => a / b,
        "Pow" => a.powf(b),
        "Min" => a.min(b),
        "Max" => a.max(b),
        "Mod" => a % b,
        "Equal" => f32::from(u8::from(a == b)),
        "Greater" => f32::from(u8::from(a > b)),
        _ => f32::from(u8::from(a < b)),
    };
    let wrong = "constants in it don't fit each other";
    let (left, right) = (a.spread(&dims).ok_or(wrong)?, b.spread(&dims).ok_or(wrong)?);
    let made: Vec<f32> = left.into_iter().zip(right).map(|(a, b)| of(a, b)).collect();
    let data = if matches!(kind, "Equal" | "Greater" | "Less") {
        Data::Whole(made.into_iter().map(|number| number as i64).collect())
    } else {
        Data::Real(made)
    };
    Ok(Constant::new(dims, data))
}

/// Shapes: single numbers or rows of one length. The size of the batch passes only where nothing happens to it.
fn whole(kind: &str, dims: Vec<usize>, (a, b): (&[i64], &[i64])) -> Result<Constant, String> {
    let count = dims.iter().product::<usize>();
    let same = |all: &[i64]| all.len() == count || all.len() == 1;
    if !same(a) || !same(b) {
        return Err("whole numbers in it don't fit each other".into());
    }
    let of = |a: i64, b: i64| match (kind, a, b) {
        ("Mul" | "Div", BATCH, 1) => Some(BATCH),
        ("Mul", 1, BATCH) => Some(BATCH),
        ("Equal", a, b) => Some(i64::from(a == b)),
        (_, BATCH, _) | (_, _, BATCH) => None,
        ("Add", a, b) => a.checked_add(b),
        ("Sub", a, b) => a.checked_sub(b),
        ("Mul", a, b) => a.checked_mul(b),
        // Rounded towards 0.
        ("Div", a, b) => a.checked_div(b),
        ("Mod", a, b) => a.checked_rem_euclid(b),
        ("Pow", a, b) => a.checked_pow(u32::try_from(b).ok()?),
        ("Min", a, b) => Some(a.min(b)),
        ("Max", a, b) => Some(a.max(b)),
        ("Greater", a, b) => Some(i64::from(a > b)),
        _ => Some(i64::from(a < b)),
    };
    let at = |all: &[i64], i: usize| all[if all.len() == 1 { 0 } else { i }];
    let made = (0..count).map(|i| of(at(a, i), at(b, i))).collect::<Option<Vec<_>>>();
    let made = made.ok_or("it computes with the size of the batch, or beyond whole numbers")?;
    Ok(Constant::new(dims, Data::Whole(made)))
}

fn choose(condition: &Constant, inputs: &[Option<&Constant>]) -> Option<Constant> {
    let (a, b) = (inputs.get(1).copied().flatten()?, inputs.get(2).copied().flatten()?);
    let dims = broadcast(&broadcast(&a.dims, &b.dims).ok()?, &condition.dims).ok()?;
    let which = condition.spread(&dims)?;
    let pick = |a: Vec<f32>, b: Vec<f32>| -> Vec<f32> {
        which.iter().zip(a.iter().zip(&b)).map(|(&which, (&a, &b))| if which != 0.0 { a } else { b }).collect()
    };
    if let (Some(x), Some(y)) = (a.wholes(), b.wholes()) {
        let at = |all: &[i64], i: usize| all.get(if all.len() == 1 { 0 } else { i }).copied();
        let made = which.iter().enumerate().map(|(i, &which)| if which != 0.0 { at(x, i) } else { at(y, i) });
        return Some(Constant::new(dims.clone(), Data::Whole(made.collect::<Option<_>>()?)));
    }
    Some(Constant::new(dims.clone(), Data::Real(pick(a.spread(&dims)?, b.spread(&dims)?))))
}
