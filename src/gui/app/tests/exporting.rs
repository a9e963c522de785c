//! What panels show goes to files and to the clipboard.

use egui::{Key, Modifiers, OutputCommand};

use super::hands::Hands;
use crate::session::State;

fn trained() -> Hands {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.click("Step");
    let drawn = |hands: &Hands| {
        let run = hands.state().run();
        run.step == 1 && run.picture.as_ref().is_some_and(|p| p.step == 1 && p.output.is_some())
    };
    hands.wait_until("a step is done", drawn);
    hands
}

#[test]
fn every_panel_saves_its_picture_and_its_numbers_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = trained();
    for (button, item, name, begins) in [
        ("Export the curves", "Save data (CSV) …", "curves.csv", "step,train loss".as_bytes()),
        ("Export the output", "Save data (CSV) …", "output.csv", b"x,y,class "),
        ("Export the output", "Save drawing (SVG) …", "output.svg", b"<svg "),
        ("Export the network", "Save picture (PNG) …", "network.png", b"\x89PNG"),
    ] {
        hands.click(button);
        hands.click(item);
        let path = folder.path().join(name);
        hands.wait_until("there is no file dialog", |hands| !hands.names_containing("No file dialog").is_empty());
        hands.write("Path", &path.display().to_string());
        hands.key(Modifiers::NONE, Key::Enter);
        hands.wait_until("the file is there", |_| path.exists());
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.starts_with(begins), "{name}: {:?}", &bytes[..20]);
        hands.wait_until("it is told of", |hands| !hands.names_containing(name).is_empty());
    }
    let numbers = std::fs::read_to_string(folder.path().join("output.csv")).unwrap();
    let heads: Vec<&str> = numbers.lines().next().unwrap_or_default().split(',').collect();
    assert_eq!(heads.len(), 4, "{heads:?}");
    assert!(numbers.lines().count() > 100 && !numbers.contains("NaN"));
}

#[test]
fn a_picture_and_a_table_go_to_the_clipboard() {
    let mut hands = trained();
    hands.click("Export the curves");
    hands.click("On white");
    let commands = hands.click_for_commands("Copy picture");
    let image = commands.iter().find_map(|command| match command {
        OutputCommand::CopyImage(image) => Some(image),
        _ => None,
    });
    let ground = image.expect("a picture").pixels[0];
    assert_eq!(ground, crate::gui::theme::Tokens::dark().panel, "it was to be dark");
    hands.click("Export the network");
    let commands = hands.click_for_commands("Copy drawing (SVG)");
    let copied = |begin: &str, holds: &str| {
        let is_it = |text: &str| text.starts_with(begin) && text.contains(holds);
        commands.iter().any(|command| matches!(command, OutputCommand::CopyText(text) if is_it(text)))
    };
    assert!(copied("<svg ", ">Dense 1</text>"));
    hands.click("Export the curves");
    let commands = hands.click_for_commands("Copy data");
    let copied = commands.iter().any(
        |command| matches!(command, OutputCommand::CopyText(text) if text.starts_with("step\ttrain loss\t") && text.lines().count() >= 2),
    );
    assert!(copied, "{commands:?}");
}
