//! In which order operators are computed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::proto::{Attribute, Node};

/// Indices of the operators that the outputs depend on, each behind what it reads. The error says what is wrong with
/// the file.
pub(super) fn computed(nodes: &[Node], outputs: &[&str], known: &BTreeSet<&str>) -> Result<Vec<usize>, String> {
    let mut makers: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            if makers.insert(output, at).is_some() || known.contains(output.as_str()) {
                return Err(format!("two operators make the value {}", short(output)));
            }
        }
    }
    // 1: begun, 2: done.
    let mut state = vec![0u8; nodes.len()];
    let mut order = Vec::new();
    for output in outputs {
        let mut open: Vec<(&str, bool)> = vec![(output, false)];
        while let Some((name, is_done)) = open.pop() {
            if known.contains(name) {
                continue;
            }
            let Some(&at) = makers.get(name) else {
                return Err(format!("nothing makes the value {}, which is read", short(name)));
            };
            if is_done {
                if state[at] == 1 {
                    state[at] = 2;
                    order.push(at);
                }
                continue;
            }
            if state[at] == 2 {
                continue;
            }
            if state[at] == 1 {
                return Err(format!("its operators go in a circle at {}", short(name)));
            }
            state[at] = 1;
            open.push((name, true));
            let inputs = nodes[at].input.iter().filter(|input| !input.is_empty());
            open.extend(inputs.map(|input| (input.as_str(), false)));
        }
    }
    Ok(order)
}

fn short(name: &str) -> String {
    name.chars().take(80).collect()
}

/// A setting as a person reads it.
pub(super) fn said(attribute: &Attribute) -> String {
    let name = short(attribute.name.as_deref().unwrap_or_default());
    let list = |all: Vec<String>| if all.len() > 8 { format!("{} numbers", all.len()) } else { all.join(" ") };
    let value = if let Some(number) = attribute.i {
        number.to_string()
    } else if let Some(number) = attribute.f {
        number.to_string()
    } else if let Some(text) = &attribute.s {
        short(&String::from_utf8_lossy(text))
    } else if let Some(graph) = &attribute.g {
        format!("a graph of {} operators", graph.node.len())
    } else if attribute.t.is_some() {
        "a tensor".to_owned()
    } else if !attribute.ints.is_empty() {
        list(attribute.ints.iter().take(9).map(ToString::to_string).collect())
    } else {
        list(attribute.floats.iter().take(9).map(ToString::to_string).collect())
    };
    format!("{name} = {value}")
}
