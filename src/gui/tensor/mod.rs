//! The tensor viewer: draws a tensor of any rank, tells what is in it, and takes wishes about single numbers.
//!
//! A function of a record and its own [`TensorUi`]; it writes nothing and fetches nothing. What it needs besides the
//! record (the other side of a comparison) it names in [`TensorUi::subscribe`].

mod compare;
mod controls;
mod counted;
mod image;
pub mod layout;
mod marks;
mod picture;
mod plan;
pub mod scale;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod tiles;

use std::sync::Arc;

use egui::{Pos2, RichText, Ui, Vec2};

use super::theme::Tokens;
use super::widgets::is_second_click;
use crate::persist::tensor_file::Format;
use crate::trace::{Branch, Element, Findings, Inspection, Sight, TensorRecord};

pub use controls::sizes;
pub use summary::summary;
pub use table::{exact, parse};

use compare::Difference;
use counted::Counted;
use layout::{Layout, Role, suitable};
use picture::{Picture, Touched};
use scale::{Range, Scale};
use table::{Block, Table};
use tiles::Paint;

/// What is to be drawn.
pub struct TensorView<'a> {
    pub record: &'a TensorRecord,
    /// The other side of the comparison that [`TensorUi::compare`] asks for, or why there is none.
    pub other: Option<Result<&'a TensorRecord, &'a str>>,
    /// Names of tensors that it can be compared with.
    pub peers: &'a [String],
    /// The ways that the run has gone, with which it can be compared too, and the one that it is of.
    pub branches: &'a [Branch],
    pub branch: u32,
    /// Elements that belong to something hovered elsewhere.
    pub lit: &'a [Element],
    pub pinned: bool,
    /// It is of an earlier step than the one that is being computed.
    pub is_older: bool,
    /// Whether its numbers can be changed now.
    pub editable: bool,
    /// How high the picture or the table may become.
    pub height: f32,
    /// Drawn to the right of a lone picture: what it was made of.
    pub beside: Option<&'a dyn Fn(&mut Ui)>,
}

impl<'a> TensorView<'a> {
    pub fn new(record: &'a TensorRecord) -> Self {
        Self {
            record,
            other: None,
            peers: &[],
            branches: &[],
            branch: 0,
            lit: &[],
            pinned: false,
            is_older: false,
            editable: false,
            height: 320.0,
            beside: None,
        }
    }
}

/// What a person asked for.
#[derive(Debug, Default, PartialEq)]
pub struct TensorResponse {
    pub hovered: Option<Vec<usize>>,
    /// The number to explain.
    pub chosen: Option<Vec<usize>>,
    /// A number to be changed, and to what.
    pub edit: Option<(Vec<usize>, f32)>,
    /// To be pinned, or no longer.
    pub pin: bool,
    /// To be saved in a file.
    pub export: Option<Format>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    Cells,
    Image,
    Table,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    #[default]
    Beside,
    Difference,
}

/// What a tensor is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Itself after another step, or on another branch.
    Step {
        step: u64,
        branch: Option<u32>,
    },
    Tensor(String),
}

/// What the viewer keeps for itself.
#[derive(Default)]
pub struct TensorUi {
    pub show: Show,
    pub range: Range,
    /// The number that is chosen.
    pub selected: Option<Vec<usize>>,
    pub compare: Option<Compare>,
    pub side: Side,
    roles: Vec<Role>,
    slices: Vec<usize>,
    /// Sizes and names that the roles were chosen for.
    suits: (Vec<usize>, Vec<String>),
    zoom: Zoom,
    block: Option<Block>,
    counted: Option<Counted>,
    other: Option<Counted>,
    difference: Option<Difference>,
    /// A number to be chosen in the tensor that is shown next.
    pending: Option<Vec<usize>>,
    /// A sample to be cut at in the tensor that is shown next.
    pending_sample: Option<usize>,
    /// A sentence about the last wish.
    remark: Option<String>,
    /// The picture or the table is to take the keyboard.
    wants_focus: bool,
    /// The field of the chosen number is to be opened.
    wants_edit: bool,
    /// Where on the screen the chosen number was clicked.
    pressed: Option<Pos2>,
    /// What was chosen in how wide a picture when it was last drawn.
    revealed: Option<(Vec<usize>, f32)>,
}

