//! The program: arguments first, then the window if one was asked for.

use std::process::ExitCode;

use glassbox::cli::{self, BenchOptions, Next};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    glassbox::engine::keep_freed_memory();
    match cli::run() {
        Next::Exit(code) => code,
        Next::Window(file) => cli::report(open_window(file), false),
        Next::Bench(options) => cli::report(bench(&options), options.json),
    }
}

#[cfg(feature = "gui")]
fn open_window(file: Option<std::path::PathBuf>) -> anyhow::Result<()> {
    use glassbox::session::{Action, State};

    anyhow::ensure!(
        has_display(),
        "There is no display to open a window on. Train from the command line instead: glassbox train FILE (see \
            glassbox --help)."
    );
    let mut state = State::start(glassbox::persist::Home::find());
    if let Some(path) = file {
        state.apply(Action::Open(path));
    }
    glassbox::gui::run(state).map_err(|error| {
        anyhow::anyhow!(
            "Couldn't open the window ({error}). Without a display, train from the command line: glassbox \
            train FILE (see glassbox --help)."
        )
    })
}

/// Asked beforehand, because the answer that comes when it is too late names source files instead of what is missing.
#[cfg(feature = "gui")]
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let needs_one = cfg!(all(unix, not(target_vendor = "apple")));
    !needs_one || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

#[cfg(not(feature = "gui"))]
fn open_window(_file: Option<std::path::PathBuf>) -> anyhow::Result<()> {
    anyhow::bail!(
        "This build has no window. Train from the command line instead: glassbox train FILE (see glassbox --help)."
    )
}

#[cfg(feature = "gui")]
fn bench(options: &BenchOptions) -> anyhow::Result<()> {
    let ui_frame = || {
        // Pictures of the plane, pictures of feature maps, and curves of a long run.
        let cases =
            [("spiral", "spiral", 0), ("digits-cnn", "digits-cnn", 0), ("a million points", "spiral", 1_000_000)];
        let mut of = serde_json::Map::new();
        let times = cases.map(|(name, template, points)| (name, glassbox::gui::measure_frames(template, points)));
        let compare = ("compare: 500 runs of 100,000 steps", glassbox::gui::measure_comparing(500, 100_000));
        let wide = ("a table of 3,000 columns", glassbox::gui::measure_wide(3000, 1000));
        for (name, times) in times.into_iter().chain([compare, wide]) {
            let times = times?;
            let on_processor = times.p99_on_processor;
            let ms = serde_json::json!({
                "median": times.median, "p99": times.p99, "max": times.max, "p99_on_processor": on_processor,
            });
            of.insert(name.into(), serde_json::json!({ "ms": ms, "frames": times.frames, "steps": times.steps }));
        }
        Ok(of)
    };
    cli::bench::run(options, Some(ui_frame))
}

#[cfg(not(feature = "gui"))]
fn bench(options: &BenchOptions) -> anyhow::Result<()> {
    cli::bench::run(options, None)
}
