//! Everything a person can do.

use std::path::PathBuf;

use crate::engine::Device;
use crate::model::{DataSpec, Edit, LayerId, TrainingSpec, WireId};
use crate::persist::tensor_file::Format;
use crate::persist::{Arrangement, KeepRuns, Theme};
use crate::trace::{Breakpoint, Inspection, PictureWishes, TensorRecord};
use crate::trainer::DebugCommand;

use super::{Figure, PlaceAction, RunAction, Tab};

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    // The graph.
    Edit(Edit),
    /// Several edits that are one step of undo.
    Edits {
        name: String,
        edits: Vec<Edit>,
    },
    /// A drag or a typed value has ended: the next edit is its own step of undo.
    EndEdit,
    Undo,
    Redo,

    // Selection (not undone).
    Select {
        layers: Vec<LayerId>,
        extend: bool,
    },
    SelectWire(WireId),
    SelectNothing,
    /// Copies the selected layers to the session's clipboard.
    Copy,
    Paste {
        offset: [f32; 2],
    },

    // Data and training settings.
    SetData(DataSpec),
    /// A CSV file as the data of this project: its likeliest target is taken, the network stays.
    UseTable(PathBuf),
    /// Same settings, new samples.
    RegenerateData,
    /// The same once more: after a failure, or when a file has changed.
    ReloadData,
    SetTraining(TrainingSpec),
    /// The run takes the settings of training that the project has, where it had others.
    GiveSettingsToRun,
    RenameProject(String),
    CancelLoading,

    /// One number of the run that is there: a weight or a bias.
    SetNumber {
        /// As the listing calls it.
        tensor: String,
        index: Vec<usize>,
        value: f32,
        /// What a person calls it: "x → unit 3 of Dense 1".
        what: String,
    },

    // Running.
    Transport(Transport),
    /// 0 (slowest) to 1 (full speed).
    SetSpeed(f32),
    /// The run goes on there from the step where it is.
    SetDevice(Device),
    Want(PictureWishes),
    /// Ask the network about one sample, as it takes it.
    TryInput(Vec<f32>),

    // Debugging.
    /// Another tab of the workspace.
    ShowTab(Tab),
    Debug(DebugCommand),
    /// Bookmarks, and back to where one was.
    Places(PlaceAction),
    SetBreakpoints(Vec<Breakpoint>),
    /// What the debugger's panels show.
    Inspect(Box<Inspection>),
    /// MiB that checkpoints may take.
    SetCheckpointMemory(u32),

    /// What is done with the runs of the project.
    Runs(RunAction),

    // Files and screens.
    NewEmpty,
    OpenTemplate(String),
    /// A project fitted to a CSV file; without a target the likeliest column is taken.
    OpenTable {
        path: PathBuf,
        target: Option<String>,
    },
    /// A project fitted to a folder of IDX files.
    OpenIdx(PathBuf),
    Open(PathBuf),
    /// To the file it came from; asks the window for a place when there is none (`Event::WantsPlace`).
    Save,
    SaveAs(PathBuf),
    /// The run as it stands, as a checkpoint for other programs and for later.
    SaveWeights(PathBuf),
    /// What a panel shows, as PNG, SVG or CSV.
    SaveFigure {
        figure: Box<Figure>,
        path: PathBuf,
    },
    /// A tensor for other programs.
    ExportTensor {
        record: TensorRecord,
        format: Format,
        path: PathBuf,
    },
    ShowWelcome,
    ShowWorkspace,
    SetTheme(Theme),
    SetScale(f32),
    SetReducedMotion(bool),
    /// Few layers and settings in this project, and in beginners' templates from now on; or all of them.
    SetSimple(bool),
    SetKeepRuns(KeepRuns),
    /// Where the panels of the window stand.
    ArrangePanels(Arrangement),
    /// The tour of the window was begun: it does not begin by itself again.
    TourSeen,
    /// The crash-recovery offer was taken or declined.
    RecoverLast(bool),
    DismissError,
    /// The run stands because its loss is NaN or infinite.
    AfterNotFinite(WayOut),
}

/// What can be done about a loss that is NaN or infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// To the number itself, in the debugger.
    Show,
    /// To the last step at which all was well.
    GoBack,
    /// Another run from the start, with a tenth of the learning rate.
    LowerRate,
    /// Nothing; it is not told again.
    Dismiss,
}

/// The buttons of the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Play,
    Pause,
    Toggle,
    StepBatch,
    StepEpoch,
    /// Back to step 0 with the same initial weights.
    Reset,
    /// Back to step 0 with other initial weights.
    NewSeed,
}
