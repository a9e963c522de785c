//! Getting data: one job at a time, on its own thread, with progress and cancel.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;

use super::drawing;
use super::propose::propose_project;
use super::works::{LoadJob, Loaded, Wanted};
use super::{DataState, NoticeKind, Screen, State};
use crate::data::facts::log_skewness;
use crate::data::{self, ColumnPreview, DataError, Dataset, Known, OPEN_SETS, OpenSet, Progress, Room, Shelf};
use crate::data::{TableFacts, TablePreview};
use crate::model::{
    ColumnChoice, ColumnRole, CsvSpec, DataSpec, Division, Edit, LayerKind, MissingPolicy, Reading, Scaling, Source,
    Subject,
};

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
            let known = Known::Table(known);
            let dataset = Arc::new(data::load_known(spec, Some(&known), base, &second)?);
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
        Wanted::Columns { path, sheet, like } => {
            let reading = Reading { sheet: sheet.clone(), ..Reading::default() };
            let wish = TableWish { reading, ..TableWish::default() };
            let [first, second, last] = stages(progress, [0.45, 0.5, 0.05]);
            let (spec, table, known) = surveyed_spec(path, &wish, base, &first)?;
            // What was said of the columns of another table says nothing about this one's.
            let split = if like.split.column().is_some() { spec.split } else { like.split.clone() };
            let spec = DataSpec { source: spec.source, split, ..like.clone() };
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

/// What the user says about a table before it is used.
#[derive(Clone, Debug, Default)]
pub struct TableWish {
    /// The columns to predict, several as numbers; none: the likeliest.
    pub targets: Vec<String>,
    /// Whether it is predicted as classes (`Categorical`) or as a number (`Numeric`).
    pub task: Option<ColumnRole>,
    /// Whether the network learns the logarithm of targets; `None`: of those that are very skewed.
    pub log: Option<bool>,
    /// A network is made for it: a category with many values may go through an Embedding.
    pub for_new_network: bool,
    /// What columns are used for.
    pub roles: Vec<ColumnChoice>,
    /// Columns to use that would be left out.
    pub keep: Vec<String>,
    /// How the file is read.
    pub reading: Reading,
}

/// Settings for a CSV file. Errors: it cannot be read, or has no such columns.
pub fn table_spec(
    path: &Path,
    wish: &TableWish,
    base: &Path,
    progress: &dyn Progress,
) -> Result<(DataSpec, TablePreview), DataError> {
    surveyed_spec(path, wish, base, progress).map(|(spec, table, _)| (spec, table))
}

/// As [`table_spec`], with what loading the table needs.
pub fn surveyed_spec(
    path: &Path,
    wish: &TableWish,
    base: &Path,
    progress: &dyn Progress,
) -> Result<(DataSpec, TablePreview, Known), DataError> {
    let reading = &wish.reading;
    let (table, known) = data::survey_csv(&data::resolve(base, path), reading, Some(&Room::here()), progress)?;
    if let Some(sheet) = reading.sheet.as_ref().filter(|_| table.sheets.is_empty()) {
        return Err(DataError::new(format!("{} has no sheets, so there is no sheet {sheet:?}.", path.display())));
    }
    let names = || table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    let others = wish.targets.iter().skip(1);
    let named = wish.roles.iter().map(|choice| &choice.name).chain(&wish.keep).chain(others.clone());
    for name in named {
        if !table.columns.iter().any(|column| column.name == *name) {
            return Err(DataError::new(format!("There is no column {name:?}. The columns are: {}.", names())));
        }
    }
    let mut roles = wish.roles.clone();
    for column in table.columns.iter().filter(|column| wish.keep.contains(&column.name)) {
        roles.push(ColumnChoice { name: column.name.clone(), role: column.kept });
    }
    if let Some(twice) = roles.iter().enumerate().find(|(i, a)| roles[..*i].iter().any(|b| a.name == b.name)) {
        return Err(DataError::new(format!("The column {:?} is given two uses. Name it once.", twice.1.name)));
    }
    let is_no_answer = |role| matches!(role, ColumnRole::LeftOut | ColumnRole::Weight);
    let is_dropped = |name: &str| roles.iter().any(|choice| choice.name == name && is_no_answer(choice.role));
    let target = match wish.targets.first() {
        Some(name) => name.to_owned(),
        None => data::suggest_target(&table, &is_dropped).ok_or_else(|| {
            DataError::new(format!(
                "No column of {} can be predicted. Choose one with --target and --task. Its columns are: {}.",
                path.display(),
                names()
            ))
        })?,
    };
    if wish.targets.len() > 1 && wish.task == Some(ColumnRole::Categorical) {
        return Err(DataError::new(
            "Several targets at once are predicted as numbers. Name one target, or leave out --task classes.",
        ));
    }
    for name in others {
        let is_meant = |role| matches!(role, ColumnRole::Numeric | ColumnRole::Target);
        roles.retain(|choice| choice.name != *name || !is_meant(choice.role));
        if roles.iter().any(|choice| choice.name == *name) {
            return Err(DataError::new(format!(
                "The column {name:?} is one of several targets, which are predicted as numbers, and has another use as \
                 well. Say one of them."
            )));
        }
        if *name != target {
            roles.push(ColumnChoice { name: name.clone(), role: ColumnRole::Target });
        }
    }
    if roles.iter().any(|choice| choice.name == target && choice.role == ColumnRole::Weight) {
        return Err(DataError::new(format!(
            "The column {target:?} is both the target and the weight of the rows. Say one of them."
        )));
    }
    if let Some(role) = wish.task {
        roles.retain(|choice| choice.name != target);
        roles.push(ColumnChoice { name: target.clone(), role });
    }
    let mut csv = CsvSpec {
        path: path.to_owned(),
        target,
        columns: roles,
        missing: MissingPolicy::default(),
        scaling: Scaling::default(),
        reading: Reading { sheet: table.sheet.clone().filter(|_| table.sheets.len() > 1), ..reading.clone() },
    };
    if let Some(name) = take_logarithms(&mut csv, &table, wish.log) {
        return Err(DataError::new(format!(
            "--target-scale log is for numbers, but {name:?} is predicted as classes. Leave it out, or add --task numbers."
        )));
    }
    let split = division(&table, &csv);
    if wish.for_new_network {
        let is_free = |name: &str| csv.said(name).is_none() && !csv.predicts(name) && !split.is_no_input(name);
        let many = table.columns.iter().filter(|column| column.can_be_embedded && is_free(&column.name));
        let embedded = |column: &ColumnPreview| ColumnChoice { name: column.name.clone(), role: ColumnRole::Embedded };
        let embedded: Vec<ColumnChoice> = many.map(embedded).collect();
        csv.columns.extend(embedded);
    }
    Ok((DataSpec { source: Source::Csv(csv), split, ..DataSpec::default() }, table, Known::Table(known)))
}

/// Has the network learn the logarithm of targets: of all or none as somebody says, else of those whose numbers ask for
/// it. Tells of a target of which it can't.
fn take_logarithms(csv: &mut CsvSpec, table: &TablePreview, log: Option<bool>) -> Option<String> {
    let names: Vec<String> = csv.targets().into_iter().map(str::to_owned).collect();
    for name in &names {
        let Some(at) = table.columns.iter().position(|column| column.name == *name) else { continue };
        let found = if names.len() > 1 { ColumnRole::Numeric } else { table.columns[at].as_target };
        let role = csv.said(name).unwrap_or(found);
        let is_number = role == ColumnRole::Numeric || role.is_target();
        // Some rows are drawn; that none is negative has to be known of all.
        let has_logarithms = table.columns[at].range.is_some_and(|(least, _)| least >= 0.0);
        let asks =
            || has_logarithms && table.drawn.columns.get(at).is_some_and(|values| log_skewness(values).is_some());
        if !is_number && log == Some(true) {
            return Some(name.clone());
        }
        if is_number && log.unwrap_or_else(asks) {
            csv.columns.retain(|choice| choice.name != *name);
            csv.columns.push(ColumnChoice { name: name.clone(), role: ColumnRole::LogTarget });
        }
    }
    None
}

/// By the column that names the parts, where there is one; else classes are stratified.
fn division(table: &TablePreview, csv: &CsvSpec) -> Division {
    let is_said = |name: &str| csv.said(name).is_some();
    let marks =
        table.columns.iter().find(|column| column.has_marks && column.name != csv.target && !is_said(&column.name));
    if let Some(column) = marks {
        return Division::Marks { column: column.name.clone() };
    }
    if csv.targets().len() > 1 {
        return Division::Random;
    }
    let said = csv.said(&csv.target);
    let found = table.columns.iter().find(|column| column.name == csv.target).map(|column| column.as_target);
    if said.or(found) == Some(ColumnRole::Categorical) { Division::Stratified } else { Division::Random }
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
        self.start_job(Wanted::Columns { path, sheet: None, like: self.project.data.clone() });
    }

    /// Looks which open sets are there.
    pub(super) fn look_at_sets(&mut self) {
        let shelf = Shelf::find().filter(|_| self.works.home.is_some());
        let has = |set: &&OpenSet| shelf.as_ref().is_some_and(|shelf| shelf.has(set));
        self.sets_there = OPEN_SETS.iter().filter(has).map(|set| set.key).collect();
    }

    /// Another sheet of the table in use.
    pub(super) fn use_sheet(&mut self, sheet: String) {
        let Source::Csv(table) = &self.project.data.source else { return };
        let (path, like) = (table.path.clone(), self.project.data.clone());
        self.start_job(Wanted::Columns { path, sheet: Some(sheet), like });
    }

    pub(super) fn use_folder(&mut self, path: PathBuf) {
        self.start_job(Wanted::Folder { path, like: self.project.data.clone() });
    }

    pub(super) fn start_job(&mut self, wanted: Wanted) {
        let previous = self.data.dataset().cloned();
        // A failure that was shown is answered by trying something else.
        self.error = None;
        match LoadJob::spawn(wanted, self.base(), self.works.waker.clone()) {
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
