//! Changing the axes without changing the numbers.

use super::params::layer_params;
use super::*;

layer_params! {
    /// Any sample becomes a row.
    pub struct Flatten {}
}

layer_params! {
    /// The same numbers with other axes.
    pub struct Reshape {
        shape (card): String = "1 x 28 x 28".into(), ParamKind::Text, "Shape", "The new axes, for example 1 x 28 x 28. \
            One of them may be ?, to be worked out.";
    }
}

static FLATTEN: About = About {
    title: "Flatten",
    group: Group::Core,
    tagline: "to a row",
    help: "Lays out all values of a sample as one row, channel by channel and row by row, ready for a Dense layer.",
    formula: "[C, H, W] → [C · H · W]",
    glyph: "▭",
    inputs: Inputs::One,
    has_output: true,
};

static RESHAPE: About = About {
    title: "Reshape",
    group: Group::Core,
    tagline: "change axes",
    help: "Keeps the values and their order and changes only how they are arranged in axes, for example a row of 784 \
        into an image of 1 × 28 × 28.",
    formula: "[784] → [1, 28, 28]",
    glyph: "⇄",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for Flatten {
    fn about(&self) -> &'static About {
        &FLATTEN
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        Ok(Shape::row(inputs[0].len()))
    }
}

impl Reshape {
    /// The sizes as written; `None` stands for `?`. The message is a sentence for the user.
    pub fn sizes(&self) -> Result<Vec<Option<usize>>, String> {
        let parts = self.shape.split(['x', '×', ',', ' ', '[', ']']).filter(|part| !part.is_empty());
        let sizes: Option<Vec<_>> = parts
            .map(|part| match part {
                "?" | "-1" => Some(None),
                number => number.parse().ok().filter(|&n: &usize| n > 0).map(Some),
            })
            .collect();
        match sizes {
            Some(sizes) if !sizes.is_empty() && sizes.iter().filter(|s| s.is_none()).count() <= 1 => Ok(sizes),
            _ => Err(format!(
                "{:?} isn't a shape. Write whole numbers such as 1 x 28 x 28; one of them may be ?.",
                self.shape
            )),
        }
    }

    /// The shape that a sample of `len` numbers becomes.
    pub fn resolve(&self, len: usize) -> Result<Shape, String> {
        let sizes = self.sizes()?;
        let known =
            sizes.iter().flatten().try_fold(1usize, |n, &d| n.checked_mul(d)).ok_or("That shape is too large.")?;
        let free = len / known;
        let shape = Shape(sizes.iter().map(|size| size.unwrap_or(free)).collect());
        if shape.len() == len && len > 0 {
            Ok(shape)
        } else {
            Err("A reshape keeps all values, so the product of the new sizes must equal the number of inputs.".into())
        }
    }
}

impl LayerSpec for Reshape {
    fn about(&self) -> &'static About {
        &RESHAPE
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let len = inputs[0].len();
        self.resolve(len).map_err(|why| Mismatch {
            expected: self.shape.clone(),
            got: format!("{} ({len} values)", inputs[0]),
            why,
            fixes: vec![Fix::Set { key: "shape", value: ParamValue::Text(len.to_string()) }],
        })
    }
}
