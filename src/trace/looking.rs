//! What the debugger's panels wish to see whenever training stands still, and the plain records that answer it.

use std::sync::Arc;

use super::{Element, Explanation, LayersRecord, Probe, SampleRecord};

/// The wishes of all debugger panels together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// Whole tensors, by their names in the listing.
    pub tensors: Vec<String>,
    /// The same tensor as it was after an earlier or later step, for comparison.
    pub at_step: Option<(String, u64)>,
    /// Of which branch that step is; the one that is looked at where none is said.
    pub at_branch: Option<u32>,
    /// The number that is explained.
    pub element: Option<Element>,
    /// The number under the pointer.
    pub hovered: Option<Element>,
    /// Check the explained gradient by nudging.
    pub nudge: bool,
    /// How much each sample of the batch adds to the explained number, when it is a gradient or a weight that has one.
    pub shares: bool,
    /// Expressions of the watch list.
    pub watches: Vec<String>,
    /// Those of them that are drawn as curves over the steps.
    pub curves: Vec<String>,
    /// Those of `tensors` that stay in sight.
    pub pinned: Vec<String>,
    /// Row of the batch that is followed through the network.
    pub sample: Option<usize>,
    /// The gradient of the loss with respect to that sample's input.
    pub saliency: bool,
    /// The samples of the batch by their loss, the worst first.
    pub worst: bool,
    /// Gradient flow, activations and update sizes of all layers.
    pub layers: bool,
    /// What is computed is seen of these samples, with the weights as they stand, in place of the step's own batch.
    pub probe: Option<Probe>,
}

/// A whole tensor of the program at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorRecord {
    /// Name in the listing.
    pub name: String,
    /// Size along each axis, outermost first.
    pub dims: Vec<usize>,
    /// One a dimension: "sample", "channel", "row", "column", "unit", "input" ...
    pub axes: Vec<String>,
    /// Where one of them runs through the gates of an LSTM or a GRU.
    pub gates: Option<Gates>,
    /// The step it belongs to, from 1; 0 before the first.
    pub step: u64,
    /// Row-major.
    pub data: Arc<[f32]>,
}

/// An axis along which gates lie behind each other, each with a place for every unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// The axis, from 0.
    pub axis: usize,
    /// `i`, `f`, `g`, `o`
    pub names: &'static [&'static str],
}

impl Gates {
    /// `f2`: the gate and the unit in it that a place of the axis is, as it is typed.
    pub fn tick(self, place: usize, size: usize) -> String {
        let units = (size / self.names.len().max(1)).max(1);
        let name = self.names.get(place / units).copied().unwrap_or_default();
        format!("{name}{}", place % units)
    }
}

/// "row 9 of 4: rows are 0 to 3"; `None` for a place that there is. Negative ones count from the end.
pub fn misplaced(axis: &str, place: i64, size: usize) -> Option<String> {
    let is_there = place < size as i64 && place >= -(size as i64);
    let axis = if axis.is_empty() { "place" } else { axis };
    let all = axis.strip_suffix('y').map_or_else(|| format!("{axis}s"), |stem| format!("{stem}ies"));
    (!is_there).then(|| match size {
        0 => format!("There is no {axis} {place}: it is empty."),
        size => format!("There is no {axis} {place}: {all} are 0 to {}.", size - 1),
    })
}

impl Inspection {
    /// Whether all that differs is where the pointer is.
    pub fn differs_only_in_hovered(&self, other: &Self) -> bool {
        self.hovered != other.hovered && Self { hovered: other.hovered.clone(), ..self.clone() } == *other
    }
}

impl TensorRecord {
    /// Where an element lies in the numbers.
    pub fn offset(&self, index: &[usize]) -> Option<usize> {
        let within = index.len() == self.dims.len() && index.iter().zip(&self.dims).all(|(i, n)| i < n);
        within.then(|| index.iter().zip(&self.dims).fold(0, |at, (i, n)| at * n + i))
    }

    /// The element at an index, if there is one.
    pub fn at(&self, index: &[usize]) -> Option<f32> {
        self.data.get(self.offset(index)?).copied()
    }

