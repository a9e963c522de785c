//! Windows that slide over pictures.

use super::plan::{Plan, Site};
use crate::interop::squared::Squared;
use crate::model::layer::{LayerKind, Padding, ZeroPad2d};

/// The largest side of a window that isn't square.
const LARGEST: usize = 63;

/// The most numbers of a kernel that is filled up with zeros.
const MOST_NUMBERS: usize = 1 << 28;

/// A window of Keras as a layer here has it.
pub struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: Padding,
    pub dilation: usize,
    squared: Option<Squared>,
    border: Option<ZeroPad2d>,
}

impl Window {
    pub fn of(site: &Site) -> Result<Self, String> {
        site.lies_as_the_model()?;
        let (stride, dilation) = (site.even_or("strides", 1)?, site.even_or("dilation_rate", 1)?);
        let padding = match site.text("padding").unwrap_or("valid") {
            "valid" => Padding::Valid,
            "same" => Padding::Same,
            other => return Err(format!("its padding is {other}")),
        };
        let sizes = site.sizes("kernel_size")?;
        let [kernel, ..] = sizes[..] else { return Err("its kernel has no size".into()) };
        let plain = Self { kernel, stride, padding, dilation, squared: None, border: None };
        if sizes.iter().all(|size| *size == kernel) { Ok(plain) } else { plain.widened(site, &sizes) }
    }

    /// Of rows and columns of different numbers.
    fn widened(self, site: &Site, sizes: &[usize]) -> Result<Self, String> {
        let (&[rows, columns], &[_, height, width]) = (sizes, site.input()?) else {
            return Err("its kernel doesn't fit what arrives".into());
        };
        let side = rows.max(columns);
        if rows.min(columns) == 0 || side > LARGEST || self.stride == 0 || self.dilation > 1 << 20 {
            return Err("its kernel has a size of 0, or is too large".into());
        }
        let squared = |before| Some(Squared { sizes: [rows, columns], steps: [1, 1], before, side });
        if self.padding == Padding::Same && self.stride == 1 && rows % 2 + columns % 2 == 2 {
            let before = [(side - rows) / 2, (side - columns) / 2];
            return Ok(Self { kernel: side, squared: squared(before), ..self });
        }
        // Zeros around the picture, so that the square stands where the window would.
        let around = |own: usize, size: usize| {
            let reach = (size.div_ceil(self.stride).max(1) - 1) * self.stride + (own - 1) * self.dilation + 1;
            let total = if self.padding == Padding::Same { reach.saturating_sub(size) } else { 0 };
            (total / 2, total.div_ceil(2) + (side - own) * self.dilation)
        };
        let ((top, bottom), (left, right)) = (around(rows, height), around(columns, width));
        let border = Some(ZeroPad2d { top, bottom, left, right });
        Ok(Self { kernel: side, padding: Padding::Valid, squared: squared([0, 0]), border, ..self })
    }

    /// A layer with this window, and with what has to lie around the picture.
    pub fn plan(&self, kind: impl Into<LayerKind>) -> Plan {
        let plan = Plan::default();
        let plan = match &self.border {
            Some(border) => plan.then(border.clone()),
            None => plan,
        };
        let plan = plan.main(kind);
        if self.squared.is_some() {
            plan.say("A window that isn't square, as a square one with zeros, which training would change.")
        } else {
            plan
        }
    }

    /// A kernel `[outer, rows, columns]` for it.
    pub fn kernel(&self, weights: Vec<f32>) -> Result<Vec<f32>, String> {
        let Some(squared) = self.squared else { return Ok(weights) };
        let each = (squared.sizes[0] * squared.sizes[1]).max(1);
        if weights.len() / each > MOST_NUMBERS / (squared.side * squared.side) {
            return Err("its kernel is too large".into());
        }
        Ok(squared.kernel(&weights))
    }
}
