//! The Code tab: the network as the code of each framework, side by side, with the lines of the chosen layer lit.
//!
//! The code is written anew when project or data have changed, and only then. Owns which files are seen.

mod colouring;
mod column;
mod engines;
mod race;
mod standings;
mod strip;

use egui::{Align, CentralPanel, Frame, Layout, RichText, Ui};
use egui_material_icons::{MaterialIcon, icons};

use super::panel::{self, Desk, Panel};
use super::panels::{fixed, header};
use super::theme::{self, Tokens};
use crate::interop::{Framework, Network, Twin};
use crate::model::{DataSignature, Project};
use crate::persist::Area;
use crate::session::{Action, State, Tab};

pub use engines::EnginesPanel;
use race::RaceUi;
pub use race::{RacePanel, sheet as race_sheet};

/// The tab's own state.
#[derive(Default)]
pub struct CodeUi {
    written: Option<Written>,
    /// Frameworks that are hidden.
    hidden: Vec<Framework>,
    /// Which file of each framework is seen.
    files: Vec<(Framework, usize)>,
    /// The race below it.
    pub race: RaceUi,
}

/// What was written for a state of the project.
struct Written {
    project: Project,
    signature: DataSignature,
    /// One a framework: its files, or why there are none.
    twins: Vec<(Framework, Result<Twin, String>)>,
    /// The layers, for the strip.
    network: Network,
}

impl CodeUi {
    /// What is hidden stays hidden.
    pub fn for_another_project(self) -> Self {
        Self { hidden: self.hidden, files: self.files, written: None, race: self.race.for_another_project() }
    }

    /// Writes what has changed. Errors: a sentence on why there is no code.
    fn follow(&mut self, state: &State) -> Result<(), String> {
        let Some(dataset) = state.dataset() else {
            return Err("The code follows from the data: choose some in the Build tab.".into());
        };
        let (project, signature) = (state.project(), dataset.signature());
        let is_current = |known: &Written| {
            known.signature == signature
                && known.project.training == project.training
                && known.project.graph == project.graph
                && known.project.name == project.name
        };
        if self.written.as_ref().is_some_and(is_current) {
            return Ok(());
        }
        self.written = None;
        let network = Network::new(&project.graph, &signature).map_err(|problems| {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            format!("There is no code yet, because the network has a problem: {first}")
        })?;
        let twin = |framework: Framework| framework.twin(project, &network, Some(dataset)).map_err(sentences);
        let twins = Framework::ALL.map(|framework| (framework, twin(framework)));
        self.written = Some(Written { project: project.clone(), signature, twins: twins.to_vec(), network });
        Ok(())
    }

    fn file_of(&mut self, framework: Framework) -> &mut usize {
        let place = self.files.iter().position(|(of, _)| *of == framework).unwrap_or_else(|| {
            self.files.push((framework, 0));
            self.files.len() - 1
        });
        &mut self.files[place].1
    }
}

