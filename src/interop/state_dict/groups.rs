//! The tensors of a state dict by the layers that they were of: `encoder.0.weight` and `encoder.0.bias` are one. What a
//! layer has in several tensors and Glassbox in one (queries, keys, values) stands side by side.

use std::cmp::Ordering;

use super::StateDict;

/// What a layer elsewhere had.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name there, without what all names begin with.
    pub name: String,
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// One tensor of a layer, or several that belong one above the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// As the layers here call it: `weight_ih`.
    pub role: String,
    /// Places in the state dict.
    pub tensors: Vec<usize>,
    /// Sizes, of several joined ones.
    pub dims: Vec<usize>,
}

impl Group {
    /// What it has under this role.
    pub fn entry(&self, role: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.role == role)
    }
}

/// Names of the three inner layers of an attention and of the one behind it.
const QUERY: &[&str] = &["q_proj", "query", "q", "q_lin", "to_q", "query_proj", "wq", "linear_q", "query_layer"];
const KEY: &[&str] = &["k_proj", "key", "k", "k_lin", "to_k", "key_proj", "wk", "linear_k", "key_layer"];
const VALUE: &[&str] = &["v_proj", "value", "v", "v_lin", "to_v", "value_proj", "wv", "linear_v", "value_layer"];
const OUT: &[&str] = &[
    "out_proj",
    "o_proj",
    "out",
    "out_lin",
    "to_out",
    "to_out.0",
    "proj",
    "dense",
    "wo",
    "c_proj",
    "linear_out",
    "output",
];
/// The two halves of a separable convolution.
const DEPTHWISE: &[&str] = &["depthwise", "dw", "depthwise_conv", "depth_conv", "conv_dw"];
const POINTWISE: &[&str] = &["pointwise", "pw", "pointwise_conv", "point_conv", "conv_pw"];

/// Of more layers none are put together: no network has so many.
const MOST_GROUPS: usize = 5_000;

/// Counts batches, which only an average over all of them would need.
pub const COUNTER: &str = "num_batches_tracked";

/// Layer by layer: in the order of the file, or, where that is the alphabet's, of the numbers in the names.
pub fn of(dict: &StateDict) -> Vec<Group> {
    let common = common(dict);
    let mut groups: Vec<Group> = Vec::new();
    let mut order: Vec<usize> = (0..dict.tensors.len()).collect();
    let name = |index: &usize| dict.tensors[*index].name.as_str();
    if order.iter().is_sorted_by_key(name) {
        order.sort_by(|a, b| natural(name(a), name(b)));
    }
    let mut places = std::collections::HashMap::new();
    for index in order {
        let tensor = &dict.tensors[index];
        let (group, role) = split(&tensor.name[common..]);
        let entry = Entry { role, tensors: vec![index], dims: tensor.dims.clone() };
        let place = *places.entry(group.clone()).or_insert_with(|| {
            groups.push(Group { name: group, entries: Vec::new() });
            groups.len() - 1
        });
        groups[place].entries.push(entry);
    }
    if groups.len() <= MOST_GROUPS {
        halves(&mut groups);
        attentions(&mut groups);
    }
    groups
}

/// How many bytes at the beginning all names share, up to a dot; nothing of the last two parts.
pub fn common(dict: &StateDict) -> usize {
    let mut length = 0;
    let Some(first) = dict.tensors.first() else { return 0 };
    while let Some(end) = first.name[length..].find('.').map(|at| length + at + 1) {
        let shared = |name: &str| name.get(..end) == Some(&first.name[..end]) && name[end..].contains('.');
        if !dict.tensors.iter().all(|tensor| shared(&tensor.name)) {
            break;
        }
        length = end;
    }
    length
}

/// The layer's name and what the tensor is there.
fn split(name: &str) -> (String, String) {
    let (layer, last) = name.rsplit_once('.').unwrap_or((name, "weight"));
    for inner in [".out_proj", ".in_proj"] {
        if let Some(layer) = layer.strip_suffix(inner) {
            return (layer.to_owned(), format!("{}.{last}", &inner[1..]));
        }
    }
    if layer == "out_proj" {
        return (String::new(), format!("out_proj.{last}"));
    }
    let role = match last {
        "gamma" => "weight",
        "beta" => "bias",
        "moving_mean" => "running_mean",
        "moving_variance" | "running_variance" => "running_var",
        other => other,
    };
    // `weight_ih_l1_reverse`: the second of several layers in one.
    if let Some((kind, rest)) = role.split_once("_l")
        && ["weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh"].contains(&kind)
    {
        let (number, reverse) = match rest.strip_suffix("_reverse") {
            Some(number) => (number, "_reverse"),
            None => (rest, ""),
        };
        if number.parse::<u32>().is_ok() {
            let layer = if number == "0" { layer.to_owned() } else { format!("{layer}#{number}") };
            return (layer, format!("{kind}{reverse}"));
        }
    }
    (layer.to_owned(), role.to_owned())
}

fn parent<'a>(name: &'a str, ends: &[&str]) -> Option<&'a str> {
    ends.iter()
        .filter_map(|end| name.strip_suffix(end))
        .find_map(|rest| if rest.is_empty() { Some("") } else { rest.strip_suffix('.') })
}

