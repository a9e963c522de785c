//! Whose weights become whose: for each weight that the layers of a network have, the tensor of a file that is proposed
//! for it, why, and how sure that is. A person can change every row.

use std::collections::BTreeSet;

use super::fitting::{Turn, fitting};
use super::groups::{self, COUNTER};
use super::matching::{self, Pair};
use super::{StateDict, Tensor};
use crate::expr::nearest;
use crate::files::{NamedTensor, Values};
use crate::interop::{Network, Node};
use crate::model::LayerId;

/// The table: a row for each weight of the network, and what of the file is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// In the order of the network.
    pub rows: Vec<Row>,
}

/// A weight of the network and what is proposed for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `dense_1.weight`
    pub weight: String,
    /// The layer on the canvas.
    pub layer: LayerId,
    /// Its sizes.
    pub dims: Vec<usize>,
    /// What is proposed; `None` where nothing fits.
    pub taken: Option<Taken>,
}

/// What becomes a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// From where.
    pub origin: Origin,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why, in a few words: "same name".
    pub why: String,
}

/// Where the numbers of a weight come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A tensor of the file.
    Tensor {
        /// Its name there.
        name: String,
        /// What is done to it.
        turn: Turn,
    },
    /// Several tensors of the file, one above the other.
    Joined(Vec<String>),
    /// The file has none, and this number in all places means the same.
    Constant(f32),
}

/// Said where a table has guesses.
pub const CHECK_GUESSES: &str = "Check the guesses: other tensors fit there as well.";

/// How sure a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Names and shapes agree, or nothing else is possible.
    Sure,
    /// Order and shapes agree.
    Likely,
    /// Others would fit as well.
    Guess,
    /// A person chose it.
    Chosen,
}

impl Certainty {
    /// A word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Likely => "likely",
            Self::Guess => "guess",
            Self::Chosen => "chosen",
        }
    }
}

impl Origin {
    /// The names of the file's tensors that it takes.
    pub fn tensors(&self) -> &[String] {
        match self {
            Self::Tensor { name, .. } => std::slice::from_ref(name),
            Self::Joined(names) => names,
            Self::Constant(_) => &[],
        }
    }

    /// For tables: `fc.weight`, or several with plus signs, or a number.
    pub fn text(&self) -> String {
        match self {
            Self::Constant(number) => format!("all {number}"),
            other => other.tensors().join(" + "),
        }
    }

    /// What is done to the tensors; empty where they are taken as they are.
    pub fn change(&self) -> String {
        match self {
            Self::Tensor { turn, .. } => turn.words(),
            Self::Joined(names) => format!("{} tensors joined", names.len()),
            Self::Constant(_) => "not in the file".to_owned(),
        }
    }
}

/// What all names of a file begin with, such as `module.`: it is left aside.
pub fn prefix(dict: &StateDict) -> Option<&str> {
    let common = groups::common(dict);
    dict.tensors.first().map(|tensor| &tensor.name[..common]).filter(|prefix| !prefix.is_empty())
}

/// A row for each weight of the network.
pub fn propose(dict: &StateDict, network: &Network) -> Mapping {
    let theirs = groups::of(dict);
    let nodes: Vec<&Node> = network.nodes.iter().filter(|node| weights(node).next().is_some()).collect();
    let pairs = matching::pairs(dict, &theirs, network, &nodes);
    let mut rows = Vec::new();
    for (node, pair) in nodes.iter().zip(pairs) {
        let mut taken = pair.map(|Pair { origins, certainty, why, .. }| {
            origins
                .into_iter()
                .map(move |origin| Some(Taken { origin: origin?, certainty, why: why.clone() }))
                .collect()
        });
        let taken: Vec<Option<Taken>> = taken.take().unwrap_or_else(|| vec![None; weights(node).count()]);
        rows.extend(weights(node).zip(taken).map(|(weight, taken)| Row {
            weight: format!("{}.{}", node.slug, weight.name),
            layer: node.drawn,
            dims: weight.dims.clone(),
            taken,
        }));
    }
    Mapping { rows }
}

/// Those that a file may have: fixed tables are computed.
pub fn weights(node: &Node) -> impl Iterator<Item = &crate::model::layer::Weight> {
    node.weights.iter().filter(|weight| weight.is_trained || weight.name != "table")
}

