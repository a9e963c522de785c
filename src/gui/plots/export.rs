//! The charts on paper, and their numbers as a table.

use egui::{Context, Ui, Vec2};
use egui_plot::PlotMemory;

use super::chart;
use super::{PlotsUi, Tab, contents, flow};
use crate::gui::figure::{Offer, Sheet, Table, cell};
use crate::gui::theme::Tokens;
use crate::model::Graph;
use crate::session::State;
use crate::trace::Curves;

/// Of a chart on paper.
pub const SIZE: Vec2 = Vec2::new(720.0, 360.0);

pub(super) fn offer(state: &State, local: &PlotsUi) -> Offer {
    let curves = &state.run().curves;
    let there = match local.tab {
        Tab::Loss => !curves.train_loss.is_empty() || !curves.validation_loss.is_empty(),
        Tab::Metric => !curves.train_metric.is_empty() || !curves.validation_metric.is_empty(),
        Tab::LearningRate => !curves.learning_rate.is_empty(),
        Tab::Flow => !flow::flows(state, local.order).is_empty(),
        Tab::Histograms => state.run().picture.as_ref().is_some_and(|picture| !picture.layers.is_empty()),
    };
    Offer { picture: there, numbers: there }
}

/// What is zoomed to and hidden in a chart of the window is on paper too.
pub fn remember(window: &Context, title: &str, paper: &Context) {
    let id = chart::id(title);
    if let Some(memory) = PlotMemory::load(window, id) {
        memory.store(paper, id);
    }
}

pub fn sheet<'a>(window: &Context, state: &'a State, local: &'a mut PlotsUi) -> Sheet<'a> {
    let (tab, order, window) = (local.tab, local.order, window.clone());
    let (what, height) = match tab {
        Tab::Loss => ("Loss", SIZE.y),
        Tab::Metric => (state.run().curves.metric.title(), SIZE.y),
        Tab::LearningRate => ("Learning rate", SIZE.y),
        Tab::Flow => ("Gradient flow", flow::height(state, order).max(SIZE.y)),
        Tab::Histograms => ("Histograms", (state.project().graph.len().div_ceil(3) as f32 * 148.0).max(SIZE.y)),
    };
    let is_chart = local.settings().is_some();
    Sheet {
        name: format!("{} {}", state.project().name, what.to_lowercase()),
        title: format!("{}: {}", state.project().name, what.to_lowercase()),
        caption: if is_chart { local.unit.title().to_owned() } else { String::new() },
        size: Vec2::new(SIZE.x, height),
        prepare: Box::new(move |paper: &Context| remember(&window, what, paper)),
        contents: Box::new(|ui: &mut Ui| {
            let tokens = Tokens::of(ui);
            contents(ui, &tokens, state, local, &mut Vec::new());
        }),
        numbers: Box::new(move |table: &mut Table| match tab {
            Tab::Loss | Tab::Metric | Tab::LearningRate => curves(&state.run().curves, &state.project().graph, table),
            Tab::Flow => {
                table.row(["layer", "gradient norm"]);
                flow::flows(state, order).iter().for_each(|flow| table.row([&flow.name, &flow.norm.to_string()]));
            }
            Tab::Histograms => histograms(state, table),
        }),
    }
}

/// One row for every step at which anything was measured.
fn curves(curves: &Curves, graph: &Graph, table: &mut Table) {
    let metric = curves.metric.title().to_lowercase();
    let each = curves.of_losses(graph).flat_map(|(_, name, both)| {
        [(format!("train loss, {name}"), &both.train), (format!("validation loss, {name}"), &both.validation)]
    });
    let whole = [
        ("train loss".to_owned(), &curves.train_loss),
        ("validation loss".to_owned(), &curves.validation_loss),
        (format!("train {metric}"), &curves.train_metric),
        (format!("validation {metric}"), &curves.validation_metric),
        ("learning rate".to_owned(), &curves.learning_rate),
    ];
    let all: Vec<_> = whole.into_iter().chain(each).collect();
    let there: Vec<_> = all.iter().filter(|(_, series)| !series.is_empty()).collect();
    table.row(std::iter::once("step").chain(there.iter().map(|(name, _)| name.as_str())));
    let mut next: Vec<_> = there.iter().map(|(_, series)| series.points().peekable()).collect();
    while let Some(step) = next.iter_mut().filter_map(|points| Some(points.peek()?.0)).min() {
        let mut cells = vec![step.to_string()];
        cells.extend(next.iter_mut().map(|points| cell(points.next_if(|point| point.0 == step).map(|point| point.1))));
        table.row(cells);
    }
}

fn histograms(state: &State, table: &mut Table) {
    table.row(["layer", "from", "to", "outputs"]);
    let Some(picture) = &state.run().picture else { return };
    let graph = &*state.project().graph.unfolded();
    for id in graph.topological_order() {
        let (Some(layer), Some(picture)) = (graph.layer(id), picture.layers.get(&id)) else { continue };
        let histogram = &picture.histogram;
        let width = (histogram.max - histogram.min) / histogram.counts.len().max(1) as f32;
        for (i, count) in histogram.counts.iter().enumerate() {
            let from = histogram.min + i as f32 * width;
            table.row([id.title(&layer.name), from.to_string(), (from + width).to_string(), count.to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_at_which_one_curve_has_no_point_have_an_empty_cell() {
        let mut all = Curves::default();
        (1..=3).for_each(|step| all.train_loss.push(step, 1.0 / step as f32));
        all.validation_loss.push(2, 0.25);
        let mut table = Table::csv();
        curves(&all, &Graph::default(), &mut table);
        assert_eq!(table.text(), "step,train loss,validation loss\n1,1,\n2,0.5,0.25\n3,0.33333334,\n");
    }
}
