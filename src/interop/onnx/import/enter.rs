//! What enters: which axis is that of the samples, sizes that the file leaves open, and the Inputs.

use std::collections::BTreeSet;

use super::super::proto::{Node, ValueInfo};
use super::built::Port;
use super::op::Operand;
use super::value::{Axis, Value};
use super::{Reader, Unreadable, broken};
use crate::interop::arriving::Fate;
use crate::model::Shape;
use crate::model::layer::Input;

/// Sizes that stand in for rows and columns that the file leaves open, and for other axes.
const OPEN_PICTURE: usize = 224;
const OPEN_AXIS: usize = 16;

impl Reader {
    /// What enters: the first axis is that of the samples, unless the file names another or a recurrent layer reads it.
    pub fn enter(&mut self, entering: &[&ValueInfo], nodes: &[Node]) -> Result<Vec<usize>, Unreadable> {
        let mut batches = Vec::new();
        let several = entering.len() > 1;
        let mut taken = BTreeSet::new();
        for info in entering {
            let name = info.name.clone().unwrap_or_default();
            let dims = dims(info);
            let rank = dims.as_ref().map_or(1, Vec::len);
            let dims = dims.unwrap_or_else(|| vec![None, None]);
            let batch = batch_axis(info, &name, nodes, rank);
            batches.push(batch);
            let mut sizes = Vec::new();
            let said = self.report.findings.len();
            for (axis, size) in dims.iter().enumerate() {
                if axis == batch {
                    self.batch = self.batch.or(*size);
                    continue;
                }
                let open = if rank == 4 && axis >= 2 { OPEN_PICTURE } else { OPEN_AXIS };
                if size.is_none() {
                    let words = format!("The file leaves the size of axis {} open: {open} was chosen.", axis + 1);
                    self.report.say(name.clone(), Fate::Translated, words);
                }
                sizes.push(size.unwrap_or(open));
            }
            if sizes.contains(&0) || Shape(sizes.clone()).len() > 1 << 28 {
                return Err(broken(format!("its input {name} has a size that can't be shown")));
            }
            let axes: Vec<Axis> = match dims.len() {
                0 => Vec::new(),
                rank => {
                    let mut next = 0;
                    let axis = |axis| {
                        if axis == batch {
                            return Axis::Batch;
                        }
                        next += 1;
                        Axis::Of(next - 1)
                    };
                    (0..rank).map(axis).collect()
                }
            };
            let shape = if sizes.is_empty() { vec![1] } else { sizes };
            let from = self.enter_by(&name, &shape, several, &mut taken);
            self.made.note(said..self.report.findings.len(), from.0..from.0 + 1, None);
            if is_whole(info) {
                self.whole.insert(from.0);
            }
            let value = Value { from, sizes: shape, axes, pending: None };
            self.values.insert(name, Operand::Value(value));
        }
        Ok(batches)
    }

    /// One Input takes the whole sample; of several each takes columns of its own.
    fn enter_by(&mut self, name: &str, shape: &[usize], several: bool, taken: &mut BTreeSet<String>) -> Port {
        let mut input = Input::default();
        if several {
            let slug = crate::model::slug(&name.chars().take(60).collect::<String>());
            let clean = if slug.is_empty() { "input".to_owned() } else { slug };
            let numbered = (2..).map(|number| format!("{clean}_{number}"));
            let free = std::iter::once(clean.clone()).chain(numbered).find(|name| !taken.contains(name));
            input.columns = free.unwrap_or(clean);
            taken.insert(input.columns.clone());
            if shape.len() > 1 {
                input.shape = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
            }
        }
        let from = self.built.add_input(input.into(), Shape(shape.to_vec()));
        self.built.inputs.push(from.0);
        from
    }
}

/// Sizes that the file says of a value; `None` where it says nothing, or nothing of an axis.
pub(super) fn dims(info: &ValueInfo) -> Option<Vec<Option<usize>>> {
    let shape = info.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?;
    let size = |size: Option<i64>| size.and_then(|size| usize::try_from(size).ok()).filter(|&size| size > 0);
    (shape.dim.len() <= 8).then(|| shape.dim.iter().map(|dim| size(dim.dim_value)).collect())
}

fn is_whole(info: &ValueInfo) -> bool {
    let kind = info.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref()).and_then(|kind| kind.elem_type);
    matches!(kind, Some(2..=7 | 12 | 13))
}

fn batch_axis(info: &ValueInfo, name: &str, nodes: &[Node], rank: usize) -> usize {
    let shape = info.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref()).and_then(|kind| kind.shape.as_ref());
    let is_named = |param: &str| {
        let param = param.to_lowercase();
        param.contains("batch") || param == "n" || param == "bs"
    };
    let named = shape.and_then(|shape| shape.dim.iter().position(|dim| dim.dim_param.as_deref().is_some_and(is_named)));
    let is_recurrent = |node: &Node| {
        let kind = node.op_type.as_deref().unwrap_or_default();
        let layout = node.attribute.iter().find(|setting| setting.name.as_deref() == Some("layout"));
        matches!(kind, "LSTM" | "GRU" | "RNN") && layout.and_then(|setting| setting.i).unwrap_or(0) == 0
    };
    let is_first = |node: &Node| node.input.first().is_some_and(|input| input == name);
    let steps_first = rank == 3 && nodes.iter().any(|node| is_first(node) && is_recurrent(node));
    named.unwrap_or(usize::from(steps_first))
}
