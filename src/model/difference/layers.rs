//! Layers that came, went or were changed, and the wires between those that stayed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Difference;
use super::settings::{number, scalar};
use crate::model::layer::{ParamKind, ParamSpec, ParamValue};
use crate::model::{Graph, Layer, LayerId};

/// Which layer of one graph is which of the other, both in the order in which numbers flow through them. A layer
/// without a counterpart stands alone.
pub fn layer_pairs(before: &Graph, after: &Graph) -> Vec<(Option<LayerId>, Option<LayerId>)> {
    let (old, new) = (before.topological_order(), after.topological_order());
    let partner = partners(before, after);
    let mut pairs = Vec::new();
    let mut waiting = old.iter().copied().filter(|id| before.layer(*id).is_some()).peekable();
    let taken: BTreeSet<LayerId> = partner.values().copied().collect();
    for id in new {
        let Some(&counterpart) = partner.get(&id) else {
            pairs.push((None, Some(id)));
            continue;
        };
        // Those that are gone stand where they stood: before the next that stayed.
        while let Some(gone) = waiting.next_if(|id| !taken.contains(id)) {
            pairs.push((Some(gone), None));
        }
        waiting.next_if_eq(&counterpart);
        pairs.push((Some(counterpart), Some(id)));
    }
    pairs.extend(waiting.filter(|id| !taken.contains(id)).map(|gone| (Some(gone), None)));
    pairs
}

/// From the layers of `after` to those of `before`: the same by number and kind, else by name and kind.
fn partners(before: &Graph, after: &Graph) -> BTreeMap<LayerId, LayerId> {
    let mut found = BTreeMap::new();
    let same_kind = |a: &Layer, b: &Layer| a.kind.key() == b.kind.key();
    for layer in after.layers() {
        if before.layer(layer.id).is_some_and(|other| same_kind(layer, other)) {
            found.insert(layer.id, layer.id);
        }
    }
    for layer in after.layers() {
        let other = before.find(&layer.name).filter(|other| same_kind(layer, other));
        if let Some(other) =
            other.filter(|other| !found.contains_key(&layer.id) && !found.values().any(|id| *id == other.id))
        {
            found.insert(layer.id, other.id);
        }
    }
    found
}

pub(super) fn differences(before: &Graph, after: &Graph) -> Vec<Difference> {
    let mut found = Vec::new();
    for (old, new) in layer_pairs(before, after) {
        let (old, new) = (old.and_then(|id| before.layer(id)), new.and_then(|id| after.layer(id)));
        match (old, new) {
            // They come and go with their Block.
            (Some(end), _) | (_, Some(end)) if end.kind.is_end() => {}
            (Some(old), Some(new)) => {
                changed(old, new, &mut found);
                moved([before, after], old, new, &mut found);
            }
            (None, Some(new)) => found.push(alone(after, new, false)),
            (Some(old), None) => found.push(alone(before, old, true)),
            (None, None) => {}
        }
    }
    wires(&before.unfolded_once(), &after.unfolded_once(), &mut found);
    found
}

/// A layer that has no counterpart: by what its card shows.
fn alone(graph: &Graph, layer: &Layer, gone: bool) -> Difference {
    let title = layer.kind.about().title;
    let of_its_kind = graph.layers().filter(|other| other.kind.key() == layer.kind.key()).count();
    let name = if of_its_kind == 1 && layer.name.starts_with(title) { lower(title) } else { layer.name.clone() };
    let settings = on_card(layer);
    let (what, value) = if settings.is_empty() { ("layer".to_owned(), name) } else { (name, settings) };
    match gone {
        true => Difference::new(what, value, ""),
        false => Difference::new(what, "", value),
    }
}