struct Zoom(f32);

impl Default for Zoom {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TensorUi {
    /// What has to be fetched to show the tensor of this name.
    pub fn subscribe(&self, name: &str, inspection: &mut Inspection) {
        let mut want = |name: &str| {
            if !inspection.tensors.iter().any(|known| known == name) {
                inspection.tensors.push(name.to_owned());
            }
        };
        want(name);
        match &self.compare {
            Some(Compare::Tensor(other)) => want(other),
            Some(Compare::Step { step, branch }) => {
                (inspection.at_step, inspection.at_branch) = (Some((name.to_owned(), *step)), *branch);
            }
            None => {}
        }
    }

    /// The other side of the comparison, as far as it was seen.
    pub fn other<'a>(&self, name: &str, sight: &'a Sight) -> Option<Result<&'a TensorRecord, &'a str>> {
        match self.compare.as_ref()? {
            Compare::Tensor(other) => sight.tensor(other).map(Ok).or_else(|| sight.why_missing(other).map(Err)),
            Compare::Step { branch, .. } if *branch != sight.at_branch => None,
            Compare::Step { step, .. } => match sight.at_step.as_ref()? {
                Ok(record) if record.name == name && record.step == *step => Some(Ok(record)),
                Ok(_) => None,
                Err(why) => Some(Err(why)),
            },
        }
    }

    /// Chooses a number of the tensor that is shown next, and cuts where it lies.
    pub fn choose(&mut self, index: Vec<usize>) {
        self.pending = Some(index);
    }

    /// The keys go to the picture or the table.
    pub fn take_keys(&mut self) {
        self.wants_focus = true;
    }

    /// Cuts the tensor that is shown next at a sample of the batch.
    pub fn cut_at_sample(&mut self, row: usize) {
        self.pending_sample = Some(row);
    }

    /// Chooses what becomes of an axis.
    pub fn set_role(&mut self, axis: usize, role: Role) {
        layout::assign(&mut self.roles, axis, role);
    }

    pub fn set_slice(&mut self, axis: usize, index: usize) {
        if let Some(slice) = self.slices.get_mut(axis) {
            *slice = index;
        }
    }

    /// Roles that suit the tensor, unless those in force were chosen for one like it.
    fn adopt(&mut self, record: &TensorRecord) {
        let before = &self.suits;
        let outer = |axes: &[String]| axes.first().is_some_and(|name| name == "sample");
        // The last batch of an epoch may be smaller: that changes nothing.
        let skip = usize::from(outer(&record.axes) && outer(&before.1));
        let like = before.1 == record.axes && before.0.get(skip..) == record.dims.get(skip..);
        if !like || self.roles.len() != record.dims.len() {
            self.roles = suitable(&record.dims, &record.axes);
            self.slices = vec![0; record.dims.len()];
            self.selected = None;
            self.block = None;
            self.zoom = Zoom::default();
            if self.show == Show::Image && image::channels(record).is_none() {
                self.show = Show::Cells;
            }
        }
        if self.suits.0 != record.dims || self.suits.1 != record.axes {
            self.suits = (record.dims.clone(), record.axes.clone());
        }
        let has_it = |row: &mut usize| outer(&record.axes) && record.dims.first().is_some_and(|n| *row < *n);
        if let Some(row) = self.pending_sample.take_if(has_it) {
            self.slices[0] = row;
        }
        if let Some(index) = self.pending.take_if(|index| record.offset(index).is_some()) {
            self.slices.clone_from(&index);
            self.selected = Some(index);
        }
        if self.selected.as_ref().is_some_and(|index| record.offset(index).is_none()) {
            self.selected = None;
        }
    }

    fn layout(&self, record: &TensorRecord) -> Layout {
        let image = if self.show == Show::Image { image::layout(record, &self.roles, &self.slices) } else { None };
        image.unwrap_or_else(|| Layout::new(&record.dims, &self.roles, &self.slices))
    }
}

