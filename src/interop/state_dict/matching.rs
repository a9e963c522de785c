//! Which layer of a file is which of a network: by name where names agree, else in order, as far as shapes allow.

use super::StateDict;
use super::fitting::{Turn, fitting};
use super::groups::{COUNTER, Group};
use super::mapping::{Certainty, Origin, weights};
use crate::interop::{Network, Node, Source};
use crate::model::layer::LayerKind;

/// A layer of the file for one of the network.
#[derive(Clone, Debug)]
pub struct Pair {
    /// For each weight of the layer.
    pub origins: Vec<Option<Origin>>,
    pub certainty: Certainty,
    /// In a few words.
    pub why: String,
}

/// More pairs are not compared: no network has so many layers.
const MOST_COMPARED: usize = 4_000_000;
/// What a pair is worth: of equal names, of names that have much in common, of equal shapes and of shapes that fit.
const SAME_NAME: i32 = 40;
const LIKE_NAME: i32 = 6;
const SAME_SHAPE: i32 = 12;
const FITS: i32 = 8;
/// What is taken off where the file has more for the layer than it takes.
const LEFT: i32 = 4;
/// And where it lacks something.
const FILLED: i32 = 3;

struct Candidate {
    origins: Vec<Option<Origin>>,
    worth: i32,
    has_name: bool,
    is_exact: bool,
}

/// For each of these nodes the layer of the file that is proposed for it.
pub fn pairs(dict: &StateDict, theirs: &[Group], network: &Network, nodes: &[&Node]) -> Vec<Option<Pair>> {
    let mut found: Vec<Option<Pair>> = nodes.iter().map(|_| None).collect();
    if nodes.len().saturating_mul(theirs.len()) > MOST_COMPARED {
        return found;
    }
    let compare = |node: &&Node| theirs.iter().map(|group| candidate(dict, group, network, node)).collect();
    let mut table: Vec<Vec<Option<Candidate>>> = nodes.iter().map(compare).collect();
    let fits: Vec<usize> = table.iter().map(|row| row.iter().flatten().count()).collect();
    let mut free = vec![true; theirs.len()];
    // Equal names, wherever they stand.
    for (place, row) in table.iter_mut().enumerate() {
        let named = (0..theirs.len()).find(|at| free[*at] && row[*at].as_ref().is_some_and(|pair| pair.has_name));
        if let Some(pair) = named.and_then(|at| row[at].take().inspect(|_| free[at] = false)) {
            let certainty = if pair.is_exact { Certainty::Sure } else { Certainty::Likely };
            found[place] = Some(Pair { origins: pair.origins, certainty, why: "same name".into() });
        }
    }
    // In order.
    let open: Vec<usize> = (0..nodes.len()).filter(|place| found[*place].is_none()).collect();
    let there: Vec<usize> = (0..theirs.len()).filter(|at| free[*at]).collect();
    let aligned = aligned(&table, &open, &there);
    let is_whole =
        aligned.len() == open.len() && aligned.len() == there.iter().filter(|at| is_needed(&theirs[**at])).count();
    for (place, at) in aligned {
        free[at] = false;
        if let Some(pair) = table[place][at].take() {
            let (certainty, why) = match (fits[place], is_whole, pair.is_exact) {
                (1, _, true) => (Certainty::Sure, "the only one that fits"),
                (1, _, false) => (Certainty::Likely, "the only one that fits"),
                (_, true, _) => (Certainty::Likely, "same order and shapes"),
                _ => (Certainty::Guess, "same order, and fits"),
            };
            found[place] = Some(Pair { origins: pair.origins, certainty, why: why.into() });
        }
    }
    // What is left, where it fits.
    for place in 0..nodes.len() {
        if found[place].is_some() {
            continue;
        }
        let best = (0..theirs.len()).filter(|at| free[*at] && table[place][*at].is_some());
        let best =
            best.max_by_key(|at| (table[place][*at].as_ref().map_or(0, |pair| pair.worth), std::cmp::Reverse(*at)));
        if let Some(pair) = best.and_then(|at| table[place][at].take().inspect(|_| free[at] = false)) {
            let certainty = if fits[place] == 1 { Certainty::Likely } else { Certainty::Guess };
            found[place] = Some(Pair { origins: pair.origins, certainty, why: "fits, out of order".into() });
        }
    }
    found
}

fn is_needed(group: &Group) -> bool {
    group.entries.iter().any(|entry| entry.role != COUNTER)
}

