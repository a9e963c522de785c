//! From an ONNX file to a graph with weights. Operators are read in the order in which they are computed; what a layer
//! here can be becomes that layer, everything else stands in its place as what it is.
//!
//! Files are hostile: what they would take in memory is counted before it is taken.

mod attention;
mod built;
mod constant;
mod convolution;
mod elementwise;
mod enter;
mod fold;
mod foreign;
mod linear;
mod merge;
mod norm;
mod op;
mod order;
mod packed;
mod patterns;
mod pool;
mod recurrent;
mod said;
mod scan;
mod shapes;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use prost::Message;
use prost::bytes::Bytes;

use super::proto::{Graph, Model, Node, Tensor, ValueInfo};
use crate::interop::arriving::{Arrived, Fate, Report};
use crate::model::LayerId;
use built::{Built, Port};
use constant::Constant;
use op::{Op, Operand};

/// Files beyond this are refused before they are read.
const MOST_BYTES: u64 = 8 << 30;
/// Beside four times the file.
const ROOM: u64 = 64 << 20;
/// Operators that a file may have.
const MOST_NODES: usize = 50_000;

/// Why a file cannot be read as ONNX: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

fn broken(why: impl std::fmt::Display) -> Unreadable {
    Unreadable(format!("This isn't an ONNX file that can be read: {why}."))
}

/// The file, with what lies in files beside it.
pub fn read(path: &Path) -> Result<Arrived, Unreadable> {
    let refused = |error: std::io::Error| Unreadable(format!("Can't read the file ({error}): {}", path.display()));
    let size = std::fs::metadata(path).map_err(refused)?;
    if !size.is_file() || size.len() > MOST_BYTES {
        return Err(broken("it is no file, or has more than 8 GB"));
    }
    let bytes = std::fs::read(path).map_err(refused)?;
    let name = path.file_stem().map_or_else(|| "Network".into(), |stem| stem.to_string_lossy().into_owned());
    parse(bytes, &name, path.parent())
}

/// The bytes of a file. `folder`: where files beside it may lie; `None`: nowhere.
pub fn parse(bytes: Vec<u8>, name: &str, folder: Option<&Path>) -> Result<Arrived, Unreadable> {
    Ok(with_ends(bytes, name, folder)?.0)
}

fn with_ends(bytes: Vec<u8>, name: &str, folder: Option<&Path>) -> Result<(Arrived, Ends), Unreadable> {
    let taken = scan::memory(&bytes).map_err(broken)?;
    let size = bytes.len() as u64;
    if taken > 3 * size + ROOM {
        let (taken, size) = (taken >> 20, size >> 10);
        return Err(broken(format!("its {size} KB would take {taken} MB of memory")));
    }
    let model = Model::decode(Bytes::from(bytes)).map_err(|error| broken(error.to_string().to_lowercase()))?;
    let producer = model.producer_name.clone().unwrap_or_default();
    let version = model
        .opset_import
        .iter()
        .filter(|set| matches!(set.domain.as_deref(), None | Some("" | "ai.onnx")))
        .find_map(|set| set.version);
    let Some(graph) = model.graph else { return Err(broken("it holds no graph")) };
    if graph.node.len() > MOST_NODES {
        return Err(broken(format!("it has {} operators, more than can be shown", graph.node.len())));
    }
    let version = version.unwrap_or(1);
    let reader = Reader::new(version, producer == "Glassbox", size);
    reader.whole_file(graph, name, folder, version)
}

/// Where the file's outputs leave the graph, each with the place of the batch among the file's axes; and that place for
/// what enters.
type Ends = (Vec<(LayerId, usize, usize)>, Vec<usize>);

