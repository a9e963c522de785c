//! Layers that Keras lacks and that Glassbox's exports bring along.

use super::plan::{Plan, Planned, Site};
use crate::model::layer::{AdaptiveAvgPool2d, PositionalEncoding, Positions, ThresholdedRelu};

/// As [`plan`], of one that is registered under Glassbox's name; `None`: it is none of them.
pub fn plan(site: &Site) -> Option<Planned> {
    Some(match site.call.class.strip_prefix(super::config::OWN)? {
        "PositionalEncoding" => positions(site),
        "AdaptiveAveragePooling" => adaptive(site),
        "Threshold" => site.number("threshold").map(|threshold| Plan::of(ThresholdedRelu { threshold })),
        _ => return None,
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
