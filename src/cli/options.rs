//! The arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod asking;
mod cache;
mod computing;
mod diagnose;
mod elsewhere;
mod fetch;
mod lesson;
mod split;
mod table;

pub use asking::{EvaluateOptions, PredictOptions};
pub use cache::{CacheAction, CacheOptions, ClearOptions};
pub use computing::ComputingOptions;
pub use diagnose::DiagnoseOptions;
pub use elsewhere::{EnginesOptions, ExportProjectOptions, RaceOptions};
pub use fetch::FetchOptions;
pub use lesson::{LessonAction, LessonOptions};
pub use split::SplitOptions;
pub use table::{ScaleChoice, TableOptions, TaskChoice};

use crate::model::limits::{self, Limits};

/// A neural network you can see through: build it, train it live, look inside.
#[derive(Debug, Parser)]
#[command(name = "glassbox", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 success, 1 failure (the message says what to do), 2 wrong usage, 130 ended by Ctrl-C, \
    143 ended by SIGTERM. In the last two cases everything has been written.\n\nExample:\n  glassbox new spiral && \
    glassbox train spiral.glassbox.json && glassbox spiral.glassbox.json"
)]
pub struct Cli {
    /// A project (*.glassbox.json) or checkpoint (*.safetensors) to open in the window.
    pub file: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the templates to start a project from.
    Templates(TemplatesOptions),
    /// Create a project from a template.
    New(NewOptions),
    /// Bring in a model or weights that another program trained.
    Import(ImportOptions),
    /// Check a project and print every problem.
    Check(CheckOptions),
    /// Find what keeps a network from learning, with evidence and remedies.
    Diagnose(DiagnoseOptions),
    /// List the lessons, check one that you wrote, or carry one out without a window.
    Lesson(LessonOptions),
    /// Train a project without a window.
    Train(TrainOptions),
    /// List, export, rename or delete the runs saved with a project.
    Runs(RunsOptions),
    /// Predict new rows or images with a checkpoint or a saved run, without the training data.
    Predict(PredictOptions),
    /// Score a trained network on its validation or test set, or on new data with answers.
    Evaluate(EvaluateOptions),
    /// Write a project as code, weights and a proof for another framework, or its boxes as a COCO file.
    Export(ExportProjectOptions),
    /// Find the Python interpreters here that have other frameworks.
    Engines(EnginesOptions),
    /// Train a project in several frameworks and compare time, memory and losses.
    Race(RaceOptions),
    /// Debug training: stop inside a step, inspect every value, go back, change it, continue.
    Debug(DebugOptions),
    /// Fetch a well-known open set of pictures (MNIST, CIFAR-10 ...), or list them.
    Fetch(FetchOptions),
    /// List or remove the converted rows of tables that are larger than memory.
    Cache(CacheOptions),
    /// Benchmark Glassbox on this machine.
    Bench(BenchOptions),
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  glassbox templates")]
pub struct TemplatesOptions {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox new spiral\n  \
    glassbox new table --data penguins.csv --target species --drop island -o penguins.glassbox.json\n  \
    glassbox new pictures --data photos/ --test 15% -o photos.glassbox.json\n  \
    glassbox new detect --data labelled/\n  \
    glassbox new table --data visits.csv --target stay --group patient --test 15%\n  \
    glassbox new table --data preise.csv --target preis --task numbers --date tag --category plz --decimal comma\n  \
    glassbox new mnist-cnn --data mnist/")]
pub struct NewOptions {
    /// One of `glassbox templates`.
    pub template: String,
    /// A table (CSV, Excel, ODS, JSON, Parquet, Arrow); for pictures a folder with a folder for each class or with a
    /// table of labels, a Parquet or Arrow file of pictures, CIFAR's binary files or IDX files; for detect a folder of
    /// pictures with boxes in Pascal VOC, COCO or YOLO files; for mnist-mlp and mnist-cnn a folder of IDX files.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The column to predict (default: the most likely one). Can be repeated: several are predicted at once, as
    /// numbers. For pictures with a table of labels: the column with the classes.
    #[arg(long, value_name = "COLUMN")]
    pub target: Vec<String>,
    /// Predict the target as classes or as numbers (default: what its values suggest).
    #[arg(long, value_enum)]
    pub task: Option<TaskChoice>,
    /// Learn the logarithm of a number to predict, or the number as it is (default: the logarithm where numbers are
    /// very skewed). Predictions and scores are in the number's own unit either way.
    #[arg(long, value_enum)]
    pub target_scale: Option<ScaleChoice>,
    #[command(flatten)]
    pub table: TableOptions,
    #[command(flatten)]
    pub split: SplitOptions,
    /// Where to write the project, replacing an existing one (default: TEMPLATE.glassbox.json in this folder, never
    /// replacing a file).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// With -o: replace even a file that isn't a Glassbox project.
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  glassbox import model.keras\n  glassbox import model.h5 -o mine.glassbox.json --json\n  \
    glassbox import resnet.pt --onto mine.glassbox.json\n  \
    glassbox import weights.safetensors --onto mine.glassbox.json --map fc=dense_2 --partial --name \"pretrained\"\n  \
    glassbox import digits-pytorch/ --onto digits.glassbox.json --name \"on the cluster\""
)]
pub struct ImportOptions {
    /// A model (.keras, .h5, .onnx) or weights alone (PyTorch's .pt and .pth, .safetensors, .weights.h5), told by its
    /// content. With --onto also a run that an exported train.py has trained: its folder, or its log (.jsonl).
    pub file: PathBuf,
    /// Start a run of this project with the weights, instead of making a project.
    #[arg(long, value_name = "PROJECT")]
    pub onto: Option<PathBuf>,
    /// With --onto: use this tensor for this weight, or those of a layer for a layer (fc=dense_2). '=dense_2.bias'
    /// leaves a weight out. Can be repeated.
    #[arg(long, value_name = "THEIRS=OURS", requires = "onto")]
    pub map: Vec<String>,
    /// With --onto: initialise weights that the file doesn't have, such as those of a new head.
    #[arg(long, requires = "onto")]
    pub partial: bool,
    /// With --onto: the name of the run, which is saved beside the project (default: the file's name). Weights alone
    /// begin at step 0.
    #[arg(long, value_name = "NAME", requires = "onto", conflicts_with = "output")]
    pub name: Option<String>,
    /// Where to write the project, replacing an existing one (default: the model's name in this folder, never
    /// replacing a file). With --onto: a checkpoint (*.safetensors) to write instead of saving a run.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// With -o: replace even a file that isn't Glassbox's.
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  glassbox check spiral.glassbox.json")]
pub struct CheckOptions {
    /// A project file.
    pub file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  glassbox train spiral.glassbox.json --epochs 20 --log run.jsonl --checkpoint run.safetensors\n  \
    glassbox train spiral.glassbox.json --epochs 40 --resume run.safetensors --checkpoint run.safetensors --json\n  \
    glassbox train spiral.glassbox.json --name \"first try\""
)]
pub struct TrainOptions {
    /// A project file.
    pub file: PathBuf,
    /// Use this table or folder of pictures instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Total number of epochs, instead of the project's.
    #[arg(long, value_name = "N", value_parser = epochs)]
    pub epochs: Option<usize>,
    /// Total number of steps, if that is reached earlier.
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Seed for initial weights, shuffling and dropout, instead of the project's.
    #[arg(long, value_name = "S", value_parser = seed)]
    pub seed: Option<u64>,
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Number of threads (default: one per core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write one JSON line per step and per epoch to this file. With --resume an existing log is continued: lines of
    /// steps after the checkpoint are removed, all others stay.
    #[arg(long, value_name = "RUN.jsonl")]
    pub log: Option<PathBuf>,
    /// Write a checkpoint (*.safetensors) here after every epoch and at the end.
    #[arg(long, value_name = "OUT")]
    pub checkpoint: Option<PathBuf>,
    /// Save the run under this name beside the project, where the window and 'glassbox runs' find it.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Train this many times; each time another part of the data validates (k-fold cross-validation). Each fold is
    /// saved as a run beside the project; the scores are told with their mean and spread.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(2..=50))]
    #[arg(conflicts_with_all = ["resume", "log", "checkpoint", "steps", "past_nan", "until_closed", "validation"])]
    pub folds: Option<u8>,
    /// Continue from a checkpoint of this project, or from a saved run by its name.
    #[arg(long, value_name = "IN")]
    pub resume: Option<PathBuf>,
    /// With --resume: if the data differs from the run's, start a new run with its weights. Steps and epochs count from
    /// the start, the optimiser state is reset, and the run records where its weights came from.
    #[arg(long, requires = "resume")]
    pub other_data: bool,
    /// Add to every line of the log how many seconds have passed since the start, and a last line with the memory used.
    #[arg(long, requires = "log")]
    pub seconds: bool,
    /// End when standard input is closed, as it is when the program that started this one has ended.
    #[arg(long, hide = true)]
    pub until_closed: bool,
    /// Continue when the loss becomes NaN or infinite, which otherwise ends training with exit code 1.
    #[arg(long)]
    pub past_nan: bool,
    /// Let --log and --checkpoint replace files that aren't Glassbox logs or checkpoints.
    #[arg(long)]
    pub force: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub split: SplitOptions,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox runs spiral.glassbox.json\n  \
    glassbox runs spiral.glassbox.json export \"first try\" -o first.safetensors\n  \
    glassbox runs spiral.glassbox.json export -o curves.csv --curves --table runs.csv\n  \
    glassbox runs spiral.glassbox.json rename \"first try\" wide\n  \
    glassbox runs spiral.glassbox.json delete \"Run 2\" \"Run 3\"\n\n\
    Name a run as in the window, or by its file name (run-1).")]
pub struct RunsOptions {
    /// A project file.
    pub file: PathBuf,
    #[command(subcommand)]
    pub action: Option<RunsAction>,
    /// Print one JSON object.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// Export runs as checkpoints (*.safetensors), or their curves or the table of runs as CSV.
    Export(ExportOptions),
    /// Delete runs.
    Delete {
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Rename a run.
    Rename { name: String, new: String },
}

#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The runs (default: all).
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// A file, or a folder for one file per run.
    #[arg(short, long, value_name = "FILE_OR_FOLDER", required_unless_present = "table")]
    pub output: Option<PathBuf>,
    /// Write the curves as CSV instead of the checkpoints; those of several runs into one file if -o names one.
    #[arg(long, requires = "output")]
    pub curves: bool,
    /// Write the table of runs as CSV to this file.
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Replace files even if they aren't Glassbox's.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  glassbox debug xor.glassbox.json                      interactive; 'help' lists the \
    commands\n  glassbox debug xor.glassbox.json --command \"goto 20; print loss; back step; explain %1[0, 0]\"\n  \
    glassbox debug xor.glassbox.json --steps 5 --dump step5.safetensors\n\nAll commands are described in \
    docs/debugger.md."
)]
pub struct DebugOptions {
    /// A project file.
    pub file: PathBuf,
    /// Start at a checkpoint. You can also go back to before it.
    #[arg(long, value_name = "CKPT")]
    pub resume: Option<PathBuf>,
    /// Write everything of this step (counted from 1) to the file named by --dump, and exit.
    #[arg(long, value_name = "N", requires = "dump", conflicts_with_all = ["script", "command"],
        value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: Option<u64>,
    /// Where --steps writes (*.safetensors).
    #[arg(long, value_name = "OUT", requires = "steps")]
    pub dump: Option<PathBuf>,
    /// Read commands from this file, one per line.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub script: Option<PathBuf>,
    /// Run these commands, separated by semicolons.
    #[arg(long, value_name = "TEXT")]
    pub command: Option<String>,
    /// Use this table or folder of pictures instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Seed for initial weights, shuffling and dropout, instead of the project's.
    #[arg(long, value_name = "S", value_parser = seed)]
    pub seed: Option<u64>,
    /// Steps repeat bit for bit on the CPU.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu)]
    pub device: DeviceChoice,
    /// Number of threads (default: one per core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Let dumps replace files that aren't Glassbox dumps.
    #[arg(long)]
    pub force: bool,
    /// Memory for checkpoints to go back to, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub memory: u32,
    /// Answer every command with one JSON object on one line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// The fastest available.
    Auto,
    Cpu,
    /// An NVIDIA card. Needs a build with CUDA.
    Cuda,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox bench --only cnn-28 --profile\n  \
    python3 scripts/bench/peers.py --engine torch --json > torch.json && glassbox bench --against torch.json")]
pub struct BenchOptions {
    /// Only this measurement: one of the workloads, ui-frame (work of the window per frame while training), scaling
    /// (time against width, depth, batch and threads), probe-overhead (what inspecting costs training), summaries (what
    /// the summaries of layers cost it, which every run keeps), breakpoints (what they cost it), scrub (how quickly the
    /// debugger reaches any step of a long run) or soak (whether memory grows over 100 million steps and 10,000 saves;
    /// takes a while).
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// Compare with other frameworks measured on this machine: the output of scripts/bench/peers.py --json.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub against: Vec<PathBuf>,
    /// Show where the time of a step goes instead: every instruction of the workload, slowest first.
    #[arg(long, conflicts_with_all = ["json", "against"])]
    pub profile: bool,
    /// The device for the workloads. Everything else is measured on the CPU.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu, conflicts_with = "profile")]
    pub device: DeviceChoice,
    /// How long to measure each workload, in seconds.
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// Number of threads (default: one per core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The same limits as in the project.
fn epochs(text: &str) -> Result<usize, String> {
    within(&limits::EPOCHS, text)
}

fn seed(text: &str) -> Result<u64, String> {
    within(&limits::SEED, text).map(|seed| seed as u64)
}

fn within(limits: &Limits<usize>, text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "expected a whole number".to_owned())?;
    limits.refuse(number).map_or(Ok(number), Err)
}

/// The longest that a workload is measured, in seconds.
const LONGEST: f64 = 3600.0;

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST);
    seconds.ok_or_else(|| format!("expected a number above 0, up to {LONGEST}"))
}