/// "8 units, tanh"
fn on_card(layer: &Layer) -> String {
    let spec = layer.kind.spec();
    let shown: Vec<ParamSpec> = spec.param_specs().into_iter().filter(|param| param.on_card).collect();
    let several = shown.len() > 1;
    let words = shown.iter().filter_map(|param| {
        let value = spec.param(param.key)?;
        let text = in_words(param, &value);
        match (&param.kind, &value) {
            (_, ParamValue::Text(key)) if key == "none" => None,
            (ParamKind::Choice(_), _) => Some(text),
            _ if counts(param) => Some(format!("{text} {}", lower(param.label))),
            _ if several => Some(format!("{} {text}", lower(param.label))),
            _ => Some(text),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn changed(old: &Layer, new: &Layer, found: &mut Vec<Difference>) {
    if old.name != new.name {
        found.push(Difference::new("layer", &old.name, &new.name));
    }
    let name = &new.name;
    let (before, after) = (old.kind.spec(), new.kind.spec());
    for param in after.param_specs() {
        let (Some(was), Some(is)) = (before.param(param.key), after.param(param.key)) else { continue };
        if was == is {
            continue;
        }
        let (from, to) = (in_words(&param, &was), in_words(&param, &is));
        found.push(match counts(&param) {
            true => Difference::new(name, from, format!("{to} {}", lower(param.label))),
            false if param.label.eq_ignore_ascii_case(name) => Difference::new(lower(name), from, to),
            false => Difference::new(format!("{name} {}", lower(param.label)), from, to),
        });
    }
    others(old, new, found);
}

/// Into a Block, out of one, or from one to another.
fn moved([before, after]: [&Graph; 2], old: &Layer, new: &Layer, found: &mut Vec<Difference>) {
    let place = |graph: &Graph, layer: &Layer| {
        let block = layer.inside.and_then(|block| graph.layer(block));
        block.map_or("the network".to_owned(), |block| block.name.clone())
    };
    let (from, to) = (place(before, old), place(after, new));
    if from != to {
        found.push(Difference::new(&new.name, format!("in {from}"), format!("in {to}")));
    }
}

/// What a layer has beside the settings of its kind: whether it is frozen.
fn others(old: &Layer, new: &Layer, found: &mut Vec<Difference>) {
    let rest = |layer: &Layer| -> BTreeMap<String, Value> {
        let known = layer.kind.spec().param_specs();
        let is_known = |key: &str| {
            ["id", "name", "kind", "position", "inside"].contains(&key) || known.iter().any(|param| param.key == key)
        };
        match serde_json::to_value(layer) {
            Ok(Value::Object(all)) => all.into_iter().filter(|(key, _)| !is_known(key)).collect(),
            _ => BTreeMap::new(),
        }
    };
    let (before, after) = (rest(old), rest(new));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let text = |of: &BTreeMap<String, Value>| scalar(of.get(key).unwrap_or(&Value::Bool(false)));
        if before.get(key) != after.get(key) {
            found.push(Difference::new(format!("{} {}", new.name, key.replace('_', " ")), text(&before), text(&after)));
        }
    }
}

/// Whether the number counts what the label names: "16 units".
fn counts(param: &ParamSpec) -> bool {
    param.on_card && matches!(param.kind, ParamKind::Int { .. }) && param.label.ends_with('s')
}

/// As a person reads it: the title of a choice, a number with its digits apart.
pub fn in_words(param: &ParamSpec, value: &ParamValue) -> String {
    match (&param.kind, value) {
        (ParamKind::Choice(options), ParamValue::Text(key)) => options
            .iter()
            .find(|(option, _)| option == key)
            .map_or_else(|| key.clone(), |(_, title)| (*title).to_owned()),
        (_, ParamValue::Bool(on)) => if *on { "yes" } else { "no" }.to_owned(),
        (_, ParamValue::Int(n)) => number(*n as f64),
        (_, ParamValue::Float(v)) => number(*v),
        (_, ParamValue::Text(text)) if text.is_empty() => "nothing".to_owned(),
        (_, ParamValue::Text(text)) => text.clone(),
    }
}

/// As it stands within a sentence; what is no ordinary word stays: "ReLU", "L2".
fn lower(title: &str) -> String {
    let ordinary = title.chars().skip(1).all(|c| !c.is_uppercase() && !c.is_ascii_digit());
    if ordinary && title.chars().count() > 1 { title.to_lowercase() } else { title.to_owned() }
}

/// Wires between layers of both graphs, with what came or went in between passed through.
fn wires(before: &Graph, after: &Graph, found: &mut Vec<Difference>) {
    let partner = partners(before, after);
    let old_ids: BTreeSet<LayerId> = partner.values().copied().collect();
    let new_ids: BTreeSet<LayerId> = partner.keys().copied().collect();
    for layer in after.layers() {
        let Some(&counterpart) = partner.get(&layer.id) else { continue };
        let was = sources(before, counterpart, &old_ids);
        let is: Vec<LayerId> = sources(after, layer.id, &new_ids);
        let is_as_old: Vec<LayerId> = is.iter().map(|id| partner[id]).collect();
        if was == is_as_old {
            continue;
        }
        let name = |id: &LayerId| before.layer(*id).map(|l| l.name.clone()).unwrap_or_default();
        let [a, b]: [BTreeSet<&LayerId>; 2] = [was.iter().collect(), is_as_old.iter().collect()];
        if a == b {
            let list = |ids: &[LayerId]| ids.iter().map(name).collect::<Vec<_>>().join(", ");
            found.push(Difference::new(format!("inputs of {}", layer.name), list(&was), list(&is_as_old)));
        }
        for gone in a.difference(&b) {
            found.push(Difference::new("wire", format!("{} to {}", name(gone), layer.name), ""));
        }
        for come in b.difference(&a) {
            found.push(Difference::new("wire", "", format!("{} to {}", name(come), layer.name)));
        }
    }
}

/// Where the numbers that arrive come from, in order: the nearest layers among `known`.
fn sources(graph: &Graph, layer: LayerId, known: &BTreeSet<LayerId>) -> Vec<LayerId> {
    let mut found = Vec::new();
    for wire in graph.incoming(layer) {
        let nearest = if known.contains(&wire.from) { vec![wire.from] } else { sources(graph, wire.from, known) };
        for id in nearest {
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}
