//! What Keras writes down of a model, unfolded: every call of every layer in the order in which they are computed,
//! models within models included. Both ways of writing it, Keras 2's and Keras 3's, end here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::node::{Node, find, references};
use crate::interop::keras::file::FORMULA;

/// What a call is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// What another call gave.
    Tensor(Source),
    /// Several of them: what layers that merge take.
    Tensors(Vec<Source>),
    /// A number, a text, nothing.
    Constant(Value),
}

/// One of the outputs of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Which of [`Net::calls`].
    pub call: usize,
    /// Which of its outputs.
    pub output: usize,
}

/// Where the weights of a layer are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// In Keras 3: `layers/functional/layers/conv2d_1`.
    pub path: String,
    /// In Keras 2: the layer of the whole model that it is or lies in.
    pub group: String,
    /// The name of the layer itself, by which it is found in that group; `None`: it is the group.
    pub within: Option<String>,
}

/// A layer, or an operation, that is called once.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// "Conv2D"
    pub class: String,
    /// No layer but a function of Keras: `x / 255`.
    pub is_operation: bool,
    /// As the file calls it, with the models that it lies in: "encoder/conv2d_1".
    pub name: String,
    /// Its settings.
    pub config: Map<String, Value>,
    /// Where its weights are.
    pub place: Place,
    /// What it is given, in order.
    pub arguments: Vec<Argument>,
    /// And by name.
    pub keywords: Map<String, Value>,
    /// Tensors that it is given by name.
    pub named: Vec<(String, Source)>,
    /// How many times its layer is called in all.
    pub uses: usize,
    /// The shapes of its outputs that the file names, each with the batch axis left out.
    pub shapes: BTreeMap<usize, Vec<Option<usize>>>,
    /// It, or a model that it lies in, is frozen.
    pub frozen: bool,
}

/// A model as a list of calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Net {
    /// What the file calls it.
    pub name: String,
    /// Each behind what it is given.
    pub calls: Vec<Call>,
    /// What leaves the model.
    pub outputs: Vec<Source>,
}

/// Larger models are refused.
const MOST_CALLS: usize = 2000;
/// Models within models within models.
const DEEPEST: usize = 16;

type Answer<T> = Result<T, String>;

impl Net {
    /// `model`: what stands in `config.json`, or in the attribute `model_config`.
    pub fn new(model: &Value) -> Answer<Self> {
        let class = class_of(model);
        if !is_model(class) {
            return Err(match class {
                "" => "it describes no model".into(),
                _ => format!(
                    "its model is the class {class}, which only the program that made it knows: only Sequential and \
                     Functional models say what they are made of"
                ),
            });
        }
        let mut unfolding = Unfolding::default();
        let config = model.get("config").unwrap_or(&Value::Null);
        let name = text(config, "name").unwrap_or("model").to_owned();
        let inner = Inner { prefix: String::new(), path: String::new(), group: None, frozen: false, depth: 0, uses: 1 };
        let outputs = unfolding.model(class, config, &inner, None)?;
        Ok(Self { name, calls: unfolding.calls, outputs })
    }
}

