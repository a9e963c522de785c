//! What each layer becomes elsewhere, read off the code that is really written: the table of docs/interop.md.

use super::code::{Part, Script};
use super::{Framework, Network};
use crate::model::layer::{Dense, Flatten, LayerKind};
use crate::model::{DataSignature, DataSpec, Graph, LayerId, Project, Shape, Task, TrainingSpec};

/// A Markdown table with a row for each kind of layer and a column for each framework: what its code calls, or why it
/// is refused. With default settings, over the first of a row, a sequence and a picture that the layer takes.
pub fn markdown() -> String {
    let names = Framework::ALL.map(Framework::name);
    let mut lines = vec![format!("| layer | {} |", names.join(" | "))];
    lines.push(format!("| --- |{}", " --- |".repeat(names.len())));
    for kind in LayerKind::all() {
        let Some((project, network, layer)) = around(&kind) else { continue };
        let cells = Framework::ALL.map(|framework| match framework.twin(&project, &network) {
            Ok(twin) => calls(&twin.model, layer),
            Err(refused) => refused.first().map(|refusal| format!("refused: {}", refusal.why)).unwrap_or_default(),
        });
        lines.push(format!("| {} | {} |", kind.about().title, cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}

/// A small network around a layer, over samples that it takes; `None` for Input, Loss and Block, which are everywhere.
fn around(kind: &LayerKind) -> Option<(Project, Network, LayerId)> {
    if matches!(kind, LayerKind::Input(_) | LayerKind::Loss(_) | LayerKind::Block(_)) {
        return None;
    }
    let shapes = [vec![8], vec![6, 8], vec![8, 8, 8], vec![784]];
    shapes.into_iter().find_map(|shape| {
        let mut graph = Graph::default();
        let input = graph.add(crate::model::layer::Input::default().into(), [0.0; 2]);
        let layer = graph.add(kind.clone(), [0.0; 2]);
        for _ in 0..kind.about().inputs.least() {
            graph.connect(input, layer).ok()?;
        }
        let ends: [LayerKind; 3] = [
            Flatten {}.into(),
            Dense { units: 2, ..Dense::default() }.into(),
            crate::model::layer::Loss::default().into(),
        ];
        let mut last = layer;
        for kind in ends {
            let next = graph.add(kind, [0.0; 2]);
            graph.connect(last, next).ok()?;
            last = next;
        }
        let signature = DataSignature { names: Vec::new(), input: Shape(shape), task: Task::Classes(2) };
        let network = Network::new(&graph, &signature).ok()?;
        let (name, data, training) = ("Table".to_owned(), DataSpec::default(), TrainingSpec::default());
        Some((Project { name, graph, data, training }, network, layer))
    })
}

/// What the lines about a layer call, each once: `nn.Linear`; where nothing is called, the expression itself.
fn calls(script: &Script, layer: LayerId) -> String {
    let lines = || script.lines.iter().filter(|line| line.part == Some(Part::Layer(layer)));
    let mut found: Vec<String> = Vec::new();
    for line in lines() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        for (at, _) in line.text.match_indices('(') {
            let start = line.text[..at].rfind(|c: char| !word(c)).map_or(0, |place| place + 1);
            let name = &line.text[start..at];
            let is_own = ["self.", "nn.init.", "."].iter().any(|own| name.starts_with(own)) || name.is_empty();
            if name.contains('.') && !is_own && !found.contains(&format!("`{name}`")) {
                found.push(format!("`{name}`"));
            }
        }
    }
    if found.is_empty() {
        let expression = lines().find_map(|line| line.text.trim().split_once(" = ").map(|(_, right)| right.to_owned()));
        found.extend(expression.map(|text| format!("`{text}`")));
    }
    if found.is_empty() { "nothing: it changes nothing".to_owned() } else { found.join(", ") }
}
