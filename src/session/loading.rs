//! Getting data: one job at a time, on its own thread, with progress and cancel.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;

use super::drawing;
use super::propose::propose_project;
use super::table_spec::{TableWish, surveyed_spec};
use super::works::{LoadJob, Loaded, Wanted};
use super::{DataState, NoticeKind, Screen, State};
use crate::data::{self, DataError, Dataset, Known, OPEN_SETS, OpenSet, Progress, Room, Shelf};
use crate::data::{TableFacts, TablePreview};
use crate::model::{CsvSpec, DataSpec, Division, Edit, LayerKind, Reading, Source, Subject};

/// How the names of tables end, for dialogs: what a file is, its content says.
pub const TABLE_ENDINGS: [&str; 20] = [
    "csv", "tsv", "txt", "data", "json", "jsonl", "ndjson", "parquet", "arrow", "feather", "ipc", "xlsx", "xlsm",
    "xlsb", "ods", "npy", "npz", "zip", "gz", "zst",
];

/// Runs on the loading thread.
pub(super) fn load(wanted: &Wanted, base: &Path, progress: &dyn Progress) -> Result<Loaded, DataError> {
    match wanted {
        Wanted::Samples(spec) => {
            let Source::Csv(csv) = &spec.source else {
                let dataset = Ok(Arc::new(data::load(spec, base, progress)?));
                return Ok(Loaded { dataset, table: None, facts: None, project: None, data: None });
            };
            let [first, second, last] = stages(progress, [0.45, 0.5, 0.05]);
            let room = Some(Room::here()).filter(|_| !data::is_converted(spec, base));
            let path = data::resolve(base, &csv.path);
            let (table, known) = data::survey_csv(&path, &csv.reading, room.as_ref(), &first)?;
            let known = Known::Table(Box::new(known));
            let dataset = match data::load_known(spec, Some(&known), base, &second) {
                Ok(dataset) => Arc::new(dataset),
                // Its columns are known all the same, and may be others than before.
                Err(why) if !progress.cancelled() => {
                    let table = Some(Arc::new(table));
                    return Ok(Loaded { dataset: Err(why), table, facts: None, project: None, data: None });
                }
                Err(why) => return Err(why),
            };
            drop(known);
            let facts = facts_of(&table, spec, &dataset, &last)?;
            Ok(Loaded { dataset: Ok(dataset), table: Some(Arc::new(table)), facts, project: None, data: None })
        }
        // A table may be one of pictures.
        Wanted::Columns { path, like, .. } if data::holds_pictures(&data::resolve(base, path)) => {
            load(&Wanted::Folder { path: path.clone(), like: like.clone() }, base, progress)
        }
        Wanted::Table { path, .. } if data::holds_pictures(&data::resolve(base, path)) => {
            load(&Wanted::Pictures(path.clone()), base, progress)
        }
        Wanted::Columns { path, reading, like } => {
            let wish = TableWish { reading: reading.clone(), ..TableWish::default() };
            let [first, second, last] = stages(progress, [0.45, 0.5, 0.05]);
            let (spec, table, known) = surveyed_spec(path, &wish, base, &first)?;
            // What was said of the columns of another table says nothing about this one's.
            let spec = match read_again(path, reading, like, &table) {
                Some(csv) => DataSpec { source: Source::Csv(csv), ..like.clone() },
                None => {
                    let split = if like.split.column().is_some() { spec.split } else { like.split.clone() };
                    DataSpec { source: spec.source, split, ..like.clone() }
                }
            };
            let dataset = Arc::new(data::load_known(&spec, Some(&known), base, &second)?);
            drop(known);
            let facts = facts_of(&table, &spec, &dataset, &last)?;
            Ok(Loaded { dataset: Ok(dataset), table: Some(Arc::new(table)), facts, project: None, data: Some(spec) })
        }
        Wanted::Table { path, target } => {
            let targets = target.iter().cloned().collect();
            let wish = TableWish { targets, for_new_network: true, ..TableWish::default() };
            let [first, second] = stages(progress, [0.45, 0.55]);
            let (spec, table, known) = surveyed_spec(path, &wish, base, &first)?;
            fitted(spec, Some(table), Some(known), base, &second)
        }
        Wanted::Folder { path, like } => {
            let (spec, known) = pictures_spec(path, "", base, like, progress)?;
            let dataset = Ok(Arc::new(data::load_known(&spec, known.as_ref(), base, progress)?));
            Ok(Loaded { dataset, table: None, facts: None, project: None, data: Some(spec) })
        }
        Wanted::OpenSet { key, like } => {
            let set = OpenSet::find(key).ok_or_else(|| DataError::new(format!("There is no open set {key:?}.")))?;
            let shelf = Shelf::find()
                .ok_or_else(|| DataError::new("There is no folder for data. Set GLASSBOX_HOME to a folder."))?;
            let path = shelf.fetch(set, progress)?;
            match like {
                Some(like) => load(&Wanted::Folder { path, like: (**like).clone() }, base, progress),
                None => load(&Wanted::Pictures(path), base, progress),
            }
        }
        Wanted::Boxes { path, like } => drawing::load(path, like.as_deref(), base, progress),
        Wanted::Pictures(folder) => {
            let (spec, known) = pictures_spec(folder, "", base, &DataSpec::default(), progress)?;
            fitted(spec, None, known, base, progress)
        }
    }
}