fn is_model(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

/// Before the names of the layers that Glassbox's exports bring along.
pub(super) const OWN: &str = "glassbox>";

/// The whole name of such a layer: others call theirs the same.
fn own_class(layer: &Value) -> Option<&str> {
    text(layer, "registered_name").filter(|name| name.starts_with(OWN))
}

pub(super) fn class_of(layer: &Value) -> &str {
    text(layer, "class_name").unwrap_or_default()
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// Where in the models a layer lies.
struct Inner {
    prefix: String,
    path: String,
    group: Option<String>,
    frozen: bool,
    depth: usize,
    uses: usize,
}

#[derive(Default)]
struct Unfolding {
    calls: Vec<Call>,
}

/// What a layer of a model is, before its calls are known.
struct Part<'a> {
    layer: &'a Value,
    class: &'a str,
    name: String,
    place: Place,
}

impl Unfolding {
    /// `given`: what enters the model; `None` for the whole one, whose inputs are calls of their own.
    fn model(&mut self, class: &str, config: &Value, inner: &Inner, given: Option<&[Source]>) -> Answer<Vec<Source>> {
        if inner.depth > DEEPEST {
            return Err(format!("its models are nested more than {DEEPEST} deep"));
        }
        // Old files have the list itself in the place of a Sequential's settings.
        let layers = config.get("layers").or(Some(config)).and_then(Value::as_array);
        let layers = layers.ok_or("it has no list of layers")?;
        let parts = parts(layers, inner);
        match class {
            "Sequential" => self.sequence(&parts, inner, given),
            _ => self.functional(config, &parts, inner, given),
        }
    }

    fn sequence(&mut self, parts: &[Part], inner: &Inner, given: Option<&[Source]>) -> Answer<Vec<Source>> {
        let mut at = match given {
            Some([only]) => Some(*only),
            Some(_) => return Err("a Sequential model in it has more than one input".into()),
            None => None,
        };
        for part in parts {
            if part.class == "InputLayer" {
                at = at.map_or_else(|| self.input(part, inner).map(Some), |at| Ok(Some(at)))?;
                continue;
            }
            let source = match at {
                Some(source) => source,
                None => self.input(part, inner)?,
            };
            let node = Node { arguments: vec![Argument::Tensor(source)], ..Node::default() };
            at = self.call(part, inner, node, 1)?.first().copied();
        }
        at.map(|at| vec![at]).ok_or_else(|| "it has no layers".into())
    }

    fn functional(
        &mut self,
        config: &Value,
        parts: &[Part],
        inner: &Inner,
        given: Option<&[Source]>,
    ) -> Answer<Vec<Source>> {
        let mut known: BTreeMap<(String, usize), Vec<Source>> = BTreeMap::new();
        let entries = references(config.get("input_layers"));
        for (i, (name, node, _)) in entries.iter().enumerate() {
            let part = parts.iter().find(|part| part.name == *name).ok_or_else(|| missing(name))?;
            let source = match given {
                Some(given) => *given.get(i).ok_or("a model in it is given fewer inputs than it has")?,
                None => self.input(part, inner)?,
            };
            known.insert((name.clone(), *node), vec![source]);
        }
        // What waits for what is not known yet comes again.
        let mut waiting: Vec<(usize, usize, Node)> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let nodes = part.layer.get("inbound_nodes").and_then(Value::as_array);
            for (number, node) in nodes.into_iter().flatten().enumerate() {
                waiting.push((at, number, Node::of(node)));
            }
        }
        if waiting.len() > MOST_CALLS {
            return Err(format!("it has more than {MOST_CALLS} layers"));
        }
        while !waiting.is_empty() {
            let (before, mut again) = (waiting.len(), Vec::new());
            for (at, number, node) in waiting {
                match node.resolve(&known) {
                    Some(resolved) => {
                        let part = &parts[at];
                        let uses = part.layer.get("inbound_nodes").and_then(Value::as_array).map_or(1, Vec::len);
                        let outputs = self.call(part, inner, resolved, uses.max(1))?;
                        known.insert((part.name.clone(), number), outputs);
                    }
                    None => again.push((at, number, node)),
                }
            }
            if again.len() == before {
                let (at, ..) = again[0];
                return Err(format!(
                    "{} waits for something that never comes: a loop, or a layer that is missing",
                    parts[at].name
                ));
            }
            waiting = again;
        }
        let outputs = references(config.get("output_layers"));
        let leaving = outputs.iter().map(|reference| find(&known, reference).ok_or_else(|| missing(&reference.0)));
        let leaving: Vec<Source> = leaving.collect::<Answer<_>>()?;
        if leaving.is_empty() { Err("nothing leaves its model".into()) } else { Ok(leaving) }
    }

    /// Where data enters: an InputLayer, or the first layer of a Sequential, which says the shape itself.
    fn input(&mut self, part: &Part, inner: &Inner) -> Answer<Source> {
        let config = part.layer.get("config").unwrap_or(&Value::Null);
        let shape = ["batch_shape", "batch_input_shape"].iter().find_map(|key| shape_of(config.get(key)?));
        let shape = shape.or_else(|| shape_of(part.layer.get("build_config")?.get("input_shape")?));
        // A model as the first layer says it further inside.
        let shape = shape.or_else(|| first_shape(config, 0));
        let shape = shape.ok_or("it doesn't say the shape of its input")?;
        let is_input = part.class == "InputLayer";
        let name = if is_input { part.name.clone() } else { format!("{}_input", part.name) };
        let call = Call {
            class: "InputLayer".into(),
            is_operation: false,
            name: format!("{}{name}", inner.prefix),
            config: Map::new(),
            place: Place::default(),
            arguments: Vec::new(),
            keywords: Map::new(),
            named: Vec::new(),
            uses: 1,
            shapes: [(0, shape)].into(),
            frozen: false,
        };
        self.push(call).map(|call| Source { call, output: 0 })
    }

    fn push(&mut self, call: Call) -> Answer<usize> {
        if self.calls.len() >= MOST_CALLS {
            return Err(format!("it has more than {MOST_CALLS} layers"));
        }
        self.calls.push(call);
        Ok(self.calls.len() - 1)
    }

    /// One call of a layer; of a model all that it is made of.
    fn call(&mut self, part: &Part, inner: &Inner, node: Node, uses: usize) -> Answer<Vec<Source>> {
        let config = part.layer.get("config").unwrap_or(&Value::Null);
        let uses = uses.saturating_mul(inner.uses);
        let frozen = inner.frozen || config.get("trainable") == Some(&Value::Bool(false));
        for (source, shape) in &node.shapes {
            if let Some(call) = self.calls.get_mut(source.call) {
                call.shapes.entry(source.output).or_insert_with(|| shape.clone());
            }
        }
        if is_model(part.class) {
            let below = Inner {
                prefix: format!("{}{}/", inner.prefix, part.name),
                path: part.place.path.clone(),
                group: Some(part.place.group.clone()),
                frozen,
                depth: inner.depth + 1,
                uses,
            };
            let given: Vec<Source> = node.sources().collect();
            return self.model(part.class, config, &below, Some(&given));
        }
        let module = text(part.layer, "module").unwrap_or_default();
        let built = part.layer.get("build_config").and_then(|built| shape_of(built.get("input_shape")?));
        // In a Sequential a layer says what leaves the one before it.
        if let (Some(built), Some(source)) = (&built, node.sources().next())
            && let Some(before) = self.calls.get_mut(source.call)
        {
            before.shapes.entry(source.output).or_insert_with(|| built.clone());
        }
        let call = Call {
            class: own_class(part.layer).unwrap_or(part.class).to_owned(),
            is_operation: module.contains(".ops.") || (module.is_empty() && is_bare(config)),
            name: format!("{}{}", inner.prefix, part.name),
            config: with_own_words(config, part.layer),
            place: part.place.clone(),
            arguments: node.arguments,
            keywords: node.keywords,
            named: node.named,
            uses,
            shapes: BTreeMap::new(),
            frozen,
        };
        let call = self.push(call)?;
        Ok((0..MOST_OUTPUTS).map(|output| Source { call, output }).collect())
    }
}

