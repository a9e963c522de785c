//! The arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::limits::{self, Limits};

/// A neural network you can see through: build it, train it live, look inside.
#[derive(Debug, Parser)]
#[command(name = "glassbox", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed with a sentence that says what to do, 2 wrong usage; 130 ended by Ctrl-C and 143 \
    by SIGTERM, with everything written.\n\n\
    Example:\n  glassbox new spiral && glassbox train spiral.glassbox.json && glassbox spiral.glassbox.json"
)]
pub struct Cli {
    /// A project (*.glassbox.json) or checkpoint (*.safetensors) to open in the window.
    pub file: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the projects to start from.
    Templates(TemplatesOptions),
    /// Make a project from a template.
    New(NewOptions),
    /// Print every problem of a project.
    Check(CheckOptions),
    /// Train a project without a window.
    Train(TrainOptions),
    /// The runs that are kept with a project: list, export, rename, delete them.
    Runs(RunsOptions),
    /// Let trained weights answer for new rows or pictures, without the data that they learnt from.
    Predict(PredictOptions),
    /// Stop inside a training step, look at everything, go back, change it, go on.
    Debug(DebugOptions),
    /// Measure this program on this machine.
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
    glassbox new mnist-cnn --data mnist/")]
pub struct NewOptions {
    /// One of `glassbox templates`.
    pub template: String,
    /// A CSV file (table) or a folder of IDX files (mnist-mlp, mnist-cnn).
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The column to predict; without it the likeliest one.
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// A column to leave out; may be repeated.
    #[arg(long, value_name = "COLUMN")]
    pub drop: Vec<String>,
    /// Where to write the project, over what is there; without it TEMPLATE.glassbox.json here, over nothing.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// With -o: write also over a file that is no project of Glassbox.
    #[arg(long, requires = "output")]
    pub force: bool,
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
    /// Use this CSV file or IDX folder instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Stop after so many epochs of the whole run, instead of the project's number.
    #[arg(long, value_name = "N", value_parser = epochs)]
    pub epochs: Option<usize>,
    /// Stop after so many steps of the whole run, if that is earlier.
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Seed of initial weights, shuffles and dropout, instead of the project's.
    #[arg(long, value_name = "S", value_parser = seed)]
    pub seed: Option<u64>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Threads to compute with; without it all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write one JSON line per step and per epoch to this file. With --resume the log that is there goes on: lines of steps after
    /// the checkpoint are taken off, all others stay.
    #[arg(long, value_name = "RUN.jsonl")]
    pub log: Option<PathBuf>,
    /// Write a checkpoint (*.safetensors) here after every epoch and at the end.
    #[arg(long, value_name = "OUT")]
    pub checkpoint: Option<PathBuf>,
    /// Keep the run under this name in the folder beside the project, where the window and 'glassbox runs' find it.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Go on from a checkpoint of this project, or from a run that is kept with it, by its name.
    #[arg(long, value_name = "IN")]
    pub resume: Option<PathBuf>,
    /// With --resume: where the data is other than the run knows, begin a new run with its weights. Steps and epochs count from the
    /// beginning, the optimiser remembers nothing, and the run says what it began with.
    #[arg(long, requires = "resume")]
    pub other_data: bool,
    /// Train on when the loss has become NaN or infinite, which else ends training with exit code 1.
    #[arg(long)]
    pub past_nan: bool,
    /// Let --log and --checkpoint replace files that are no log and no checkpoint of Glassbox.
    #[arg(long)]
    pub force: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox runs spiral.glassbox.json\n  \
    glassbox runs spiral.glassbox.json export \"first try\" -o first.safetensors\n  \
    glassbox runs spiral.glassbox.json export -o curves.csv --curves --table runs.csv\n  \
    glassbox runs spiral.glassbox.json rename \"first try\" wide\n  \
    glassbox runs spiral.glassbox.json delete \"Run 2\" \"Run 3\"\n\n\
    A run is named as in the window, or by what its files are called (run-1).")]
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
    /// Write runs as checkpoints (*.safetensors), their curves or the table as CSV.
    Export(ExportOptions),
    /// Delete runs.
    Delete {
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Give a run another name.
    Rename { name: String, new: String },
}