/// The settings of the same table where it is only read in another way, and still has every column that they name.
fn read_again(path: &Path, reading: &Reading, like: &DataSpec, table: &TablePreview) -> Option<CsvSpec> {
    let Source::Csv(old) = &like.source else { return None };
    let is_same = old.path == path && Reading { encoding: reading.encoding.clone(), ..old.reading.clone() } == *reading;
    let said = old.columns.iter().map(|choice| choice.name.as_str());
    let mut named = said.chain([old.target.as_str()]).chain(like.split.column());
    let is_there = |name: &str| table.columns.iter().any(|column| column.name == name);
    (is_same && named.all(is_there)).then(|| CsvSpec { reading: reading.clone(), ..old.clone() })
}

/// Settings for pictures, with all else as in `like`. Picture files are stratified, so that a folder's part
/// for tests is one. `label`: the column with the classes; empty: the likeliest. Also what was found on the way.
pub fn pictures_spec(
    path: &Path,
    label: &str,
    base: &Path,
    like: &DataSpec,
    progress: &dyn Progress,
) -> Result<(DataSpec, Option<Known>), DataError> {
    let (source, known) = data::propose_pictures(path, label, base, progress)?;
    let split = if matches!(source, Source::Pictures(_)) { Division::Stratified } else { Division::Usual };
    Ok((DataSpec { source, split, ..like.clone() }, known))
}

pub(super) fn fitted(
    spec: DataSpec,
    table: Option<TablePreview>,
    known: Option<Known>,
    base: &Path,
    progress: &dyn Progress,
) -> Result<Loaded, DataError> {
    let [first, last] = stages(progress, [0.9, 0.1]);
    let dataset = Arc::new(data::load_known(&spec, known.as_ref(), base, &first)?);
    drop(known);
    let facts = table.as_ref().map(|table| facts_of(table, &spec, &dataset, &last)).transpose()?.flatten();
    let table = table.map(Arc::new);
    let project = Some(Box::new(propose_project(&dataset, spec)));
    Ok(Loaded { dataset: Ok(dataset), table, facts, project, data: None })
}

fn facts_of(
    table: &TablePreview,
    spec: &DataSpec,
    dataset: &Dataset,
    progress: &dyn Progress,
) -> Result<Option<Arc<TableFacts>>, DataError> {
    let Source::Csv(csv) = &spec.source else { return Ok(None) };
    progress.report(0.0, "describing the columns");
    Ok(Some(Arc::new(data::facts::facts(table, spec, csv, dataset, progress)?)))
}