/// The settings of a layer, with what a Formula of ours says beside those that Keras knows.
fn with_own_words(config: &Value, layer: &Value) -> Map<String, Value> {
    let mut config = config.as_object().cloned().unwrap_or_default();
    if let Some(formula) = layer.get(FORMULA).filter(|_| own_class(layer).is_some()) {
        config.insert(FORMULA.into(), formula.clone());
    }
    config
}

/// In HDF5 operations don't say their module; unlike layers they have nothing but a name.
fn is_bare(config: &Value) -> bool {
    config.as_object().is_some_and(|config| config.len() == 1 && config.contains_key("name"))
}

/// Outputs of a layer that others may name.
const MOST_OUTPUTS: usize = 16;

fn missing(name: &str) -> String {
    format!("it names a layer {name} that isn't there")
}

/// Each layer with where its weights are. Keras 3 numbers those of a kind in the order of the list.
fn parts<'a>(layers: &'a [Value], inner: &Inner) -> Vec<Part<'a>> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let part = |layer: &'a Value| {
        let class = class_of(layer);
        let own = layer.get("config").and_then(|config| text(config, "name"));
        let name = text(layer, "name").or(own).unwrap_or(class).to_owned();
        let is_layer = !text(layer, "module").unwrap_or_default().contains(".ops.");
        let word = snake(class);
        let count = counted.entry(word.clone()).or_default();
        let key = if *count == 0 { word } else { format!("{word}_{count}") };
        *count += usize::from(is_layer);
        let base = if inner.path.is_empty() { String::new() } else { format!("{}/", inner.path) };
        let place = Place {
            path: format!("{base}layers/{key}"),
            group: inner.group.clone().unwrap_or_else(|| name.clone()),
            within: inner.group.as_ref().map(|_| name.clone()),
        };
        Part { layer, class, name, place }
    };
    layers.iter().map(part).collect()
}

