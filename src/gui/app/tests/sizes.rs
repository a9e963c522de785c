//! The window made smaller and larger: the network stays in sight, nothing is cut off, and cards keep off each other.

use egui::{Key, Modifiers, Rect, pos2, vec2};

use super::hands::Hands;
use crate::session::{Action, State};
use crate::trainer::DebugCommand;

const CARDS: [&str; 4] = ["node Input", "node Dense 1", "node Dense 2", "node Loss"];

fn xor(size: [f32; 2]) -> Hands {
    let mut hands = Hands::at(size, State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.wait_until("the units are drawn", |hands| hands.state().run().picture.is_some());
    hands
}

fn all_in_sight(hands: &Hands) -> bool {
    let canvas = hands.rect("canvas");
    CARDS.iter().all(|card| hands.sees(card) && canvas.contains_rect(hands.rect(card)))
}

#[test]
fn the_network_stays_in_sight_when_the_window_changes_its_size() {
    let mut hands = xor([1440.0, 900.0]);
    assert!(all_in_sight(&hands));
    for size in [[1024.0, 640.0], [1200.0, 700.0], [1024.0, 640.0]] {
        hands.resize(size);
        assert!(all_in_sight(&hands), "{size:?}");
    }
    let small = hands.rect("node Input");
    hands.resize([1440.0, 900.0]);
    assert!(hands.rect("node Input").width() > small.width(), "it takes the room it gets");
}

#[test]
fn the_panels_below_the_network_are_as_tall_as_a_person_drags_them() {
    let mut hands = xor([1440.0, 900.0]);
    let canvas = hands.rect("canvas");
    let edge = canvas.center_bottom() + vec2(0.0, 2.0);
    hands.drag(edge, edge - vec2(0.0, 150.0));
    let grown = hands.rect("canvas");
    assert!((canvas.bottom() - grown.bottom() - 150.0).abs() < 12.0, "plots: {canvas:?} {grown:?}");
    let top = |hands: &Hands| {
        let tabs = hands.tabs().into_iter().map(|(_, tab)| tab).filter(|tab| tab.left() > canvas.right());
        tabs.map(|tab| tab.top()).fold(0.0, f32::max)
    };
    let before = top(&hands);
    let edge = pos2(canvas.right() + 150.0, before - 3.0);
    hands.drag(edge, edge - vec2(0.0, 100.0));
    let after = top(&hands);
    assert!((before - after - 100.0).abs() < 12.0, "output: {before} {after}");
}

#[test]
fn a_deep_network_is_seen_whole_and_can_be_read_when_it_is_opened() {
    for (template, layers, size) in [
        ("Digits, convolutions", 10, [1440.0, 900.0]),
        ("Digits, attention", 11, [1440.0, 900.0]),
        ("Digits, convolutions", 10, [1024.0, 640.0]),
    ] {
        let mut hands = Hands::at([1440.0, 900.0], State::start(None));
        hands.click(template);
        hands.resize(size);
        let canvas = hands.rect("canvas");
        let cards: Vec<Rect> = hands.names_containing("node ").iter().map(|name| hands.rect(name)).collect();
        assert_eq!(cards.len(), layers, "{template}");
        assert!(cards.iter().all(|card| canvas.contains_rect(*card)), "{template}: {cards:?}");
        assert!(cards.iter().all(|card| card.width() > 56.0), "{template}: {cards:?}");
        hands.key(Modifiers::NONE, Key::L);
        hands.wait();
        let tidied: Vec<Rect> = hands.names_containing("node ").iter().map(|name| hands.rect(name)).collect();
        assert!(cards.iter().zip(&tidied).all(|(a, b)| a.center().distance(b.center()) < 40.0), "{template}");
    }
}

#[test]
fn a_view_that_a_person_chose_stays_when_the_window_changes_its_size() {
    let mut hands = xor([1440.0, 900.0]);
    let at = hands.rect("canvas").center() + vec2(0.0, 200.0);
    hands.scroll(at, vec2(60.0, 40.0));
    let chosen = hands.rect("node Input");
    hands.resize([1024.0, 640.0]);
    assert_eq!(hands.rect("node Input").size(), chosen.size());
    hands.key(Modifiers::NONE, Key::F);
    assert!(all_in_sight(&hands), "F shows everything, and from then on it is kept in sight");
    hands.resize([1240.0, 720.0]);
    hands.resize([1024.0, 640.0]);
    assert!(all_in_sight(&hands));
}

#[test]
fn a_layer_dropped_on_another_card_lands_beside_it() {
    let mut hands = xor([1440.0, 900.0]);
    for card in ["node Dense 1", "node Input", "node Loss"] {
        let (from, onto) = (hands.palette("Tanh"), hands.rect(card).center_bottom() - vec2(20.0, 6.0));
        hands.drag(from, onto);
    }
    let cards: Vec<Rect> = hands.names_containing("node ").iter().map(|name| hands.rect(name)).collect();
    assert_eq!(cards.len(), 4 + 3);
    for (i, card) in cards.iter().enumerate() {
        assert!(cards[..i].iter().all(|other| !other.intersects(*card)), "{cards:?}");
    }
}

#[test]
fn at_twice_the_size_no_tab_is_cut_off_and_each_can_be_reached() {
    // 1440 x 900 at 200 %.
    let mut hands = xor([720.0, 450.0]);
    for title in ["Loss", "Accuracy", "Learning rate", "Gradient flow", "Histograms"] {
        if !hands.tabs().iter().any(|(tab, _)| tab == title) {
            let canvas = hands.rect("canvas");
            let more = hands.tabs().into_iter().filter(|(tab, _)| tab == "More tabs").map(|(_, rect)| rect);
            let more =
                more.into_iter().find(|rect| canvas.x_range().contains(rect.center().x)).expect("a button for more");
            hands.press_at(more.center());
            hands.click_on_top(title);
        }
        let canvas = hands.rect("canvas");
        // Those of the plots: the workspace's own stand above the canvas.
        let is_below = |tab: &Rect| canvas.x_range().contains(tab.left()) && tab.top() > canvas.top();
        let tabs: Vec<_> = hands.tabs().into_iter().filter(|(_, tab)| is_below(tab)).collect();
        assert!(tabs.iter().any(|(tab, _)| tab == title), "{title}: {tabs:?}");
        assert!(tabs.iter().all(|(_, tab)| tab.right() <= canvas.right()), "{tabs:?} in {canvas}");
        for (i, (_, tab)) in tabs.iter().enumerate() {
            assert!(tabs[..i].iter().all(|(_, other)| !other.intersects(*tab)), "{tabs:?}");
        }
    }
}

#[test]
fn in_a_narrow_window_the_network_is_seen_whole_and_layers_are_one_press_away() {
    // 1024 x 640 at 150 and at 200 %.
    for (scale, size) in [(1.5, [683.0, 427.0]), (2.0, [512.0, 320.0])] {
        let mut state = State::start(None);
        state.pose().settings.scale = scale;
        let mut hands = Hands::at([1440.0, 900.0], state);
        hands.click("XOR");
        hands.wait_for_data();
        hands.resize(size);
        assert!(all_in_sight(&hands), "{scale}");
        let window = Rect::from_min_size(egui::Pos2::ZERO, size.into());
        let train = hands.rect("Train");
        assert!(window.contains_rect(train), "{scale}: {train:?}");
        assert!(!hands.sees("Search layers"), "{scale}");
        hands.click("Show layers and data");
        assert!(hands.sees("Search layers"), "{scale}");
        hands.click("Hide layers and data");
        assert!(all_in_sight(&hands), "{scale}");
    }
}

#[test]
fn in_a_small_window_nothing_of_the_debugger_reaches_beyond_its_panel() {
    let mut hands = xor([1440.0, 900.0]);
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| {
        hands.state().debug().view.as_ref().is_some_and(|view| !view.listing.lines.is_empty())
    });
    hands.resize([1024.0, 640.0]);
    let panel = hands.rect("Watch loss").left();
    let controls =
        ["Index of the cell", "New value", "Set the cell", "Factor", "Limit", "Name of the fork", "Stop watching loss"];
    for control in controls {
        let rect = hands.rect(control);
        assert!(panel <= rect.left() && rect.right() <= 1024.0 - 8.0, "{control}: {rect}");
    }
    assert!(hands.rect("Index of the cell").width() > 96.0, "four indices can be read");
}