    /// The index of the number at a place in row-major order.
    pub fn unflatten(&self, mut flat: usize) -> Vec<usize> {
        let mut index = vec![0; self.dims.len()];
        for (i, &n) in index.iter_mut().zip(&self.dims).rev() {
            *i = flat % n.max(1);
            flat /= n.max(1);
        }
        index
    }

    /// The element that a person means by "2, 0" or "-1, 3"; a sentence where there is none.
    pub fn index_of(&self, text: &str) -> Result<Vec<usize>, String> {
        let parts: Vec<_> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        let axes: Vec<_> = (0..self.dims.len()).map(|axis| self.axis(axis)).collect();
        if parts.len() != axes.len() {
            let (named, got) = (axes.join(", "), parts.len());
            return Err(match axes.len() {
                0 => "This is a single number: leave the index empty.".to_owned(),
                1 => format!("It has one axis ({named}): type one number, not {got}."),
                n => format!("It has {n} axes ({named}): type {n} numbers, not {got}."),
            });
        }
        let places = parts.into_iter().zip(&self.dims).zip(&axes).map(|((part, &size), axis)| {
            let place: i64 =
                part.parse().map_err(|_| format!("“{part}” isn't an index: {axis}s are whole numbers from 0."))?;
            match misplaced(axis, place, size) {
                Some(why) => Err(why),
                None => Ok((if place < 0 { place + size as i64 } else { place }) as usize),
            }
        });
        places.collect()
    }

    /// What an axis is called: "axis 2" where nobody named it.
    pub fn axis(&self, axis: usize) -> String {
        self.axes.get(axis).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| format!("axis {axis}"))
    }

    /// "unit 3"; "gate f2" along an axis of gates.
    pub fn tick(&self, axis: usize, place: usize) -> String {
        match self.gates.filter(|gates| gates.axis == axis) {
            Some(gates) => format!("gate {}", gates.tick(place, self.dims.get(axis).copied().unwrap_or_default())),
            None => format!("{} {place}", self.axis(axis)),
        }
    }

    /// "sample 0, unit 3"; "value" without axes.
    pub fn place(&self, index: &[usize]) -> String {
        if index.is_empty() {
            return "value".into();
        }
        let parts = index.iter().enumerate().map(|(axis, &i)| self.tick(axis, i));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// How much each sample of the batch adds to a number that is a sum over them.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// The element asked about.
    pub element: Element,
    /// One a row of the batch; together they are the number.
    pub terms: Arc<[f64]>,
}

impl Shares {
    /// The row whose term is the largest, and that term.
    pub fn largest(&self) -> Option<(usize, f64)> {
        let terms = self.terms.iter().copied().enumerate();
        terms.filter(|(_, term)| !term.is_nan()).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    }
}

/// What a number was made of, in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The element asked about.
    pub element: Element,
    /// The first few thousand where there are many.
    pub read: Arc<[Element]>,
    /// Where the explained tensor was made of it: the elements that were, and what it was multiplied with there.
    pub used: Arc<[Element]>,
}

/// What an [`Inspection`] saw at one moment. An answer that cannot be given is a sentence why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight {
    /// In the order of the wishes; those that are not there are in `missing`.
    pub tensors: Vec<TensorRecord>,
    /// Names that were asked for, and why they cannot be shown.
    pub missing: Vec<(String, String)>,
    /// The tensor at the step it is compared with.
    pub at_step: Option<Result<TensorRecord, String>>,
    /// As it was wished for.
    pub at_branch: Option<u32>,
    /// How the chosen element was computed.
    pub explanation: Option<Result<Explanation, String>>,
    /// Of the number under the pointer; `None` while nothing is known of it.
    pub hovered: Option<Reading>,
    /// Why the explained number could not be nudged, though that was wished for.
    pub unchecked: Option<String>,
    /// What each sample contributes to the chosen gradient.
    pub shares: Option<Result<Shares, String>>,
    /// The sample that is followed.
    pub sample: Option<Result<Arc<SampleRecord>, String>>,
    /// All layers, for the table.
    pub layers: Option<Result<Arc<LayersRecord>, String>>,
    /// How many samples it was seen of in place of the step's own batch, or why that cannot be.
    pub probe: Option<Result<usize, String>>,
}

