//! What the tests of the panels share: a window of any size with the real fonts and theme around one panel.

use egui_kittest::kittest::NodeT as _;
use egui_kittest::{Harness, HarnessBuilder};

use super::{fonts, theme};
use crate::model::{Graph, LayerKind, glossary, infer};
use crate::persist::Theme;
use crate::session::{Action, Screen, State};

/// A panel under test: what it reads, what it keeps, what it pushed.
pub struct Bench<L> {
    pub state: State,
    pub local: L,
    pub actions: Vec<Action>,
}

/// Draws `panel` in a window of this size.
pub fn bench<L: 'static>(
    size: [f32; 2],
    state: State,
    local: L,
    mut panel: impl FnMut(&mut egui::Ui, &State, &mut L, &mut Vec<Action>) + 'static,
) -> Harness<'static, Bench<L>> {
    window(size).build_ui_state(
        move |ui, bench: &mut Bench<L>| panel(ui, &bench.state, &mut bench.local, &mut bench.actions),
        Bench { state, local, actions: Vec::new() },
    )
}

/// A window of this size with the real fonts and theme, for what is no panel.
pub fn window<S>(size: [f32; 2]) -> HarnessBuilder<S> {
    Harness::builder().with_size(size).with_step_dt(1.0 / 60.0).with_context_setup(|ctx| {
        fonts::install(ctx);
        theme::apply(ctx, Theme::Dark, true);
    })
}

/// A project with these layers in a row, in the workspace.
pub fn chain(keys: &[&str]) -> State {
    let mut graph = Graph::default();
    let kinds = keys.iter().filter_map(|key| LayerKind::from_key(key));
    let ids: Vec<_> = kinds.enumerate().map(|(i, kind)| graph.add(kind, [220.0 * i as f32, 40.0])).collect();
    for pair in ids.windows(2) {
        graph.connect(pair[0], pair[1]).expect("a chain can be wired");
    }
    let mut state = State::default();
    *state.pose().screen = Screen::Workspace;
    *state.pose().inference = infer(&graph, None);
    state.pose().project.graph = graph;
    state.pose().project.name = "Test".into();
    state
}

/// The labels of all fields on the screen that the glossary has no term for.
pub fn unexplained<S>(harness: &Harness<'_, S>) -> Vec<String> {
    let terms = glossary::all();
    let names = |node: egui_kittest::Node<'_>| {
        let labels = node.accesskit_node().labelled_by().filter_map(|label| label.value().or_else(|| label.label()));
        labels.collect::<Vec<String>>()
    };
    let labels = harness.root().children_recursive().flat_map(names);
    labels.filter(|label| label != "Name" && glossary::of_label(&terms, label).is_none()).collect()
}