#[test]
fn at_twice_the_size_the_debugger_keeps_its_buttons_apart_and_room_for_a_picture() {
    let mut hands = xor([1440.0, 900.0]);
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| {
        hands.state().debug().view.as_ref().is_some_and(|view| !view.listing.lines.is_empty())
    });
    hands.resize([720.0, 450.0]);
    let buttons = ["Continue", "Back", "Over", "Into", "Out", "Step", "Reverse to"];
    let mut row: Vec<Rect> = buttons.iter().map(|name| hands.rect(name)).collect();
    row.extend(
        hands.tabs().into_iter().filter(|(title, _)| title == "Build" || title == "Debug").map(|(_, rect)| rect),
    );
    assert_eq!(row.len(), 9);
    for (i, rect) in row.iter().enumerate() {
        assert!(rect.right() <= 720.0 && row[..i].iter().all(|other| !other.intersects(*rect)), "{row:?}");
    }
    let middle = hands.rect("Watch loss").left() - hands.rect("breakpoint at line 1").left() - 200.0;
    assert!(middle > 240.0, "{middle}");
    assert!(hands.sees("Follow"));
    hands.wait_until("a tensor is pictured", |hands| hands.sees("More of this tensor"));
}

/// 1024 x 640 at 200, 175 and 150 %, and 1440 x 900 at 200 %.
const ENLARGED: [[f32; 2]; 4] = [[512.0, 320.0], [585.0, 365.0], [683.0, 427.0], [720.0, 450.0]];

