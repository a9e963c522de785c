//! Everything a person can do.

use std::path::PathBuf;

use crate::engine::Device;
use crate::interop::export::Target;
use crate::model::{DataSpec, Edit, LayerId, Reading, TrainingSpec, WireId};
use crate::persist::tensor_file::Format;
use crate::persist::{Arrangement, KeepRuns, Theme};
use crate::trace::{Breakpoint, Inspection, PictureWishes, TensorRecord};
use crate::trainer::DebugCommand;

use super::{BoxAction, DiagnosisAction, EngineAction, ExamineAction, Figure, OfferAction, PlaceAction, PointEdit};
use super::{RunAction, Tab};

/// Something to be done. What cannot be done is told as a notice; nothing is then changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    // The graph.
    /// One step of undo, or part of the one before it (`Edit::merge_key`).
    Edit(Edit),
    /// Several edits that are one step of undo.
    Edits {
        /// What undo calls it: "paste 3 layers".
        name: String,
        /// Carried out in order; all or none.
        edits: Vec<Edit>,
    },
    /// A drag or a typed value has ended: the next edit is its own step of undo.
    EndEdit,
    /// The last step of the project's history is taken back.
    Undo,
    /// And done again.
    Redo,

    // Selection (not undone).
    /// By a click or by a frame around them.
    Select {
        /// In any order.
        layers: Vec<LayerId>,
        /// Those that are selected already stay so.
        extend: bool,
    },
    /// The wire, and no layer.
    SelectWire(WireId),
    /// Neither layer nor wire.
    SelectNothing,
    /// The canvas shows what lies in a Block, or with `None` the network itself.
    OpenBlock(Option<LayerId>),
    /// Copies the selected layers to the session's clipboard.
    Copy,
    /// What was copied last, with the wires among it.
    Paste {
        /// From where it was copied, in points at 100 %.
        offset: [f32; 2],
    },

    // Data and training settings.
    /// Other settings: the data is loaded again.
    SetData(DataSpec),
    /// A table as the data of this project: its likeliest target is taken, the network stays.
    UseTable(PathBuf),
    /// A folder of pictures (a folder for each class, or IDX files) as the data of this project; the network stays.
    UseFolder(PathBuf),
    /// An open set of pictures as the data of this project, by its key: fetched if it isn't there; the network stays.
    UseSet(String),
    /// A point put on the plane by hand, moved or erased.
    EditPoints(PointEdit),
    /// Boxes looked at, drawn and corrected.
    Boxes(BoxAction),
    /// A folder of pictures with boxes, or in which they are to be drawn, as the data of this project; the network
    /// stays.
    UseBoxes(PathBuf),
    /// The table in use from another sheet, as with another table, or in another encoding.
    ReadTable(Box<Reading>),
    /// Same settings, new samples.
    RegenerateData,
    /// The same once more: after a failure, or when a file has changed.
    ReloadData,
    /// Other settings: a run takes them from its next step on.
    SetTraining(TrainingSpec),
    /// The run takes the settings of training that the project has, where it had others.
    GiveSettingsToRun,
    /// As it was typed.
    RenameProject(String),
    /// What was usable before stays.
    CancelLoading,

    /// One number of the run that is there: a weight or a bias.
    SetNumber {
        /// As the listing calls it.
        tensor: String,
        /// An entry for every axis, from 0.
        index: Vec<usize>,
        /// Rounded to what the tensor holds.
        value: f32,
        /// What a person calls it: "x → unit 3 of Dense 1".
        what: String,
    },

    // Running.
    /// The buttons of the transport.
    Transport(Transport),
    /// 0 (slowest) to 1 (full speed).
    SetSpeed(f32),
    /// The run goes on there from the step where it is.
    SetDevice(Device),
    /// The pictures that are on the screen.
    Want(PictureWishes),
    /// Asks the window for a photo to ask the network about (`Event::WantsPhoto`).
    ChoosePhoto,
    /// Asks the window for new data to predict (`Event::WantsNewData`).
    ChooseNewData,
    /// Ask the network about one sample, as it takes it.
    TryInput(Vec<f32>),

    // Debugging.
    /// Another tab of the workspace.
    ShowTab(Tab),
    /// The buttons and keys of the debugger.
    Debug(DebugCommand),
    /// Bookmarks, and back to where one was.
    Places(PlaceAction),
    /// All there are to be, whatever there were.
    SetBreakpoints(Vec<Breakpoint>),
    /// What the debugger's panels show.
    Inspect(Box<Inspection>),
    /// MiB that checkpoints may take.
    SetCheckpointMemory(u32),

    /// What is done with the runs of the project.
    Runs(RunAction),
    /// What is found out about the network beside its training.
    Examine(ExamineAction),
    /// What is done about what keeps the network from learning.
    Diagnosis(DiagnosisAction),
    /// What is done about other frameworks that train.
    Engines(EngineAction),

    // Files and screens.
    /// An empty canvas.
    NewEmpty,
    /// By its key: "spiral".
    OpenTemplate(String),
    /// A project fitted to a table; without a target the likeliest column is taken.
    OpenTable {
        /// Its file.
        path: PathBuf,
        /// The name of a column.
        target: Option<String>,
    },
    /// A project fitted to a folder of pictures: a folder for each class, or IDX files.
    OpenPictures(PathBuf),
    /// A project fitted to a folder of pictures with boxes; where there are none, they are drawn.
    OpenBoxes(PathBuf),
    /// A project fitted to an open set of pictures, by its key: fetched if it isn't there.
    OpenSet(String),
    /// A project file, a checkpoint, or a model of another program. Weights alone are offered to the network that is
    /// open, and a picture or an array to one that has no data. A folder of pictures is the data of the project that is
    /// open, or else of a new one.
    Open(PathBuf),
    /// What becomes of weights that were opened beside a network.
    Offer(OfferAction),
    /// To the file it came from; asks the window for a place when there is none (`Event::WantsPlace`).
    Save,
    /// From then on it is the project's file.
    SaveAs(PathBuf),
    /// The run as it stands, as a checkpoint for other programs and for later.
    SaveWeights(PathBuf),
    /// The project for other programs.
    ExportProject {
        /// As what.
        target: Target,
        /// A folder, made where it is missing, in which files of the same names are replaced; or a file.
        path: PathBuf,
    },
    /// What a panel shows, as PNG, SVG or CSV.
    SaveFigure {
        /// Drawn again for export.
        figure: Box<Figure>,
        /// Without an ending it gets the figure's.
        path: PathBuf,
    },
    /// A tensor for other programs.
    ExportTensor {
        /// As it is seen.
        record: TensorRecord,
        /// For NumPy, or as text.
        format: Format,
        /// Where it is written.
        path: PathBuf,
    },
    /// The first screen; the project stays on the table.
    ShowWelcome,
    /// Back to the project.
    ShowWorkspace,
    /// The colours of the window.
    SetTheme(Theme),
    /// 1.0 to 2.0.
    SetScale(f32),
    /// Nothing moves by itself.
    SetReducedMotion(bool),
    /// Few layers and settings in this project, and in beginners' templates from now on; or all of them.
    SetSimple(bool),
    /// Which runs saving keeps with the project.
    SetKeepRuns(KeepRuns),
    /// Where the panels of the window stand.
    ArrangePanels(Arrangement),
    /// The tour of the window was begun: it does not begin by itself again.
    TourSeen,
    /// What becomes of a file that somebody else has changed since it was opened.
    AfterFileChanged(FileChanged),
    /// The crash-recovery offer was taken or declined.
    RecoverLast(bool),
    /// It is for another time: what was left stays.
    RecoverLater,
    /// The failure on the screen was read.
    DismissError,
    /// The run stands because its loss is NaN or infinite.
    AfterNotFinite(WayOut),
}

/// What can be done where saving would overwrite what somebody else has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChanged {
    /// The file gets what is open here.
    Overwrite,
    /// What is open here goes to another file (`Event::WantsPlace`).
    SaveAs,
    /// What is in the file is opened; undo brings back what was open here.
    Reload,
    /// Nothing is saved for now.
    Dismiss,
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
    /// Train, for more epochs where all are done.
    Play,
    /// Finish the step in progress and stand.
    Pause,
    /// The one of the two that applies.
    Toggle,
    /// One step.
    StepBatch,
    /// To the end of the epoch.
    StepEpoch,
    /// Back to step 0 with the same initial weights.
    Reset,
    /// Back to step 0 with other initial weights.
    NewSeed,
}
