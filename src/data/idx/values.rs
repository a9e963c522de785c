//! Numbers of an IDX file, of any type, and what a network is given of them.

use super::file::Element;
use crate::data::DataError;

/// As they stand in the file.
pub(super) enum Values {
    Bytes(Vec<u8>),
    Numbers(Vec<f32>),
}

impl Values {
    /// Errors: a sentence without the file.
    pub fn of(bytes: Vec<u8>, element: Element) -> Result<Self, DataError> {
        let numbers = match element {
            Element::U8 => return Ok(Self::Bytes(bytes)),
            _ => element.numbers(&bytes),
        };
        match numbers.iter().position(|number| !number.is_finite()) {
            Some(at) => Err(DataError::new(format!("Value {at} is {}, which is no brightness.", numbers[at]))),
            None => Ok(Self::Numbers(numbers)),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(all) => all.len(),
            Self::Numbers(all) => all.len(),
        }
    }

    /// Those at some places.
    pub fn pick(&self, places: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Bytes(all) => Self::Bytes(places.map(|at| all[at]).collect()),
            Self::Numbers(all) => Self::Numbers(places.map(|at| all[at]).collect()),
        }
    }

    /// What is black and what is white: of bytes always the same, of other numbers by those that are learnt from.
    pub fn levels(&self) -> Levels {
        let Self::Numbers(all) = self else { return Levels::BYTES };
        let (least, most) = all.iter().fold((f32::MAX, f32::MIN), |(a, b), &n| (a.min(n), b.max(n)));
        let is_whole = || all.iter().all(|number| number.fract() == 0.0);
        if least >= 0.0 && most <= 1.0 {
            Levels { black: 0.0, white: 1.0 }
        } else if least >= 0.0 && most <= 255.0 && is_whole() {
            Levels::BYTES
        } else {
            // Halves, because the distance may be more than can be written.
            let is_apart = (most / 2.0 - least / 2.0).is_normal();
            Levels { black: least, white: if is_apart { most } else { least + 1.0 } }
        }
    }
}

/// Numbers that become 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    pub black: f32,
    pub white: f32,
}

impl Levels {
    pub const BYTES: Self = Self { black: 0.0, white: 255.0 };

    pub fn scaled(self, values: &Values) -> Vec<f32> {
        match values {
            Values::Bytes(all) if self == Self::BYTES => all.iter().map(|&value| f32::from(value) / 255.0).collect(),
            Values::Bytes(all) => all.iter().map(|&value| self.of(f32::from(value))).collect(),
            Values::Numbers(all) => all.iter().map(|&value| self.of(value)).collect(),
        }
    }

    fn of(self, value: f32) -> f32 {
        let [value, black, white] = [value, self.black, self.white].map(f64::from);
        ((value - black) / (white - black)) as f32
    }

    /// What a person is told of numbers that are no bytes.
    pub fn note(self) -> String {
        if self == (Self { black: 0.0, white: 1.0 }) {
            "The numbers of the pictures are taken as they are.".into()
        } else {
            format!("The numbers of the pictures are scaled: {} is black (0), {} is white (1).", self.black, self.white)
        }
    }
}
