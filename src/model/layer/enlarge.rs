//! Layers that make a picture larger: transposed convolution, which learns how, and upsampling, which does not.

use super::choice::activated;
use super::params::{choices, float, int, layer_params};
use super::*;

layer_params! {
    /// As PyTorch's `nn.ConvTranspose2d`, weights `[channels, filters, kernel, kernel]`.
    pub struct ConvTranspose2d {
        filters (card): usize = 16, int(1, 4096), "Filters", "Number of output channels.";
        kernel (card): usize = 2, int(1, 63), "Kernel", "Rows and columns of the pattern each pixel stamps onto the \
            larger image.";
        stride: usize = 2, int(1, 63), "Stride", "Distance between the stamps of neighbouring pixels. 2 doubles the \
            width and height.";
        pad: usize = 0, int(0, 63), "Cut off", "Rows and columns removed from each side of the output (padding in \
            PyTorch).";
        output_padding: usize = 0, int(0, 62), "Output padding", "Extra rows and columns at the bottom and right, \
            fewer than the stride. They choose between the sizes that a convolution would shrink to the same one.";
        activation (card): Activation = Activation::Relu, Activation::kind(), "Activation", "The function applied to \
            each output.";
        slope: f64 = 0.01, float(0.0, 1.0), "Slope", SLOPE;
        cap: f64 = 6.0, float(0.001, 1e6), "Cap", CAP;
        threshold: f64 = 1.0, float(-1e6, 1e6), "Threshold", THRESHOLD;
        bias: bool = true, ParamKind::Bool, "Bias", "Whether each output channel adds a learned constant. Not needed \
            before batch norm.";
        init: Initialiser = Initialiser::HeUniform, Initialiser::kind(), "Initial weights", "How the weights are \
            initialised. He suits ReLU.";
        init_value: f64 = 0.0, float(-10.0, 10.0), "Initial value", "The initial value of every weight when the \
            initialisation is Constant.";
        l1: f64 = 0.0, float(0.0, PENALTY), "L1", L1;
        l2: f64 = 0.0, float(0.0, PENALTY), "L2", L2;
    }
}

choices! {
    /// Where the new pixels come from.
    pub enum Interpolation {
        /// Each pixel is repeated.
        Nearest = "nearest", "nearest";
        /// Pixels are areas: PyTorch's `align_corners=False`.
        Bilinear = "bilinear", "bilinear";
    }
}

layer_params! {
    /// As PyTorch's `nn.Upsample` with a scale factor.
    pub struct Upsample {
        factor (card): usize = 2, int(1, 16), "Factor", "How many times larger the output is in each direction.";
        mode (card): Interpolation = Interpolation::Nearest, Interpolation::kind(), "Mode", "Nearest copies each \
            pixel. Bilinear interpolates between neighbours, which is smoother.";
    }
}

activated!(ConvTranspose2d);

static TRANSPOSED: About = About {
    title: "Transposed conv",
    group: Group::Convolution,
    tagline: "learned upsampling",
    help: "A convolution in reverse: each pixel stamps a small pattern of weights onto a larger image, and overlapping \
        stamps add up. Used in the decoder of an autoencoder.",
    formula: "y[f, i·stride + u, j·stride + v] = activation(Σ w[c, f, u, v] · x[c, i, j] + b[f])",
    glyph: "⊠",
    inputs: Inputs::One,
    has_output: true,
};

static UPSAMPLE: About = About {
    title: "Upsample",
    group: Group::Convolution,
    tagline: "enlarge an image",
    help: "Enlarges the image by copying pixels or interpolating between neighbours, without learning anything. Follow \
        it with a Conv 2-D to add detail.",
    formula: "y[c, i, j] = x[c, i / factor, j / factor]",
    glyph: "▲",
    inputs: Inputs::One,
    has_output: true,
};

impl ConvTranspose2d {
    /// Rows (or columns) that leave for those that arrive; 0 when everything is cut off.
    pub fn grown(&self, size: usize) -> usize {
        let whole = (size.max(1) - 1) * self.stride + self.kernel + self.output_padding;
        whole.saturating_sub(2 * self.pad)
    }
}

impl LayerSpec for ConvTranspose2d {
    fn about(&self) -> &'static About {
        &TRANSPOSED
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [_, rows, columns] = image_input(inputs, "A transposed convolution")?;
        if self.output_padding >= self.stride {
            return Err(Mismatch {
                expected: format!("an output padding below the stride, {}", self.stride),
                got: self.output_padding.to_string(),
                why: "A larger one would add rows that no stamp reaches.".into(),
                fixes: vec![Fix::Set { key: "output_padding", value: ParamValue::Int(self.stride as i64 - 1) }],
            });
        }
        let (rows_out, columns_out) = (self.grown(rows), self.grown(columns));
        if rows_out > 0 && columns_out > 0 {
            return Ok(Shape(vec![self.filters, rows_out, columns_out]));
        }
        Err(Mismatch {
            expected: "an image larger than what is cut off".into(),
            got: format!("{rows} × {columns} pixels"),
            why: format!("Removing {} from each side leaves nothing.", self.pad),
            fixes: vec![Fix::Set { key: "pad", value: ParamValue::Int(0) }],
        })
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let channels = inputs[0].0.first().copied().unwrap_or(1);
        let axes = &["channel", "filter", "row", "column"];
        let mut all = vec![Weight::new("weight", [channels, self.filters, self.kernel, self.kernel], axes)];
        all.extend(self.bias.then(|| Weight::new("bias", [self.filters], &["channel"])));
        all
    }
}

impl LayerSpec for Upsample {
    fn about(&self) -> &'static About {
        &UPSAMPLE
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [channels, rows, columns] = image_input(inputs, "Upsampling")?;
        Ok(Shape(vec![channels, rows * self.factor, columns * self.factor]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(layer: &dyn LayerSpec, dims: &[usize]) -> Result<Vec<usize>, Mismatch> {
        layer.infer(&[Shape(dims.to_vec())], None).map(|shape| shape.0)
    }

    #[test]
    fn sizes_are_pytorchs() {
        let layer = ConvTranspose2d { filters: 5, kernel: 3, stride: 2, pad: 1, ..ConvTranspose2d::default() };
        assert_eq!(shape(&layer, &[4, 7, 6]).unwrap(), [5, 13, 11]);
        assert_eq!(shape(&ConvTranspose2d { output_padding: 1, ..layer.clone() }, &[4, 7, 6]).unwrap(), [5, 14, 12]);
        assert_eq!(shape(&ConvTranspose2d::default(), &[3, 7, 7]).unwrap(), [16, 14, 14]);
        assert_eq!(shape(&Upsample { factor: 3, ..Upsample::default() }, &[2, 4, 5]).unwrap(), [2, 12, 15]);
    }

    #[test]
    fn what_cannot_be_is_explained_and_mended() {
        let refused = shape(&ConvTranspose2d { output_padding: 2, ..ConvTranspose2d::default() }, &[1, 4, 4]);
        let fix = Fix::Set { key: "output_padding", value: ParamValue::Int(1) };
        assert_eq!(refused.unwrap_err().fixes, [fix]);
        let refused = shape(&ConvTranspose2d { pad: 4, ..ConvTranspose2d::default() }, &[1, 2, 9]);
        assert_eq!(refused.unwrap_err().fixes, [Fix::Set { key: "pad", value: ParamValue::Int(0) }]);
        assert!(shape(&Upsample::default(), &[6]).is_err());
    }
}
