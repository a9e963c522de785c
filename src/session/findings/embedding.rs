//! Columns that enter as an index and are taken for quantities: what mends that.

use super::{Finding, Spot};
use crate::data::Dataset;
use crate::data::encoding::{Column, Inputs};
use crate::model::{DataSignature, Edit, Graph, Layer, LayerKind};
use crate::session::Action;
use crate::session::propose::{embedded, names_of};
use crate::trace::Severity;

/// One for each Input that takes such columns.
pub(super) fn findings(graph: &Graph, dataset: &Dataset) -> Vec<Finding> {
    let Inputs::Table { columns, .. } = &dataset.encoding.inputs else { return Vec::new() };
    if columns.iter().all(|column| column.vocabulary().is_none()) {
        return Vec::new();
    }
    let data = dataset.signature();
    graph.layers().filter_map(|layer| of_input(graph, layer, columns, &data)).collect()
}

fn of_input(graph: &Graph, layer: &Layer, columns: &[Column], data: &DataSignature) -> Option<Finding> {
    let LayerKind::Input(input) = &layer.kind else { return None };
    let (indices, rest): (Vec<&Column>, Vec<&Column>) =
        columns.iter().filter(|column| input.takes(&column.name, data)).partition(|one| one.vocabulary().is_some());
    let goes_into_embeddings = || {
        let mut next = graph.outgoing(layer.id).filter_map(|wire| graph.layer(wire.to)).peekable();
        next.peek().is_none() || next.all(|next| matches!(next.kind, LayerKind::Embedding(_)))
    };
    let is_right = indices.is_empty() || indices.len() == 1 && rest.is_empty() && goes_into_embeddings();
    if is_right {
        return None;
    }
    let names: Vec<String> = indices.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let (names, one) = (names.join(", "), indices.len() == 1);
    let (verb, each, end) = match one {
        true => ("is an index, which means", "it", "an Embedding"),
        false => ("are indices, which mean", "each", "Embeddings"),
    };
    let columns = indices.into_iter().filter_map(embedded).collect();
    let edit = Edit::Embed { input: layer.id, columns, rest: rest.into_iter().flat_map(names_of).collect() };
    // What is arranged in a shape can't be taken apart.
    let offers =
        if input.shape.trim().is_empty() { vec![(format!("Add {end}"), Action::Edit(edit))] } else { Vec::new() };
    Some(Finding {
        severity: Severity::Warning,
        spot: Spot::Layers(vec![layer.id]),
        subject: layer.name.clone(),
        words: format!("{names} {verb} nothing as a quantity. Give {each} an Input of its own and an Embedding."),
        evidence: String::new(),
        offers,
        rule: None,
    })
}
