//! Layers that order, cut or summarise the axes of a sample. Axes count from 1, as in PyTorch with the batch in front.

use super::params::{int, layer_params};
use super::*;

layer_params! {
    /// Axis i of the output is axis `order[i]` of the input; PyTorch's `permute` with the batch axis left in front.
    pub struct Permute {
        order (card): String = "2, 1".into(), ParamKind::Text, "Order", "The input's axes in their new order, counted \
            from 1. \"2, 1\" transposes a table.";
    }
}

layer_params! {
    /// `length` places of an axis from `start` on, as PyTorch's `narrow`.
    pub struct Slice {
        axis (card): usize = 1, int(1, 8), "Axis", "The axis to slice, counted from 1. In a sequence, 1 is time and 2 \
            the features.";
        start (card): String = "-1".into(), ParamKind::Text, "Start", "The first index to keep, counted from 0. \
            Negative numbers count from the end: -1 is the last.";
        length (card): usize = 1, int(1, 1 << 24), "Length", "How many indices to keep.";
        drop_axis: bool = true, ParamKind::Bool, "Drop the axis", "With a length of 1, remove the axis, so that the \
            last step of a sequence becomes a row.";
    }
}

layer_params! {
    /// PyTorch's `mean(axis)`.
    pub struct MeanOver {
        axis (card): usize = 1, int(1, 8), "Axis", "The axis to average over, counted from 1. In a sequence, 1 is \
            time.";
    }
}

layer_params! {
    /// PyTorch's `max(axis)`: of equal numbers the first gets the gradient; NaN is larger than any number.
    pub struct MaxOver {
        axis (card): usize = 1, int(1, 8), "Axis", "The axis to take the maximum over, counted from 1. In a sequence, \
            1 is time.";
    }
}

static PERMUTE: About = About {
    title: "Permute",
    group: Group::Sequence,
    tagline: "reorder axes",
    help: "Reorders the axes: an image's columns become its rows, or a sequence of features becomes one sequence per \
        feature. Reshape can't do this, because it keeps the order of the values.",
    formula: "y[j, i] = x[i, j]",
    glyph: "⇅",
    inputs: Inputs::One,
    has_output: true,
};

static SLICE: About = About {
    title: "Slice",
    group: Group::Sequence,
    tagline: "keep a part",
    help: "Keeps part of one axis: the last step of a sequence, the first ten features, one channel of an image.",
    formula: "y = x[start .. start + length]",
    glyph: "✂",
    inputs: Inputs::One,
    has_output: true,
};

static MEAN: About = About {
    title: "Mean over axis",
    group: Group::Sequence,
    tagline: "average",
    help: "Replaces one axis by its mean. Over time this turns a whole sequence into one row in which every step \
        counts equally (average pooling).",
    formula: "y = Σ x[i] / n",
    glyph: "μ",
    inputs: Inputs::One,
    has_output: true,
};

static MAX: About = About {
    title: "Max over axis",
    group: Group::Sequence,
    tagline: "keep the largest",
    help: "Replaces one axis by its largest value. Over time this turns a whole sequence into one row that says how \
        strongly each feature ever occurred (max pooling).",
    formula: "y = max x[i]",
    glyph: "⌃",
    inputs: Inputs::One,
    has_output: true,
};

/// The size of an axis counted from 1, or a mismatch.
fn axis_of(shape: &Shape, axis: usize) -> Result<usize, Mismatch> {
    shape.0.get(axis.wrapping_sub(1)).copied().ok_or_else(|| Mismatch {
        expected: format!("at least {axis} axes"),
        got: shape.to_string(),
        why: format!("There is no axis {axis}: axes are counted from 1."),
        fixes: vec![Fix::Set { key: "axis", value: ParamValue::Int(shape.rank().max(1) as i64) }],
    })
}

fn without(shape: &Shape, axis: usize) -> Shape {
    let mut sizes = shape.0.clone();
    sizes.remove(axis - 1);
    // A single number is a row of one, so that layers that take rows take it.
    if sizes.is_empty() { Shape::row(1) } else { Shape(sizes) }
}

impl Permute {
    /// The axes of the input, counted from 0, in the order of the output.
    pub fn axes(&self, rank: usize) -> Result<Vec<usize>, String> {
        let parts = self.order.split([',', ' ', 'x', '×', '[', ']', '(', ')']).filter(|part| !part.is_empty());
        let axes: Option<Vec<usize>> =
            parts.map(|part| part.parse().ok().and_then(|n: usize| n.checked_sub(1))).collect();
        let Some(axes) = axes else {
            return Err(format!(
                "{:?} isn't an order of axes. Write whole numbers starting at 1, such as 2, 1.",
                self.order
            ));
        };
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        if sorted.into_iter().eq(0..rank) {
            Ok(axes)
        } else {
            Err(format!("The order must name every axis from 1 to {rank} once."))
        }
    }
}