/// What is known while a file is read.
struct Reader {
    built: Built,
    values: BTreeMap<String, Operand>,
    /// How often each value is read, as an output of the file too.
    uses: BTreeMap<String, usize>,
    /// The operators that read each value.
    readers: BTreeMap<String, BTreeSet<String>>,
    /// Shapes that the file says.
    shapes: BTreeMap<String, Vec<Option<usize>>>,
    settled: BTreeMap<(Port, String, Option<String>), Port>,
    /// The size of the batch, where the file has one.
    batch: Option<usize>,
    /// Inputs of whole numbers, by their layers.
    whole: BTreeSet<usize>,
    version: i64,
    /// Glassbox wrote the file: its operators say which layer they are of.
    is_ours: bool,
    /// The value that the operator at hand makes.
    current: Option<String>,
    notes: Vec<&'static str>,
    /// Numbers that may still be made beside those of the file.
    budget: usize,
    report: Report,
    made: said::Made,
    foreign: Vec<usize>,
}

impl Reader {
    fn new(version: i64, is_ours: bool, size: u64) -> Self {
        Self {
            built: Built::default(),
            values: BTreeMap::new(),
            uses: BTreeMap::new(),
            readers: BTreeMap::new(),
            shapes: BTreeMap::new(),
            settled: BTreeMap::new(),
            batch: None,
            whole: BTreeSet::new(),
            version,
            is_ours,
            current: None,
            notes: Vec::new(),
            budget: (size as usize / 4) + (ROOM as usize / 4),
            report: Report::default(),
            made: said::Made::default(),
            foreign: Vec::new(),
        }
    }

