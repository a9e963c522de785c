//! Boxes that a person drew or corrected.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::boxes::Extent;

/// Boxes of many pictures: cheap to clone, so that undo can keep many versions.
pub type Drawn = Arc<Vec<DrawnPicture>>;

/// What is in a picture, in place of what its label says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawnPicture {
    /// Its file, below the folder, with `/` on every system.
    pub picture: String,
    /// None: nothing is in it.
    pub boxes: Arc<Vec<DrawnBox>>,
}

/// A thing; in files `[class, left, top, right, bottom]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(String, f32, f32, f32, f32)", into = "(String, f32, f32, f32, f32)")]
pub struct DrawnBox {
    /// The name of its class.
    pub class: String,
    /// Where it is in the picture as it is shown.
    pub extent: Extent,
}

impl DrawnBox {
    /// Boxes that may be drawn in one picture. Labels may have more: of all, the largest are learnt from.
    pub const MOST: usize = 200;
    /// Characters of a class's name that is typed. Labels may have longer ones.
    pub const LONGEST: usize = 100;

    /// Whether it has a name and an area inside of the picture.
    fn is_sound(&self) -> bool {
        let Extent { left, top, right, bottom } = self.extent;
        let is_inside = [left, top, right, bottom].iter().all(|edge| (0.0..=1.0).contains(edge));
        is_inside && left < right && top < bottom && !self.class.trim().is_empty()
    }
}

/// What is wrong with drawn boxes: a sentence.
pub fn problem_of_drawn(drawn: &[DrawnPicture]) -> Option<String> {
    let mut seen = HashMap::new();
    drawn.iter().find_map(|one| {
        let name = &one.picture;
        if seen.insert(name, ()).is_some() {
            return Some(format!("The boxes drawn in {name} are given twice."));
        }
        let is_bad = one.boxes.iter().any(|drawn| !drawn.is_sound());
        is_bad.then(|| {
            format!(
                "A box drawn in {name} is invalid: it needs the name of its class, and left < right and top < bottom \
                 between 0 and 1."
            )
        })
    })
}

impl From<(String, f32, f32, f32, f32)> for DrawnBox {
    fn from((class, left, top, right, bottom): (String, f32, f32, f32, f32)) -> Self {
        Self { class, extent: Extent { left, top, right, bottom } }
    }
}

impl From<DrawnBox> for (String, f32, f32, f32, f32) {
    fn from(DrawnBox { class, extent }: DrawnBox) -> Self {
        (class, extent.left, extent.top, extent.right, extent.bottom)
    }
}
