//! How long the window's own work takes per frame while training runs flat out: layout and tessellation, without a
//! screen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Event, RawInput, Rect, pos2, vec2};

use super::app::App;
use crate::session::{Action, Anchor, DataState, RunStatus, State, Tab, Transport};
use crate::trace::{Curves, Pace, RunCard};

/// In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimes {
    pub frames: usize,
    pub median: f64,
    pub p99: f64,
    pub max: f64,
    /// The 99th percentile without the time in which other programs, or the training itself, had the processor. `None`
    /// where the system does not tell.
    pub p99_on_processor: Option<f64>,
    /// Steps that were trained meanwhile.
    pub steps: u64,
}

/// A frame of a 60 Hz screen.
const FRAME: Duration = Duration::from_micros(16_667);
/// Before the first frame that counts: fonts are laid out, textures made.
const WARM_UP: usize = 60;
const FRAMES: usize = 600;

/// Plays a template for some ten seconds, with curves as if so many steps had gone before (0: with its own). The
/// message says why it could not.
pub fn measure(template: &str, points: u64) -> Result<FrameTimes, String> {
    let ctx = Context::default();
    let mut curves = long_curves(points);
    let mut app = App::new(&ctx, State::start(None));
    app.state.apply(Action::OpenTemplate(template.to_owned()));
    app.state.apply(Action::SetSpeed(1.0));
    let (mut times, mut at_work) = (Vec::with_capacity(FRAMES), Vec::with_capacity(FRAMES));
    let began = Instant::now();
    let mut frames = 0;
    while times.len() < FRAMES {
        if matches!(app.state.data(), DataState::Ready(_)) && app.state.run().status != RunStatus::Running {
            if app.state.run().status == RunStatus::Finished {
                app.state.apply(Action::Transport(Transport::Reset));
            }
            app.state.apply(Action::Transport(Transport::Play));
        }
        if let Some(error) = app.state.error() {
            return Err(error.to_owned());
        }
        let (started, had_waited) = (Instant::now(), waited());
        app.catch_up(&ctx);
        let own =
            curves.as_mut().map(|curves| std::mem::replace(&mut app.state.pose().run.curves, std::mem::take(curves)));
        frame(&ctx, &mut app, began.elapsed().as_secs_f64(), Vec::new());
        if let Some(own) = own {
            let mut long = std::mem::replace(&mut app.state.pose().run.curves, own);
            let last = long.train_loss.last().unwrap_or_default();
            long.train_loss.push(last.0 + 1, last.1);
            curves = Some(long);
        }
        let spent = started.elapsed();
        frames += 1;
        if frames > WARM_UP && app.state.run().step > 0 {
            times.push(spent.as_secs_f64() * 1e3);
            let wait = waited().zip(had_waited).map(|(now, before)| now.saturating_sub(before));
            at_work.extend(wait.map(|wait| spent.saturating_sub(wait).as_secs_f64() * 1e3));
        }
        if began.elapsed() > Duration::from_secs(120) {
            return Err("Training did not start within two minutes.".to_owned());
        }
        std::thread::sleep(FRAME.saturating_sub(spent));
    }
    Ok(of(times, at_work, app.state.run().step))
}

/// A table of so many columns in the Data tab, which is scrolled while a small network trains on it.
pub fn measure_wide(columns: usize, rows: usize) -> Result<FrameTimes, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("wide.csv");
    std::fs::write(&path, wide(columns, rows)).map_err(|error| error.to_string())?;
    let ctx = Context::default();
    let mut app = App::new(&ctx, State::start(None));
    app.state.apply(Action::OpenTable { path, target: Some("kind".into()) });
    app.state.apply(Action::SetSpeed(1.0));
    let began = Instant::now();
    while !matches!(app.state.data(), DataState::Ready(_)) {
        app.state.poll();
        std::thread::sleep(Duration::from_millis(1));
        if let DataState::Failed(why) = app.state.data() {
            return Err(why.clone());
        }
        if began.elapsed() > Duration::from_secs(120) {
            return Err("The table did not load within two minutes.".to_owned());
        }
    }
    let (mut times, mut at_work) = (Vec::with_capacity(FRAMES), Vec::with_capacity(FRAMES));
    for n in 0..WARM_UP + FRAMES {
        if app.state.run().status != RunStatus::Running {
            if app.state.run().status == RunStatus::Finished {
                app.state.apply(Action::Transport(Transport::Reset));
            }
            app.state.apply(Action::Transport(Transport::Play));
        }
        // The first frame lays the workspace out.
        if n == 1 {
            app.reveal(Anchor::Data);
        }
        let (started, had_waited) = (Instant::now(), waited());
        app.catch_up(&ctx);
        frame(&ctx, &mut app, n as f64 / 60.0, vec![Event::PointerMoved(pos2(110.0, 500.0)), wheel(n)]);
        let spent = started.elapsed();
        if n >= WARM_UP {
            times.push(spent.as_secs_f64() * 1e3);
            let wait = waited().zip(had_waited).map(|(now, before)| now.saturating_sub(before));
            at_work.extend(wait.map(|wait| spent.saturating_sub(wait).as_secs_f64() * 1e3));
        }
        std::thread::sleep(FRAME.saturating_sub(spent));
    }
    Ok(of(times, at_work, app.state.run().step))
}

