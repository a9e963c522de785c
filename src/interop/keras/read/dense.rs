//! Dense layers and embeddings.

use super::activation;
use super::plan::{Plan, Planned, Site, permuted};
use super::store::Tensor;
use crate::model::layer::{Activation, Conv2d, Dense, Embedding, LayerKind, Padding};

/// Keras's Dense acts on the last axis of anything.
pub fn dense(site: &Site, parts: &[&str]) -> Planned {
    let (units, bias) = (site.count("units")?, site.is_unless("use_bias"));
    let tensors = site.tensors(parts, if bias { 2 } else { 1 })?;
    let kernel = &tensors[0];
    let shape = site.input()?;
    let functions = activation::of(site.get("activation"), site)?;
    let [_, _] = kernel.dims[..] else { return Err("its kernel isn't a matrix".into()) };
    let mut words = "Kernel transposed from in × out to out × in.".to_owned();
    let (mut kind, weight): (LayerKind, Vec<f32>) = match shape.len() {
        1 | 2 => {
            let kind = Dense { units, bias, activation: Activation::None, ..Dense::default() };
            let weight = match site.flows.first().and_then(|flow| flow.rows) {
                Some(picture) => {
                    words = "Kernel transposed, its rows in the order of a picture with channels first.".into();
                    permuted(&with_rows_turned(kernel, picture)?, &[1, 0])
                }
                None => permuted(kernel, &[1, 0]),
            };
            (kind.into(), weight)
        }
        3 if site.is_turned(shape) => {
            words = "A Dense layer on a picture is a convolution with a kernel of one pixel.".into();
            let kind = Conv2d {
                filters: units,
                kernel: 1,
                padding: Padding::Valid,
                activation: Activation::None,
                bias,
                ..Conv2d::default()
            };
            (kind.into(), permuted(kernel, &[1, 0]))
        }
        _ => return Err("it acts on an axis that Glassbox's doesn't".into()),
    };
    let behind = activation::applied(&mut kind, functions);
    Ok(Plan::of(kind).with("weight", weight).with_bias("bias", tensors.get(1)).then_any(behind).say(words))
}

/// The rows of a kernel for a flattened picture, H × W × C, as C × H × W has them.
fn with_rows_turned(kernel: &Tensor, [channels, rows, columns]: [usize; 3]) -> Result<Tensor, String> {
    let units = kernel.dims[1];
    if kernel.dims[0] != channels * rows * columns {
        return Err("its kernel doesn't fit the picture before it".into());
    }
    let apart = Tensor { dims: vec![rows, columns, channels, units], data: kernel.data.clone() };
    Ok(Tensor { dims: kernel.dims.clone(), data: permuted(&apart, &[2, 0, 1, 3]) })
}

/// A row of the table for every whole number.
pub fn embedding(site: &Site) -> Planned {
    let table = site.tensors(&[""], 1)?.remove(0);
    let layer = Embedding { vocabulary: site.count("input_dim")?, width: site.count("output_dim")? };
    let mut plan = Plan::of(layer).with("weight", table.data);
    plan.masks = site.is("mask_zero");
    Ok(plan)
}
