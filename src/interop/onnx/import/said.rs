//! Which layers each line of the report is about. A function of a value becomes a layer only when something reads it,
//! so they are known when all operators are read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::built::Port;
use super::op::Operand;
use crate::interop::arriving::Report;
use crate::model::LayerId;

/// Line by line.
#[derive(Default)]
pub(super) struct Made(Vec<Line>);

struct Line {
    line: usize,
    layers: Range<usize>,
    /// The function that is not a layer yet: of which value, and how it is written.
    waits: Option<(Port, String)>,
}

impl Made {
    /// An operator made these layers, and this value.
    pub fn note(&mut self, lines: Range<usize>, layers: Range<usize>, value: Option<&Operand>) {
        let waits = match value {
            Some(Operand::Value(value)) => value.pending.as_ref().map(|own| (value.from, own.expression.to_string())),
            _ => None,
        };
        self.0.extend(lines.map(|line| Line { line, layers: layers.clone(), waits: waits.clone() }));
    }

    /// Writes them into the report. `settled`: what the functions became.
    pub fn name(
        &self,
        report: &mut Report,
        settled: &BTreeMap<(Port, String, Option<String>), Port>,
        homes: &[Option<LayerId>],
    ) {
        let functions: BTreeSet<usize> = settled.values().map(|port| port.0).collect();
        for Line { line, layers, waits } in &self.0 {
            let own = layers.clone().filter(|at| !functions.contains(at));
            let became = settled.iter().filter_map(|((from, text, _), port)| {
                let (of, wanted) = waits.as_ref()?;
                (from == of && text.contains(wanted.as_str())).then_some(port.0)
            });
            let mut found: Vec<LayerId> = own.chain(became).filter_map(|at| homes.get(at).copied().flatten()).collect();
            found.dedup();
            if let Some(finding) = report.findings.get_mut(*line) {
                finding.layers = found;
            }
        }
    }
}