#[test]
fn nothing_of_the_top_bar_lies_on_another_at_any_size_of_everything() {
    let mut hands = xor([1440.0, 900.0]);
    for size in ENLARGED {
        hands.resize(size);
        let maybe = ["Speed", "New seed", "Light theme"].into_iter().filter(|name| hands.sees(name));
        let names = ["Menu", "Project name", "Undo: nothing (Ctrl Z)", "Reset", "Play", "Step", "Epoch"];
        let mut row: Vec<Rect> = names.into_iter().chain(maybe).map(|name| hands.rect(name)).collect();
        let is_ours = |title: &str| title == "Build" || title == "Debug";
        row.extend(hands.tabs().into_iter().filter(|(title, _)| is_ours(title)).map(|(_, rect)| rect));
        for (i, rect) in row.iter().enumerate() {
            let apart = row[..i].iter().all(|other| !other.shrink(0.5).intersects(*rect));
            assert!(rect.right() <= size[0] && apart, "{size:?}: {rect} in {row:?}");
        }
    }
}

#[test]
fn the_size_of_everything_can_be_set_back_at_the_largest_one() {
    let mut hands = xor([1440.0, 900.0]);
    hands.resize(ENLARGED[0]);
    hands.click("Menu");
    assert!(hands.sees("Speed") && hands.sees("New seed"), "what the bar has no room for");
    let inside = hands.rect_of("Save as").center();
    hands.scroll(inside, vec2(0.0, -900.0));
    // The wheel moves the list smoothly.
    hands.wait_until("the end of the list is in sight", |hands| hands.rect_of("Keyboard shortcuts").bottom() <= 320.0);
    let at = hands.rect_of("Window zoom").center();
    hands.press_at(at);
    hands.click_on_top("125 %");
    assert!((hands.state().settings().scale - 1.25).abs() < 1e-6);
}

#[test]
fn keys_change_the_zoom_and_it_is_kept() {
    let mut hands = xor([1440.0, 900.0]);
    let zoom = |hands: &Hands| (hands.state().settings().scale, hands.zoom());
    for (key, expected) in [(Key::Equals, 1.25), (Key::Plus, 1.5), (Key::Minus, 1.25), (Key::Minus, 1.0)] {
        hands.key(Modifiers::COMMAND, key);
        assert_eq!(zoom(&hands), (expected, expected), "{key:?}");
    }
    hands.key(Modifiers::COMMAND, Key::Minus);
    assert_eq!(zoom(&hands), (1.0, 1.0), "there is no smaller one");
    hands.key(Modifiers::COMMAND, Key::Plus);
    hands.click("Light theme");
    assert_eq!(zoom(&hands), (1.25, 1.25), "also under another theme");
    hands.key(Modifiers::COMMAND, Key::Num0);
    assert_eq!(zoom(&hands), (1.0, 1.0));
}

#[test]
fn the_switches_of_the_output_keep_off_its_tab() {
    let mut hands = xor([1440.0, 900.0]);
    for size in ENLARGED.into_iter().chain([[1024.0, 640.0], [1440.0, 900.0]]) {
        hands.resize(size);
        let (_, tab) = hands.tabs().into_iter().find(|(tab, _)| tab == "Output").expect("the tab");
        if !hands.sees("hard border") {
            hands.click("What the output shows");
        }
        assert!(["hard border", "validation"].iter().all(|name| !hands.rect(name).intersects(tab)), "{size:?}");
        hands.key(Modifiers::NONE, Key::Escape);
    }
}