/// Where a depthwise and a pointwise convolution lie in one layer, they are one separable convolution.
fn halves(groups: &mut Vec<Group>) {
    let mut at = 0;
    while at < groups.len() {
        let above = parent(&groups[at].name, DEPTHWISE).map(str::to_owned);
        let next = above.and_then(|above| {
            let other = groups.iter().position(|group| parent(&group.name, POINTWISE) == Some(&above))?;
            Some((above, other))
        });
        if let Some((above, other)) = next {
            let renamed = |group: &Group, half: &str| -> Vec<Entry> {
                let entries = group.entries.iter().cloned();
                entries.map(|entry| Entry { role: format!("{half}.{}", entry.role), ..entry }).collect()
            };
            let entries = [renamed(&groups[at], "depthwise"), renamed(&groups[other], "pointwise")].concat();
            groups[at] = Group { name: above, entries };
            groups.remove(other);
            at = at.min(other);
        }
        at += 1;
    }
}

/// Where queries, keys and values have layers of their own, they are one attention.
fn attentions(groups: &mut Vec<Group>) {
    let mut at = 0;
    while at < groups.len() {
        let above = parent(&groups[at].name, QUERY).map(str::to_owned);
        let found = above.and_then(|above| {
            let place = |ends: &[&str]| groups.iter().position(|group| parent(&group.name, ends) == Some(&above));
            Some((place(KEY)?, place(VALUE)?, place(OUT), above))
        });
        if let Some((key, value, out, above)) = found
            && let Some(mut entries) = joined([&groups[at], &groups[key], &groups[value]])
        {
            let behind = out.into_iter().flat_map(|out| groups[out].entries.iter().cloned());
            entries.extend(behind.map(|entry| Entry { role: format!("out_proj.{}", entry.role), ..entry }));
            groups[at] = Group { name: above, entries };
            let mut gone: Vec<usize> = [Some(key), Some(value), out].into_iter().flatten().collect();
            gone.sort_unstable();
            gone.into_iter().rev().for_each(|place| drop(groups.remove(place)));
            // What lay before it may be gone.
            at = 0;
            continue;
        }
        at += 1;
    }
}

/// Of equal widths only.
fn joined(three: [&Group; 3]) -> Option<Vec<Entry>> {
    let join = |role: &str, as_role: &str| -> Option<Entry> {
        let parts: Vec<&Entry> = three.iter().filter_map(|group| group.entry(role)).collect();
        let [first, second, third] = parts[..] else { return None };
        let is_same = first.dims == second.dims && second.dims == third.dims && !first.dims.is_empty();
        let mut dims = first.dims.clone();
        *dims.first_mut()? *= 3;
        let tensors = parts.iter().flat_map(|entry| entry.tensors.iter().copied()).collect();
        is_same.then(|| Entry { role: as_role.into(), tensors, dims })
    };
    let mut entries = vec![join("weight", "in_proj_weight")?];
    entries.extend(join("bias", "in_proj_bias"));
    Some(entries)
}

/// By the alphabet, numbers by their size.
fn natural(a: &str, b: &str) -> Ordering {
    fn pieces(text: &str) -> Vec<(u64, &str)> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let other = rest.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
            let (piece, next) = rest.split_at(digits.max(other));
            // Text behind numbers, as in ASCII.
            pieces.push((if digits > 0 { piece.parse().unwrap_or(u64::MAX - 1) } else { u64::MAX }, piece));
            rest = next;
        }
        pieces
    }
    pieces(a).cmp(&pieces(b))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::files::Values;
    use crate::interop::state_dict::{Dtype, Tensor};

    fn dict(tensors: &[(&str, &[usize])]) -> StateDict {
        let tensor = |(name, dims): &(&str, &[usize])| Tensor {
            name: (*name).into(),
            dims: dims.to_vec(),
            dtype: Dtype::F32,
            values: Arc::new(Values::F32(vec![0.0; dims.iter().product()])),
        };
        StateDict { format: "PyTorch", tensors: tensors.iter().map(tensor).collect(), ..StateDict::default() }
    }

    fn told(tensors: &[(&str, &[usize])]) -> Vec<(String, Vec<String>)> {
        let roles = |group: &Group| group.entries.iter().map(|entry| entry.role.clone()).collect();
        of(&dict(tensors)).iter().map(|group| (group.name.clone(), roles(group))).collect()
    }

    #[test]
    fn tensors_are_grouped_by_their_layers() {
        let found = told(&[
            ("module.conv.weight", &[2, 1, 3, 3]),
            ("module.conv.bias", &[2]),
            ("module.rnn.weight_ih_l0", &[8, 2]),
            ("module.rnn.weight_hh_l0_reverse", &[8, 2]),
            ("module.rnn.weight_ih_l1", &[8, 2]),
        ]);
        let strings = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>();
        assert_eq!(found[0], ("conv".into(), strings(&["weight", "bias"])));
        assert_eq!(found[1], ("rnn".into(), strings(&["weight_ih", "weight_hh_reverse"])));
        assert_eq!(found[2], ("rnn#1".into(), strings(&["weight_ih"])));
        let numbers = told(&[("l.1.weight", &[1]), ("l.10.weight", &[1]), ("l.2.weight", &[1])]);
        assert_eq!(numbers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["1", "2", "10"]);
    }

    #[test]
    fn what_is_one_layer_here_comes_together() {
        let found = told(&[
            ("a.query.weight", &[4, 4]),
            ("a.query.bias", &[4]),
            ("a.key.weight", &[4, 4]),
            ("a.key.bias", &[4]),
            ("a.value.weight", &[4, 4]),
            ("a.value.bias", &[4]),
            ("a.dense.weight", &[4, 4]),
            ("b.depthwise.weight", &[3, 1, 3, 3]),
            ("b.pointwise.weight", &[5, 3, 1, 1]),
            ("z.weight", &[1]),
        ]);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].1, ["in_proj_weight", "in_proj_bias", "out_proj.weight"]);
        assert_eq!(found[1], ("b".into(), vec!["depthwise.weight".into(), "pointwise.weight".into()]));
    }
}
