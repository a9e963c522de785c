//! Weight normalisation multiplied out: PyTorch keeps a length and a direction and computes the weight from both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::keras_layout::doubles;
use super::{Dtype, StateDict, Tensor};
use crate::files::Values;

/// How the length and the direction are called: before and since PyTorch 2.0.
const NAMES: [(&str, &str, &str); 2] = [("_g", "_v", ""), (".original0", ".original1", "parametrizations.")];

/// Each length with its direction becomes the weight, in the place of the direction.
pub fn multiply_out(dict: &mut StateDict) {
    let places: HashMap<&str, usize> =
        dict.tensors.iter().enumerate().map(|(place, tensor)| (tensor.name.as_str(), place)).collect();
    let mut lengths = Vec::new();
    for place in 0..dict.tensors.len() {
        let tensor = &dict.tensors[place];
        let found = NAMES.iter().find_map(|(length, direction, wrapper)| {
            let base = tensor.name.strip_suffix(length)?;
            let other = *places.get(format!("{base}{direction}").as_str())?;
            Some((base.replace(wrapper, ""), other))
        });
        if let Some((name, direction)) = found.filter(|(_, direction)| is_length(tensor, &dict.tensors[*direction])) {
            lengths.push((place, direction, name));
        }
    }
    for (length, direction, name) in &lengths {
        let values = product(&dict.tensors[*length], &dict.tensors[*direction]);
        let tensor = &mut dict.tensors[*direction];
        (tensor.name, tensor.values) = (name.clone(), Arc::new(values));
    }
    let gone: HashSet<usize> = lengths.iter().map(|(length, ..)| *length).collect();
    let mut place = 0;
    dict.tensors.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
    if let Some((_, _, name)) = lengths.first() {
        let sentence = match lengths.len() {
            1 => format!("Weight normalisation of {name} was multiplied out."),
            count => format!("Weight normalisation of {count} weights was multiplied out."),
        };
        dict.translated.push(("weight_norm".into(), sentence));
    }
}

fn is_length(length: &Tensor, direction: &Tensor) -> bool {
    let sizes = length.dims.iter().zip(&direction.dims);
    length.dims.len() == direction.dims.len() && sizes.into_iter().all(|(own, whole)| *own == 1 || own == whole)
}

/// The direction at the length that belongs to it.
fn product(length: &Tensor, direction: &Tensor) -> Values {
    let (lengths, numbers) = (doubles(&length.values), doubles(&direction.values));
    let mut squares = vec![0.0; lengths.len()];
    let group = |mut index: usize| {
        let (mut place, mut step) = (0, 1);
        for (own, whole) in length.dims.iter().zip(&direction.dims).rev() {
            place += if *own == 1 { 0 } else { index % whole * step };
            step *= own;
            index /= whole.max(&1);
        }
        place
    };
    numbers.iter().enumerate().for_each(|(index, number)| squares[group(index)] += number * number);
    let numbers = numbers.iter().enumerate().map(|(index, number)| {
        let group = group(index);
        number * lengths[group] / squares[group].sqrt()
    });
    if direction.dtype == Dtype::F64 {
        Values::F64(numbers.collect())
    } else {
        Values::F32(numbers.map(|number| number as f32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_and_a_direction_are_a_weight() {
        let tensor = |name: &str, dims: &[usize], values: &[f32]| Tensor {
            name: name.into(),
            dims: dims.to_vec(),
            dtype: Dtype::F32,
            values: Arc::new(Values::F32(values.to_vec())),
        };
        let tensors = vec![
            tensor("a.weight_g", &[2, 1], &[10.0, 1.0]),
            tensor("a.weight_v", &[2, 2], &[3.0, 4.0, 0.0, 2.0]),
            tensor("b.parametrizations.weight.original0", &[1, 2], &[2.0, 5.0]),
            tensor("b.parametrizations.weight.original1", &[2, 2], &[3.0, 0.0, 4.0, 1.0]),
            tensor("c_g", &[3], &[1.0, 2.0, 3.0]),
        ];
        let mut dict = StateDict { tensors, ..StateDict::default() };
        multiply_out(&mut dict);
        let found: Vec<_> = dict.tensors.iter().map(|tensor| (tensor.name.as_str(), doubles(&tensor.values))).collect();
        assert_eq!(found[0], ("a.weight", vec![6.0, 8.0, 0.0, 1.0]));
        assert_eq!((found[1].0, found[2].0), ("b.weight", "c_g"));
        assert!(
            found[1].1.iter().zip([1.2, 0.0, 1.6, 5.0]).all(|(own, wanted)| (own - wanted).abs() < 1e-6),
            "{found:?}"
        );
    }
}
