//! How the run goes, in numbers: as many as fit, the most important first.

use egui::{RichText, Ui, Vec2};

use crate::gui::numbers::{count, duration, loss, number, percent, short};
use crate::gui::theme::{self, Tokens};
use crate::model::Metric;
use crate::session::RunView;

struct Stat {
    name: &'static str,
    value: String,
    help: &'static str,
    /// The widest it gets: numbers must not push each other about.
    width: f32,
    /// 0 goes last when the room is small.
    rank: u8,
}

pub(super) fn show(ui: &mut Ui, run: &RunView, room: f32) {
    let stats = stats(run);
    let fitting = fitting(&stats, room);
    ui.spacing_mut().item_spacing.x = 0.0;
    for (stat, _) in stats.iter().zip(fitting).filter(|(_, fits)| *fits) {
        stat_ui(ui, stat);
    }
}

/// Which are shown: by rank, while they fit.
fn fitting(stats: &[Stat], room: f32) -> Vec<bool> {
    let mut order: Vec<usize> = (0..stats.len()).collect();
    order.sort_by_key(|&i| stats[i].rank);
    let mut left = room;
    let mut shown = vec![false; stats.len()];
    for i in order {
        if stats[i].width > left {
            break;
        }
        left -= stats[i].width;
        shown[i] = true;
    }
    shown
}

fn stat_ui(ui: &mut Ui, stat: &Stat) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(stat.width, 34.0), egui::Sense::hover());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let at = rect.left_top() + Vec2::new(0.0, 3.0);
    painter.text(at, egui::Align2::LEFT_TOP, &stat.value, theme::mono(12.0), tokens.text);
    let below = at + Vec2::new(0.0, 16.0);
    painter.text(below, egui::Align2::LEFT_TOP, stat.name, theme::regular(10.5), tokens.faint);
    let name = format!("{}: {}", stat.name, stat.value);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(name).font(theme::medium(13.0)));
        ui.label(stat.help);
    });
}

fn stats(run: &RunView) -> Vec<Stat> {
    let stat = |rank, name, value, width, help| Stat { name, value, help, width, rank };
    let curves = &run.curves;
    let (score_name, score_help) = match curves.metric {
        Metric::Accuracy => ("val accuracy", "Share of the validation samples that are classified correctly."),
        Metric::R2 => (
            "val R²",
            "How much of the variance of the validation targets is explained. 1 is perfect, 0 is no better than \
                predicting their mean.",
        ),
        Metric::Map50 => (
            "val mAP@0.5",
            "Mean average precision: how many of the things in validation pictures are found, with how few false finds. \
                A box counts as right if it overlaps the true one by half or more. 1 is perfect.",
        ),
    };
    let score = curves.validation_metric.at(run.step).map_or("–".to_owned(), |value| match curves.metric {
        Metric::Accuracy => percent(value),
        Metric::R2 | Metric::Map50 => number(value),
    });
    vec![
        stat(0, "epoch", count(run.epoch as u64), 52.0, "Completed passes over the training data."),
        stat(4, "step", count(run.step), 72.0, "Number of weight updates so far, one per batch."),
        stat(5, "samples/s", short(run.samples_per_second), 72.0, "Training samples processed per second."),
        stat(
            3,
            "train loss",
            loss(curves.train_loss.at(run.step)),
            72.0,
            "How wrong the network was on the latest training batch.",
        ),
        stat(
            1,
            "val loss",
            loss(curves.validation_loss.at(run.step)),
            72.0,
            "How wrong the network is on samples it doesn't train on.",
        ),
        stat(2, score_name, score, 84.0, score_help),
        stat(6, "time", duration(run.seconds), 60.0, "Training time, excluding pauses."),
        stat(
            7,
            "left",
            run.seconds_left.map_or("–".to_owned(), duration),
            56.0,
            "Estimated time until the last epoch.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_little_room_the_most_important_numbers_stay_in_their_order() {
        let stats = stats(&RunView::default());
        let shown = |room| {
            let fits = fitting(&stats, room);
            stats.iter().zip(fits).filter(|(_, fits)| *fits).map(|(s, _)| s.name).collect::<Vec<_>>()
        };
        assert_eq!(shown(0.0), Vec::<&str>::new());
        assert_eq!(shown(218.0), ["epoch", "val loss", "val accuracy"]);
        assert_eq!(shown(9999.0).len(), stats.len());
    }
}