impl Sight {
    /// A tensor that was asked for and is there.
    pub fn tensor(&self, name: &str) -> Option<&TensorRecord> {
        self.tensors.iter().find(|record| record.name == name)
    }

    /// Numbers that are the same as before stay the very same: whoever has counted or drawn them need not do it again.
    pub fn keep(&mut self, before: &Self) {
        let same =
            |a: &[f32], b: &[f32]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        let at_step = self.at_step.iter_mut().filter_map(|found| found.as_mut().ok());
        for record in self.tensors.iter_mut().chain(at_step) {
            let known = before.tensors.iter().chain(before.at_step.iter().filter_map(|found| found.as_ref().ok()));
            if let Some(known) = known.filter(|k| k.name == record.name).find(|k| same(&k.data, &record.data)) {
                record.data = known.data.clone();
            }
        }
    }

    /// Why a tensor that was asked for is not there.
    pub fn why_missing(&self, name: &str) -> Option<&str> {
        self.missing.iter().find(|(missing, _)| missing == name).map(|(_, why)| why.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_both_ways_and_named() {
        let axes = ["sample", "", "column"].map(String::from).to_vec();
        let data = (0..24).map(|i| i as f32).collect();
        let record = TensorRecord { name: "%1".into(), dims: vec![2, 3, 4], axes, gates: None, step: 1, data };
        assert_eq!(record.offset(&[1, 2, 3]), Some(23));
        assert_eq!((record.offset(&[1, 3, 0]), record.offset(&[1, 2])), (None, None));
        assert_eq!(record.unflatten(17), vec![1, 1, 1]);
        assert_eq!(record.at(&[1, 1, 1]), Some(17.0));
        assert_eq!(record.place(&[1, 1, 1]), "sample 1, axis 1 1, column 1");
        assert_eq!(record.place(&[]), "value");
        let gates = Some(Gates { axis: 2, names: &["i", "f"] });
        assert_eq!(TensorRecord { gates, ..record }.place(&[1, 1, 3]), "sample 1, axis 1 1, gate f1");
    }

    #[test]
    fn a_typed_place_is_found_or_says_why_there_is_none() {
        let axes = ["row", "unit"].map(String::from).to_vec();
        let record =
            TensorRecord { name: "w".into(), dims: vec![4, 2], axes, gates: None, step: 1, data: vec![0.0; 8].into() };
        assert_eq!(record.index_of("2, 1"), Ok(vec![2, 1]));
        assert_eq!(record.index_of(" -1,-2 "), Ok(vec![3, 0]));
        for (typed, why) in [
            ("9, 0", "There is no row 9: rows are 0 to 3."),
            ("0, -3", "There is no unit -3: units are 0 to 1."),
            ("1", "It has 2 axes (row, unit): type 2 numbers, not 1."),
            ("a, 0", "“a” isn't an index: rows are whole numbers from 0."),
        ] {
            assert_eq!(record.index_of(typed), Err(why.to_owned()));
        }
        assert_eq!(misplaced("query", 3, 3).unwrap(), "There is no query 3: queries are 0 to 2.");
        let single = TensorRecord { dims: vec![], axes: vec![], ..record };
        assert_eq!(single.index_of(""), Ok(vec![]));
    }

    #[test]
    fn numbers_that_stay_the_same_are_not_copied_again() {
        let record = |numbers: &[f32]| TensorRecord {
            name: "w".into(),
            dims: vec![numbers.len()],
            axes: vec![],
            gates: None,
            step: 1,
            data: numbers.into(),
        };
        let before = Sight { tensors: vec![record(&[1.0, f32::NAN])], ..Sight::default() };
        let mut now = Sight { tensors: vec![record(&[1.0, f32::NAN]), record(&[1.0, 2.0])], ..Sight::default() };
        now.keep(&before);
        assert!(Arc::ptr_eq(&now.tensors[0].data, &before.tensors[0].data));
        assert_eq!(now.tensors[1].data[..], [1.0, 2.0]);
    }

    #[test]
    fn the_largest_share_is_that_of_the_largest_magnitude() {
        let element = Element { name: "w.grad".into(), index: vec![0] };
        let shares = Shares { element, terms: [0.1, -0.4, f64::NAN, 0.3].into() };
        assert_eq!(shares.largest(), Some((1, -0.4)));
    }
}