#[test]
fn the_menu_and_the_sheet_of_keys_open_at_their_top_however_they_were_left() {
    let mut hands = xor([1440.0, 900.0]);
    for size in ENLARGED {
        hands.resize(size);
        let screen = Rect::from_min_size(egui::Pos2::ZERO, size.into());
        for _ in 0..2 {
            hands.click("Menu");
            let first = hands.rect_of("Open …");
            assert!(screen.contains_rect(first) && first.top() < 120.0, "{size:?}: {first}");
            hands.scroll(first.center(), vec2(0.0, -4000.0));
            hands.wait_until("the list has moved", |hands| hands.rect_of("Keyboard shortcuts").bottom() <= size[1]);
            hands.key(Modifiers::NONE, Key::Escape);
            hands.key(Modifiers::COMMAND, Key::Slash);
            let first = hands.rect("play or pause");
            assert!(screen.contains_rect(first), "{size:?}: {first}");
            hands.scroll(screen.center(), vec2(0.0, -4000.0));
            hands.wait_until("the sheet has moved", |hands| hands.rect("play or pause").top() < first.top());
            hands.key(Modifiers::NONE, Key::Escape);
        }
    }
}

#[test]
fn a_network_is_seen_whole_when_it_is_opened_at_any_size_of_everything() {
    for size in ENLARGED.into_iter().skip(2) {
        let mut hands = Hands::at(size, State::start(None));
        let card = hands.rect("XOR");
        if card.bottom() > size[1] {
            hands.scroll(egui::pos2(size[0] / 2.0, size[1] / 2.0), vec2(0.0, size[1] - card.bottom() - 8.0));
            hands.wait_until("the card is in sight", |hands| hands.rect("XOR").bottom() <= size[1]);
        }
        hands.click("XOR");
        hands.wait_for_data();
        assert!(all_in_sight(&hands), "{size:?}");
    }
}

#[test]
fn the_pills_of_the_canvas_keep_off_each_other_and_inside_it() {
    let mut hands = xor([1440.0, 900.0]);
    for size in ENLARGED {
        hands.resize(size);
        let canvas = hands.rect("canvas");
        let named = ["L tidy", "F fit"].into_iter().filter(|name| hands.sees(name)).map(|name| hands.rect(name));
        let status = hands.rect_of(" · valid");
        let mut pills: Vec<Rect> = named.collect();
        pills.push(status);
        for (i, pill) in pills.iter().enumerate() {
            let apart = pills[..i].iter().all(|other| !other.intersects(*pill));
            assert!(canvas.contains_rect(*pill) && apart, "{size:?}: {pills:?} in {canvas}");
        }
    }
}

#[test]
fn the_menu_and_the_sheet_of_keys_are_whole_where_there_is_room() {
    let mut hands = xor([1440.0, 900.0]);
    hands.click("Menu");
    let screen = Rect::from_min_size(egui::Pos2::ZERO, vec2(1440.0, 900.0));
    // What a list cuts off is there, but stands below its end.
    let last = hands.rect_of("About Glassbox");
    let first = hands.rect_of("Save as");
    assert!(screen.contains_rect(last) && last.top() - first.bottom() > 300.0, "{last}");
    hands.click_on_top("About Glassbox");
    assert!(!hands.names_containing("licence").is_empty(), "it can be pressed");
    hands.key(Modifiers::NONE, Key::Escape);
    hands.key(Modifiers::COMMAND, Key::Slash);
    let words = hands.rect("toggle full speed");
    assert!(words.right() < hands.rect("Ctrl D").left(), "{words}");
}

#[test]
fn the_sheet_of_keys_can_be_read_to_its_end_at_the_largest_size() {
    let mut hands = xor([1440.0, 900.0]);
    for size in ENLARGED {
        hands.resize(size);
        hands.key(Modifiers::COMMAND, Key::Slash);
        let screen = Rect::from_min_size(egui::Pos2::ZERO, size.into());
        assert!(screen.contains_rect(hands.rect("Keyboard")) && screen.contains_rect(hands.rect("Close")), "{size:?}");
        hands.scroll(screen.center(), vec2(0.0, -4000.0));
        let close = hands.rect("Close");
        hands.wait_until("the last line is in sight", |hands| {
            let last = hands.rect("Double-click").union(hands.rect("show everything"));
            screen.contains_rect(last) && last.bottom() <= close.top()
        });
        hands.key(Modifiers::NONE, Key::Escape);
    }
}

