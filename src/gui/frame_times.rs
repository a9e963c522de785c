//! How long the window's own work takes per frame while training runs flat out: layout and tessellation, without a screen.

use std::time::{Duration, Instant};

use egui::{Context, RawInput, Rect, pos2, vec2};

use super::app::App;
use crate::session::{Action, DataState, RunStatus, State, Transport};

/// In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimes {
    pub frames: usize,
    pub median: f64,
    pub p99: f64,
    pub max: f64,
    /// Steps that were trained meanwhile.
    pub steps: u64,
}

/// A frame of a 60 Hz screen.
const FRAME: Duration = Duration::from_micros(16_667);
/// Before the first frame that counts: fonts are laid out, textures made.
const WARM_UP: usize = 60;
const FRAMES: usize = 600;

/// Plays a template for some ten seconds. The message says why it could not.
pub fn measure(template: &str) -> Result<FrameTimes, String> {
    let ctx = Context::default();
    let mut app = App::new(&ctx, State::start(None, "CPU".into()));
    app.state.apply(Action::OpenTemplate(template.to_owned()));
    let mut times = Vec::with_capacity(FRAMES);
    let began = Instant::now();
    let mut frames = 0;
    while times.len() < FRAMES {
        if matches!(app.state.data, DataState::Ready(_)) && app.state.run.status != RunStatus::Running {
            if app.state.run.status == RunStatus::Finished {
                app.state.apply(Action::Transport(Transport::Reset));
            }
            app.state.apply(Action::Transport(Transport::Play));
        }
        if let Some(error) = &app.state.error {
            return Err(error.clone());
        }
        let started = Instant::now();
        frame(&ctx, &mut app, began.elapsed().as_secs_f64());
        let spent = started.elapsed();
        frames += 1;
        if frames > WARM_UP && app.state.run.step > 0 {
            times.push(spent.as_secs_f64() * 1e3);
        }
        if began.elapsed() > Duration::from_secs(120) {
            return Err("Training did not begin within two minutes.".to_owned());
        }
        std::thread::sleep(FRAME.saturating_sub(spent));
    }
    let steps = app.state.run.step;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Ok(FrameTimes { frames: times.len(), median: at(0.5), p99: at(0.99), max: at(1.0), steps })
}

fn frame(ctx: &Context, app: &mut App, time_secs: f64) {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1440.0, 900.0))),
        time: Some(time_secs),
        focused: true,
        ..RawInput::default()
    };
    app.catch_up(ctx);
    let output = ctx.run_ui(input, |ui| app.draw(ui));
    let meshes = ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    std::hint::black_box(meshes);
    // There is no screen that would want the textures.
    output.drop_without_applying_deltas();
}
