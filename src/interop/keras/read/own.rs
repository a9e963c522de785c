//! Layers that Keras lacks and that Glassbox's exports bring along.

use serde_json::{Value, json};

use super::plan::{Plan, Planned, Site};
use crate::interop::keras::file::FORMULA;
use crate::model::layer::{
    AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, Formula, Padding, PositionalEncoding, Positions, ThresholdedRelu,
};

/// As [`plan`], of one that is registered under Glassbox's name; `None`: it is none of them.
pub fn plan(site: &Site) -> Option<Planned> {
    Some(match site.call.class.strip_prefix(super::config::OWN)? {
        "PositionalEncoding" => positions(site),
        "AdaptiveAveragePooling" => adaptive(site),
        "BorderedAveragePooling" => bordered(site),
        "Threshold" => site.number("threshold").map(|threshold| Plan::of(ThresholdedRelu { threshold })),
        // A class of its own for each, by the name of its layer.
        _ => Ok(Plan::of(Formula { expression: site.text(FORMULA)?.to_owned() })),
    })
}

fn positions(site: &Site) -> Planned {
    let table = site.tensors(&[""], 1)?.remove(0).data;
    let (encoding, name) = match site.is("learned") {
        true => (Positions::Learned, "weight"),
        false => (Positions::Sinusoidal, "table"),
    };
    Ok(Plan::of(PositionalEncoding { encoding }).with(name, table))
}

fn adaptive(site: &Site) -> Planned {
    let (rows, columns) = (site.count("rows")?, site.count("columns")?);
    Ok(Plan::of(AdaptiveAvgPool2d { rows, columns }))
}

/// The settings that lay the same border around what arrives here.
fn bordered(site: &Site) -> Planned {
    let (kernel, stride) = (site.count("pool_size")?, site.count("strides")?);
    let border = site.call.config.get("border");
    let counts = |pair: &Value| pair.as_array().is_some_and(|ends| ends.iter().any(|end| end != 0));
    let counted = site.call.config.get("counted").and_then(Value::as_array);
    let count_padding = counted.is_some_and(|pairs| pairs.iter().any(counts));
    let shape = site.input()?;
    let sizes = match *shape {
        [steps, _] => vec![steps],
        [_, height, width] => vec![height, width],
        _ => return Err("its input has the wrong number of axes".into()),
    };
    let paddings = [(Padding::Valid, 1), (Padding::Same, 1)].into_iter();
    let paddings = paddings.chain((1..=kernel / 2).map(|pad| (Padding::Custom, pad)));
    for (padding, pad) in paddings {
        for keep_remainder in [false, true] {
            let layer = AvgPool2d { kernel, stride, padding, pad, keep_remainder, count_padding };
            let pads = sizes.iter().map(|&size| layer.pool().pads(size));
            let own: Value = pads.map(|[before, after, rest]| json!([before, after + rest])).collect();
            if border == Some(&own) {
                let AvgPool2d { kernel, stride, .. } = layer;
                return Ok(match sizes.len() {
                    1 => Plan::of(AvgPool1d { kernel, stride, padding, pad, keep_remainder, count_padding }),
                    _ => Plan::of(layer),
                });
            }
        }
    }
    Err("no padding of Glassbox lays such a border around what arrives".into())
}
