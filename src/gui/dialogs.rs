//! Questions that stand in front of the window: which file, and what about unsaved changes.
//!
//! A native file dialog runs on a thread of its own; beside it a field takes a typed path, so that nothing depends on
//! the desktop.

mod leave;
mod native;
mod purpose;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use egui::{Context, Id, Modal, RichText, Ui};

use super::panels::dialog_frame;
use super::theme::Tokens;
use super::widgets::{accent_button, path_field};
use crate::session::{Action, State};
use crate::trace::TensorRecord;

use leave::Step;
pub use leave::{Leave, LeaveDialog};
pub use native::NativePicker;
pub use purpose::Purpose;

/// Asks a person for a path, for as long as it takes. Called on a thread of its own.
pub trait FilePicker: Send + Sync {
    fn pick(&self, purpose: &Purpose) -> Option<PathBuf>;
}

pub struct Dialogs {
    picker: Arc<dyn FilePicker>,
    open: Option<PathDialog>,
    leave: Option<LeaveDialog>,
    /// What the person decided to do in spite of unsaved changes.
    confirmed: Option<Leave>,
}

struct PathDialog {
    purpose: Purpose,
    text: String,
    /// The native dialog, while it is on the screen.
    native: Option<Receiver<NativeAnswer>>,
    remark: &'static str,
    /// A file that is there already, which the next press replaces.
    replaces: Option<PathBuf>,
    fresh: bool,
}

/// What a person has chosen.
struct Chosen {
    path: PathBuf,
    /// A file of this name may be replaced: they were asked.
    may_replace: bool,
}

/// What a native dialog answered, and after how long.
type NativeAnswer = (Option<PathBuf>, Duration);

/// A native dialog that is gone sooner than this was never on the screen.
const NO_DIALOG: Duration = Duration::from_millis(700);

impl Dialogs {
    pub fn new(picker: Arc<dyn FilePicker>) -> Self {
        Self { picker, open: None, leave: None, confirmed: None }
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some() || self.leave.is_some()
    }

    /// Opens the path field and, beside it, the desktop's own dialog.
    pub fn ask(&mut self, purpose: Purpose, ctx: &Context) {
        if self.open.is_some() {
            return;
        }
        let (name, folder) = match &purpose {
            Purpose::Save { suggestion, folder }
            | Purpose::SaveWeights { suggestion, folder }
            | Purpose::SavePredictions { suggestion, folder } => (suggestion.clone(), folder.as_deref()),
            Purpose::SaveFigure { suggestion, .. }
            | Purpose::ExportRuns { suggestion, .. }
            | Purpose::ExportBoxes { suggestion } => (suggestion.clone(), None),
            Purpose::Export { record, .. } => (file_name(record), None),
            Purpose::ExportProject { suggestion, folder, .. } => (suggestion.clone(), folder.as_deref()),
            _ => (String::new(), None),
        };
        let ending = purpose.ending().filter(|_| !name.is_empty());
        let text = match (&purpose, ending) {
            (_, Some(ending)) => suggested_path(&name, ending, folder),
            (Purpose::ExportProject { .. }, None) => suggested_folder(&name, folder),
            (_, None) => String::new(),
        };
        let native = self.start_native(&purpose, ctx);
        self.open = Some(PathDialog { purpose, text, native, remark: "", replaces: None, fresh: true });
    }

    fn start_native(&self, purpose: &Purpose, ctx: &Context) -> Option<Receiver<NativeAnswer>> {
        let (sender, receiver) = channel();
        let (picker, purpose, ctx) = (self.picker.clone(), purpose.clone(), ctx.clone());
        let work = move || {
            // The receiver is gone when a typed path was quicker.
            let began = Instant::now();
            let answer = picker.pick(&purpose);
            let _ = sender.send((answer, began.elapsed()));
            ctx.request_repaint();
        };
        std::thread::Builder::new().name("file dialog".into()).spawn(work).ok().map(|_| receiver)
    }

    /// Asks what to do about unsaved changes; the decision comes out of [`Self::take_confirmed`].
    pub fn ask_leave(&mut self, leave: Leave) {
        if self.leave.is_none() {
            self.leave = Some(LeaveDialog::new(leave));
        }
    }

    pub fn take_confirmed(&mut self) -> Option<Leave> {
        self.confirmed.take()
    }

