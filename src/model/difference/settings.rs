//! Settings of data and training, compared as they lie in the project file.

use serde::Serialize;
use serde_json::Value;

use super::Difference;
use crate::model::{DataSpec, Drawn, Fold, Optimiser, Schedule, Source, TrainingSpec};

pub(super) fn of_data(before: &DataSpec, after: &DataSpec, found: &mut Vec<Difference>) {
    if before.validation != after.validation {
        found.push(Difference::new("validation share", number(before.validation), number(after.validation)));
    }
    if before.seed != after.seed {
        found.push(Difference::new("data seed", number(before.seed as f64), number(after.seed as f64)));
    }
    if before.test != after.test {
        found.push(Difference::new("test share", number(before.test), number(after.test)));
    }
    if before.split != after.split {
        found.push(Difference::new("split", before.split.words(), after.split.words()));
    }
    if before.fold != after.fold {
        let fold = |fold: Option<Fold>| fold.map(|fold| format!("{} of {}", fold.number, fold.of)).unwrap_or_default();
        found.push(Difference::new("fold", fold(before.fold), fold(after.fold)));
    }
    // The settings of another source say nothing about this one's.
    if std::mem::discriminant(&before.source) != std::mem::discriminant(&after.source) {
        return;
    }
    let [old, new] =
        [&before.source, &after.source].map(|source| without(source, &["type", "kind", "path", "folder", "drawn"]));
    compare("", &old, &new, found);
    if let (Source::Boxes(old), Source::Boxes(new)) = (&before.source, &after.source)
        && old.drawn != new.drawn
    {
        found.push(of_drawn(&old.drawn, &new.drawn));
    }
}

/// What differs counts: pictures, or else boxes.
fn of_drawn(old: &Drawn, new: &Drawn) -> Difference {
    let pictures = [old, new].map(|drawn| drawn.len());
    let boxes = [old, new].map(|drawn| drawn.iter().map(|picture| picture.boxes.len()).sum::<usize>());
    let (what, [from, to]) = if pictures[0] == pictures[1] {
        ("boxes drawn by hand", boxes)
    } else {
        ("pictures with boxes drawn by hand", pictures)
    };
    let edited = if from == to { " (edited)" } else { "" };
    Difference::new(what, number(from as f64), number(to as f64) + edited)
}

pub(super) fn of_training(before: &TrainingSpec, after: &TrainingSpec, found: &mut Vec<Difference>) {
    if before.learning_rate != after.learning_rate {
        found.push(Difference::new("learning rate", number(before.learning_rate), number(after.learning_rate)));
    }
    optimiser(&before.optimiser, &after.optimiser, found);
    schedule(&before.schedule, &after.schedule, found);
    compare("augmentation", &without(&before.augmentation, &[]), &without(&after.augmentation, &[]), found);
    let known = ["learning_rate", "optimiser", "schedule", "augmentation", "seed"];
    compare("", &without(before, &known), &without(after, &known), found);
}

fn optimiser(before: &Optimiser, after: &Optimiser, found: &mut Vec<Difference>) {
    if before.title() == after.title() {
        return compare("", &without(before, &[]), &without(after, &[]), found);
    }
    found.push(Difference::new("optimiser", before.title(), after.title()));
    // What a person has set of the new one; the rest is what it begins with.
    let usual = Optimiser::all().into_iter().find(|one| one.title() == after.title());
    usual.iter().for_each(|usual| set("", &without(usual, &[]), &without(after, &[]), found));
}

fn schedule(before: &Schedule, after: &Schedule, found: &mut Vec<Difference>) {
    if before.title() == after.title() {
        return compare("schedule", &without(before, &[]), &without(after, &[]), found);
    }
    found.push(Difference::new("schedule", before.title(), after.title()));
    set("schedule", &Value::Null, &without(after, &["type"]), found);
}