#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The runs; without any, all of them.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// A file, or a folder for a file a run.
    #[arg(short, long, value_name = "FILE_OR_FOLDER", required_unless_present = "table")]
    pub output: Option<PathBuf>,
    /// Write the curves as CSV instead of the checkpoints; of several runs into one file, if one is named.
    #[arg(long, requires = "output")]
    pub curves: bool,
    /// Write the table of runs as CSV to this file.
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Replace files that are not Glassbox's as well.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox predict penguins.safetensors --data new.csv -o answers.csv\n  \
    glassbox predict mnist.safetensors --data mnist/ --json\n\n\
    A table needs the columns that the network was given, in any order. Where it has the column that is predicted too, or a folder \
    has labels, the answers are scored. Points need the columns x and y.")]
pub struct PredictOptions {
    /// A checkpoint (*.safetensors).
    pub file: PathBuf,
    /// A CSV file, an IDX file of pictures or a folder of IDX files.
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    /// Write the answers here as CSV, a line for every row; without it to the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu)]
    pub device: DeviceChoice,
    /// Threads to compute with; without it all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print one JSON object: with --output of the scores and remarks, else with all answers.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  glassbox debug xor.glassbox.json                      asks for commands; 'help' shows them\n  \
    glassbox debug xor.glassbox.json --command \"goto 20; print loss; back step; explain %1[0, 0]\"\n  \
    glassbox debug xor.glassbox.json --steps 5 --dump step5.safetensors\n\n\
    docs/debugger.md tells of every command."
)]
pub struct DebugOptions {
    /// A project file.
    pub file: PathBuf,
    /// Begin where a checkpoint stands; what was before it can be reached as well.
    #[arg(long, value_name = "CKPT")]
    pub resume: Option<PathBuf>,
    /// Write everything of this step (counted from 1) to the file named by --dump, and end.
    #[arg(long, value_name = "N", requires = "dump", conflicts_with_all = ["script", "command"],
        value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: Option<u64>,
    /// Where --steps writes (*.safetensors).
    #[arg(long, value_name = "OUT", requires = "steps")]
    pub dump: Option<PathBuf>,
    /// Take commands from this file, one a line, instead of asking.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub script: Option<PathBuf>,
    /// Take these commands, separated by semicolons, instead of asking.
    #[arg(long, value_name = "TEXT")]
    pub command: Option<String>,
    /// Use this CSV file or IDX folder instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Seed of initial weights, shuffles and dropout, instead of the project's.
    #[arg(long, value_name = "S", value_parser = seed)]
    pub seed: Option<u64>,
    /// Steps repeat bit for bit on the CPU.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu)]
    pub device: DeviceChoice,
    /// Threads to compute with; without it all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Let dumps replace files that are no dumps of Glassbox.
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
    /// The fastest there is.
    Auto,
    Cpu,
    /// An NVIDIA card; needs a build with CUDA.
    Cuda,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox bench --only cnn-28 --profile\n  \
    python3 scripts/bench/peers.py --engine torch --json > torch.json && glassbox bench --against torch.json")]
pub struct BenchOptions {
    /// Only this measurement: one of the workloads, ui-frame (work of the window per frame while training), scaling (time
    /// against width, depth, batch and threads), probe-overhead (what looking costs the training rate), summaries (what the
    /// summaries of layers cost it, which every run keeps), breakpoints (what they cost it), scrub (how long the debugger takes to any step of a long run) or soak (whether memory grows over 100 million
    /// steps and 10,000 saves; takes a while).
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// Compare with what others measured on this machine: files as scripts/bench/peers.py --json prints them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub against: Vec<PathBuf>,
    /// Show instead where the time of a step goes: every instruction of the workload, the slowest first.
    #[arg(long, conflicts_with_all = ["json", "against"])]
    pub profile: bool,
    /// Where the workloads are computed; everything else is measured on the CPU.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu, conflicts_with = "profile")]
    pub device: DeviceChoice,
    /// How long to measure each workload, in seconds.
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// Threads to compute with; without it all cores.
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
    let number = text.parse().map_err(|_| "a whole number is needed".to_owned())?;
    limits.refuse(number).map_or(Ok(number), Err)
}

/// The longest that a workload is measured, in seconds.
const LONGEST: f64 = 3600.0;

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST);
    seconds.ok_or_else(|| format!("a number above 0 is needed, up to {LONGEST}"))
}
