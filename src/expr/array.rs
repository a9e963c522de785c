//! The value of an expression over whole tensors: breakpoints, watches, `print`.
//!
//! Tensors of one shape are combined element by element, and a single number with every element. What the names stand
//! for is the caller's.

use super::{BinaryOperator, Expr, Index, Reduction, UnaryOperator};

/// Numbers in a shape; a single one has no axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Size along each axis, outermost first; empty for a single number.
    pub dims: Vec<usize>,
    /// Row-major.
    pub numbers: Vec<f64>,
}

impl Array {
    /// A single number, of rank 0.
    pub fn number(value: f64) -> Self {
        Self { dims: Vec::new(), numbers: vec![value] }
    }

    /// The one number there is, whatever the number of axes.
    pub fn single(&self) -> Option<f64> {
        match self.numbers[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// An element by its indices, or a sentence why there is none.
    pub fn element(&self, name: &str, index: &[usize]) -> Result<f64, String> {
        if index.len() != self.dims.len() {
            let (axes, got) = (self.dims.len(), index.len());
            return Err(format!("{name} has shape {:?}: an element takes {axes} indices, not {got}.", self.dims));
        }
        let mut at = 0;
        for (&i, &size) in index.iter().zip(&self.dims) {
            if i >= size {
                return Err(format!("{name} has shape {:?}: the index {i} must be below {size}.", self.dims));
            }
            at = at * size + i;
        }
        self.numbers.get(at).copied().ok_or_else(|| format!("{name} has no element {index:?}."))
    }

    /// What is taken of each axis; axes behind those stay whole.
    fn slice(&self, name: &str, index: &[Index]) -> Result<Self, String> {
        let (dims, offsets) = taken(name, &self.dims, index)?;
        Ok(Self { dims, numbers: offsets.into_iter().filter_map(|at| self.numbers.get(at).copied()).collect() })
    }

    /// The numbers along an axis made one.
    fn along(&self, reduction: Reduction, axis: usize) -> Self {
        let (outer, rest) = self.dims.split_at(axis.min(self.dims.len()));
        let (size, inner) = rest.split_first().map_or((1, &[][..]), |(size, inner)| (*size, inner));
        let stride = inner.iter().product::<usize>();
        let line = |at: usize| -> Vec<f64> {
            let begin = at / stride.max(1) * size * stride + at % stride.max(1);
            (0..size).filter_map(|i| self.numbers.get(begin + i * stride).copied()).collect()
        };
        let count = outer.iter().product::<usize>() * stride;
        let numbers = (0..count).map(|at| reduction.apply(&line(at))).collect();
        Self { dims: [outer, inner].concat(), numbers }
    }

    fn map(mut self, apply: impl Fn(f64) -> f64) -> Self {
        self.numbers.iter_mut().for_each(|v| *v = apply(*v));
        self
    }

    fn with(self, other: Self, what: &str, apply: impl Fn(f64, f64) -> f64) -> Result<Self, String> {
        if let (Some(b), false) = (other.single(), self.dims.is_empty()) {
            return Ok(self.map(|a| apply(a, b)));
        }
        if let Some(a) = self.single() {
            return Ok(other.map(|b| apply(a, b)));
        }
        if self.dims != other.dims {
            return Err(format!("{what} needs equal shapes, not {:?} and {:?}.", self.dims, other.dims));
        }
        let numbers = self.numbers.iter().zip(&other.numbers).map(|(&a, &b)| apply(a, b)).collect();
        Ok(Self { dims: self.dims, numbers })
    }
}

/// What indices take of a value of a shape: the shape of that, and where each of its numbers lies in row-major order.
pub fn taken(name: &str, dims: &[usize], index: &[Index]) -> Result<(Vec<usize>, Vec<usize>), String> {
    let kept = sliced(name, dims, index)?;
    let mut offsets = vec![0usize];
    for ((places, _), &size) in kept.iter().zip(dims) {
        offsets = offsets.iter().flat_map(|at| places.clone().map(move |place| at * size + place)).collect();
    }
    Ok((kept.into_iter().filter(|(_, stays)| *stays).map(|(places, _)| places.len()).collect(), offsets))
}

/// Of each axis the places that are taken, and whether it stays.
pub(super) fn sliced(
    name: &str,
    dims: &[usize],
    index: &[Index],
) -> Result<Vec<(std::ops::Range<usize>, bool)>, String> {
    if index.len() > dims.len() {
        return Err(format!("{name} has shape {dims:?}: it takes {} indices, not {}.", dims.len(), index.len()));
    }
    let whole = std::iter::repeat(&Index::Range(None, None));
    let of_axis = |(index, &size): (&Index, &usize)| {
        index.places(size).map_err(|why| format!("{name} has shape {dims:?}: {why}."))
    };
    index.iter().chain(whole).zip(dims).map(of_axis).collect()
}

/// The axis that is meant of so many, from 0.
pub(super) fn axis_of(axis: i64, axes: usize) -> Result<usize, String> {
    let meant = if axis < 0 { axis + axes as i64 } else { axis };
    match usize::try_from(meant) {
        Ok(meant) if meant < axes => Ok(meant),
        _ => Err(format!("There is no axis {axis}: it has {axes}, counted from 0.")),
    }
}

/// What an expression is about.
pub trait Names {
    /// What a name stands for, or a sentence why it stands for nothing.
    fn value(&mut self, name: &str) -> Result<Array, String>;

    /// The reduction of an expression over the steps so far, where it means that and not one over the elements.
    fn past(&mut self, _reduction: Reduction, _of: &Expr) -> Result<Option<f64>, String> {
        Ok(None)
    }
}

/// Names without a past.
struct Now<'a>(&'a mut dyn FnMut(&str) -> Result<Array, String>);

impl Names for Now<'_> {
    fn value(&mut self, name: &str) -> Result<Array, String> {
        (self.0)(name)
    }
}