    /// Who reads what, of the operators that are read at all.
    fn count<'a>(&mut self, nodes: impl Iterator<Item = &'a Node>, outputs: &[&str]) {
        for node in nodes {
            for name in node.input.iter().filter(|name| !name.is_empty()) {
                *self.uses.entry(name.clone()).or_default() += 1;
                let kind = node.op_type.clone().unwrap_or_default();
                self.readers.entry(name.clone()).or_default().insert(kind);
            }
        }
        for &output in outputs {
            *self.uses.entry(output.to_owned()).or_default() += 1;
            self.readers.entry(output.to_owned()).or_default().insert(String::new());
        }
    }

    /// Numbers that are about to be made.
    fn spend(&mut self, numbers: usize) -> Result<(), String> {
        self.budget = self.budget.checked_sub(numbers).ok_or("it would take too much memory")?;
        Ok(())
    }

    fn note(&mut self, words: &'static str) {
        self.notes.push(words);
    }

    /// The layer that Glassbox wrote an operator for.
    fn layer_name(&self, op: &Op) -> Option<String> {
        op.node.doc_string.clone().filter(|_| self.is_ours)
    }

    /// Whether nothing but these operators reads a value.
    fn only_read_by(&self, name: &str, kinds: &[&str]) -> bool {
        self.readers.get(name).is_some_and(|readers| readers.iter().all(|kind| kinds.contains(&kind.as_str())))
    }

    fn whole_file(
        mut self,
        graph: Graph,
        name: &str,
        folder: Option<&Path>,
        version: i64,
    ) -> Result<(Arrived, Ends), Unreadable> {
        let Graph { node, initializer, input, output, value_info, .. } = graph;
        let said = value_info.iter().chain(&output);
        self.shapes = said.filter_map(|info| Some((info.name.clone()?, enter::dims(info)?))).collect();
        let mut constants: BTreeMap<&str, &Tensor> = BTreeMap::new();
        for tensor in &initializer {
            constants.insert(tensor.name.as_deref().unwrap_or_default(), tensor);
        }
        let outputs: Vec<&str> = output.iter().filter_map(|output| output.name.as_deref()).collect();
        let entering: Vec<&ValueInfo> =
            input.iter().filter(|info| !constants.contains_key(info.name.as_deref().unwrap_or_default())).collect();
        let nodes = patterns::rewritten(node, |name| {
            constants.get(name).and_then(|tensor| constant::read(tensor, folder, &mut usize::MAX.clone()).ok())
        });
        let known: BTreeSet<&str> =
            entering.iter().filter_map(|info| info.name.as_deref()).chain(constants.keys().copied()).collect();
        let order = order::computed(&nodes, &outputs, &known).map_err(broken)?;
        self.count(order.iter().map(|&at| &nodes[at]), &outputs);
        let batches = self.enter(&entering, &nodes)?;
        for at in order {
            let node = &nodes[at];
            self.one(node, &constants, folder).map_err(broken)?;
        }
        let (mut ends, mut leaving) = (Vec::new(), Vec::new());
        for name in outputs {
            match self.values.get(name).cloned() {
                Some(Operand::Value(value)) => {
                    let end = self.settle(&value).and_then(|value| self.built.natural(&value).or(Ok(value.from)));
                    ends.push(end.map_err(broken)?);
                    leaving.push(value.batch().unwrap_or(0));
                }
                Some(Operand::Unknown(port)) => {
                    ends.push(port);
                    leaving.push(0);
                }
                _ => self.report.say(name, Fate::LeftOut, "This output is a constant."),
            }
        }
        let is_ours = self.is_ours;
        let finished = self.built.finish(ends, &self.foreign, is_ours).map_err(broken)?;
        self.made.name(&mut self.report, &self.settled, &finished.homes);
        let arrived = Arrived {
            name: name.to_owned(),
            format: format!("ONNX, operator set {version}"),
            graph: finished.graph,
            inputs: finished.inputs,
            weights: finished.weights,
            report: self.report,
        };
        let ends = finished.ends.into_iter().zip(leaving).map(|((layer, port), batch)| (layer, port, batch));
        Ok((arrived, (ends.collect(), batches)))
    }

    /// The constant behind a name, read when it is first asked for.
    fn constant(
        &mut self,
        name: &str,
        constants: &BTreeMap<&str, &Tensor>,
        folder: Option<&Path>,
    ) -> Result<(), String> {
        if let (Some(tensor), false) = (constants.get(name), self.values.contains_key(name)) {
            let read = constant::read(tensor, folder, &mut self.budget.max(usize::MAX / 2))?;
            self.values.insert(name.to_owned(), Operand::Constant(read.into()));
        }
        Ok(())
    }

    /// One operator. Errors: what makes the file unreadable as a whole.
    fn one(&mut self, node: &Node, constants: &BTreeMap<&str, &Tensor>, folder: Option<&Path>) -> Result<(), String> {
        let kind = node.op_type.clone().unwrap_or_default();
        let own = matches!(node.domain.as_deref(), None | Some("" | "ai.onnx"));
        let is_known = own && is_known(&kind);
        let mut inputs = Vec::new();
        for name in &node.input {
            if is_known {
                self.constant(name, constants, folder)?;
            }
            inputs.push(self.values.get(name).cloned());
        }
        let op = Op { node, inputs, version: self.version };
        self.current = node.output.first().cloned();
        self.notes.clear();
        let (made_before, said_before) = (self.built.layers.len(), self.report.findings.len());
        let what = match node.name.as_deref() {
            Some(name) if !name.is_empty() => format!("{kind} {}", name.chars().take(120).collect::<String>()),
            _ => kind.clone(),
        };
        let made = if is_known {
            self.translated(&op)
        } else if own {
            Err("Glassbox has no such layer".to_owned())
        } else {
            Err(format!("it is an operator of {}", node.domain.as_deref().unwrap_or_default()))
        };
        match made {
            Ok(made) => {
                let made = if self.is_ours && ends_layer(node) { self.plain(made) } else { made };
                let is_constant = made.iter().all(|operand| matches!(operand, Operand::Constant(_)));
                let name = self.layer_name(&op);
                for layer in &mut self.built.layers[made_before..] {
                    layer.name = layer.name.take().or_else(|| name.clone());
                }
                for (name, operand) in node.output.iter().zip(made) {
                    self.values.insert(name.clone(), operand);
                }
                match kind.as_str() {
                    _ if is_constant => {}
                    "Identity" | "Dropout" => self.report.say(what, Fate::LeftOut, "It does nothing in prediction."),
                    _ if self.notes.is_empty() => self.report.say(what, Fate::Exact, ""),
                    _ => {
                        let mut notes = std::mem::take(&mut self.notes);
                        notes.dedup();
                        self.report.say(what, Fate::Translated, notes.join(" "));
                    }
                }
            }
            Err(why) => self.leave_foreign(&op, what, &kind, why)?,
        }
        let made = made_before..self.built.layers.len();
        let value = node.output.first().and_then(|name| self.values.get(name));
        self.made.note(said_before..self.report.findings.len(), made, value);
        self.forget(node);
        Ok(())
    }

    /// What leaves a layer that Glassbox wrote, as the layer had it: what moves axes belongs to it and not to the next.
    fn plain(&mut self, made: Vec<Operand>) -> Vec<Operand> {
        let plain = |operand: Operand| {
            let Operand::Value(value) = &operand else { return operand };
            let plain = self.settle(value).and_then(|value| {
                let from = self.built.natural(&value)?;
                Ok(self.built.as_before(from, &value))
            });
            plain.map_or(operand, Operand::Value)
        };
        made.into_iter().map(plain).collect()
    }

    /// Constants that nobody reads any more.
    fn forget(&mut self, node: &Node) {
        for name in &node.input {
            if let Some(count) = self.uses.get_mut(name)
                && matches!(self.values.get(name), Some(Operand::Constant(_)))
            {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.values.remove(name);
                }
            }
        }
    }

    /// What leaves an operator. The error is the reason why it stays foreign.
    fn translated(&mut self, op: &Op) -> Result<Vec<Operand>, String> {
        if op.kind() == "Constant" {
            return shapes::constant(op);
        }
        let constants: Option<Vec<Option<&Constant>>> = op
            .inputs
            .iter()
            .map(|input| match input {
                Some(Operand::Constant(constant)) => Some(Some(constant.as_ref())),
                Some(_) => None,
                None => Some(None),
            })
            .collect();
        if let Some(constants) = constants.filter(|all| all.iter().any(Option::is_some)) {
            let made = fold::fold(op, &constants)?;
            self.spend(made.iter().map(|constant| constant.data.len()).sum())?;
            return Ok(made.into_iter().map(|constant| Operand::Constant(Arc::new(constant))).collect());
        }
        if op.inputs.iter().flatten().any(|input| matches!(input, Operand::Unknown(_))) {
            return Err("it stands behind a foreign layer, so the shape that arrives isn't known".into());
        }
        let op = &self.aligned(op);
        match op.kind() {
            "Identity" | "Dropout" => Ok(vec![op.input(0).cloned().ok_or("nothing arrives")?]),
            "Cast" | "CastLike" => shapes::cast(self, op),
            "Shape" => shapes::shape(op),
            "Clip" => elementwise::clip(self, op),
            "PRelu" => elementwise::prelu(self, op),
            "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min" | "Sum" | "Mean" => self.arithmetic(op),
            "Greater" | "Less" => elementwise::pair(self, op)?.ok_or_else(|| "it compares two values".to_owned()),
            "Where" => elementwise::choose(op),
            "Gemm" => linear::gemm(self, op),
            "MatMul" => linear::matmul(self, op),
            "Conv" => convolution::conv(self, op),
            "ConvTranspose" => convolution::transposed(self, op),
            "Resize" | "Upsample" => convolution::resize(self, op),
            "MaxPool" | "AveragePool" => pool::pool(self, op),
            "GlobalAveragePool" | "GlobalMaxPool" => pool::global(self, op),
            "BatchNormalization" => norm::batch(self, op),
            "LayerNormalization" => norm::layer(self, op),
            "RMSNormalization" => norm::rms(self, op),
            "GroupNormalization" => norm::group(self, op),
            "InstanceNormalization" => norm::instance(self, op),
            "Softmax" | "LogSoftmax" => norm::softmax(self, op),
            "ReduceMean" | "ReduceMax" | "ReduceSum" | "ReduceMin" => norm::reduce(self, op),
            "LSTM" | "GRU" | "RNN" => recurrent::recurrent(self, op),
            patterns::ATTENTION => attention::attention(self, op),
            "Flatten" => shapes::flatten(self, op),
            "Reshape" => shapes::reshape(self, op),
            "Squeeze" => shapes::squeeze(self, op),
            "Unsqueeze" => shapes::unsqueeze(self, op),
            "Transpose" => shapes::transpose(self, op),
            "Slice" => shapes::slice(self, op),
            "Gather" => shapes::gather(self, op),
            "Split" => shapes::split(self, op),
            "Concat" => shapes::concat(self, op),
            "Pad" => shapes::pad(self, op),
            "Expand" => shapes::expand(self, op),
            "DepthToSpace" | "SpaceToDepth" => shapes::depth_to_space(self, op),
            _ => norm::number_by_number(self, op),
        }
    }

    fn arithmetic(&mut self, op: &Op) -> Result<Vec<Operand>, String> {
        let is_whole = |input: &Option<Operand>| match input {
            Some(Operand::Value(value)) => self.whole.contains(&value.from.0),
            _ => false,
        };
        if op.kind() == "Div" && op.inputs.iter().any(is_whole) {
            return Err("it divides whole numbers and drops what is left".into());
        }
        if let Some(made) = elementwise::pair(self, op)? {
            return Ok(made);
        }
        if let Some(made) = elementwise::with_table(self, op)? {
            return Ok(made);
        }
        merge::merge(self, op)
    }

    /// Before version 7 an operand was laid along an axis that the operator names.
    fn aligned<'a>(&self, op: &Op<'a>) -> Op<'a> {
        let mut inputs = op.inputs.clone();
        let rank = match inputs.first() {
            Some(Some(Operand::Value(value))) => value.rank(),
            _ => 0,
        };
        let axis = op.int("axis", -1);
        if self.version < 7
            && op.int("broadcast", 0) != 0
            && axis >= 0
            && let Some(Some(Operand::Constant(constant))) = inputs.get_mut(1)
        {
            let behind = rank.saturating_sub(axis as usize + constant.dims.len());
            let mut laid = constant.as_ref().clone();
            laid.dims.extend(std::iter::repeat_n(1, behind));
            *constant = Arc::new(laid);
        }
        Op { node: op.node, inputs, version: op.version }
    }
}