/// Settings that are there now and are not as in `usual`, nor nothing.
fn set(parent: &str, usual: &Value, now: &Value, found: &mut Vec<Difference>) {
    let Value::Object(now) = now else { return };
    for (key, value) in now.iter().filter(|(key, value)| usual.get(key) != Some(*value)) {
        if !is_nothing(value) && !value.is_object() {
            found.push(Difference::new(label(parent, key), "", scalar(value)));
        }
    }
}

fn compare(parent: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return };
    let mut keys: Vec<&String> = old.keys().collect();
    keys.extend(new.keys().filter(|key| !old.contains_key(*key)));
    for key in keys {
        let was = old.get(key).unwrap_or(&Value::Null);
        let is = new.get(key).unwrap_or(&Value::Null);
        let what = label(parent, key);
        match (was, is) {
            _ if was == is => {}
            (Value::Object(a), Value::Object(b)) if a.get("type") != b.get("type") => {
                let kind = |of: &serde_json::Map<String, Value>| of.get("type").map(scalar).unwrap_or_default();
                found.push(Difference::new(&what, kind(a), kind(b)));
                set(&what, &Value::Null, &without(is, &["type"]), found);
            }
            (Value::Object(_), Value::Object(_)) => compare(&what, was, is, found),
            (Value::Array(a), Value::Array(b)) if a.iter().chain(b).any(Value::is_object) => {
                compare(&what, &by_name(a), &by_name(b), found);
            }
            // Absent in only one of them: a setting that the other kind does not have.
            (Value::Null, _) if !old.contains_key(key) && is_nothing(is) => {}
            (_, Value::Null) if !new.contains_key(key) && is_nothing(was) => {}
            _ => found.push(Difference::new(what, scalar(was), scalar(is))),
        }
    }
}

/// Things of a list by their names: what is left of each, or the only thing that is.
fn by_name(list: &[Value]) -> Value {
    let named = list.iter().filter_map(|one| {
        let name = one.get("name")?.as_str()?;
        let rest = without(one, &["name"]);
        let only = rest.as_object().filter(|rest| rest.len() == 1).and_then(|rest| rest.values().next().cloned());
        Some((name.to_owned(), only.unwrap_or(rest)))
    });
    Value::Object(named.collect())
}

fn without(settings: &impl Serialize, keys: &[&str]) -> Value {
    match serde_json::to_value(settings) {
        Ok(Value::Object(mut all)) => {
            keys.iter().for_each(|key| drop(all.remove(*key)));
            Value::Object(all)
        }
        _ => Value::Null,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// "early stopping patience"; a number at the end of a word stands apart: "beta 1".
fn label(parent: &str, key: &str) -> String {
    let mut words = key.replace('_', " ");
    if let Some(at) = words.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 1 && !words[..*at].ends_with(' ')) {
        words.insert(at, ' ');
    }
    if parent.is_empty() { words } else { format!("{parent} {words}") }
}

/// In a few words.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(on) => if *on { "yes" } else { "no" }.to_owned(),
        Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), number),
        Value::String(text) => word(text),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(scalar).collect::<Vec<_>>().join(", "),
        Value::Object(all) => {
            let told = all.iter().filter(|(_, value)| !is_nothing(value));
            let words: Vec<String> = told.map(|(key, value)| format!("{} {}", label("", key), scalar(value))).collect();
            if words.is_empty() { "on".to_owned() } else { words.join(", ") }
        }
    }
}

/// Words of the file are joined by `_`; what a person wrote stays as it is.
fn word(text: &str) -> String {
    let of_the_file = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if of_the_file { text.replace('_', " ") } else { text.to_owned() }
}

/// "0.01", "1e−8", "1,024".
pub(super) fn number(value: f64) -> String {
    let text = match value.abs() {
        size if size != 0.0 && size < 1e-4 => format!("{value:e}"),
        size if size >= 1000.0 && value.fract() == 0.0 && size < 1e15 => grouped(value as i64),
        _ => format!("{value}"),
    };
    text.replace('-', "−")
}

fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = if value < 0 { "-".to_owned() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