/// The pairs in the order of both that are worth most together.
fn aligned(table: &[Vec<Option<Candidate>>], open: &[usize], there: &[usize]) -> Vec<(usize, usize)> {
    let worth = |i: usize, j: usize| table[open[i]][there[j]].as_ref().map_or(i32::MIN / 2, |pair| pair.worth.max(1));
    let mut best = vec![vec![0i32; there.len() + 1]; open.len() + 1];
    for i in (0..open.len()).rev() {
        for j in (0..there.len()).rev() {
            let taken = worth(i, j) + best[i + 1][j + 1];
            best[i][j] = taken.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < open.len() && j < there.len() {
        if best[i][j] == worth(i, j) + best[i + 1][j + 1] {
            pairs.push((open[i], there[j]));
            (i, j) = (i + 1, j + 1);
        } else if best[i][j] == best[i][j + 1] {
            j += 1;
        } else {
            i += 1;
        }
    }
    pairs
}

/// Whether the layer of the file can be this one, and what is then what.
fn candidate(dict: &StateDict, group: &Group, network: &Network, node: &Node) -> Option<Candidate> {
    let mut origins = Vec::new();
    let (mut used, mut filled, mut is_exact, mut has_own) = (0, 0, true, false);
    for weight in weights(node) {
        let Some(entry) = group.entry(weight.name) else {
            origins.push(Some(Origin::Constant(neutral(&node.kind, weight.name)?)));
            filled += 1;
            continue;
        };
        let names = || entry.tensors.iter().map(|tensor| dict.tensors[*tensor].name.clone());
        let origin = if entry.tensors.len() > 1 {
            (entry.dims == weight.dims).then(|| Origin::Joined(names().collect()))?
        } else {
            let turn = fitting(&weight.dims, &entry.dims)?;
            is_exact &= turn == Turn::None;
            let columns =
                (turn == Turn::None && weight.name == "weight").then(|| columns(dict, network, node)).flatten();
            Origin::Tensor { name: names().next()?, turn: columns.unwrap_or(turn) }
        };
        has_own |= weight.is_trained;
        used += 1;
        origins.push(Some(origin));
    }
    let left = group.entries.iter().filter(|entry| entry.role != COUNTER).count() - used;
    // A bias that is left says that it is another network; a running mean, that it is another layer.
    let is_other = group.entries.iter().any(|entry| {
        let is_taken = weights(node).any(|weight| weight.name == entry.role);
        !is_taken && entry.role != COUNTER && entry.role != "bias"
    });
    if used == 0 || is_other || (!has_own && !matches!(node.kind, LayerKind::BatchNorm(_))) {
        return None;
    }
    let (own, other) = (plain(&node.slug), plain(&group.name));
    let last = plain(group.name.rsplit('.').next().unwrap_or_default());
    let first = plain(group.name.split('.').next().unwrap_or_default());
    let has_name = !own.is_empty() && own == other;
    let is_like = own == last || own == first;
    let mut worth = if is_exact { SAME_SHAPE } else { FITS };
    worth += if has_name {
        SAME_NAME
    } else if is_like {
        LIKE_NAME
    } else {
        0
    };
    worth -= left as i32 * LEFT + filled * FILLED;
    Some(Candidate { origins, worth, has_name, is_exact: is_exact && left == 0 })
}

/// What a weight that a file does not have must be for the layer to do the same; `None` where there is no such number.
fn neutral(kind: &LayerKind, weight: &str) -> Option<f32> {
    if weight.contains("bias") {
        return Some(0.0);
    }
    let is_norm = matches!(
        kind,
        LayerKind::BatchNorm(_) | LayerKind::LayerNorm(_) | LayerKind::InstanceNorm(_) | LayerKind::GroupNorm(_)
    );
    (is_norm && weight == "weight").then_some(1.0)
}

/// What other programs flatten in another order: Keras's pictures channels last, and PyTorch's sequences, where a
/// convolution made them, features first.
fn columns(dict: &StateDict, network: &Network, node: &Node) -> Option<Turn> {
    let LayerKind::Dense(_) = node.kind else { return None };
    let mut at = node.sources().next()?;
    let flattened = loop {
        let before = network.nodes.get(at.node)?;
        match before.kind {
            LayerKind::Flatten(_) => break before,
            _ if is_in_place(before) && before.input().rank() == 1 => at = before.sources().next()?,
            _ => return None,
        }
    };
    let is_keras = dict.format.starts_with("Keras");
    match flattened.input().0[..] {
        [channels, rows, columns] if is_keras => {
            Some(Turn::Columns { dims: vec![rows, columns, channels], order: vec![2, 0, 1] })
        }
        [steps, features] if !is_keras && is_convolved(network, flattened.sources().next()?) => {
            Some(Turn::Columns { dims: vec![features, steps], order: vec![1, 0] })
        }
        _ => None,
    }
}

/// Whether a convolution over time made it, with nothing since that would have turned it round.
fn is_convolved(network: &Network, mut at: Source) -> bool {
    loop {
        let Some(node) = network.nodes.get(at.node) else { return false };
        match node.kind {
            LayerKind::Conv1d(_) | LayerKind::MaxPool1d(_) | LayerKind::AvgPool1d(_) => return true,
            _ if is_in_place(node) => match node.sources().next() {
                Some(next) => at = next,
                None => return false,
            },
            _ => return false,
        }
    }
}

/// Whether it leaves every number where it was.
fn is_in_place(node: &Node) -> bool {
    let is_one = node.sources().count() == 1 && node.input() == node.output();
    let does_mix =
        matches!(node.kind, LayerKind::Permute(_) | LayerKind::Reshape(_) | LayerKind::MultiHeadAttention(_));
    is_one
        && !does_mix
        && (node.weights.is_empty() || matches!(node.kind, LayerKind::BatchNorm(_) | LayerKind::Prelu(_)))
}

/// Letters and digits alone, without the parts that only wrap.
fn plain(name: &str) -> String {
    let all: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    all.to_ascii_lowercase()
}
