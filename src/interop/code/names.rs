//! What layers and values are called in code: identifiers, each once, that no framework uses itself.

use std::collections::BTreeSet;

use super::python::KEYWORDS;
use crate::interop::{Network, Source};
use crate::model::layer::LayerKind;

/// Names of a network's layers and of the values between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Of each node: `dense_1`; in the second repetition of its Block `dense_1_2`.
    pub layers: Vec<String>,
    /// Of the variables that hold what leaves each node, port by port.
    values: Vec<Vec<String>>,
}

impl Names {
    /// `taken`: what a class of the framework has already (`forward`, `train`), and what the code uses itself.
    pub fn of(network: &Network, taken: &[&str]) -> Self {
        let mut used: BTreeSet<String> = taken.iter().chain(&KEYWORDS).map(|name| (*name).to_owned()).collect();
        let mut layers = Vec::new();
        for node in &network.nodes {
            let mut name: String = node
                .slug
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
                .collect();
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                name = format!("layer_{}", name.trim_start_matches('_'));
            }
            while !used.insert(name.clone()) {
                name.push('_');
            }
            layers.push(name);
        }
        let values = values(network, &layers);
        Self { layers, values }
    }

    /// The variable with what leaves a port.
    pub fn value(&self, source: Source) -> String {
        self.values[source.node].get(source.port).or(self.values[source.node].first()).cloned().unwrap_or_default()
    }
}

/// A value takes over the variable of what only its layer reads, so that a chain says `x = ...` again and again; where
/// the network branches, values are called as their layers are.
fn values(network: &Network, layers: &[String]) -> Vec<Vec<String>> {
    let inputs = network.inputs().count();
    let is_input = |node: usize| matches!(network.nodes[node].kind, LayerKind::Input(_));
    let mut values: Vec<Vec<String>> = Vec::new();
    for (i, node) in network.nodes.iter().enumerate() {
        let sources: Vec<Source> = node.sources().collect();
        let only = match sources[..] {
            // What each of several Inputs is called is asked for once more.
            [only] if network.readers(only) == 1 && (inputs == 1 || !is_input(only.node)) => {
                values[only.node].get(only.port).cloned()
            }
            _ => None,
        };
        let read: Vec<usize> =
            (0..node.leaving.len()).filter(|&port| network.readers(Source { node: i, port }) > 0).collect();
        let is_read_once = read.len() == 1 && network.readers(Source { node: i, port: read[0] }) == 1;
        let name = match (&node.kind, only) {
            (LayerKind::Input(_), _) if inputs == 1 => "x".to_owned(),
            (_, Some(name)) => name,
            // Branches meet again: what follows is the main road, unless somebody still needs what is called so.
            _ if sources.len() > 1 && inputs == 1 && is_read_once && is_free(network, &values, i) => "x".to_owned(),
            _ => layers[i].clone(),
        };
        let ports = node.kind.spec().outputs();
        let of_port = |(port, of): (usize, &&str)| match read.first() {
            Some(&first) if port != first && read.contains(&port) => format!("{}_{of}", layers[i]),
            _ => name.clone(),
        };
        values.push(ports.iter().enumerate().map(of_port).collect());
    }
    values
}

/// Whether nothing that is called `x` is read behind this place.
fn is_free(network: &Network, values: &[Vec<String>], place: usize) -> bool {
    let is_x =
        |source: Source| values.get(source.node).and_then(|ports| ports.get(source.port)).is_some_and(|v| v == "x");
    network.nodes.iter().skip(place + 1).flat_map(|node| node.sources()).all(|source| !is_x(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Activation, Add, Dense};
    use crate::model::templates::chain;
    use crate::model::{DataSignature, Shape, Task};

    #[test]
    fn a_chain_keeps_one_variable_and_branches_get_their_own() {
        let dense = |units| LayerKind::from(Dense { units, activation: Activation::Tanh, ..Dense::default() });
        let signature =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![4]), task: Task::Classes(4) };
        let mut graph = chain(vec![dense(4), dense(4), Add {}.into(), dense(4)]);
        let network = Network::new(&chain(vec![dense(4), dense(4)]), &signature).unwrap();
        let names = Names::of(&network, &["dense_2"]);
        assert_eq!(names.layers, ["input", "dense_1", "dense_2_", "loss"]);
        assert!((0..3).all(|node| names.value(Source { node, port: 0 }) == "x"));
        let [first, add] = ["Dense 1", "Add 1"].map(|name| graph.find(name).unwrap().id);
        graph.connect(first, add).unwrap();
        let network = Network::new(&graph, &signature).unwrap();
        let names = Names::of(&network, &[]);
        let values: Vec<_> = (0..network.nodes.len() - 1).map(|node| names.value(Source { node, port: 0 })).collect();
        assert_eq!(values, ["x", "x", "dense_2", "x", "x"]);
    }
}
