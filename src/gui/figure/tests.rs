use super::*;
use crate::gui::canvas;
use crate::gui::output::OutputUi;
use crate::gui::plots::{PlotsUi, export};
use crate::gui::test_window::chain;
use crate::gui::{output, plots};
use crate::session::State;

fn trained() -> State {
    let mut state = chain(&["input", "dense", "loss"]);
    state.pose().run.step = 3;
    (1..=3).for_each(|step| state.pose().run.curves.train_loss.push(step, 1.0 / step as f32));
    state
}

fn corner(drawing: &paper::Drawing) -> [u8; 3] {
    let rgba = drawing.pixels().rgba;
    [rgba[0], rgba[1], rgba[2]]
}

#[test]
fn the_network_is_drawn_whole_with_its_words_and_without_what_can_be_pressed() {
    let state = trained();
    let mut sheet = canvas::sheet(&state, &canvas::CanvasUi::default());
    let svg = sheet.draw(Theme::Light).svg();
    for name in ["Input", "Dense 1", "Loss"] {
        assert!(svg.contains(&format!(">{name}</text>")), "{name}");
    }
    assert!(!svg.contains("fit</text>") && !svg.contains("valid</text>"));
    assert!(svg.contains("<path d=\"M") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
}

#[test]
fn a_picture_is_on_white_or_on_the_dark_theme_and_twice_as_sharp_as_the_screen() {
    let state = trained();
    let ctx = Context::default();
    let mut local = PlotsUi::default();
    let mut sheet = export::sheet(&ctx, &state, &mut local);
    let (light, dark) = (sheet.draw(Theme::Light), sheet.draw(Theme::Dark));
    let channels = |tokens: Tokens| [tokens.panel.r(), tokens.panel.g(), tokens.panel.b()];
    assert_eq!((corner(&light), corner(&dark)), (channels(Tokens::light()), channels(Tokens::dark())));
    let pixels = light.pixels();
    assert_eq!(pixels.width, 2 * export::SIZE.x as usize);
    assert_eq!(pixels.rgba.len(), 4 * pixels.width * pixels.height);
    let accent = Tokens::light().accent.to_array();
    assert!(pixels.rgba.chunks(4).any(|dot| dot == accent), "the curve is there");
    let svg = light.svg();
    assert!(svg.contains("Test: loss</text>") && svg.contains(">epochs</text>") && svg.contains(">train</text>"));
}

#[test]
fn an_output_before_any_data_is_an_empty_sheet() {
    let state = trained();
    let mut local = OutputUi::default();
    let drawing = output::sheet(&state, &mut local).draw(Theme::Light);
    assert!(drawing.svg().contains("</svg>"));
}

#[test]
fn numbers_of_the_curves_are_a_table() {
    let (state, mut local) = (trained(), PlotsUi::default());
    let mut table = Table::csv();
    (plots::export::sheet(&Context::default(), &state, &mut local).numbers)(&mut table);
    assert_eq!(table.text().lines().next(), Some("step,train loss"));
}