fn sentences(refused: Vec<crate::interop::Refusal>) -> String {
    refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The whole tab.
pub fn show(ui: &mut Ui, desk: &mut Desk<'_>) {
    let tokens = Tokens::of(ui);
    let frame = Frame::new().fill(tokens.panel);
    let height = ui.available_height();
    // Before there is a race it is a row to begin one.
    let has_race = desk.state.race().is_some();
    let usual = if has_race { (height * 0.38).clamp(240.0, 330.0) } else { 170.0 };
    let below = egui::Panel::bottom(("race", height < 720.0, has_race)).frame(frame);
    let below = below.default_size(usual).resizable(true);
    below.size_range(120.0..=(height * 0.75).max(120.0)).show(ui, |ui| {
        fixed(ui, |ui| panel::show(ui, Tab::Code, &[Area::Bottom], desk));
    });
    CentralPanel::no_frame().frame(frame).show(ui, |ui| panel::show(ui, Tab::Code, &[Area::Centre], desk));
}

/// All of it.
pub struct CodePanel;

impl Panel for CodePanel {
    fn name(&self) -> &'static str {
        "Code"
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_CODE
    }

    fn key(&self) -> &'static str {
        "code"
    }

    fn tab(&self) -> Tab {
        Tab::Code
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Centre]
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let tokens = Tokens::of(ui);
        if let Err(why) = desk.own.code.follow(desk.state) {
            return nothing(ui, &tokens, &why);
        }
        let Some(written) = desk.own.code.written.take() else { return };
        header(ui, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_space(12.0);
                switches(ui, &tokens, &mut desk.own.code.hidden);
                strip::legend(ui, &tokens);
                let rest = ui.available_rect_before_wrap();
                let mut left =
                    ui.new_child(egui::UiBuilder::new().max_rect(rest).layout(Layout::left_to_right(Align::Center)));
                left.set_clip_rect(rest.intersect(left.clip_rect()));
                strip::show(&mut left, &tokens, desk.state, &written.network, desk.actions);
            });
        });
        columns(ui, &tokens, &written, desk);
        desk.own.code.written = Some(written);
    }
}

/// Beside each other, each as wide as the others.
fn columns(ui: &mut Ui, tokens: &Tokens, written: &Written, desk: &mut Desk<'_>) {
    let hidden = desk.own.code.hidden.clone();
    let seen: Vec<_> = written.twins.iter().filter(|(framework, _)| !hidden.contains(framework)).collect();
    let room = ui.available_rect_before_wrap();
    let width = room.width() / seen.len().max(1) as f32;
    for (i, (framework, twin)) in seen.into_iter().enumerate() {
        let left = room.left() + i as f32 * width;
        let rect = egui::Rect::from_min_size(egui::pos2(left, room.top()), egui::vec2(width, room.height()));
        let mut place = ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min)));
        place.set_clip_rect(rect.intersect(ui.clip_rect()));
        if i > 0 {
            place.painter().vline(rect.left(), rect.y_range(), egui::Stroke::new(1.0, tokens.line));
        }
        fixed(&mut place, |ui| match twin {
            Ok(twin) => {
                let file = desk.own.code.file_of(*framework);
                column::show(ui, tokens, desk.state, (*framework, twin), file, desk.actions);
            }
            Err(why) => refused(ui, tokens, *framework, why),
        });
    }
    ui.allocate_rect(room, egui::Sense::hover());
}

/// Which frameworks are seen; the last one stays.
fn switches(ui: &mut Ui, tokens: &Tokens, hidden: &mut Vec<Framework>) {
    if Framework::ALL.len() < 2 {
        return;
    }
    for framework in Framework::ALL.into_iter().rev() {
        let on = !hidden.contains(&framework);
        let colour = if on { tokens.text } else { tokens.muted };
        let text = RichText::new(framework.name()).font(theme::medium(12.0)).color(colour);
        let response = ui.add(egui::Button::selectable(on, text));
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, framework.name()));
        if response.clicked() {
            if !on {
                hidden.retain(|other| *other != framework);
            } else if hidden.len() + 1 < Framework::ALL.len() {
                hidden.push(framework);
            }
        }
    }
    ui.add_space(8.0);
}

fn refused(ui: &mut Ui, tokens: &Tokens, framework: Framework, why: &str) {
    header(ui, |ui| {
        ui.label(RichText::new(framework.name()).font(theme::medium(13.0)).color(tokens.text));
    });
    super::panels::body(ui, |ui| {
        ui.label(RichText::new(format!("{} can't say this:", framework.name())).color(tokens.text));
        ui.label(RichText::new(why).color(tokens.muted));
    });
}

fn nothing(ui: &mut Ui, tokens: &Tokens, why: &str) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        ui.label(RichText::new(why).color(tokens.muted));
    });
}

/// Chooses a layer on the canvas as well.
fn choose(layer: crate::model::LayerId, actions: &mut Vec<Action>) {
    actions.push(Action::Select { layers: vec![layer], extend: false });
}