impl Mapping {
    /// The file's tensors that become nothing, in its order; counters of batches, which mean nothing here, left aside.
    pub fn left<'a>(&self, dict: &'a StateDict) -> Vec<&'a Tensor> {
        let taken: BTreeSet<&str> = self.taken().collect();
        let is_left = |tensor: &&Tensor| !taken.contains(&*tensor.name) && !tensor.name.ends_with(COUNTER);
        dict.tensors.iter().filter(is_left).collect()
    }

    fn taken(&self) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .filter_map(|row| row.taken.as_ref())
            .flat_map(|taken| taken.origin.tensors())
            .map(String::as_str)
    }

    /// Rows for which there is something.
    pub fn filled(&self) -> usize {
        self.rows.iter().filter(|row| row.taken.is_some()).count()
    }

    /// The file's tensors that could become a weight, in its order; first those that become nothing yet.
    pub fn candidates<'a>(&self, row: &Row, dict: &'a StateDict) -> Vec<&'a Tensor> {
        let taken: BTreeSet<&str> = self.taken().collect();
        let fits = |tensor: &&Tensor| fitting(&row.dims, &tensor.dims).is_some();
        let mut fitting: Vec<&Tensor> = dict.tensors.iter().filter(fits).collect();
        fitting.sort_by_key(|tensor| taken.contains(&*tensor.name));
        fitting
    }

    /// The rows that have something, as a person may be content with.
    pub fn without_missing(&self) -> Self {
        Self { rows: self.rows.iter().filter(|row| row.taken.is_some()).cloned().collect() }
    }

    /// Rows for which there is nothing.
    pub fn missing(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.taken.is_none()).collect()
    }

    /// The least sure of its rows; `None` where a row has nothing, or there is none.
    pub fn certainty(&self) -> Option<Certainty> {
        let all: Option<Vec<_>> = self.rows.iter().map(|row| row.taken.as_ref().map(|taken| taken.certainty)).collect();
        all?.into_iter().max()
    }

    /// A person's choice: `tensor` becomes `weight`; `None`: nothing does. Errors: a sentence on what there is not, or
    /// what does not fit.
    pub fn choose(&mut self, weight: &str, tensor: Option<&str>, dict: &StateDict) -> Result<(), String> {
        let names: Vec<String> = self.rows.iter().map(|row| row.weight.clone()).collect();
        let Some(row) = self.rows.iter_mut().find(|row| row.weight == weight) else {
            return Err(unknown("The network has no weight", weight, names.iter().map(String::as_str)));
        };
        let Some(name) = tensor else {
            row.taken = None;
            return Ok(());
        };
        let Some(found) = dict.find(name) else {
            return Err(unknown(
                "The file has no tensor",
                name,
                dict.tensors.iter().map(|tensor| tensor.name.as_str()),
            ));
        };
        let Some(turn) = fitting(&row.dims, &found.dims) else {
            return Err(format!(
                "{name} doesn't fit {weight}: it is {}, not {}.",
                sizes(&found.dims),
                sizes(&row.dims)
            ));
        };
        let origin = Origin::Tensor { name: name.to_owned(), turn };
        row.taken = Some(Taken { origin, certainty: Certainty::Chosen, why: "chosen by you".into() });
        Ok(())
    }

    /// The weights under the network's names. Errors: a sentence for each row that has nothing or does not fit.
    pub fn apply(&self, dict: &StateDict) -> Result<Vec<NamedTensor>, Vec<String>> {
        let made: Vec<_> = self.rows.iter().map(|row| row.apply(dict)).collect();
        let problems: Vec<String> = made.iter().filter_map(|made| made.as_ref().err().cloned()).collect();
        if problems.is_empty() { Ok(made.into_iter().flatten().collect()) } else { Err(problems) }
    }
}

impl Row {
    /// Errors: why not, as a sentence.
    pub fn apply(&self, dict: &StateDict) -> Result<NamedTensor, String> {
        let weight = &self.weight;
        let Some(Taken { origin, .. }) = &self.taken else {
            return Err(format!("{weight} ({}) has no tensor.", sizes(&self.dims)));
        };
        let count: usize = self.dims.iter().product();
        let found = |name: &String| dict.find(name).ok_or_else(|| format!("{weight}: the file has no tensor {name}."));
        let values = match origin {
            Origin::Constant(number) => Values::F32(vec![*number; count]),
            Origin::Tensor { name, turn } => turn.carry_out(found(name)?),
            Origin::Joined(names) => {
                let parts: Result<Vec<Values>, String> =
                    names.iter().map(|name| Ok(found(name)?.values.as_ref().clone())).collect();
                super::keras_layout::joined(&parts?)
            }
        };
        let len = match &values {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        };
        if len != count {
            return Err(format!(
                "{weight} ({}) needs {count} numbers, but {} has {len}.",
                sizes(&self.dims),
                origin.text()
            ));
        }
        Ok(NamedTensor { name: weight.clone(), dims: self.dims.clone(), values })
    }
}

/// "16 × 3 × 3", or of one number "1 number".
pub fn sizes(dims: &[usize]) -> String {
    if dims.is_empty() {
        return "1 number".to_owned();
    }
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, names) {
        Some(meant) => format!("{what} {name}. Did you mean {meant}?"),
        None => format!("{what} {name}."),
    }
}
