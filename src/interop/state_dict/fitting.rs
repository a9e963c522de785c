//! How a tensor of a file becomes a weight of other sizes: the same numbers in another order, or with axes of length 1
//! more or less.

use super::Tensor;
use super::keras_layout::permuted;
use crate::files::Values;

/// What is done to a tensor; never to its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    None,
    /// The same numbers in the same order under other sizes.
    Reshape,
    /// Axis i is axis `order[i]` of the tensor.
    Permute(Vec<usize>),
    /// The columns belong to the places of a picture or sequence in another order: axis i of what was flattened here is
    /// axis `order[i]` of what was flattened there, whose sizes are given.
    Columns {
        /// What was flattened there.
        dims: Vec<usize>,
        /// Which of its axes comes first here.
        order: Vec<usize>,
    },
}

impl Turn {
    /// For tables; empty where nothing is done.
    pub fn words(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Reshape => "other axes".to_owned(),
            Self::Permute(order) if order.len() == 2 => "transposed".to_owned(),
            Self::Permute(_) => "axes permuted".to_owned(),
            Self::Columns { .. } => "columns reordered".to_owned(),
        }
    }

    /// The numbers as the weight has them.
    pub fn carry_out(&self, tensor: &Tensor) -> Values {
        match self {
            Self::None | Self::Reshape => tensor.values.as_ref().clone(),
            Self::Permute(order) if order.len() == tensor.dims.len() => permuted(tensor, order).1,
            Self::Columns { dims, order }
                if tensor.dims.len() == 2 && dims.iter().product::<usize>() == tensor.dims[1] =>
            {
                let whole = [&[tensor.dims[0]], &dims[..]].concat();
                let order: Vec<usize> = std::iter::once(0).chain(order.iter().map(|axis| axis + 1)).collect();
                permuted(&Tensor { dims: whole, ..tensor.clone() }, &order).1
            }
            // Of other sizes than it was made for: said by who counts the numbers.
            Self::Permute(_) | Self::Columns { .. } => Values::F32(Vec::new()),
        }
    }
}

/// What makes a tensor of these sizes a weight of those; `None` where nothing does.
pub fn fitting(wanted: &[usize], found: &[usize]) -> Option<Turn> {
    if wanted == found {
        return Some(Turn::None);
    }
    let long = |dims: &[usize]| dims.iter().copied().filter(|size| *size != 1).collect::<Vec<_>>();
    if long(wanted) == long(found) {
        return Some(Turn::Reshape);
    }
    // Of a dense layer that reads a whole picture, and of the convolution that does the same.
    let is_flat = wanted.len().min(found.len()) == 2 && wanted.len().max(found.len()) > 2;
    if is_flat && wanted.first() == found.first() && wanted.iter().product::<usize>() == found.iter().product::<usize>()
    {
        return Some(Turn::Reshape);
    }
    let orders: [&[usize]; 3] = [&[1, 0], &[2, 1, 0], &[3, 2, 0, 1]];
    let fits = |order: &&&[usize]| {
        order.len() == found.len() && order.iter().map(|axis| found[*axis]).eq(wanted.iter().copied())
    };
    orders.iter().find(fits).map(|order| Turn::Permute(order.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::interop::state_dict::Dtype;

    fn counted(dims: &[usize]) -> Tensor {
        let values = (0..dims.iter().product::<usize>()).map(|i| i as f32).collect();
        Tensor { name: "t".into(), dims: dims.to_vec(), dtype: Dtype::F32, values: Arc::new(Values::F32(values)) }
    }

    #[test]
    fn the_same_numbers_in_another_order() {
        assert_eq!(fitting(&[3, 2], &[3, 2]), Some(Turn::None));
        assert_eq!(fitting(&[4, 2], &[4, 2, 1, 1]), Some(Turn::Reshape));
        assert_eq!(fitting(&[4, 18], &[4, 2, 3, 3]), Some(Turn::Reshape));
        assert_eq!(fitting(&[5, 2, 3, 3], &[3, 3, 2, 5]), Some(Turn::Permute(vec![3, 2, 0, 1])));
        assert_eq!(fitting(&[3, 2], &[2, 4]), None);
        let turn = fitting(&[3, 2], &[2, 3]).unwrap();
        assert_eq!(turn.carry_out(&counted(&[2, 3])), Values::F32(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        // Rows × columns × channels there, channels × rows × columns here.
        let columns = Turn::Columns { dims: vec![1, 2, 3], order: vec![2, 0, 1] };
        assert_eq!(columns.carry_out(&counted(&[1, 6])), Values::F32(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    }
}