/// Its text: numbers without a pattern, and two classes.
fn wide(columns: usize, rows: usize) -> String {
    let mut text: String = (1..columns).map(|column| format!("x{column},")).collect();
    text += "kind\n";
    let mut draw = 0x9E37_79B9_7F4A_7C15u64;
    for row in 0..rows {
        for _ in 1..columns {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += &format!("{:.3},", (draw >> 40) as f64 / (1u64 << 23) as f64 - 1.0);
        }
        text += ["yes\n", "no\n"][row % 2];
    }
    text
}

fn of(mut times: Vec<f64>, mut at_work: Vec<f64>, steps: u64) -> FrameTimes {
    times.sort_by(f64::total_cmp);
    at_work.sort_by(f64::total_cmp);
    let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    FrameTimes {
        frames: times.len(),
        median: at(&times, 0.5),
        p99: at(&times, 0.99),
        max: at(&times, 1.0),
        p99_on_processor: (at_work.len() == times.len()).then(|| at(&at_work, 0.99)),
        steps,
    }
}

/// So many curves lie over each other while runs are compared.
const COMPARED: usize = 8;

/// The Compare tab with so many runs of so many steps: the table is scrolled, the curves are read.
pub fn measure_comparing(runs: usize, steps: u64) -> Result<FrameTimes, String> {
    let ctx = Context::default();
    let mut app = App::new(&ctx, State::start(None));
    app.state.apply(Action::OpenTemplate("spiral".to_owned()));
    let began = Instant::now();
    while !matches!(app.state.data(), DataState::Ready(_)) {
        app.state.poll();
        std::thread::yield_now();
        if began.elapsed() > Duration::from_secs(60) {
            return Err("The template's data did not load within a minute.".to_owned());
        }
    }
    let mut curves = long_curves(steps).unwrap_or_default();
    let knots = (0..=steps).step_by(40);
    curves.pace = knots.map(|step| Pace { step, epoch: step as f64 / 40.0, seconds: step as f64 * 1e-4 }).collect();
    let card = |n: usize| {
        let mut project = app.state.project().clone();
        project.training.learning_rate = 0.001 * (1 + n % 7) as f64;
        project.training.batch_size = 16 << (n % 4);
        let mut card =
            RunCard { id: format!("run-{n}"), name: format!("Run {n}"), project, steps, ..RunCard::default() };
        card.read_curves(&curves);
        card.seconds = steps as f64 * 1e-4;
        Arc::new(card)
    };
    let cards: Vec<_> = (1..=runs).map(card).collect();
    for card in cards.iter().rev().take(COMPARED) {
        app.state.pose().runs.picked.insert(card.id.clone());
        // Each of its own, as they are read from files.
        app.state.pose().runs.curves.insert(card.id.clone(), Arc::new(curves.clone()));
    }
    app.state.pose().runs.pair = cards.last_chunk::<2>().map(|pair| pair.each_ref().map(|card| card.id.clone()));
    app.state.pose().runs.cards = cards;
    *app.state.pose().tab = Tab::Compare;
    let (mut times, mut at_work) = (Vec::with_capacity(FRAMES), Vec::with_capacity(FRAMES));
    for n in 0..WARM_UP + FRAMES {
        let (started, had_waited) = (Instant::now(), waited());
        app.catch_up(&ctx);
        frame(&ctx, &mut app, n as f64 / 60.0, used(n));
        if n >= WARM_UP {
            let spent = started.elapsed();
            times.push(spent.as_secs_f64() * 1e3);
            let wait = waited().zip(had_waited).map(|(now, before)| now.saturating_sub(before));
            at_work.extend(wait.map(|wait| spent.saturating_sub(wait).as_secs_f64() * 1e3));
        }
    }
    Ok(of(times, at_work, 0))
}

/// What a person does in a frame: by turns the wheel over the table, and the pointer along the curves.
fn used(frame: usize) -> Vec<Event> {
    let along = (frame % 120) as f32;
    if (frame / 120).is_multiple_of(2) {
        return vec![Event::PointerMoved(pos2(100.0 + along * 5.0, 640.0))];
    }
    vec![Event::PointerMoved(pos2(400.0, 200.0)), wheel(frame)]
}

fn wheel(frame: usize) -> Event {
    Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, if (frame / 240).is_multiple_of(2) { -60.0 } else { 60.0 }),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    }
}

/// Noisy curves of a long run, validated every 40 steps.
fn long_curves(points: u64) -> Option<Curves> {
    let mut curves = Curves::default();
    for step in 1..=points {
        let noise = (step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / (1u64 << 24) as f32;
        let loss = 1e4 / (step as f32 + 1e4) * (0.5 + noise);
        curves.train_loss.push(step, loss);
        curves.train_metric.push(step, 1.0 - loss);
        curves.learning_rate.push(step, 0.01);
        if step % 40 == 0 {
            curves.validation_loss.push(step, loss);
            curves.validation_metric.push(step, 1.0 - loss);
        }
    }
    (points > 0).then_some(curves)
}

/// How long this thread has been ready to run without a processor, since it began. Linux tells.
fn waited() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

fn frame(ctx: &Context, app: &mut App, time_secs: f64, events: Vec<Event>) {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1440.0, 900.0))),
        time: Some(time_secs),
        focused: true,
        events,
        ..RawInput::default()
    };
    let mut output = ctx.run_ui(input, |ui| app.draw(ui));
    let meshes = ctx.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
    std::hint::black_box(meshes);
    // There is no screen that would want the textures.
    output.drop_without_applying_deltas();
}
