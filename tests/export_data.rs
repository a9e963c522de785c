//! What an exported `data.py` reads from the files themselves is bit for bit what we read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use glassbox::data::{self, ColumnKind, ColumnPreview, Dataset, NoProgress};
use glassbox::interop::{Framework, export};
use glassbox::model::layer::{Dense, Flatten};
use glassbox::model::templates::chain;
use glassbox::model::{
    ColumnChoice, ColumnRole, CsvSpec, DataSpec, IdxSpec, MissingPolicy, Project, Scaling, Source, TrainingSpec,
};
use support::exports::must;
use support::frameworks::python_with;

const READ: &str = "import data, numpy as np
for part in ('train', 'validation'):
    x, y = data.load(part)
    x = np.moveaxis(x, -1, 1) if x.ndim == 4 else x
    assert y.shape == (len(x), *SHAPE), y.shape
    open(part, 'wb').write(np.float32(x).tobytes() + np.float32(y).tobytes())";

/// Reads the samples of a data set there, and holds that they are ours.
fn reads_the_same(python: &Path, source: Source, what: &str) {
    let data = DataSpec { source, ..DataSpec::default() };
    let dataset = match data::load(&data, Path::new("."), &NoProgress) {
        Ok(dataset) => dataset,
        Err(error) => return println!("{what}: not read here either ({error})"),
    };
    if dataset.origin.is_none() {
        return println!("{what}: exported as data.npz");
    }
    let units = dataset.signature().task.width();
    let graph = chain(vec![Flatten {}.into(), Dense { units, ..Dense::default() }.into()]);
    let project = Project { name: "It".into(), graph, data, training: TrainingSpec::default() };
    let place = tempfile::tempdir().unwrap();
    let (files, _) = export::folder(Framework::TensorFlow, &project, &dataset, None).unwrap();
    assert!(files.iter().all(|file| file.name != "data.npz"), "{what} is read from its own files");
    export::write(place.path(), &files).unwrap();
    let sizes: Vec<String> = dataset.truth.task.target().0.iter().map(|size| format!("{size},")).collect();
    let read = READ.replace("SHAPE", &format!("({})", sizes.concat()));
    must(&Command::new(python).args(["-c", &read]).current_dir(place.path()).output().unwrap());
    for (name, part) in [("train", &dataset.train), ("validation", &dataset.validation)] {
        let ours = part.fetch(&(0..part.len() as u32).collect::<Vec<_>>()).unwrap();
        let ours: Vec<u8> = ours.inputs.iter().chain(&ours.targets).flat_map(|number| number.to_le_bytes()).collect();
        let theirs = std::fs::read(place.path().join(name)).unwrap();
        assert!(ours == theirs, "{what}: the {name} part differs");
    }
}

fn tables(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut tables: Vec<_> = all.filter(|path| path.extension().is_some_and(|e| e == "csv" || e == "tsv")).collect();
    tables.sort();
    tables
}

#[test]
fn tables_are_read_alike() {
    let test = "tables_are_read_alike";
    let (Some(python), Some(real)) = (python_with(&["numpy"], test), support::test_data(test)) else { return };
    let mut all = tables(&real.join("csv"));
    assert!(all.len() > 5);
    all.extend(tables(&real.join("odd/tables")));
    let place = tempfile::tempdir().unwrap();
    let own = [
        (
            "commas.csv",
            "maß;\"q;r\";class\n1,5;\"a\"\"b\nc\";3.0\n-2,25; x ;3\n\n1e3;\"a\"\"b\nc\";4\n;x;4.00\nNaN;-;3\n7;x;4\n",
        ),
        ("apostrophes.csv", "1,'x, y',2.5\n2,'z',3.5\nNA,'x, y',4.5\n4,'z',1e-3\n5,'z',\n6,'x, y',8\n"),
        (
            "\"names\" \\ here.tsv",
            "\u{feff}a\tb\t\"c\\\"\r\n1\tno\t-0.5\r\n2\tyes\t.25\r\n3\tno\t+7.\r\n4\tyes\t1E2\r\n",
        ),
    ];
    for (name, text) in own {
        let path = place.path().join(name);
        std::fs::write(&path, text).unwrap();
        all.push(path);
    }
    for path in all {
        let what = path.display().to_string();
        let Ok(table) = data::inspect_csv(&path, &Default::default(), &NoProgress) else { continue };
        let Some(target) = data::suggest_target(&table, &|_| false) else { continue };
        for (missing, scaling) in
            [(MissingPolicy::Fill, Scaling::Standardise), (MissingPolicy::DropRow, Scaling::MinMax)]
        {
            let reading = Default::default();
            let csv =
                CsvSpec { path: path.clone(), target: target.clone(), columns: Vec::new(), missing, scaling, reading };
            reads_the_same(&python, Source::Csv(csv), &what);
        }
        // Categories as indices.
        let words = table.columns.iter().filter(|c| c.role == ColumnRole::Categorical && c.name != target);
        let embedded = |c: &ColumnPreview| ColumnChoice { name: c.name.clone(), role: ColumnRole::Embedded };
        let csv = CsvSpec {
            path: path.clone(),
            target: target.clone(),
            columns: words.map(embedded).collect(),
            missing: MissingPolicy::Fill,
            scaling: Scaling::Standardise,
            reading: Default::default(),
        };
        reads_the_same(&python, Source::Csv(csv), &what);
        // Two numbers at once, of the first the logarithm where it has one.
        let numbers = table.columns.iter().filter(|c| c.kind == ColumnKind::Number && c.role == ColumnRole::Numeric);
        if let [one, other, _, ..] = numbers.collect::<Vec<_>>()[..] {
            let role = |column: &ColumnPreview, role| ColumnChoice { name: column.name.clone(), role };
            let is_positive = one.range.is_some_and(|(least, _)| least >= 0.0);
            let log = is_positive.then(|| role(one, ColumnRole::LogTarget));
            let csv = CsvSpec {
                path: path.clone(),
                target: one.name.clone(),
                columns: log.into_iter().chain([role(other, ColumnRole::Target)]).collect(),
                missing: MissingPolicy::Fill,
                scaling: Scaling::Standardise,
                reading: Default::default(),
            };
            reads_the_same(&python, Source::Csv(csv), &what);
        }
    }
}