#[test]
fn the_pad_fits_its_panel_however_low_or_tall_that_is() {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("Drawn digits");
    hands.wait_for_data();
    hands.click_tab("Draw");
    let tab = |hands: &Hands| {
        hands.tabs().into_iter().find(|(title, _)| title.starts_with("Draw")).map(|(_, rect)| rect.top())
    };
    let usual = hands.rect("Drawing pad");
    for by in [120.0, -450.0] {
        let top = tab(&hands).unwrap();
        let edge = pos2(usual.center().x, top - 3.0);
        hands.drag(edge, edge + vec2(0.0, by));
        let (now, pad) = (tab(&hands).unwrap(), hands.rect("Drawing pad"));
        assert!((now - top) * by > 0.0, "the edge moved: {top} {now}");
        assert!(pad.top() > now && pad.bottom() < 900.0, "{pad:?}");
    }
    assert!(hands.rect("Drawing pad").height() > usual.height() + 20.0, "it takes the room it gets");
}

#[test]
fn all_answers_about_a_drawing_are_seen_in_a_small_window() {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("Drawn digits");
    hands.wait_for_data();
    hands.click_tab("Draw");
    hands.resize([1024.0, 640.0]);
    hands.click("Step");
    hands.wait_until("there is a network to ask", |hands| hands.state().run().step == 1);
    let pad = hands.rect("Drawing pad");
    hands.drag(pad.lerp_inside(vec2(0.3, 0.2)), pad.lerp_inside(vec2(0.6, 0.8)));
    let bar = |hands: &Hands, digit: usize| {
        let begin = format!("{digit}: ");
        hands.names_containing(&begin).into_iter().find(|name| name.starts_with(&begin) && name.contains('%'))
    };
    hands.wait_until("it answers", |hands| bar(hands, 9).is_some());
    let window = Rect::from_min_size(egui::Pos2::ZERO, vec2(1024.0, 640.0));
    assert!(window.contains_rect(hands.rect("What the network sees")));
    for digit in 0..10 {
        let rect = hands.rect(&bar(&hands, digit).expect("a bar"));
        assert!(window.contains_rect(rect) && !pad.intersects(rect), "{digit} at {rect:?}");
    }
}

#[test]
fn nothing_of_the_debugger_lies_on_another_at_any_size_of_everything() {
    let mut hands = xor([1440.0, 900.0]);
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| {
        hands.state().debug().view.as_ref().is_some_and(|view| !view.listing.lines.is_empty())
    });
    for name in ["one", "two"] {
        let fork = DebugCommand::Fork { name: name.into() };
        hands.apply(Action::Debug(fork));
        hands.wait_until("the fork is there", |hands| hands.sees(&format!("Branch {name}")));
    }
    for size in ENLARGED {
        hands.resize(size);
        let bar = ["Menu", "Project name", "Continue", "Back", "Over", "Into", "Out", "Step", "Reverse to"];
        let bar = bar.into_iter().map(|name| hands.rect(name));
        let time = ["Bookmarks", "Logarithmic time line", "Branch main", "Branch one", "Branch two"];
        let time = time.into_iter().map(|name| hands.rect(name)).chain([hands.rect_of(" MiB")]);
        let middle = ["Probe batch", "Follow"].into_iter().map(|name| hands.rect(name));
        let tabs = hands.tabs().into_iter().map(|(_, rect)| rect);
        let all: Vec<Rect> = bar.chain(time).chain(middle).chain(tabs).collect();
        for (i, rect) in all.iter().enumerate() {
            let apart = all[..i].iter().all(|other| !other.shrink(0.5).intersects(rect.shrink(0.5)));
            assert!(rect.left() >= 0.0 && rect.right() <= size[0] && apart, "{size:?}: {rect} in {all:?}");
        }
        // Every pane is one key away.
        for (key, what) in [(Key::Num5, "Watch another expression"), (Key::Num2, "Condition")] {
            hands.key(Modifiers::NONE, key);
            assert!(hands.sees(what), "{size:?}: {what}");
        }
        hands.key(Modifiers::NONE, Key::Num1);
    }
}