/// "GlobalMaxPooling2D" as `global_max_pooling2d`: Keras's `to_snake_case`.
fn snake(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    // Before a capital letter that a small one follows, then between a small letter and a capital one.
    let mut first = String::new();
    let mut at = 0;
    while at < letters.len() {
        let starts = letters[at].is_ascii_uppercase() && letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if starts && at > 0 {
            first.push('_');
        }
        first.push(letters[at]);
        at += 1;
        while starts && at < letters.len() && letters[at].is_ascii_lowercase() {
            first.push(letters[at]);
            at += 1;
        }
    }
    let mut word = String::new();
    let mut before = ' ';
    for letter in first.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
        before = letter;
    }
    word
}

/// Sizes without the batch axis.
pub(super) fn shape_of(value: &Value) -> Option<Vec<Option<usize>>> {
    let sizes = value.as_array()?;
    let size = |value: &Value| match value {
        Value::Null => Some(None),
        Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()).map(Some),
        _ => None,
    };
    sizes.iter().skip(1).map(size).collect()
}

/// The shape that the first layer of a model within a Sequential says.
fn first_shape(config: &Value, depth: usize) -> Option<Vec<Option<usize>>> {
    let first = config.get("layers")?.as_array()?.first()?.get("config")?;
    let own = ["batch_shape", "batch_input_shape"].iter().find_map(|key| shape_of(first.get(key)?));
    own.or_else(|| if depth < DEEPEST { first_shape(first, depth + 1) } else { None })
}

impl Call {
    /// All tensors that it is given, in order, those by name behind the others.
    pub fn sources(&self) -> Vec<Source> {
        let of = |argument: &Argument| match argument {
            Argument::Tensor(source) => vec![*source],
            Argument::Tensors(sources) => sources.clone(),
            Argument::Constant(_) => Vec::new(),
        };
        self.arguments.iter().flat_map(of).chain(self.named.iter().map(|(_, source)| *source)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_spelt_as_keras_spells_them() {
        for (class, word) in [
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("GlobalAveragePooling1D", "global_average_pooling1d"),
            ("LSTM", "lstm"),
            ("GRU", "gru"),
            ("SimpleRNN", "simple_rnn"),
            ("ReLU", "re_lu"),
            ("PReLU", "p_re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("ELU", "elu"),
            ("BatchNormalization", "batch_normalization"),
            ("RMSNormalization", "rms_normalization"),
            ("TimeDistributed", "time_distributed"),
        ] {
            assert_eq!(snake(class), word);
        }
    }
}
