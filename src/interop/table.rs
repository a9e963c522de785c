//! What each layer and setting becomes elsewhere, read off the code that is really written: the tables of
//! docs/interop.md.

use super::code::{Part, Script};
use super::{Framework, Network, Refusal, Twin};
use crate::model::layer::{Dense, Flatten, Initialiser, Input, LayerKind, Loss, LossKind};
use crate::model::{
    Clip, DataSignature, DataSpec, EarlyStopping, Graph, LayerId, Optimiser, Project, Schedule, Shape, Task,
    TrainingSpec,
};

/// A Markdown table with a row for each kind of layer and a column for each framework: what its code calls, or why it
/// is refused. With default settings, over the first of a row, a sequence and a picture that the layer takes.
pub fn markdown() -> String {
    let names = Framework::ALL.map(Framework::name);
    let mut lines = vec![format!("| layer | {} |", names.join(" | "))];
    lines.push(format!("| --- |{}", " --- |".repeat(names.len())));
    for kind in LayerKind::all() {
        let Some((project, network, layer)) = around(&kind) else { continue };
        let cells = Framework::ALL.map(|framework| match framework.twin(&project, &network, None) {
            Ok(twin) => calls(&twin.model, layer),
            Err(refused) => refusal(&refused),
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
        let signature =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(shape), task: Task::Classes(2) };
        let network = Network::new(&graph, &signature).ok()?;
        let (name, data, training) = ("Table".to_owned(), DataSpec::default(), TrainingSpec::default());
        Some((Project { name, graph, data, training }, network, layer))
    })
}

fn refusal(refused: &[Refusal]) -> String {
    refused.first().map(|refusal| format!("refused: {}", refusal.why)).unwrap_or_default()
}

/// What the lines about a layer call; where nothing is called, the expression itself.
fn calls(script: &Script, layer: LayerId) -> String {
    let lines = || script.lines.iter().filter(|line| line.part == Some(Part::Layer(layer)));
    let mut found = called(lines().map(|line| line.text.as_str()));
    found.retain(|name| !name.starts_with("nn.init."));
    if found.is_empty() {
        let expression = lines().find_map(|line| line.text.trim().split_once(" = ").map(|(_, right)| right.to_owned()));
        found.extend(expression);
    }
    if found.is_empty() { "nothing: it changes nothing".to_owned() } else { quoted(&found) }
}