/// An IDX file of bytes.
fn idx(sizes: &[u32], content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(content);
    bytes
}

#[test]
fn idx_files_are_read_alike() {
    let test = "idx_files_are_read_alike";
    let Some(python) = python_with(&["numpy"], test) else { return };
    let place = tempfile::tempdir().unwrap();
    let write = |folder: &str, name: &str, sizes: &[u32]| {
        let len = sizes.iter().product::<u32>();
        let step = if sizes.len() == 1 { 1 } else { 7 };
        let content: Vec<u8> = (0..len).map(|i| (i * step % if step == 1 { 3 } else { 251 }) as u8).collect();
        std::fs::create_dir_all(place.path().join(folder)).unwrap();
        std::fs::write(place.path().join(folder).join(name), idx(sizes, &content)).unwrap();
    };
    write("one", "x-images-idx3-ubyte", &[40, 4, 5]);
    write("one", "x-labels-idx1-ubyte", &[40]);
    for (part, count) in [("train", 30), ("t10k", 9)] {
        write("two", &format!("{part}-images-idx4-ubyte"), &[count, 4, 5, 3]);
        write("two", &format!("{part}-labels-idx1-ubyte"), &[count]);
    }
    for (folder, limit) in [("one", None), ("one", Some(20)), ("two", None), ("two", Some(12))] {
        let source = IdxSpec { folder: place.path().join(folder), limit };
        reads_the_same(&python, Source::Idx(source), folder);
    }
    if let Some(real) = support::test_data(test) {
        reads_the_same(&python, Source::Idx(IdxSpec { folder: real.join("mnist10k"), limit: None }), "mnist10k");
    }
}

/// What the file says is compared: a table that was changed afterwards is told.
#[test]
fn a_table_that_has_changed_is_told() {
    let Some(python) = python_with(&["numpy"], "a_table_that_has_changed_is_told") else { return };
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("t.csv");
    std::fs::write(&path, "a,b\n1,2.5\n2,3.5\n3,1.5\n4,0.5\n").unwrap();
    let (missing, scaling) = (MissingPolicy::Fill, Scaling::None);
    let reading = Default::default();
    let csv = CsvSpec { path, target: "b".into(), columns: Vec::new(), missing, scaling, reading };
    let data = DataSpec { source: Source::Csv(csv), ..DataSpec::default() };
    let dataset: Dataset = data::load(&data, Path::new("."), &NoProgress).unwrap();
    let graph = chain(vec![Dense { units: 1, ..Dense::default() }.into()]);
    let project = Project { name: "It".into(), graph, data, training: TrainingSpec::default() };
    let (files, _) = export::folder(Framework::Keras, &project, &dataset, None).unwrap();
    let folder = place.path().join("out");
    export::write(&folder, &files).unwrap();
    std::fs::write(folder.join("samples/t.csv"), "a,b\n1,2.5\n2,3.5\n3,1.5\n4,0.25\n").unwrap();
    let read = READ.replace("SHAPE", "(1,)");
    let output = Command::new(python).args(["-c", &read]).current_dir(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("These are not the samples"), "{said}");
}