impl LayerSpec for Permute {
    fn about(&self) -> &'static About {
        &PERMUTE
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let rank = inputs[0].rank();
        match self.axes(rank) {
            Ok(axes) => Ok(Shape(axes.into_iter().map(|axis| inputs[0].0[axis]).collect())),
            Err(why) => {
                let reversed = (1..=rank).rev().map(|axis| axis.to_string()).collect::<Vec<_>>().join(", ");
                Err(Mismatch {
                    expected: self.order.clone(),
                    got: inputs[0].to_string(),
                    why,
                    fixes: vec![Fix::Set { key: "order", value: ParamValue::Text(reversed) }],
                })
            }
        }
    }
}

impl Slice {
    /// The first place kept, for an axis of `size`. The message is a sentence for the user.
    pub fn first(&self, size: usize) -> Result<usize, String> {
        let start: i64 = self
            .start
            .trim()
            .parse()
            .map_err(|_| format!("{:?} isn't an index. Write a whole number such as 0 or -1.", self.start))?;
        let first = if start < 0 { start + size as i64 } else { start };
        match usize::try_from(first) {
            Ok(first) if first.saturating_add(self.length) <= size => Ok(first),
            _ => Err(format!("Indices {start} to {} are beyond the end of the axis.", start + self.length as i64 - 1)),
        }
    }

    /// Whether the axis is left out.
    pub fn drops(&self) -> bool {
        self.drop_axis && self.length == 1
    }
}

impl LayerSpec for Slice {
    fn about(&self) -> &'static About {
        &SLICE
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let size = axis_of(&inputs[0], self.axis)?;
        match self.first(size) {
            Ok(_) if self.drops() => Ok(without(&inputs[0], self.axis)),
            Ok(_) => {
                let mut shape = inputs[0].clone();
                shape.0[self.axis - 1] = self.length;
                Ok(shape)
            }
            Err(why) => Err(Mismatch {
                expected: format!("{} from index {}", self.length, self.start),
                got: format!("{size} indices"),
                why,
                fixes: vec![
                    Fix::Set { key: "start", value: ParamValue::Text("0".into()) },
                    Fix::Set { key: "length", value: ParamValue::Int(1) },
                ],
            }),
        }
    }
}

impl LayerSpec for MeanOver {
    fn about(&self) -> &'static About {
        &MEAN
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        axis_of(&inputs[0], self.axis).map(|_| without(&inputs[0], self.axis))
    }
}

impl LayerSpec for MaxOver {
    fn about(&self) -> &'static About {
        &MAX
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        axis_of(&inputs[0], self.axis).map(|_| without(&inputs[0], self.axis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(layer: &dyn LayerSpec, input: &[usize]) -> Result<Vec<usize>, Mismatch> {
        layer.infer(&[Shape(input.to_vec())], None).map(|shape| shape.0)
    }

    #[test]
    fn axes_are_put_in_order_cut_and_summarised() {
        assert_eq!(shape(&Permute::default(), &[5, 3]).unwrap(), [3, 5]);
        assert_eq!(shape(&Permute { order: "[3, 1, 2]".into() }, &[5, 3, 4]).unwrap(), [4, 5, 3]);
        assert_eq!(shape(&Slice::default(), &[5, 3]).unwrap(), [3]);
        let part = Slice { start: "-3".into(), length: 2, ..Slice::default() };
        assert_eq!((shape(&part, &[5, 3]).unwrap(), part.first(5)), (vec![2, 3], Ok(2)));
        assert_eq!(shape(&MeanOver { axis: 2 }, &[5, 3]).unwrap(), [5]);
        assert_eq!(shape(&MaxOver::default(), &[5]).unwrap(), [1]);
    }

    #[test]
    fn what_does_not_fit_says_so_and_offers_a_repair_that_fits() {
        for (kind, input) in [
            (LayerKind::from(Permute::default()), vec![5]),
            (Permute { order: "2, 2".into() }.into(), vec![5, 4]),
            (Permute { order: "rows".into() }.into(), vec![5, 4, 3]),
            (Slice { start: "7".into(), ..Slice::default() }.into(), vec![5, 3]),
            (Slice { start: "first".into(), ..Slice::default() }.into(), vec![5]),
            (MeanOver { axis: 3 }.into(), vec![5, 3]),
            (MaxOver { axis: 2 }.into(), vec![5]),
        ] {
            let mismatch = shape(kind.spec(), &input).unwrap_err();
            assert!(mismatch.why.ends_with('.'));
            let Some(Fix::Set { key, value }) = mismatch.fixes.first() else { panic!("{kind:?}: no repair") };
            let mut mended = kind.clone();
            mended.params_mut().set_param(key, value).unwrap();
            assert!(shape(mended.spec(), &input).is_ok(), "{mended:?}");
        }
    }
}
