//! An operator of the file with what arrives at it and its settings.

use std::sync::Arc;

use super::super::proto::{Attribute, Node};
use super::constant::{self, Constant};
use super::value::Value;

/// What a name of the file stands for.
#[derive(Clone)]
pub(super) enum Operand {
    /// Known already.
    Constant(Arc<Constant>),
    /// Computed.
    Value(Value),
    /// Leaves a foreign layer, by its index and output, in a shape that isn't known.
    Unknown((usize, usize)),
}

/// An operator.
pub(super) struct Op<'a> {
    pub node: &'a Node,
    pub inputs: Vec<Option<Operand>>,
    /// The version of the set of operators.
    pub version: i64,
}

/// Part of an axis.
pub(super) struct Cut {
    pub axis: usize,
    start: i64,
    end: i64,
    step: i64,
}

impl Cut {
    /// What is kept of an axis of this size.
    pub fn places(&self, size: usize) -> Vec<usize> {
        let size = size as i64;
        let from_end = |place: i64| if place < 0 { place.saturating_add(size) } else { place };
        let (mut at, mut places) = (0, Vec::new());
        if self.step > 0 {
            let (start, end) = (from_end(self.start).clamp(0, size), from_end(self.end).clamp(0, size));
            while start + at < end {
                places.push((start + at) as usize);
                at = at.saturating_add(self.step);
            }
        } else {
            let (start, end) = (from_end(self.start).clamp(-1, size - 1), from_end(self.end).clamp(-1, size - 1));
            while start + at > end {
                places.push((start + at) as usize);
                at = at.saturating_add(self.step);
            }
        }
        places
    }
}

impl Op<'_> {
    pub fn kind(&self) -> &str {
        self.node.op_type.as_deref().unwrap_or_default()
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name))
    }

    pub fn int(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name).and_then(|attribute| attribute.i).unwrap_or(otherwise)
    }

    pub fn float(&self, name: &str, otherwise: f64) -> f64 {
        self.attribute(name).and_then(|attribute| attribute.f).map_or(otherwise, short)
    }

    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        self.attribute(name).map(|attribute| attribute.ints.clone())
    }

    pub fn floats(&self, name: &str) -> Vec<f64> {
        self.attribute(name).map(|attribute| attribute.floats.iter().copied().map(short).collect()).unwrap_or_default()
    }

    pub fn text(&self, name: &str, otherwise: &str) -> String {
        let bytes = self.attribute(name).and_then(|attribute| attribute.s.as_deref());
        bytes.map_or_else(|| otherwise.to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        let strings = self.attribute(name).map(|attribute| attribute.strings.as_slice()).unwrap_or_default();
        strings.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    pub fn tensor(&self, name: &str) -> Result<Option<Constant>, String> {
        let tensor = self.attribute(name).and_then(|attribute| attribute.t.as_deref());
        // It lies in the file itself, so the file bounds it.
        tensor.map(|tensor| constant::read(tensor, None, &mut usize::MAX.clone())).transpose()
    }

    /// An axis, counted from the end where it is negative.
    pub fn axis(&self, name: &str, otherwise: i64, rank: usize) -> Result<usize, String> {
        from_end(self.int(name, otherwise), rank)
    }

    /// What arrives at an input.
    pub fn input(&self, at: usize) -> Option<&Operand> {
        self.inputs.get(at).and_then(Option::as_ref)
    }

    pub fn value(&self, at: usize) -> Result<&Value, String> {
        match self.input(at) {
            Some(Operand::Value(value)) => Ok(value),
            Some(Operand::Constant(_)) => Err("a constant arrives where a value should".into()),
            Some(Operand::Unknown(_)) => Err("the shape that arrives isn't known".into()),
            None => Err("nothing arrives".into()),
        }
    }

    pub fn constant(&self, at: usize) -> Option<&Constant> {
        match self.input(at) {
            Some(Operand::Constant(constant)) => Some(constant),
            _ => None,
        }
    }

    /// A constant that the operator can't do without.
    pub fn needed(&self, at: usize, what: &str) -> Result<&Constant, String> {
        self.constant(at).ok_or_else(|| format!("its {what} isn't a constant"))
    }

    /// Whole numbers that arrive at an input, or in older versions stand in a setting.
    pub fn numbers_or(&self, at: usize, name: &str) -> Option<Vec<i64>> {
        self.constant(at).and_then(|constant| constant.wholes().map(<[i64]>::to_vec)).or_else(|| self.ints(name))
    }

    /// What `Slice` keeps.
    pub fn cuts(&self, rank: usize) -> Result<Vec<Cut>, String> {
        let wrong = "its ends aren't constants";
        let (starts, ends) = (self.numbers_or(1, "starts").ok_or(wrong)?, self.numbers_or(2, "ends").ok_or(wrong)?);
        let axes = self.numbers_or(3, "axes").unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = self.numbers_or(4, "steps").unwrap_or_else(|| vec![1; starts.len()]);
        if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] || steps.contains(&0) {
            return Err("its starts, ends, axes and steps don't fit each other".into());
        }
        let all = starts.iter().zip(&ends).zip(axes.iter().zip(&steps));
        all.map(|((&start, &end), (&axis, &step))| Ok(Cut { axis: from_end(axis, rank)?, start, end, step })).collect()
    }

    /// Sizes that `Split` cuts an axis into.
    pub fn parts(&self, size: usize) -> Result<Vec<usize>, String> {
        let count = self.node.output.len().max(1);
        let parts: Vec<usize> = match self.numbers_or(1, "split") {
            Some(parts) => parts.into_iter().map(|part| usize::try_from(part).unwrap_or(usize::MAX)).collect(),
            None => {
                let each = size.div_ceil(count);
                (0..count).map(|at| each.min(size.saturating_sub(at * each))).collect()
            }
        };
        let sum = parts.iter().try_fold(0usize, |sum, &part| sum.checked_add(part));
        if sum != Some(size) || parts.len() != count {
            return Err("its parts don't add up to the axis".into());
        }
        Ok(parts)
    }
}

pub(super) fn from_end(axis: i64, rank: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(place).ok().filter(|&place| place < rank.max(1)).ok_or_else(|| format!("there is no axis {axis}"))
}

/// The shortest decimal that is this number in single precision: 0.1 and not 0.10000000149.
pub(super) fn short(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}