/// Operators that [`Reader::translated`] or the folding of constants knows.
fn is_known(kind: &str) -> bool {
    const KNOWN: &str = " Identity Dropout Cast CastLike Shape Size Clip PRelu Add Sub Mul Div Pow Max Min Sum Mean Gemm MatMul \
        Conv ConvTranspose Resize Upsample MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization \
        LayerNormalization RMSNormalization GroupNormalization InstanceNormalization MultiHeadAttention Softmax LogSoftmax ReduceMean \
        ReduceMax ReduceSum ReduceMin ReduceProd LSTM GRU RNN Flatten Reshape Squeeze Unsqueeze Transpose Slice Gather \
        Split Concat Pad Expand DepthToSpace SpaceToDepth Constant ConstantOfShape Range Where Equal Greater Less Not Mod \
        Floor Ceil Relu Sigmoid Tanh Softplus Gelu Swish Mish HardSwish HardSigmoid LeakyRelu Elu Celu Selu \
        ThresholdedRelu Softsign Reciprocal Neg Exp Log Sqrt Abs Sin Cos Tan Erf Sign ";
    !kind.is_empty() && !kind.contains(' ') && KNOWN.contains(&format!(" {kind} "))
}

/// Whether an operator that Glassbox wrote is the last of its layer, which has the layer's name and no word behind it.
fn ends_layer(node: &Node) -> bool {
    let name = node.name.as_deref().unwrap_or_default();
    name.rsplit_once('.').is_none_or(|(_, word)| word.chars().all(|c| c.is_ascii_digit()))
}

/// A sentence from half a one.
fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;
