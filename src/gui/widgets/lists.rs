//! Lists that open.

use egui::style::ScrollAnimation;
use egui::{Align, ComboBox, InnerResponse, ScrollArea, Ui};

/// A list that scrolls where it has to, and begins at its top whenever it is opened anew.
pub fn list_from_top(ui: &Ui) -> ScrollArea {
    let list = ScrollArea::vertical();
    if opens(ui) { list.vertical_scroll_offset(0.0) } else { list }
}

/// What opens below a field and lets one choose; it too begins at its top.
pub fn combo<R>(ui: &mut Ui, combo: ComboBox, choices: impl FnOnce(&mut Ui) -> R) -> InnerResponse<Option<R>> {
    combo.show_ui(ui, |ui| {
        if opens(ui) {
            ui.scroll_to_cursor_animation(Some(Align::Min), ScrollAnimation::none());
        }
        choices(ui)
    })
}

/// Whether what this is was not there in the last pass.
fn opens(ui: &Ui) -> bool {
    let (id, pass) = (ui.scope_id().with("last pass of the list"), ui.ctx().cumulative_pass_nr());
    let before = ui.data_mut(|data| data.get_temp_mut_or_default::<Option<u64>>(id).replace(pass));
    before.is_none_or(|before| pass > before + 1)
}

#[cfg(test)]
mod tests {
    use egui::vec2;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn a_long_list_begins_at_its_top_each_time_it_is_opened() {
        let mut harness = Harness::builder().with_size([240.0, 240.0]).build_ui(|ui| {
            let list = ComboBox::from_id_salt("numbers").selected_text("chosen").height(120.0);
            let shown =
                combo(ui, list, |ui| (0..40).for_each(|i| drop(ui.selectable_label(false, format!("choice {i}")))));
            shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "numbers"));
        });
        let top = |harness: &Harness<'_>| harness.get_by_label("choice 0").rect().top();
        let press = |harness: &mut Harness<'_>| {
            harness.get_by_label("numbers").click();
            harness.run_steps(4);
        };
        press(&mut harness);
        let first = top(&harness);
        harness.hover_at(harness.get_by_label("choice 1").rect().center());
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, -300.0),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        });
        harness.run_steps(20);
        assert!(harness.query_by_label("choice 0").is_none_or(|first| first.rect().top() < 0.0), "it is scrolled");
        harness.key_press(egui::Key::Escape);
        harness.run_steps(4);
        press(&mut harness);
        assert_eq!(top(&harness), first);
    }
}