/// `value_of` says what a name stands for, or a sentence why it stands for nothing. True is 1 and false is 0.
pub fn evaluate(expression: &Expr, value_of: &mut dyn FnMut(&str) -> Result<Array, String>) -> Result<Array, String> {
    evaluate_over(expression, &mut Now(value_of))
}

/// As [`evaluate`], where reductions may be over the steps so far.
pub fn evaluate_over(expression: &Expr, names: &mut dyn Names) -> Result<Array, String> {
    match expression {
        Expr::Number(value) => Ok(Array::number(*value)),
        Expr::Name(name) => match name.as_str() {
            "pi" => Ok(Array::number(std::f64::consts::PI)),
            "e" => Ok(Array::number(std::f64::consts::E)),
            "nan" => Ok(Array::number(f64::NAN)),
            "inf" => Ok(Array::number(f64::INFINITY)),
            _ => names.value(name),
        },
        Expr::Element(name, index) => {
            let value = names.value(name)?;
            if index.len() < value.dims.len() {
                let index: Vec<_> = index.iter().map(|&i| Index::At(i as i64)).collect();
                return value.slice(name, &index);
            }
            Ok(Array::number(value.element(name, index)?))
        }
        Expr::Slice(name, index) => names.value(name)?.slice(name, index),
        Expr::Along(reduction, a, axis) => {
            let a = evaluate_over(a, names)?;
            let axis = axis_of(*axis, a.dims.len())?;
            Ok(a.along(*reduction, axis))
        }
        Expr::Unary(UnaryOperator::Negate, a) => Ok(evaluate_over(a, names)?.map(|v| -v)),
        Expr::Unary(UnaryOperator::Not, a) => Ok(evaluate_over(a, names)?.map(|v| BinaryOperator::Equal.apply(v, 0.0))),
        Expr::Binary(operator, a, b) => {
            let (a, b) = (evaluate_over(a, names)?, evaluate_over(b, names)?);
            a.with(b, operator.symbol(), |a, b| operator.apply(a, b))
        }
        Expr::Reduce(reduction, a) => {
            if let Some(value) = names.past(*reduction, a)? {
                return Ok(Array::number(value));
            }
            Ok(Array::number(reduction.apply(&evaluate_over(a, names)?.numbers)))
        }
        Expr::Call(function, arguments) => {
            let mut values = Vec::new();
            for argument in arguments {
                values.push(evaluate_over(argument, names)?);
            }
            let mut values = values.into_iter();
            match (values.next(), values.next()) {
                (Some(a), Some(b)) => a.with(b, function.name(), |a, b| function.apply(a, b)),
                (Some(a), None) => Ok(a.map(|a| function.apply(a, 0.0))),
                _ => Err(format!("{} needs an argument.", function.name())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn value(text: &str) -> Result<Array, String> {
        let expression = parse(text).map_err(|error| error.message)?;
        evaluate(&expression, &mut |name| match name {
            "dense_1.weight.grad" => Ok(Array { dims: vec![2, 3], numbers: vec![1.0, -2.0, 3.0, 0.0, 5.0, -6.0] }),
            "%4" => Ok(Array { dims: vec![2], numbers: vec![f64::NAN, 1.0] }),
            "d%4" => Ok(Array { dims: vec![2], numbers: vec![3.0, 4.0] }),
            "%5.mask" => Ok(Array { dims: vec![1], numbers: vec![f64::INFINITY] }),
            "step" => Ok(Array::number(100.0)),
            _ => Err(format!("no {name}")),
        })
    }

    fn number(text: &str) -> f64 {
        value(text).unwrap().single().unwrap()
    }

    #[test]
    fn reductions_make_one_number() {
        assert_eq!(number("max(abs(dense_1.weight.grad)) > 5.5"), 1.0);
        assert_eq!(number("min(dense_1.weight.grad)"), -6.0);
        assert_eq!(number("sum(dense_1.weight.grad) + mean(dense_1.weight.grad > 0)"), 1.5);
        assert_eq!(number("norm(d%4)"), 5.0);
        assert_eq!((number("nan(%4)"), number("nan(d%4)"), number("inf(%5.mask)")), (1.0, 0.0, 1.0));
        assert!(number("max(%4)").is_nan() && number("min(%4)").is_nan());
        assert_eq!(number("step == 100 and not nan(d%4)"), 1.0);
        assert_eq!(number("step(3) + step / 100"), 2.0);
        assert_eq!(number("dense_1.weight.grad[1, 2]"), -6.0);
        assert_eq!((number("argmax(dense_1.weight.grad)"), number("argmax(%4)")), (4.0, 0.0));
        assert!(value("step == nan").unwrap_err().contains("write nan(step)"));
        assert!(number("nan").is_nan() && number("-inf") == f64::NEG_INFINITY);
    }

    #[test]
    fn slices_and_axes_are_numpys() {
        let of = |text: &str| value(text).map(|array| (array.dims, array.numbers));
        let w = "dense_1.weight.grad";
        assert_eq!(of(&format!("{w}[-1, -2]")).unwrap(), (vec![], vec![5.0]));
        assert_eq!(of(&format!("{w}[0:1]")).unwrap(), (vec![1, 3], vec![1.0, -2.0, 3.0]));
        assert_eq!(of(&format!("{w}[-1, :]")).unwrap(), (vec![3], vec![0.0, 5.0, -6.0]));
        assert_eq!(of(&format!("{w}[1]")), of(&format!("{w}[-1]")));
        assert_eq!(of(&format!("{w}[:, 1:]")).unwrap(), (vec![2, 2], vec![-2.0, 3.0, 5.0, -6.0]));
        assert_eq!(of(&format!("{w}[:, -2:-1]")).unwrap(), (vec![2, 1], vec![-2.0, 5.0]));
        assert_eq!(of(&format!("{w}[:, 5:9]")).unwrap(), (vec![2, 0], vec![]));
        assert_eq!(of(&format!("sum({w}, axis=0)")).unwrap(), (vec![3], vec![1.0, 3.0, -3.0]));
        assert_eq!(of(&format!("max({w}, axis=-1)")).unwrap(), (vec![2], vec![3.0, 5.0]));
        assert_eq!(of(&format!("argmax({w}, axis=1)")).unwrap(), (vec![2], vec![2.0, 1.0]));
        assert_eq!(of(&format!("mean(abs({w}[:, :2]), axis=1)")).unwrap(), (vec![2], vec![1.5, 2.5]));
        assert!(of(&format!("{w}[-3, 0]")).unwrap_err().contains("the index -3 must be at least -2"));
        assert!(of(&format!("{w}[f, 0]")).unwrap_err().contains("no index on its axis is named 'f'"));
        assert!(of(&format!("{w}[:, :, 0]")).unwrap_err().contains("takes 2 indices, not 3"));
        assert!(of(&format!("sum({w}, axis=2)")).unwrap_err().contains("There is no axis 2: it has 2"));
        assert!(of(&format!("abs({w}, axis=0)")).unwrap_err().contains("abs"));
    }

    #[test]
    fn tensors_are_combined_element_by_element() {
        assert_eq!(value("max(d%4, 3.5) * 2").unwrap(), Array { dims: vec![2], numbers: vec![7.0, 8.0] });
        assert_eq!(value("1 - d%4").unwrap().numbers, [-2.0, -3.0]);
        assert_eq!(value("d%4 - %5.mask").unwrap().dims, [2]);
        assert!(value("d%4 + dense_1.weight.grad").unwrap_err().contains("equal shapes"));
        assert!(value("d%4[2]").unwrap_err().contains("below 2"));
        assert!(value("d%4[0, 0]").unwrap_err().contains("1 indices, not 2"));
        assert!(value("d%4[0.5]").unwrap_err().contains("whole number"));
        assert!(value("d%4[0").unwrap_err().contains("']'"));
        assert!(value("max()").unwrap_err().contains("max"));
        assert!(value("mean(d%4, 2)").unwrap_err().contains("mean takes 1 argument, not 2"));
        assert!(value("meen(d%4)").unwrap_err().contains("did you mean 'mean'"));
    }
}
