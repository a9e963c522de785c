//! What trained weights are asked.

use std::path::PathBuf;

use clap::Args;

use super::ComputingOptions;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox predict penguins.safetensors --data new.csv -o answers.csv\n  glassbox \
    predict penguins.glassbox.json --run \"first try\" --data new.xlsx -o answers.csv\n  glassbox predict \
    photos.glassbox.json --data inbox/ --json\n\nA table needs the columns that the network was trained on, in any order. \
    If it also has the target column, or a folder has labels, the predictions are scored. Points need the columns x and y. \
    A network that learnt to give back its input (an autoencoder) answers with the reconstruction error of each row: the \
    mean squared difference of the scaled numbers.")]
pub struct PredictOptions {
    /// A checkpoint (*.safetensors), or a project with a saved run.
    pub file: PathBuf,
    /// The run of the project (default: the only one).
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// A table, a picture or a folder of pictures, an IDX file of images or a folder of IDX files.
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    /// Write the predictions to this file as CSV, one line per row (default: standard output).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long, requires = "output")]
    pub force: bool,
    #[command(flatten)]
    pub computing: ComputingOptions,
    /// Print one JSON object: scores and notes with --output, otherwise all predictions too.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox evaluate penguins.glassbox.json --run \"first try\" --test\n  glassbox \
    evaluate penguins.safetensors --data new.csv --json\n  glassbox evaluate penguins.glassbox.json --importance \
    --dependence flipper_length_mm\n\nWithout --test and --data the validation set is scored. Beside the score of the \
    network stand those of simple models that learnt from the same training set: the most frequent class or the mean, a \
    linear model, and the nearest neighbours.")]
pub struct EvaluateOptions {
    /// A checkpoint (*.safetensors), or a project with a saved run.
    pub file: PathBuf,
    /// The run of the project (default: the only one).
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// New samples with answers: a table, a folder of pictures by class, or a folder of IDX files.
    #[arg(long, value_name = "PATH", conflicts_with = "test")]
    pub data: Option<PathBuf>,
    /// Score the set that was put aside for the test. Look once, when everything is decided.
    #[arg(long)]
    pub test: bool,
    /// How much the score falls when a column is shuffled, for every column, with the spread over 10 shuffles.
    #[arg(long)]
    pub importance: bool,
    /// How the answer follows this column (partial dependence). Can be repeated.
    #[arg(long, value_name = "COLUMN")]
    pub dependence: Vec<String>,
    #[command(flatten)]
    pub computing: ComputingOptions,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
