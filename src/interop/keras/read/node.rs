//! One call of a layer as it stands in a file: what it is given, by references to other calls.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::config::{Argument, Source, class_of, shape_of};

type Reference = (String, usize, usize);

/// `[["input_1", 0, 0]]`, or one without the outer list.
pub fn references(value: Option<&Value>) -> Vec<Reference> {
    let Some(Value::Array(list)) = value else {
        // By name, where a model has names for its inputs.
        let named = value.and_then(Value::as_object).into_iter().flat_map(Map::values);
        return named.filter_map(reference).collect();
    };
    match reference(&Value::Array(list.clone())) {
        Some(only) => vec![only],
        None => list.iter().filter_map(reference).collect(),
    }
}

fn reference(value: &Value) -> Option<Reference> {
    let [name, node, output, ..] = value.as_array()?.as_slice() else { return None };
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    Some((name.as_str()?.to_owned(), number(node)?, number(output)?))
}

pub fn find(known: &BTreeMap<(String, usize), Vec<Source>>, (name, node, output): &Reference) -> Option<Source> {
    let exact = known.get(&(name.clone(), *node));
    // Models that were taken out of others keep the numbers that their layers had there.
    let only = || {
        let mut all = known.range((name.clone(), 0)..=(name.clone(), usize::MAX));
        all.next().filter(|_| all.next().is_none()).map(|(_, outputs)| outputs)
    };
    exact.or_else(only)?.get(*output).copied()
}

/// A call before it is known what it is given.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// As they stand in the file.
    pub(super) written: Vec<Written>,
    pub(super) written_keywords: Vec<(String, Written)>,
    pub arguments: Vec<Argument>,
    pub named: Vec<(String, Source)>,
    pub keywords: Map<String, Value>,
    pub shapes: Vec<(Source, Vec<Option<usize>>)>,
}

#[derive(Clone, Debug)]
pub(super) enum Written {
    Tensor(Reference, Option<Vec<Option<usize>>>),
    Tensors(Vec<(Reference, Option<Vec<Option<usize>>>)>),
    Constant(Value),
}

impl Written {
    fn of(value: &Value) -> Self {
        let tensor = |value: &Value| {
            let config = value.get("config").filter(|_| class_of(value) == "__keras_tensor__")?;
            Some((reference(config.get("keras_history")?)?, config.get("shape").and_then(shape_of)))
        };
        let plain = |value: &Value| reference(value).map(|reference| (reference, None));
        if let Some((reference, shape)) = tensor(value).or_else(|| plain(value)) {
            return Self::Tensor(reference, shape);
        }
        let all = value.as_array().filter(|list| !list.is_empty());
        match all.and_then(|list| list.iter().map(|value| tensor(value).or_else(|| plain(value))).collect()) {
            Some(tensors) => Self::Tensors(tensors),
            None => Self::Constant(value.clone()),
        }
    }
}

impl Node {
    pub fn of(node: &Value) -> Self {
        let mut read = Self::default();
        if let Some(object) = node.as_object() {
            let arguments = object.get("args").and_then(Value::as_array);
            read.written = arguments.into_iter().flatten().map(Written::of).collect();
            let keywords = object.get("kwargs").and_then(Value::as_object);
            read.written_keywords =
                keywords.into_iter().flatten().map(|(key, value)| (key.clone(), Written::of(value))).collect();
            return read;
        }
        // [["conv2d_1", 0, 0, {}], ...]; what is no tensor is ["_CONSTANT_VALUE", -1, value, {}].
        let list = match node.as_array() {
            Some(list) if list.first().is_some_and(Value::is_string) => vec![node.clone()],
            Some(list) => list.clone(),
            None => Vec::new(),
        };
        let tensors: Option<Vec<Reference>> = list.iter().map(reference).collect();
        match tensors {
            Some(tensors) if tensors.len() > 1 => {
                read.written.push(Written::Tensors(tensors.into_iter().map(|tensor| (tensor, None)).collect()));
            }
            _ => read.written.extend(list.iter().map(|part| match reference(part) {
                Some(tensor) => Written::Tensor(tensor, None),
                None => Written::Constant(part.get(2).cloned().unwrap_or(Value::Null)),
            })),
        }
        let keywords = list.first().and_then(|first| first.get(3)).and_then(Value::as_object);
        read.written_keywords =
            keywords.into_iter().flatten().map(|(key, value)| (key.clone(), Written::of(value))).collect();
        read
    }

    /// With what others gave; `None` as long as something is missing.
    pub fn resolve(&self, known: &BTreeMap<(String, usize), Vec<Source>>) -> Option<Self> {
        let mut resolved = Self { written: Vec::new(), written_keywords: Vec::new(), ..self.clone() };
        let mut shapes = Vec::new();
        let mut tensor = |(reference, shape): &(Reference, Option<Vec<Option<usize>>>)| {
            let source = find(known, reference)?;
            shapes.extend(shape.clone().map(|shape| (source, shape)));
            Some(source)
        };
        for written in &self.written {
            resolved.arguments.push(match written {
                Written::Tensor(reference, shape) => Argument::Tensor(tensor(&(reference.clone(), shape.clone()))?),
                Written::Tensors(all) => Argument::Tensors(all.iter().map(&mut tensor).collect::<Option<_>>()?),
                Written::Constant(value) => Argument::Constant(value.clone()),
            });
        }
        for (key, written) in &self.written_keywords {
            match written {
                Written::Tensor(reference, shape) => {
                    resolved.named.push((key.clone(), tensor(&(reference.clone(), shape.clone()))?));
                }
                Written::Tensors(all) => {
                    let sources: Vec<Source> = all.iter().map(&mut tensor).collect::<Option<_>>()?;
                    resolved.named.extend(sources.into_iter().map(|source| (key.clone(), source)));
                }
                Written::Constant(value) => {
                    resolved.keywords.insert(key.clone(), value.clone());
                }
            }
        }
        resolved.shapes = shapes;
        Some(resolved)
    }

    /// All tensors that it is given.
    pub fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        let of = |argument: &Argument| match argument {
            Argument::Tensor(source) => vec![*source],
            Argument::Tensors(sources) => sources.clone(),
            Argument::Constant(_) => Vec::new(),
        };
        self.arguments.iter().flat_map(of).chain(self.named.iter().map(|(_, source)| *source))
    }
}
