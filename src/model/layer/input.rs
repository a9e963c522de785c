//! Where the data enters.

use super::params::layer_params;
use super::*;

layer_params! {
    /// One sample of the data set; its shape is the data's.
    pub struct Input {}
}

static ABOUT: About = About {
    title: "Input",
    group: Group::Data,
    tagline: "your data",
    help: "The values of one sample: the coordinates of a point, the pixels of an image, the columns of a table. Its \
        shape follows from the data you choose.",
    formula: "y = x",
    glyph: "◎",
    inputs: Inputs::None,
    has_output: true,
};

impl LayerSpec for Input {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, _inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        match data {
            Some(data) => Ok(data.input.clone()),
            None => Err(Mismatch {
                expected: "a data set".into(),
                got: "none loaded".into(),
                why: "Shapes follow from the data. Choose some in the Data tab.".into(),
                fixes: Vec::new(),
            }),
        }
    }
}
