//! Windows that slide: padding as PyTorch takes it, or put in front by `F.pad` where it takes none like it.

use super::super::code::python;
use crate::model::layer::{Padding, Pool, Sliding};

/// Padding of a convolution or pool over axes of these sizes.
pub struct Padded {
    /// What goes into `padding=`, where the layer can do it.
    pub inside: Option<String>,
    /// Zeros for `F.pad`: last axis first, before and after.
    pub outside: Option<String>,
}

fn outside(pads: &[(usize, usize)]) -> String {
    let numbers: Vec<usize> = pads.iter().rev().flat_map(|&(before, after)| [before, after]).collect();
    python::tuple(&numbers)
}

/// The same on both sides of each axis: `1`, or `(1, 2)`.
fn even(pads: &[(usize, usize)]) -> Option<String> {
    let sizes: Vec<usize> =
        pads.iter().map(|&(before, after)| (before == after).then_some(before)).collect::<Option<_>>()?;
    Some(match sizes[..] {
        [size] => size.to_string(),
        [rows, columns] => python::pair([rows, columns]),
        _ => python::tuple(&sizes),
    })
}

/// Of a convolution.
pub fn of_convolution(sliding: &Sliding, sizes: &[usize]) -> Padded {
    if sliding.padding == Padding::Same && sliding.stride == 1 && sliding.kernel > 1 {
        return Padded { inside: Some("\"same\"".to_owned()), outside: None };
    }
    let pads: Vec<_> = sizes.iter().map(|&size| sliding.pads(size)).collect();
    of_pads(&pads)
}

/// Of zeros before and after each axis.
pub fn of_pads(pads: &[(usize, usize)]) -> Padded {
    if pads.iter().all(|&pads| pads == (0, 0)) {
        return Padded { inside: None, outside: None };
    }
    match even(pads) {
        Some(inside) => Padded { inside: Some(inside), outside: None },
        None => Padded { inside: None, outside: Some(outside(pads)) },
    }
}

/// Of a pool: as a convolution's, and whether `ceil_mode` keeps the remainder.
pub fn of_pool(pool: &Pool, sizes: &[usize]) -> (Padded, bool) {
    let pads: Vec<_> = sizes.iter().map(|&size| pool.pads(size)).collect();
    let keeps = pads.iter().any(|&[_, _, rest]| rest > 0);
    (of_pads(&pads.iter().map(|&[before, after, _]| (before, after)).collect::<Vec<_>>()), keeps)
}

/// `kernel, stride=2, padding=1`: arguments that are not the default are named.
pub fn arguments(kernel: usize, stride: usize, usual_stride: usize, padded: &Padded) -> Vec<String> {
    let mut all = vec![kernel.to_string()];
    if stride != usual_stride {
        all.push(format!("stride={stride}"));
    }
    all.extend(padded.inside.as_ref().map(|padding| format!("padding={padding}")));
    all
}
