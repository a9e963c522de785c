//! A row of tabs. Those that do not fit wait behind a button at its end.

use egui::containers::menu::MenuButton;
use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Button, Response, RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;

use super::named;
use crate::gui::theme::{self, Tokens};

/// Between tabs, and where they don't fit else.
const GAP: f32 = 16.0;
const TIGHT: f32 = 8.0;
/// Size of their titles, and where they don't fit else.
const SIZE: f32 = 13.0;
const SMALL: f32 = 12.0;
const HEIGHT: f32 = 36.0;
/// The button for the tabs that do not fit.
const MORE: f32 = 34.0;
/// One long name must not push all others out: the share of the row that it may take.
const LONGEST: f32 = 0.6;

/// The current one is underlined. As high as a panel's heading.
pub fn tab_strip<T: Copy + PartialEq>(ui: &mut Ui, current: &mut T, tabs: &[(T, &str)]) {
    pane_tabs(ui, current, tabs, "", false);
}

/// As [`tab_strip`], of panes that have a key each; with `focus` the current one takes the keyboard.
pub fn pane_tabs<T: Copy + PartialEq>(ui: &mut Ui, current: &mut T, tabs: &[(T, &str)], keys: &str, focus: bool) {
    let room = ui.available_width();
    let longest = if tabs.len() > 1 { (room * LONGEST).max(24.0) } else { room };
    let measured = |size: f32| -> Vec<f32> {
        let colour = egui::Color32::PLACEHOLDER;
        let width = |title: &str| {
            ui.painter().layout_no_wrap(title.to_owned(), theme::medium(size), colour).size().x.min(longest)
        };
        tabs.iter().map(|(_, title)| width(title)).collect()
    };
    let chosen = tabs.iter().position(|(tab, _)| tab == current).unwrap_or(0);
    let at = |size: f32, gap: f32| {
        let widths = measured(size);
        let shown = fitting(&widths, chosen, room, gap);
        (size, gap, widths, shown)
    };
    let all = |(_, _, _, shown): &(f32, f32, Vec<f32>, Vec<bool>)| !shown.contains(&false);
    // All in sight, if need be closer together and smaller.
    let (size, gap, widths, shown) = Some(at(SIZE, GAP))
        .filter(all)
        .or_else(|| Some(at(SIZE, TIGHT)).filter(all))
        .or_else(|| Some(at(SMALL, TIGHT)).filter(all))
        .unwrap_or_else(|| at(SIZE, GAP));
    ui.spacing_mut().item_spacing.x = gap;
    let mut keys = keys.chars();
    for (((tab, title), width), shown) in tabs.iter().zip(&widths).zip(&shown) {
        let key = keys.next();
        if !*shown {
            continue;
        }
        let response = tab_ui(ui, title, (*width, size), current == tab);
        if focus && current == tab {
            response.request_focus();
        }
        if response.clicked() {
            *current = *tab;
        }
        if let Some(key) = key {
            response.on_hover_text(format!("Key {key}"));
        }
    }
    if shown.contains(&false) {
        let rest = tabs.iter().zip(&shown).filter(|(_, shown)| !**shown).map(|(tab, _)| *tab);
        more(ui, current, rest);
    }
}

/// Which tabs are shown: the chosen one, and the others from the left while there is room.
fn fitting(widths: &[f32], chosen: usize, room: f32, gap: f32) -> Vec<bool> {
    let whole = widths.iter().sum::<f32>() + gap * widths.len().saturating_sub(1) as f32;
    if whole <= room {
        return vec![true; widths.len()];
    }
    let mut left = room - MORE - widths.get(chosen).copied().unwrap_or(0.0) - gap;
    let mut full = false;
    let fits = |(i, width): (usize, &f32)| {
        if i == chosen {
            return true;
        }
        full |= width + gap > left;
        left -= width + gap;
        !full
    };
    widths.iter().enumerate().map(fits).collect()
}

fn tab_ui(ui: &mut Ui, title: &str, (width, size): (f32, f32), on: bool) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::click());
    let colour = if on || response.hovered() || response.has_focus() { tokens.text } else { tokens.muted };
    let mut job = LayoutJob::simple_singleline(title.to_owned(), theme::medium(size), colour);
    job.wrap = TextWrapping::truncate_at_width(width + 1.0);
    let galley = ui.painter().layout_job(job);
    let at = Align2::LEFT_CENTER.pos_in_rect(&rect) - Vec2::new(0.0, galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
    if on || response.has_focus() {
        let line = if on { tokens.accent } else { tokens.line };
        ui.painter().hline(rect.x_range(), rect.bottom() - 5.0, Stroke::new(2.0, line));
    }
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, title));
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

fn more<'a, T: Copy + PartialEq>(ui: &mut Ui, current: &mut T, rest: impl Iterator<Item = (T, &'a str)>) {
    let icon = RichText::from(icons::ICON_MORE_HORIZ).size(17.0);
    let button = Button::new(icon).frame_when_inactive(false).min_size(Vec2::new(MORE, 24.0));
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        for (tab, title) in rest {
            if ui.button(title).clicked() {
                *current = tab;
            }
        }
    });
    named(response, "More tabs");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::test_window::bench;
    use crate::session::State;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn the_chosen_tab_is_always_shown_and_the_others_while_there_is_room() {
        let widths = [40.0, 60.0, 80.0];
        assert_eq!(fitting(&widths, 0, 212.0, GAP), [true, true, true]);
        assert_eq!(fitting(&widths, 0, 211.0, GAP), [true, true, false]);
        assert_eq!(fitting(&widths, 2, 211.0, GAP), [true, false, true]);
        assert_eq!(fitting(&widths, 1, 100.0, GAP), [false, true, false]);
        assert_eq!(fitting(&widths, 1, 10.0, GAP), [false, true, false]);
    }

    #[test]
    fn tabs_move_closer_before_one_is_hidden() {
        let tabs = [(0, "Samples"), (1, "Confusion"), (2, "Scores"), (3, "Try it")];
        let seen = |width: f32| {
            let mut harness = bench([width, 60.0], State::default(), 0, move |ui, _, current: &mut i32, _| {
                ui.horizontal(|ui| tab_strip(ui, current, &tabs));
            });
            harness.run_ok();
            let all = tabs.map(|(_, title)| harness.query_by_label(title).map(|tab| tab.rect()));
            all.into_iter().flatten().collect::<Vec<_>>()
        };
        // As wide as the Output panel of a small window leaves.
        let (wide, narrow) = (seen(300.0), seen(227.0));
        assert_eq!([wide.len(), narrow.len()], [4, 4]);
        assert!(seen(190.0).len() < 4);
        assert_eq!([wide[1].left() - wide[0].right(), narrow[1].left() - narrow[0].right()], [GAP, TIGHT]);
    }

    #[test]
    fn a_tab_that_does_not_fit_is_found_behind_the_button_at_the_end() {
        let tabs = [(0, "Loss"), (1, "Learning rate"), (2, "Gradient flow")];
        let mut harness = bench([150.0, 200.0], State::default(), 0, move |ui, _, current: &mut i32, _| {
            ui.horizontal(|ui| tab_strip(ui, current, &tabs));
        });
        harness.run_ok();
        assert!(harness.query_by_label("Gradient flow").is_none());
        harness.get_by_label("More tabs").click();
        harness.run_ok();
        harness.get_by_label("Gradient flow").click();
        harness.run_ok();
        assert_eq!(harness.state().local, 2);
        let tab = harness.get_by_label("Gradient flow").rect();
        assert!(tab.min.x >= 0.0 && tab.max.x <= 150.0, "{tab}");
    }
}