/// Heading, axes, picture or table, the chosen number and the legend; [`summary`] draws distribution and statistics.
pub fn show(ui: &mut Ui, tokens: &Tokens, view: &TensorView<'_>, local: &mut TensorUi) -> TensorResponse {
    let mut response = TensorResponse::default();
    let record = view.record;
    local.adopt(record);
    let counted = Counted::of(&mut local.counted, &record.data, ui.ctx());
    let (version, found) = (counted.version, counted.impression().clone());
    let other = view.other.and_then(Result::ok).filter(|_| local.compare.is_some());
    let beside = other.map(|other| {
        let counted = Counted::of(&mut local.other, &other.data, ui.ctx());
        (other, counted.version, counted.impression().clone())
    });
    let all: Vec<&Findings> = std::iter::once(&*found).chain(beside.iter().map(|(_, _, f)| &**f)).collect();
    let scale = Scale::new(local.range, &all);
    ui.push_id("tensor", |ui| {
        let facts = difference_facts(ui, record, other, local);
        let panes = panes(view, local, (version, found.clone(), scale), beside);
        let scale = panes.first().map_or(scale, |pane| pane.scale);
        controls::heading(ui, tokens, view, &scale, local, &mut response);
        super::panels::body(ui, |ui| {
            if local.compare.is_some() {
                let text = facts.as_ref().map(|facts| facts.as_ref().map_or_else(Clone::clone, Clone::clone));
                compare::bar(ui, tokens, view, text.as_deref(), local);
            }
            controls::axes(ui, tokens, record, local);
            let mut touched = draw(ui, tokens, view, &panes, local);
            touched.edit |= twice(ui, local);
            let caption = touched.caption.clone();
            take(touched, local, &mut response);
            summary::chosen(ui, tokens, record, view.editable, local, &mut response);
            if local.show == Show::Cells {
                let findings = panes.first().map_or(&found, |pane| &pane.findings);
                summary::legend(ui, tokens, &scale, findings, caption.as_deref());
            }
            if let Some(remark) = local.remark.clone() {
                let label = ui.label(RichText::new(remark).color(tokens.warn));
                if response.chosen.is_some() || label.clicked() {
                    local.remark = None;
                }
            }
        });
    });
    response
}

/// What there is to say about the difference, where there are two; an error is the sentence why there is none.
fn difference_facts(
    ui: &Ui,
    record: &TensorRecord,
    other: Option<&TensorRecord>,
    local: &mut TensorUi,
) -> Option<Result<String, String>> {
    let other = other?;
    let difference = Difference::of(&mut local.difference, record, other, ui.ctx());
    Some(difference.map(|difference| match difference.facts() {
        Ok(facts) => compare::text(facts, record),
        Err(share) => format!("computing the difference … {}", super::numbers::percent(share)),
    }))
}

/// One picture of those beside each other.
struct Pane {
    record: TensorRecord,
    version: u64,
    findings: Arc<Findings>,
    scale: Scale,
    /// Above it; empty for a single one.
    title: String,
}

type Beside<'a> = Option<(&'a TensorRecord, u64, Arc<Findings>)>;

fn panes(
    view: &TensorView<'_>,
    local: &TensorUi,
    (version, findings, scale): (u64, Arc<Findings>, Scale),
    beside: Beside<'_>,
) -> Vec<Pane> {
    let title = |record: &TensorRecord| format!("{} · step {}", record.name, record.step);
    let of_other = |record: &TensorRecord| match local.compare {
        Some(Compare::Step { branch: Some(branch), .. }) => {
            let name =
                view.branches.iter().find(|known| known.id == branch).map_or("another branch", |b| b.name.as_str());
            format!("{} of {name}", title(record))
        }
        _ => title(record),
    };
    let own = || Pane { record: view.record.clone(), version, findings: findings.clone(), scale, title: String::new() };
    let Some((other, other_version, other_findings)) = beside.filter(|(other, _, _)| other.dims == view.record.dims)
    else {
        return vec![own()];
    };
    let difference = local.difference.as_ref().filter(|_| local.side == Side::Difference);
    if let Some((difference, counted)) = difference.and_then(Difference::picture) {
        let findings = counted.impression().clone();
        let scale = Scale::new(local.range, &[&findings]);
        let title = format!("{} − {}", title(view.record), of_other(other));
        return vec![Pane { record: difference.clone(), version: counted.version, findings, scale, title }];
    }
    let (version, findings) = (other_version, other_findings);
    let other = Pane { record: other.clone(), version, findings, scale, title: of_other(other) };
    vec![Pane { title: title(view.record), ..own() }, other]
}

