//! Where in a checkpoint the weights are: many wrap them, beside an optimiser, the number of the epoch and much else.

use std::collections::HashSet;

use super::pickle::{Id, Pickle, Value, View};

/// Words under which programs keep the weights, whatever else is there, the likeliest first.
const WRAPPERS: &[&str] = &["state_dict", "model_state_dict", "model_state", "model"];
/// Beginnings of words under which they keep what is no weight.
const OTHERS: &[&str] = &["optim", "sched", "lr_", "scaler", "ema"];
/// More tensors, and more remarks, has no file.
const MOST: usize = 100_000;
const MOST_NOTES: usize = 1_000;
/// Deeper nothing is looked for.
const DEEPEST: usize = 8;

/// The tensors of a pickle.
pub struct Found<'a> {
    /// By name; the steps to a nested one are joined by dots.
    pub tensors: Vec<(String, &'a View)>,
    /// What was left out, each with a sentence.
    pub notes: Vec<(String, String)>,
}

/// Errors: two tensors have one name.
pub fn find(pickle: &Pickle) -> Result<Found<'_>, String> {
    let mut found = Found { tensors: Vec::new(), notes: Vec::new() };
    let mut root = pickle.root;
    for _ in 0..DEEPEST {
        let Some((word, inner)) = wrapped(pickle, root) else { break };
        if let Value::Dict(pairs) = pickle.get(root) {
            let others = pairs.iter().filter(|(_, value)| *value != inner);
            found.notes.extend(others.take(MOST_NOTES).filter_map(|(key, value)| told(pickle, *key, *value)));
        }
        found.notes.push((word, "The weights are read from here.".into()));
        root = inner;
    }
    let mut within = HashSet::new();
    gather(pickle, root, String::new(), &mut within, &mut found);
    let mut names = HashSet::new();
    // Of equal names Python keeps the last.
    let mut last: Vec<_> = found.tensors.into_iter().rev().filter(|(name, _)| names.insert(name.clone())).collect();
    last.reverse();
    found.tensors = last;
    Ok(found)
}

/// The dictionary that a checkpoint wraps: under one of the usual words, or the only one with tensors.
fn wrapped(pickle: &Pickle, root: Id) -> Option<(String, Id)> {
    let Value::Dict(pairs) = pickle.get(root) else { return None };
    let has_tensors = |id: &Id| matches!(pickle.get(*id), Value::Dict(_)) && holds(pickle, *id, DEEPEST, &mut 10_000);
    let usual =
        WRAPPERS.iter().find_map(|word| Some(((*word).to_owned(), pickle.entry(root, word).filter(has_tensors)?)));
    if usual.is_some() || pairs.len() > 100 {
        return usual;
    }
    let mut inner = None;
    for (key, value) in pairs {
        let word = word(pickle, *key)?;
        match pickle.get(*value) {
            Value::View(_) => return None,
            _ if is_aside(&word) || !has_tensors(value) => {}
            _ if inner.is_some() => return None,
            _ => inner = Some((word, *value)),
        }
    }
    inner
}

fn is_aside(word: &str) -> bool {
    OTHERS.iter().any(|other| word.to_lowercase().starts_with(other))
}

fn holds(pickle: &Pickle, id: Id, deep: usize, looked: &mut usize) -> bool {
    *looked = looked.saturating_sub(1);
    if deep == 0 || *looked == 0 {
        return false;
    }
    match pickle.get(id) {
        Value::View(_) => true,
        Value::Dict(pairs) => pairs.iter().any(|(_, value)| holds(pickle, *value, deep - 1, looked)),
        _ => false,
    }
}

fn gather<'a>(pickle: &'a Pickle, id: Id, name: String, within: &mut HashSet<Id>, found: &mut Found<'a>) {
    if let Value::View(view) = pickle.get(id) {
        found.tensors.push((if name.is_empty() { "tensor".into() } else { name }, view));
        return;
    }
    let steps: Vec<(String, Id)> = match pickle.get(id) {
        Value::Dict(pairs) => pairs.iter().filter_map(|(key, value)| Some((word(pickle, *key)?, *value))).collect(),
        Value::List(items) => items.iter().enumerate().map(|(place, item)| (place.to_string(), *item)).collect(),
        _ => return,
    };
    // Once each: a list may contain itself, or another one a thousand times.
    if within.len() > 10_000 || !within.insert(id) {
        return;
    }
    let is_list = matches!(pickle.get(id), Value::List(_));
    for (step, value) in steps {
        let path = if name.is_empty() { step.clone() } else { format!("{name}.{step}") };
        if path.len() > 512 || found.tensors.len() > MOST {
            continue;
        }
        let may_note = found.notes.len() < MOST_NOTES;
        match pickle.get(value) {
            Value::View(_) => gather(pickle, value, path, within, found),
            Value::Dict(_) | Value::List(_) if path.matches('.').count() < DEEPEST => {
                if !is_aside(&step) {
                    gather(pickle, value, path, within, found);
                } else if may_note {
                    found.notes.push((path, "Left out: it belongs to training, not to the network.".into()));
                }
            }
            _ if !is_list && may_note => found.notes.push((path, "Left out: it isn't a tensor.".into())),
            _ => {}
        }
    }
}

fn word(pickle: &Pickle, key: Id) -> Option<String> {
    match pickle.get(key) {
        Value::Text(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What stands beside the weights, in a few words.
fn told(pickle: &Pickle, key: Id, value: Id) -> Option<(String, String)> {
    let word = word(pickle, key)?;
    let sentence = match pickle.get(value) {
        _ if is_aside(&word) => "Left out: it belongs to training, not to the network.".to_owned(),
        Value::Int(number) => format!("Left out: its value is {number}."),
        Value::Float(number) => format!("Left out: its value is {number}."),
        Value::Text(text) if text.len() < 80 => format!("Left out: its value is {text:?}."),
        _ => "Left out: the weights stand elsewhere in the file.".to_owned(),
    };
    Some((word, sentence))
}
