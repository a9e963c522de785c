//! People's pictures: how they are fitted is chosen by what is seen, and the network is asked about painted ones.

use egui::{Event, Key, Modifiers, PointerButton, Vec2};

use super::*;
use crate::model::{Fit, Source};
use crate::session::DataState;

fn is_ready(state: &State) -> bool {
    matches!(state.data(), DataState::Ready(_))
}

fn fit(harness: &Harness<'static, Option<App>>) -> Fit {
    let Source::Pictures(pictures) = &state(harness).project().data.source else { panic!("not pictures") };
    pictures.fit
}

#[test]
fn how_pictures_are_fitted_is_chosen_by_what_it_does_to_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (class, colour) in [("a", [250, 0, 0]), ("b", [0, 0, 250])] {
        std::fs::create_dir(folder.path().join(class)).expect("a folder");
        for i in 0..6u32 {
            let picture = image::RgbImage::from_pixel(48 + 8 * i, 32, image::Rgb(colour));
            picture.save(folder.path().join(format!("{class}/{i}.png"))).expect("a picture");
        }
    }
    let mut session = State::default();
    session.apply(Action::OpenPictures(folder.path().to_path_buf()));
    let mut harness = window([1440.0, 900.0], session);
    until(&mut harness, "the pictures", |state| is_ready(state) && state.fits().is_some());
    harness.get_by_label("Data").click();
    harness.run_ok();
    assert_eq!(fit(&harness), Fit::Crop);
    harness.get_by_label("Pictures as they are");
    harness.get_by_label("Pad pictures").click();
    until(&mut harness, "padded pictures", |state| {
        let has_bars = |values: &[f32]| values[..8].iter().all(|&value| value == 0.0);
        let first = state.dataset().and_then(|dataset| dataset.train.input(0).ok().map(|values| has_bars(&values)));
        is_ready(state) && first == Some(true)
    });
    assert_eq!(fit(&harness), Fit::Pad);
    harness.get_by_label("Stretch pictures").click();
    harness.run_ok();
    assert_eq!(fit(&harness), Fit::Stretch);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_ok();
    assert_eq!(fit(&harness), Fit::Pad);
}

#[test]
fn the_network_is_asked_about_what_is_painted_in_colours() {
    let mut session = State::default();
    session.apply(Action::OpenTemplate("shapes".into()));
    let mut harness = window([1440.0, 900.0], session);
    until(&mut harness, "the shapes", is_ready);
    let app = harness.state_mut().as_mut().expect("the app");
    app.state.apply(Action::Transport(crate::session::Transport::StepBatch));
    until(&mut harness, "a step", |state| state.run().step > 0);
    harness.get_by_label("Try it").click();
    harness.run_ok();
    harness.get_by_label("Paint with the mouse; the answer updates as you draw.");
    harness.get_by_label("Brush colour 2").click();
    harness.run_ok();
    let pad = harness.get_by_label("Painting pad").rect();
    let press = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let (from, to) = (pad.center() - Vec2::new(20.0, 0.0), pad.center() + Vec2::new(20.0, 0.0));
    for event in [Event::PointerMoved(from), press(from, true), Event::PointerMoved(to), press(to, false)] {
        harness.event(event);
        harness.step();
    }
    let colours = |harness: &Harness<'static, Option<App>>| {
        harness.state().as_ref().expect("the app").workspace.output.try_it.colours.clone()
    };
    let painted = colours(&harness);
    assert!(!painted.is_blank());
    // The answer to all of it, which may come after those to its beginning.
    until(&mut harness, "the answer", |state| {
        state.try_output().is_some_and(|reply| reply.sample[..] == painted.pixels[..])
    });
    let middle = painted.pixels.len() / 6 + 16;
    let area = painted.pixels.len() / 3;
    let [red, blue] = [painted.pixels[middle], painted.pixels[2 * area + middle]];
    assert!(blue > red, "the second colour is blue: {red} {blue}");
    harness.get_by_label("Clear").click();
    harness.run_ok();
    assert!(colours(&harness).is_blank());
    harness.get_by_label("Sample").click();
    harness.run_ok();
    assert!(!colours(&harness).is_blank());
    harness.get_by_label("Photo").click();
    harness.run_ok();
    harness.get_by_label("Choose a photo …");
}