/// The functions and classes that lines call by the name of a module, each once: `nn.Linear`.
fn called<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in lines {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        for (at, _) in line.match_indices('(') {
            let start = line[..at].rfind(|c: char| !word(c)).map_or(0, |place| place + 1);
            let name = &line[start..at];
            let is_own = ["self.", "."].iter().any(|own| name.starts_with(own)) || name.is_empty();
            if name.contains('.') && !is_own && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A project with a setting.
struct Setting {
    network: Network,
    project: Project,
}

/// Markdown tables of the losses, optimisers, schedules, initialisers and limits, as [`markdown`] for layers. What a
/// setting becomes is what the code has with it and not without it.
pub fn markdown_of_training() -> String {
    let plain = || TrainingSpec { optimiser: Optimiser::sgd(), ..TrainingSpec::default() };
    let of = |dense, loss, training| {
        let loss = Loss { loss, ..Loss::default() };
        setting(dense, loss, Task::Classes(2), training)
    };
    let trained = |training| of(Dense::default(), LossKind::Auto, training);
    let dense = |dense| of(dense, LossKind::Auto, plain());
    let initialised = |init| dense(Dense { init, init_value: 0.5, ..Dense::default() });
    let lost = |loss| setting(Dense::default(), loss, Task::Classes(2), plain());
    let entropy = || Loss { loss: LossKind::CrossEntropy, ..Loss::default() };

    let other = |kind| if kind == LossKind::Mse { LossKind::Mae } else { LossKind::Mse };
    let loss = |kind| of(Dense::default(), kind, plain());
    let kinds = LossKind::ALL.iter().copied().filter(|kind| *kind != LossKind::Auto);
    let losses = kinds.map(|kind| (kind.title(), loss(kind), loss(other(kind)))).chain([
        ("Label smoothing", lost(Loss { label_smoothing: 0.1, ..entropy() }), lost(entropy())),
        ("Class weights", lost(Loss { class_weights: "1, 4".into(), ..entropy() }), lost(entropy())),
    ]);
    let optimisers = Optimiser::all().map(|kind| {
        let without = if kind == Optimiser::sgd() { Optimiser::lion() } else { Optimiser::sgd() };
        let of = |optimiser| trained(TrainingSpec { optimiser, ..plain() });
        (kind.title(), of(kind.clone()), of(without))
    });
    let schedules = Schedule::all().map(|schedule| (schedule.title(), TrainingSpec { schedule, ..plain() }));
    let others = [
        ("Warm-up", TrainingSpec { warm_up_steps: 100, ..plain() }),
        ("Clip by norm", TrainingSpec { clip: Clip::Norm { max: 1.0 }, ..plain() }),
        ("Clip by value", TrainingSpec { clip: Clip::Value { max: 1.0 }, ..plain() }),
        ("Early stopping", early(plain())),
        ("Keep best", TrainingSpec { keep_best: true, ..plain() }),
    ];
    let of_steps = schedules.into_iter().chain(others);
    let initialisers = Initialiser::ALL.iter().map(|init| {
        let without = if *init == Initialiser::Zeros { Initialiser::HeNormal } else { Initialiser::Zeros };
        (init.title(), initialised(*init), initialised(without))
    });
    let penalties = [
        ("L1 penalty", Dense { l1: 0.01, ..Dense::default() }),
        ("L2 penalty", Dense { l2: 0.01, ..Dense::default() }),
    ];
    let tables = [
        table("loss", losses),
        table("optimiser", optimisers.into_iter()),
        table("training", of_steps.map(|(title, training)| (title, trained(training), trained(plain())))),
        table(
            "weights",
            initialisers.chain(penalties.map(|(title, with)| (title, dense(with), dense(Dense::default())))),
        ),
    ];
    tables.join("\n")
}

fn early(training: TrainingSpec) -> TrainingSpec {
    TrainingSpec { early_stopping: Some(EarlyStopping { patience: 5, min_delta: 0.0 }), ..training }
}

/// Input, Dense and Loss.
fn setting(dense: Dense, loss: Loss, task: Task, training: TrainingSpec) -> Option<Setting> {
    let mut graph = Graph::default();
    let kinds: [LayerKind; 3] = [Input::default().into(), Dense { units: 2, ..dense }.into(), loss.into()];
    let ids = kinds.map(|kind| graph.add(kind, [0.0; 2]));
    graph.connect(ids[0], ids[1]).ok()?;
    graph.connect(ids[1], ids[2]).ok()?;
    let signature = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![3]), task };
    let network = Network::new(&graph, &signature).ok()?;
    let project = Project { name: "Table".to_owned(), graph, data: DataSpec::default(), training };
    Some(Setting { network, project })
}

type Row = (&'static str, Option<Setting>, Option<Setting>);

/// Settings by their names, with what they are set off against.
fn table(what: &str, rows: impl Iterator<Item = Row>) -> String {
    let names = Framework::ALL.map(Framework::name);
    let mut lines = vec![format!("| {what} | {} |", names.join(" | "))];
    lines.push(format!("| --- |{}", " --- |".repeat(names.len())));
    for (title, with, without) in rows {
        let (Some(with), Some(without)) = (with, without) else { continue };
        let cells = Framework::ALL.map(|framework| {
            let written = |setting: &Setting| framework.twin(&setting.project, &setting.network, None);
            match (written(&with), written(&without)) {
                (Err(refused), _) => refusal(&refused),
                (Ok(twin), plain) => added(&twin, plain.as_ref().ok()),
            }
        });
        lines.push(format!("| {title} | {} |", cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}

/// What a twin calls of its framework that another doesn't, or that it has lines of its own.
fn added(twin: &Twin, plain: Option<&Twin>) -> String {
    const MODULES: [&str; 8] = ["torch.", "nn.", "F.", "keras.", "layers.", "ops.", "tf.", "math."];
    let lines = |twin: &Twin| -> Vec<String> {
        let all = twin.scripts().into_iter().flat_map(|script| &script.lines);
        all.map(|line| line.text.trim().to_owned()).collect()
    };
    let known = plain.map(lines).unwrap_or_default();
    let new: Vec<String> = lines(twin).into_iter().filter(|line| !known.contains(line)).collect();
    let mut found = called(new.iter().map(String::as_str));
    found.retain(|name| MODULES.iter().any(|module| name.starts_with(module)));
    let text = new.iter().find_map(|line| line.split_once("initializer=")?.1.split(['"', ',']).nth(1));
    match (found.as_slice(), text) {
        ([only], Some(text)) if only == "layers.Dense" && !text.trim().is_empty() => format!("`\"{text}\"`"),
        ([only], None) if only == "layers.Dense" => "the default".to_owned(),
        ([], _) if new.is_empty() => "no line of its own".to_owned(),
        ([], _) => "written out".to_owned(),
        (found, _) => quoted(found),
    }
}
