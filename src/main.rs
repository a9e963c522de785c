//! The program: arguments first, then the window if one was asked for.

use std::process::ExitCode;

use glassbox::cli::{self, Next};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Next::Exit(code) => code,
        #[cfg(feature = "gui")]
        Next::Window(file) => cli::report(glassbox::gui::run(file)),
        #[cfg(feature = "gui")]
        Next::Bench(options) => cli::report(glassbox::gui::bench(&options)),
        #[cfg(not(feature = "gui"))]
        Next::Window(_) => {
            eprintln!("glassbox: this build has no window. Train without one: glassbox train FILE (see glassbox --help)");
            ExitCode::FAILURE
        }
        #[cfg(not(feature = "gui"))]
        Next::Bench(_) => {
            eprintln!("glassbox: this build has no window to measure.");
            ExitCode::FAILURE
        }
    }
}