/// A piece of longer work: its share of the whole.
struct Stage<'a> {
    whole: &'a dyn Progress,
    from: f32,
    share: f32,
}

/// Pieces one after another, which take such shares of the time.
fn stages<const N: usize>(whole: &dyn Progress, shares: [f32; N]) -> [Stage<'_>; N] {
    let mut from = 0.0;
    shares.map(|share| {
        let stage = Stage { whole, from, share };
        from += share;
        stage
    })
}

impl Progress for Stage<'_> {
    fn report(&self, fraction: f32, doing: &str) {
        self.whole.report(self.from + fraction * self.share, doing);
    }

    fn cancelled(&self) -> bool {
        self.whole.cancelled()
    }
}

impl State {
    /// The folder that relative paths of the project start from.
    pub(super) fn base(&self) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default()
    }

    /// Loads what the project asks for; a job that is under way is cancelled.
    pub(super) fn load_data(&mut self) {
        let spec = self.project.data.clone();
        self.start_job(Wanted::Samples(spec));
    }

    pub(super) fn use_table(&mut self, path: PathBuf) {
        self.start_job(Wanted::Columns { path, reading: Reading::default(), like: self.project.data.clone() });
    }

    /// Looks which open sets are there.
    pub(super) fn look_at_sets(&mut self) {
        let shelf = Shelf::find().filter(|_| self.works.home.is_some());
        let has = |set: &&OpenSet| shelf.as_ref().is_some_and(|shelf| shelf.has(set));
        self.sets_there = OPEN_SETS.iter().filter(has).map(|set| set.key).collect();
    }

    /// The table in use, read in another way.
    pub(super) fn read_table(&mut self, reading: Reading) {
        let Source::Csv(table) = &self.project.data.source else { return };
        let (path, like) = (table.path.clone(), self.project.data.clone());
        self.start_job(Wanted::Columns { path, reading, like });
    }

    pub(super) fn use_folder(&mut self, path: PathBuf) {
        self.start_job(Wanted::Folder { path, like: self.project.data.clone() });
    }

    pub(super) fn start_job(&mut self, wanted: Wanted) {
        let previous = self.data.dataset().cloned();
        // A failure that was shown is answered by trying something else.
        self.error = None;
        match LoadJob::spawn(wanted, self.base(), self.works.waker()) {
            Ok(job) => {
                self.works.loader = Some(job);
                self.data = DataState::Loading { fraction: 0.0, doing: "starting".into(), previous };
                self.infer_again();
            }
            Err(error) => self.data = DataState::Failed(format!("Couldn't start the loading thread: {error}.")),
        }
    }

    pub(super) fn cancel_loading(&mut self) {
        if self.works.loader.take().is_none() {
            return;
        }
        self.data = match std::mem::take(&mut self.data) {
            DataState::Loading { previous: Some(previous), .. } => DataState::Ready(previous),
            _ => DataState::Failed("Loading was cancelled. Change a data setting or reload to try again.".into()),
        };
        self.infer_again();
        self.sync_run();
    }

    /// Looks at the loading job. Returns whether anything changed.
    pub(super) fn poll_loader(&mut self) -> bool {
        let Some(job) = &self.works.loader else { return false };
        match job.result.try_recv() {
            Err(TryRecvError::Empty) => {
                let (now, words) = job.progress.read();
                if let DataState::Loading { fraction, doing, .. } = &mut self.data {
                    (*fraction, *doing) = (now, words);
                }
                true
            }
            Err(TryRecvError::Disconnected) => {
                self.works.loader = None;
                self.data = DataState::Failed("Loading ended without a result. Try again.".into());
                true
            }
            Ok(outcome) => {
                let spec = self.works.loader.take().and_then(|mut job| job.spec.take());
                self.look_at_sets();
                match outcome {
                    Ok(loaded) => self.loaded(loaded, spec),
                    Err(error) => self.loading_failed(error, spec.is_none()),
                }
                true
            }
        }
    }

    fn loading_failed(&mut self, error: DataError, is_other: bool) {
        let stays = is_other || self.screen == Screen::Welcome;
        let message = error.message.clone();
        self.data = match std::mem::take(&mut self.data) {
            DataState::Loading { previous: Some(previous), .. }
                if is_other && self.works.loaded.as_ref() == Some(&self.project.data) =>
            {
                DataState::Ready(previous)
            }
            _ if self.screen == Screen::Welcome => DataState::None,
            // What the project names was still on its way when something else was asked for.
            _ if is_other => DataState::None,
            _ => DataState::Failed(error.message),
        };
        if matches!(self.data, DataState::None) && self.screen == Screen::Workspace {
            self.load_data();
        } else {
            self.infer_again();
            self.sync_run();
        }
        if stays {
            self.error = Some(message);
        }
    }

    /// `spec`: whose samples they are, where the project named them.
    fn loaded(&mut self, loaded: Loaded, spec: Option<DataSpec>) {
        let is_begun = loaded.project.is_some();
        if let Some(project) = loaded.project {
            self.begin(*project, None);
            self.works.loader = None;
        }
        if let Some(data) = loaded.data {
            self.take_data(data);
        }
        // After `begin`, which forgets the table of the project before.
        (self.table, self.facts) = (loaded.table, loaded.facts);
        match loaded.dataset {
            Ok(dataset) => self.data_ready(dataset, spec),
            Err(why) if self.table.is_some() => self.loading_failed(why, spec.is_none()),
            Err(why) => self.data_to_be_drawn(why),
        }
        if is_begun {
            self.set_watchable();
        }
    }

    /// Settings whose samples are already here: one step of undo, and nothing to load.
    fn take_data(&mut self, data: DataSpec) {
        let before = self.project.clone();
        self.project.data = data;
        if self.project != before {
            self.history.record("change the data", None, &before);
            self.note_unsaved();
        }
    }

    fn data_ready(&mut self, dataset: Arc<Dataset>, spec: Option<DataSpec>) {
        self.examine_anew(&dataset);
        self.forget_folds();
        self.fit_training_to_drawn(dataset.train.len());
        self.data = DataState::Ready(dataset);
        (self.try_output, self.photo) = (None, None);
        // Boxes may have been drawn meanwhile, which are loaded when the person is done.
        self.works.loaded = Some(spec.unwrap_or_else(|| self.project.data.clone()));
        self.look_at_fits();
        self.infer_again();
        self.fit_last_layer();
        // New samples are a new run: the curves of the old ones say nothing about them.
        self.works.told = None;
        self.run.picture = None;
        self.sync_run();
        self.go_on_with_points();
    }

    /// Other data may have another number of classes: the layer before each Loss follows, and says so. It belongs to
    /// the change of data, so it is no step of undo of its own.
    fn fit_last_layer(&mut self) {
        let repairs = self.inference.problems.iter().filter_map(|problem| {
            let Subject::Wire(wire) = problem.place else { return None };
            let to = self.project.graph.layer(self.project.graph.wire(wire)?.to)?;
            let into_loss = matches!(to.kind, LayerKind::Loss(_));
            problem.repairs.first().filter(|r| into_loss && matches!(r.edit, Edit::SetParam { .. })).cloned()
        });
        for repair in repairs.collect::<Vec<_>>() {
            if repair.edit.apply(&mut self.project.graph).is_ok() {
                self.infer_again();
                self.unsaved = true;
                self.notify(NoticeKind::Info, format!("{} to match the data.", repair.label));
            }
        }
    }
}

#[cfg(test)]
#[path = "loading/tests.rs"]
mod tests;
