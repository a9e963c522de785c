//! The bottom panel: how training goes. Curves, gradient flow, histograms.
//!
//! Owns what is zoomed to, smoothed and chosen here; reads everything else from the [`State`].

pub mod chart;
pub mod controls;
pub mod curves;
pub mod empty;
pub mod export;
pub mod figure;
pub mod flow;
mod histograms;
mod lines;
mod marks;
pub mod range;
pub mod scale;
pub mod smooth;
pub mod ticks;
mod view;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use egui::{Layout, Rect, Ui, UiBuilder, Vec2};

use chart::ChartUi;
use controls::AxisSettings;
use scale::StepAxis;
use smooth::Smoother;

use super::figure::{self as paper, Take};
use super::theme::Tokens;
use super::widgets::tab_strip;
use crate::model::LayerId;
use crate::session::{Action, State};
use crate::trace::PictureWishes;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    #[default]
    Loss,
    Metric,
    LearningRate,
    Flow,
    Histograms,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowOrder {
    #[default]
    Network,
    Largest,
    Smallest,
}

impl FlowOrder {
    const ALL: [Self; 3] = [Self::Network, Self::Largest, Self::Smallest];

    fn title(self) -> &'static str {
        match self {
            Self::Network => "Network order",
            Self::Largest => "Largest first",
            Self::Smallest => "Smallest first",
        }
    }
}

/// The panel's own state.
#[derive(Debug)]
pub struct PlotsUi {
    pub tab: Tab,
    /// 0 (none) to 0.99: how heavy the past is in the smoothed curve.
    pub smoothing: f32,
    pub unit: StepAxis,
    pub order: FlowOrder,
    loss: ChartUi,
    metric: ChartUi,
    rate: ChartUi,
    smooth_loss: Smoother,
    smooth_metric: Smoother,
    smooth_ghost_loss: Smoother,
    smooth_ghost_metric: Smoother,
    /// Of each Loss, where there are several.
    smooth_losses: HashMap<LayerId, Smoother>,
    /// By the branch, and by what is plotted of it.
    smooth_branches: HashMap<(u32, Tab), Smoother>,
    pub export: Option<Take>,
}

impl Default for PlotsUi {
    fn default() -> Self {
        Self {
            tab: Tab::Loss,
            smoothing: 0.9,
            unit: StepAxis::default(),
            order: FlowOrder::default(),
            loss: ChartUi::default(),
            metric: ChartUi::default(),
            rate: ChartUi::default(),
            smooth_loss: Smoother::default(),
            smooth_metric: Smoother::default(),
            smooth_ghost_loss: Smoother::default(),
            smooth_ghost_metric: Smoother::default(),
            smooth_losses: HashMap::new(),
            smooth_branches: HashMap::new(),
            export: None,
        }
    }
}

impl PlotsUi {
    /// How curves are drawn stays; what was zoomed to and smoothed does not.
    pub fn for_another_project(&self) -> Self {
        let (tab, smoothing, unit, order) = (self.tab, self.smoothing, self.unit, self.order);
        let [loss, metric, rate] = [&self.loss, &self.metric, &self.rate].map(|chart| ChartUi {
            log: chart.log,
            show_all: true,
            ..ChartUi::default()
        });
        Self { tab, smoothing, unit, order, loss, metric, rate, ..Self::default() }
    }

    /// Adds what this panel wants pictured while it is on the screen.
    pub fn subscribe(&self, wanted: &mut PictureWishes) {
        wanted.canvas |= matches!(self.tab, Tab::Flow | Tab::Histograms);
    }

    fn show_all(&mut self) {
        for chart in [&mut self.loss, &mut self.metric, &mut self.rate] {
            chart.show_all = true;
        }
    }

    /// What can be set about the chart of this tab.
    fn settings(&mut self) -> Option<AxisSettings<'_>> {
        let smooths = self.tab != Tab::LearningRate;
        let chart = match self.tab {
            Tab::Loss => &mut self.loss,
            Tab::Metric => &mut self.metric,
            Tab::LearningRate => &mut self.rate,
            Tab::Flow | Tab::Histograms => return None,
        };
        let smoothing = smooths.then_some(&mut self.smoothing);
        Some(AxisSettings { chart, unit: &mut self.unit, smoothing, smooths_all: false, log: true })
    }
}

const HEADER: f32 = 36.0;

pub fn show(ui: &mut Ui, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    header(ui, &tokens, state, local);
    contents(ui, &tokens, state, local, actions);
}

/// All but the heading.
fn contents(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    match local.tab {
        Tab::Loss => curves::loss(ui, tokens, state, local, actions),
        Tab::Metric => curves::metric(ui, tokens, state, local, actions),
        Tab::LearningRate => curves::learning_rate(ui, tokens, state, local, actions),
        Tab::Flow => flow::show(ui, tokens, state, local, actions),
        Tab::Histograms => histograms::show(ui, tokens, state, actions),
    }
}

fn header(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi) {
    let all = ui.available_rect_before_wrap();
    let row = Rect::from_min_size(all.min, Vec2::new(all.width(), HEADER));
    ui.painter().hline(row.x_range(), row.bottom(), egui::Stroke::new(1.0, tokens.line));
    let inner = row.shrink2(Vec2::new(12.0, 0.0));
    let tabs = [
        (Tab::Loss, "Loss"),
        (Tab::Metric, state.run().curves.metric.title()),
        (Tab::LearningRate, "Learning rate"),
        (Tab::Flow, "Gradient flow"),
        (Tab::Histograms, "Histograms"),
    ];
    // The controls keep their room, at least one button's: tabs that do not fit wait behind their own.
    let tabs_room = inner.with_max_x(inner.right() - 104.0);
    let left = UiBuilder::new().max_rect(tabs_room).layout(Layout::left_to_right(egui::Align::Center));
    let used = ui.scope_builder(left, |ui| tab_strip(ui, &mut local.tab, &tabs)).response.rect;
    let rest = inner.with_min_x((used.right() + 16.0).min(inner.right()));
    let right = UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(egui::Align::Center));
    ui.scope_builder(right, |ui| {
        let offer = export::offer(state, local);
        paper::button(ui, &mut local.export, offer, "Export the curves");
        controls::show(ui, tokens, local, rest.width() - 34.0);
    });
    ui.advance_cursor_after_rect(row);
}