fn draw(ui: &mut Ui, tokens: &Tokens, view: &TensorView<'_>, panes: &[Pane], local: &mut TensorUi) -> Touched {
    let room = Vec2::new(ui.available_width(), (view.height - summary::BELOW).max(96.0));
    let [only] = panes else {
        let room = summary::half(room);
        let mut touched = Touched::default();
        ui.horizontal_top(|ui| {
            for (i, pane) in panes.iter().enumerate() {
                ui.allocate_ui(Vec2::new(room.x, room.y + 18.0), |ui| {
                    ui.set_min_width(room.x);
                    let one = pane_ui(ui, tokens, view, pane, (i, room), local);
                    if one.hovered.is_some() || one.chosen.is_some() {
                        touched = one;
                    }
                });
            }
        });
        return touched;
    };
    // What a difference was made of is not what stands beside its tensor.
    let beside = view.beside.filter(|_| local.show == Show::Cells && local.compare.is_none());
    let share = if beside.is_some() { 0.42 } else { 1.0 };
    // With and without them in the same row, so that the picture keeps the keys.
    ui.horizontal_top(|ui| {
        let touched = pane_ui(ui, tokens, view, only, (0, Vec2::new(room.x * share, room.y)), local);
        if let Some(beside) = beside {
            beside(ui);
        }
        touched
    })
    .inner
}

fn pane_ui(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &TensorView<'_>,
    pane: &Pane,
    (number, room): (usize, Vec2),
    local: &mut TensorUi,
) -> Touched {
    let add = |ui: &mut Ui| {
        if !pane.title.is_empty() {
            ui.label(RichText::new(&pane.title).size(11.0).color(tokens.faint));
        }
        let record = &pane.record;
        let (layout, selected) = (local.layout(record), local.selected.clone());
        let shown = selected.clone().map(|index| (index, room.x));
        let reveal = number == 0 && shown != local.revealed;
        if number == 0 {
            local.revealed = shown;
        }
        let focus = number == 0 && std::mem::take(&mut local.wants_focus);
        if local.show == Show::Table {
            let (scale, selected) = (pane.scale, selected.as_deref());
            let table = Table { record, layout: &layout, scale, selected, reveal, focus, height: room.y };
            return table.show(ui, tokens, &mut local.block);
        }
        let image = if local.show == Show::Image { image::paint(record, &pane.findings) } else { None };
        let strip = (room.x / 36.0).floor().max(8.0) as usize;
        let wrapped = layout.wrapped(strip.max(((record.data.len() as f32 * 2.0).sqrt()) as usize));
        let name = format!("{}, {}", record.name, sizes(record));
        let picture = Picture {
            record,
            version: pane.version,
            layout: &wrapped,
            scale: pane.scale,
            paint: image.unwrap_or(Paint::Signed(pane.scale)),
            findings: &pane.findings,
            selected: selected.as_deref(),
            reveal,
            focus,
            lit: view.lit,
            room,
            name: &name,
        };
        picture.show(ui, tokens, "picture", &mut local.zoom.0)
    };
    ui.push_id(("pane", number), |ui| ui.vertical(add).inner).inner
}

/// Whether the place of the chosen number was clicked a second time, whatever has come to lie there since.
fn twice(ui: &Ui, local: &TensorUi) -> bool {
    let at = ui.input(|i| i.pointer.interact_pos());
    let near = |(at, pressed): (Pos2, Pos2)| at.distance(pressed) < 8.0;
    is_second_click(ui) && at.zip(local.pressed).is_some_and(near)
}

fn take(touched: Touched, local: &mut TensorUi, response: &mut TensorResponse) {
    if let Some(index) = &touched.chosen {
        local.selected = Some(index.clone());
    }
    local.pressed = touched.pressed.or(local.pressed);
    local.wants_edit |= touched.edit;
    response.hovered = touched.hovered;
    response.chosen = touched.chosen;
}
