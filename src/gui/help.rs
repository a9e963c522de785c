//! F1: which term the control under the pointer, or the one with the focus, stands for.
//!
//! The answer comes from what every control says of itself to screen readers (AccessKit): where it is, what it is
//! called, and which label names it. So a control is explained because it has a name; nothing else ties it to its term.

use std::collections::HashMap;

use egui::accesskit::{Node, NodeId, TreeUpdate};
use egui::{Context, Event, FullOutput, Id, Order, Plugin, Pos2, RawInput, Ui};

use crate::model::glossary::{self, Term};
use crate::session::State;

/// Says to screen readers, and to F1, how much of a panel is on the screen: what lies scrolled away behind others is
/// not there.
pub fn bound(ui: &Ui) {
    let seen = ui.clip_rect();
    ui.ctx().accesskit_node_builder(ui.unique_id(), |node| {
        let (x0, y0) = (seen.min.x.into(), seen.min.y.into());
        node.set_bounds(egui::accesskit::Rect { x0, y0, x1: seen.max.x.into(), y1: seen.max.y.into() });
    });
}

/// Waits for the names of all controls, which are only made where somebody reads them.
#[derive(Default)]
struct Names {
    asked: Asked,
    /// The pointer is to count as gone until it moves: what it rests on has a tooltip, which would stay before the
    /// answer.
    hides_pointer: bool,
    read: Option<TreeUpdate>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Asked {
    #[default]
    Nothing,
    /// Somebody else has the names made as well, or not.
    For { others: bool },
}

impl Plugin for Names {
    fn debug_name(&self) -> &'static str {
        "names of controls"
    }

    fn input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        if std::mem::take(&mut self.hides_pointer) {
            input.events.push(Event::PointerGone);
        }
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let Asked::For { others } = self.asked else { return };
        let Some(update) = &output.platform_output.accesskit_update else { return };
        self.read = Some(update.clone());
        self.asked = Asked::Nothing;
        if !others {
            ctx.disable_accesskit();
        }
    }
}

/// What was pointed at when F1 was pressed, while the names are being made.
#[derive(Default)]
pub struct HelpUi {
    /// The keyboard moved the focus after the pointer last moved.
    by_keyboard: bool,
    focused: Option<Id>,
    pointer: Option<Pos2>,
    waiting: Option<Wanted>,
}

#[derive(Clone, Copy)]
struct Wanted {
    pointer: Option<Pos2>,
    focus: Option<Id>,
}

impl HelpUi {
    /// Every frame: which of pointer and focus a person means is the one that moved last.
    pub fn follow(&mut self, ctx: &Context) {
        let focused = ctx.memory(|memory| memory.focused());
        if focused != self.focused {
            (self.focused, self.by_keyboard) = (focused, focused.is_some());
        }
        if ctx.input(|i| i.pointer.is_moving()) {
            self.by_keyboard = false;
        }
        self.pointer = ctx.input(|i| i.pointer.latest_pos()).or(self.pointer);
    }

    /// F1 was pressed.
    pub fn ask(&mut self, ctx: &Context) {
        self.waiting = Some(Wanted { pointer: self.pointer, focus: ctx.memory(|memory| memory.focused()) });
        let others = ctx.has_accesskit_node(egui::accesskit_root_id());
        ctx.plugin_or_default::<Names>().lock().asked = Asked::For { others };
        ctx.enable_accesskit();
        ctx.request_repaint();
    }

    /// The answer, once it is there: the name of a term, or nothing where none fits.
    pub fn answer(&mut self, ctx: &Context, state: &State) -> Option<Option<&'static str>> {
        let wanted = self.waiting?;
        let Some(names) = ctx.plugin_or_default::<Names>().lock().read.take() else {
            ctx.request_repaint();
            return None;
        };
        self.waiting = None;
        ctx.plugin_or_default::<Names>().lock().hides_pointer = true;
        let tree = Tree::of(&names);
        let terms = glossary::all();
        let pointed = wanted.pointer.map(|at| tree.at(ctx, at)).unwrap_or_default();
        let focused: Vec<&Node> = wanted.focus.and_then(|id| tree.node(id.accesskit_id())).into_iter().collect();
        let order = if self.by_keyboard { [focused, pointed] } else { [pointed, focused] };
        let found = order.concat().into_iter().find_map(|node| tree.term(node, &terms, state));
        Some(found.map(|term| term.name).or_else(|| of_selection(state)))
    }
}

/// The layer that is selected, if one is.
fn of_selection(state: &State) -> Option<&'static str> {
    Some(state.project().graph.layer(state.selection().only()?)?.kind.about().title)
}

struct Tree<'a> {
    nodes: HashMap<NodeId, &'a Node>,
    root: NodeId,
}

impl<'a> Tree<'a> {
    fn of(update: &'a TreeUpdate) -> Self {
        let root = update.tree.as_ref().map_or(update.focus, |tree| tree.root);
        Self { nodes: update.nodes.iter().map(|(id, node)| (*id, node)).collect(), root }
    }

    fn node(&self, id: NodeId) -> Option<&'a Node> {
        self.nodes.get(&id).copied()
    }

    /// Everything at this place, the smallest first. What floats above the window hides what is behind it.
    fn at(&self, ctx: &Context, at: Pos2) -> Vec<&'a Node> {
        let floating = ctx.layer_id_at(at).filter(|layer| layer.order != Order::Background);
        let top = floating.map(|layer| layer.id.accesskit_id()).filter(|id| self.nodes.contains_key(id));
        let mut found = Vec::new();
        self.gather(top.unwrap_or(self.root), at, &mut found);
        found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        found.into_iter().map(|(_, node)| node).collect()
    }

    fn gather(&self, id: NodeId, at: Pos2, found: &mut Vec<(f64, &'a Node)>) {
        let Some(node) = self.node(id) else { return };
        if let Some(bounds) = node.bounds() {
            let (x, y) = (f64::from(at.x), f64::from(at.y));
            if !(bounds.x0..=bounds.x1).contains(&x) || !(bounds.y0..=bounds.y1).contains(&y) {
                return;
            }
            found.push((bounds.width() * bounds.height(), node));
        }
        node.children().iter().for_each(|child| self.gather(*child, at, found));
    }

    /// By its own name, and by that of its label.
    fn term(&self, node: &Node, terms: &'a [Term], state: &State) -> Option<&'a Term> {
        let labels = node.labelled_by().iter().filter_map(|id| self.node(*id));
        let own = node.label().or_else(|| node.value().filter(|_| is_text(node)));
        let others = labels.filter_map(|label| label.value().or_else(|| label.label()));
        others.chain(own).find_map(|name| {
            let layer = name.strip_prefix("node ").and_then(|name| state.project().graph.find(name));
            let title = layer.map(|layer| layer.kind.about().title);
            glossary::of_label(terms, title.unwrap_or(name))
        })
    }
}

/// The value of a field is not what it is about.
fn is_text(node: &Node) -> bool {
    node.role() == egui::Role::Label
}
