//! Layers that add zeros at the border of an image or at the ends of a sequence, and that cut such a border off.

use super::params::{int, layer_params};
use super::*;

layer_params! {
    /// As PyTorch's `nn.ZeroPad2d`.
    pub struct ZeroPad2d {
        top (card): usize = 1, int(0, 1024), "Rows above", "Rows of zeros added above.";
        bottom (card): usize = 1, int(0, 1024), "Rows below", "Rows of zeros added below.";
        left: usize = 1, int(0, 1024), "Columns left", "Columns of zeros added on the left.";
        right: usize = 1, int(0, 1024), "Columns right", "Columns of zeros added on the right.";
    }
}

layer_params! {
    /// Along the first axis of `[T, F]`.
    pub struct ZeroPad1d {
        before (card): usize = 1, int(0, 65_536), "Steps before", "Steps of zeros added before the sequence.";
        after (card): usize = 1, int(0, 65_536), "Steps after", "Steps of zeros added after the sequence.";
    }
}

layer_params! {
    /// As Keras's `Cropping2D`.
    pub struct Crop2d {
        top (card): usize = 1, int(0, 65_536), "Rows above", "Rows removed from the top.";
        bottom (card): usize = 1, int(0, 65_536), "Rows below", "Rows removed from the bottom.";
        left: usize = 1, int(0, 65_536), "Columns left", "Columns removed from the left.";
        right: usize = 1, int(0, 65_536), "Columns right", "Columns removed from the right.";
    }
}

layer_params! {
    /// Along the first axis of `[T, F]`, as Keras's `Cropping1D`.
    pub struct Crop1d {
        before (card): usize = 1, int(0, 1 << 24), "Steps before", "Steps removed from the start of the sequence.";
        after (card): usize = 1, int(0, 1 << 24), "Steps after", "Steps removed from the end of the sequence.";
    }
}

static PAD: About = About {
    title: "Zero padding",
    group: Group::Convolution,
    tagline: "a border of zeros",
    help: "Adds rows and columns of zeros around an image, as many on each side as you choose. For borders that the \
        padding of a convolution can't make.",
    formula: "y[c, i, j] = x[c, i − top, j − left], 0 outside",
    glyph: "▣",
    inputs: Inputs::One,
    has_output: true,
};

static PAD_IN_TIME: About = About {
    title: "Zero padding 1-D",
    group: Group::Sequence,
    tagline: "zeros before and after",
    help: "Adds steps of zeros before and after a sequence. Zeros only before it keep a convolution from seeing later \
        steps.",
    formula: "y[t, f] = x[t − before, f], 0 outside",
    glyph: "▣",
    inputs: Inputs::One,
    has_output: true,
};

static CROP: About = About {
    title: "Crop",
    group: Group::Convolution,
    tagline: "cut off a border",
    help: "Removes rows and columns from the sides of an image, for example so that it can be added to a smaller one.",
    formula: "y[c, i, j] = x[c, i + top, j + left]",
    glyph: "✂",
    inputs: Inputs::One,
    has_output: true,
};

static CROP_IN_TIME: About = About {
    title: "Crop 1-D",
    group: Group::Sequence,
    tagline: "cut off the ends",
    help: "Removes steps from the start and end of a sequence, for example to match a branch shortened by an unpadded \
        convolution.",
    formula: "y[t, f] = x[t + before, f]",
    glyph: "✂",
    inputs: Inputs::One,
    has_output: true,
};

/// What one axis loses at its beginning and end, by the names of the parameters.
type Ends = [(&'static str, usize); 2];

/// What remains of an axis of `size`.
fn cropped(size: usize, ends: Ends, what: &str) -> Result<usize, Mismatch> {
    let [(first, start), (last, end)] = ends;
    if start + end < size {
        return Ok(size - start - end);
    }
    let set = |key: &'static str, value: usize| Fix::Set { key, value: ParamValue::Int(value as i64) };
    let most = size.saturating_sub(1);
    // One of the two where that is enough; else the larger, so that the other can follow.
    let fix = if end <= most { set(first, most - end) } else { set(last, most.saturating_sub(start)) };
    Err(Mismatch {
        expected: format!("more than {} {what}", start + end),
        got: format!("{size} {what}"),
        why: "Nothing would remain.".into(),
        fixes: vec![fix],
    })
}

impl ZeroPad2d {
    /// Zeros before and after each axis of an image.
    pub fn zeros(&self) -> [[usize; 2]; 3] {
        [[0; 2], [self.top, self.bottom], [self.left, self.right]]
    }
}

impl ZeroPad1d {
    /// Zeros before and after each axis of a sequence: time, then channels.
    pub fn zeros(&self) -> [[usize; 2]; 2] {
        [[self.before, self.after], [0; 2]]
    }
}

fn grown<const N: usize>(sizes: [usize; N], zeros: [[usize; 2]; N]) -> Shape {
    Shape(sizes.into_iter().zip(zeros).map(|(size, [before, after])| size + before + after).collect())
}

impl LayerSpec for ZeroPad2d {
    fn about(&self) -> &'static About {
        &PAD
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        image_input(inputs, "Padding").map(|sizes| grown(sizes, self.zeros()))
    }
}

impl LayerSpec for ZeroPad1d {
    fn about(&self) -> &'static About {
        &PAD_IN_TIME
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        sequence_input(&inputs[0], "Padding in time").map(|sizes| grown(sizes, self.zeros()))
    }
}

impl LayerSpec for Crop2d {
    fn about(&self) -> &'static About {
        &CROP
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [channels, rows, columns] = image_input(inputs, "Cropping")?;
        let rows = cropped(rows, [("top", self.top), ("bottom", self.bottom)], "rows")?;
        let columns = cropped(columns, [("left", self.left), ("right", self.right)], "columns")?;
        Ok(Shape(vec![channels, rows, columns]))
    }
}

impl LayerSpec for Crop1d {
    fn about(&self) -> &'static About {
        &CROP_IN_TIME
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [steps, features] = sequence_input(&inputs[0], "Cropping in time")?;
        let steps = cropped(steps, [("before", self.before), ("after", self.after)], "steps")?;
        Ok(Shape(vec![steps, features]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_come_and_go() {
        let shape = |layer: &dyn LayerSpec, input: &[usize]| layer.infer(&[Shape(input.to_vec())], None).map(|s| s.0);
        let pad = ZeroPad2d { top: 2, right: 0, ..ZeroPad2d::default() };
        assert_eq!(shape(&pad, &[3, 4, 5]).unwrap(), [3, 7, 6]);
        assert_eq!(shape(&ZeroPad1d { before: 4, after: 0 }, &[5, 2]).unwrap(), [9, 2]);
        let crop = Crop2d { top: 2, right: 0, ..Crop2d::default() };
        assert_eq!(shape(&crop, &[3, 4, 5]).unwrap(), [3, 1, 4]);
        for (mut layer, size) in [(Crop1d { before: 3, after: 2 }, 5), (Crop1d { before: 0, after: 9 }, 5)] {
            let mismatch = shape(&layer, &[size, 2]).unwrap_err();
            let Fix::Set { key, value } = &mismatch.fixes[0] else { panic!("{mismatch:?}") };
            layer.set_param(key, value).unwrap();
            assert_eq!(shape(&layer, &[size, 2]).unwrap(), [1, 2]);
        }
    }
}
