//! The program: arguments first, then the window if one was asked for.

use std::process::ExitCode;

use glassbox::cli::{self, BenchOptions, Next};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Next::Exit(code) => code,
        Next::Window(file) => cli::report(open_window(file)),
        Next::Bench(options) => cli::report(bench(&options)),
    }
}

#[cfg(feature = "gui")]
fn open_window(file: Option<std::path::PathBuf>) -> anyhow::Result<()> {
    use glassbox::session::{Action, State};

    anyhow::ensure!(
        has_display(),
        "There is no display here for a window to open on. Train from the command line: glassbox train FILE (see glassbox --help)."
    );
    let threads = glassbox::engine::Threads::available();
    let mut state = State::start(glassbox::persist::Home::find(), format!("CPU · {threads}"));
    if let Some(path) = file {
        state.apply(Action::Open(path));
    }
    glassbox::gui::run(state).map_err(|error| {
        anyhow::anyhow!("The window could not be opened ({error}). Without a display, train from the command line: glassbox train FILE (see glassbox --help).")
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
    anyhow::bail!("This build has no window. Train from the command line: glassbox train FILE (see glassbox --help).")
}

#[cfg(feature = "gui")]
fn bench(options: &BenchOptions) -> anyhow::Result<()> {
    let name = options.only.as_deref().unwrap_or("ui-frame");
    anyhow::ensure!(name == "ui-frame", "There is no measurement {name:?}. There is: ui-frame.");
    let times = glassbox::gui::measure_frames("spiral").map_err(anyhow::Error::msg)?;
    if options.json {
        let ms = serde_json::json!({ "median": times.median, "p99": times.p99, "max": times.max });
        println!("{}", serde_json::json!({ "ui-frame": { "ms": ms, "frames": times.frames, "steps": times.steps } }));
    } else {
        println!(
            "ui-frame: median {:.2} ms, 99th percentile {:.2} ms, longest {:.2} ms over {} frames while {} steps were trained",
            times.median, times.p99, times.max, times.frames, times.steps
        );
    }
    Ok(())
}

#[cfg(not(feature = "gui"))]
fn bench(_options: &BenchOptions) -> anyhow::Result<()> {
    anyhow::bail!("This build has no window to measure.")
}