    pub fn show(&mut self, ctx: &Context, state: &State, actions: &mut Vec<Action>) {
        if self.open.is_none()
            && let Some(mut dialog) = self.leave.take()
        {
            match dialog.show(ctx, state, actions) {
                Step::Wait => self.leave = Some(dialog),
                Step::Go => self.confirmed = Some(dialog.leave),
                Step::Stay => {}
            }
        }
        let Some(dialog) = &mut self.open else { return };
        let mut result = dialog.poll_native();
        let modal = Modal::new(Id::unique("path dialog"))
            .frame(dialog_frame(&ctx.global_style()))
            .show(ctx, |ui| dialog.contents(ui));
        let dismissed = modal.should_close();
        let (choice, browse) = modal.inner;
        result = result.or(choice);
        if dismissed {
            result = Some(None);
        }
        if browse {
            let purpose = dialog.purpose.clone();
            let native = self.start_native(&purpose, ctx);
            if let Some(dialog) = &mut self.open {
                dialog.native = native;
            }
        }
        if let Some(Some(chosen)) = &result
            && let Some(dialog) = &mut self.open
            && dialog.asks_before(chosen)
        {
            return;
        }
        if let Some(answer) = result
            && let Some(dialog) = self.open.take()
        {
            match answer {
                Some(chosen) => {
                    let path = dialog.purpose.complete(chosen.path);
                    actions.push(dialog.purpose.action(path));
                }
                // Without a place there is no saving, so whoever wanted to leave stays.
                None if matches!(dialog.purpose, Purpose::Save { .. }) => self.leave = None,
                None => {}
            }
        }
    }
}

impl PathDialog {
    /// Whether what was chosen would replace a file of which nobody has been asked: then the dialog stays and asks.
    fn asks_before(&mut self, chosen: &Chosen) -> bool {
        let whole = self.purpose.complete(chosen.path.clone());
        // The desktop has asked about the name that it gave, not about one with an ending more.
        let agreed = chosen.may_replace && (whole == chosen.path || self.replaces.as_ref() == Some(&whole));
        if self.purpose.ending().is_none() || agreed || !whole.exists() {
            return false;
        }
        self.text = whole.display().to_string();
        self.replaces = Some(whole);
        true
    }

    /// `Some(Some(path))` chosen, `Some(None)` cancelled, `None` nothing yet.
    fn poll_native(&mut self) -> Option<Option<Chosen>> {
        let (answer, after) = match self.native.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => (None, Duration::ZERO),
            Ok(answer) => answer,
        };
        let failed = answer.is_none() && after < NO_DIALOG;
        self.native = None;
        if failed {
            self.remark = "No file dialog is available on this system. Type the path instead.";
            return None;
        }
        Some(answer.map(|path| Chosen { path, may_replace: true }))
    }

    /// The answer, if any, and whether the native dialog is wanted again.
    fn contents(&mut self, ui: &mut Ui) -> (Option<Option<Chosen>>, bool) {
        let tokens = Tokens::of(ui);
        ui.set_width(440.0);
        ui.heading(self.purpose.title());
        ui.label(RichText::new(self.purpose.explanation()).color(tokens.muted));
        let (field, entered) = path_field(ui, "Path", "/home/you/…", &mut self.text);
        if std::mem::take(&mut self.fresh) {
            field.request_focus();
        }
        if !self.remark.is_empty() {
            ui.label(RichText::new(self.remark).color(tokens.warn));
        }
        let ready = !self.text.trim().is_empty();
        let path = expand_home(self.text.trim());
        let replaces = self.replaces.as_ref().is_some_and(|there| *there == self.purpose.complete(path.clone()));
        if replaces {
            let text = "A file with this name already exists. Replace it or choose another name.";
            ui.label(RichText::new(text).color(tokens.warn));
        }
        let (mut answer, mut browse) = (None, false);
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let ok = accent_button(ui, ready, if replaces { "Replace" } else { self.purpose.button() });
            // Enter saves, and does not replace: it is pressed once too often.
            if ok.clicked() || (entered && ready && !replaces) {
                answer = Some(Some(Chosen { path, may_replace: replaces }));
            }
            if ui.button("Cancel").clicked() {
                answer = Some(None);
            }
            let waiting = self.native.is_some();
            if ui.add_enabled(!waiting, egui::Button::new("Browse …")).clicked() {
                browse = true;
            }
            if waiting {
                ui.label(RichText::new("or choose it in the file dialog").color(tokens.faint));
            }
        });
        (answer, browse)
    }
}

/// In a likely folder, else in the home folder, unless the person says otherwise; never a path that depends on where
/// the program was started.
fn suggested_path(name: &str, ending: &str, folder: Option<&Path>) -> String {
    let name = format!("{}.{ending}", name.replace(['/', '\\'], "-"));
    if let Some(folder) = folder {
        return folder.join(name).display().to_string();
    }
    let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().join(&name));
    home.map_or(name, |path| path.display().to_string())
}

/// As [`suggested_path`], of a folder.
fn suggested_folder(name: &str, folder: Option<&Path>) -> String {
    let home = || directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let place = folder.map(Path::to_path_buf).or_else(home).unwrap_or_default();
    place.join(name.replace(['/', '\\'], "-")).display().to_string()
}

/// `dense_1.weight.grad step 57`: as in the listing, without what a shell or another system would take amiss.
fn file_name(record: &TensorRecord) -> String {
    format!("{} step {}", record.name.replace('%', "value "), record.step)
}

/// "~/x" as a person types it, and quotes that a file manager puts around copied paths.
fn expand_home(text: &str) -> PathBuf {
    let text = text.trim_matches(|c| c == '"' || c == '\'');
    let home = || directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    match text.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(text),
    }
}

#[cfg(test)]
#[path = "dialogs/tests.rs"]
mod tests;
