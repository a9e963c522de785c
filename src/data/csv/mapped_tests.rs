//! Tables that are converted: the same numbers as in memory, whatever happens to the file of the cache.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::tests::{choose, file, settings};
use super::*;
use crate::data::test_data::test_data;
use crate::data::{Fingerprint, NoProgress};
use crate::files::cache::Cache;
use crate::model::{MissingPolicy, Scaling, Source};

/// Where everything is too large.
struct Small {
    folder: tempfile::TempDir,
    room: Room,
}

impl Small {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let room = Room { memory: 0, cache: Some(Cache::at(folder.path().join("cache"))) };
        Self { folder, room }
    }

    fn load(&self, settings: &CsvSpec) -> Result<Dataset, DataError> {
        load_in(&self.room, settings, &NoProgress)
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("cache")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

fn load_in(room: &Room, settings: &CsvSpec, progress: &dyn Progress) -> Result<Dataset, DataError> {
    let spec = DataSpec { source: Source::Csv(settings.clone()), seed: 3, ..DataSpec::default() };
    load_within(room, settings, &settings.path, &spec, None, progress)
}

/// Bit for bit, and all that is said but how it is held.
fn are_same(a: &Dataset, b: &Dataset) {
    assert_eq!(Fingerprint::of(a).unwrap(), Fingerprint::of(b).unwrap());
    assert_eq!(a.parts().count(), b.parts().count());
    for (a, b) in a.parts().zip(b.parts()) {
        let bits = |samples: &Samples| {
            let all = samples.whole().unwrap();
            all.inputs
                .iter()
                .chain(all.targets.iter())
                .chain(all.weights.iter())
                .map(|number| number.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(a), bits(b));
        let hashes = |part: &Samples| {
            let found = Mutex::new(Vec::new());
            let take = |hash, target: &[f32]| {
                found.lock().unwrap().push((hash, target.iter().map(|number| number.to_bits()).collect::<Vec<_>>()));
                Ok(())
            };
            part.for_each_hash(&take).unwrap();
            let mut found = found.into_inner().unwrap();
            found.sort_unstable();
            found
        };
        assert_eq!(hashes(a), hashes(b), "each row once");
        assert_eq!(hashes(a).len(), a.len());
        assert_eq!((a.counts().ok(), a.target_means().ok()), (b.counts().ok(), b.target_means().ok()));
    }
    assert_eq!((&a.input_names, &a.input_units, &a.truth), (&b.input_names, &b.input_units, &b.truth));
    assert_eq!((&a.encoding, &a.giveaways, &a.name), (&b.encoding, &b.giveaways, &b.name));
    let notes = |set: &Dataset| {
        let of_file = |note: &&String| !note.contains("larger than the memory") && !note.contains("were damaged");
        set.notes.iter().filter(of_file).cloned().collect::<Vec<_>>()
    };
    assert_eq!(notes(a), notes(b));
}

/// Numbers with gaps, categories, dates and two kinds of target.
fn table(rows: usize) -> String {
    let mut text = "size,colour,when,price,kind\n".to_owned();
    for i in 0..rows {
        let size = if i % 7 == 3 { String::new() } else { format!("{}", (i * 37 % 101) as f64 / 7.0) };
        let colour = ["red", "green", "", "blue", "Red"][i % 5];
        let day = i % 28 + 1;
        text += &format!("{size},{colour},2024-{:02}-{day:02},{},{}\n", i % 12 + 1, (i * i % 97) as f64 * 1.7, i % 3);
    }
    text
}

#[test]
fn weights_of_rows_are_the_same_wherever_they_lie() {
    let text: String = (0..500).fold("a,w,price,kind\n".to_owned(), |text, i| {
        text + &format!("{},{},{},{}\n", i * 37 % 101, f64::from(i % 9) / 4.0, i * i % 97, ["p", "q"][i as usize % 2])
    });
    let file = file(text);
    for (target, others) in [("kind", &[][..]), ("price", &[("a", ColumnRole::Target)])] {
        let columns = others.iter().chain(&[("w", ColumnRole::Weight)]).map(|&(name, role)| choose(name, role));
        let settings = CsvSpec { columns: columns.collect(), ..settings(file.path(), target) };
        let held = load_in(&Room { memory: u64::MAX, cache: None }, &settings, &NoProgress).unwrap();
        let small = Small::new();
        let made = small.load(&settings).unwrap();
        assert!(made.train.is_weighted() && !made.train.is_at_hand());
        are_same(&held, &made);
        are_same(&held, &small.load(&settings).unwrap());
        let rows = [3, 100, 4];
        assert_eq!(made.train.fetch(&rows).unwrap(), held.train.fetch(&rows).unwrap());
    }
}

#[test]
fn what_was_kept_while_the_columns_were_looked_at_is_what_is_converted() {
    let file = file(table(5000));
    let settings = settings(file.path(), "price");
    let spec = DataSpec { source: Source::Csv(settings.clone()), seed: 3, ..DataSpec::default() };
    let small = Small::new();
    let survey = |room| survey_csv(file.path(), &settings.reading, room, &NoProgress).unwrap().1;
    let held = load_in(&Room { memory: u64::MAX, cache: None }, &settings, &NoProgress).unwrap();
    let known = survey(Some(&small.room));
    assert!(small.files().is_empty(), "it has no name");
    let load = |small: &Small, known: &Surveyed| {
        load_within(&small.room, &settings, file.path(), &spec, Some(known), &NoProgress).unwrap()
    };
    are_same(&held, &load(&small, &known));
    assert!(known.take_captured().is_none(), "it is taken once");
    // Where nothing was kept the text is read again.
    for known in [known, survey(None)] {
        are_same(&held, &load(&Small::new(), &known));
    }
    // A table that fits is read once as well.
    let mut large = Small::new();
    large.room.memory = u64::MAX;
    let known = survey(Some(&large.room));
    are_same(&held, &load(&large, &known));
    assert!(known.take_captured().is_none());
}

#[test]
fn a_table_in_a_file_has_the_same_numbers_as_one_in_memory() {
    let file = file(table(5000));
    for (target, missing, scaling) in [
        ("kind", MissingPolicy::Fill, Scaling::Standardise),
        ("price", MissingPolicy::DropRow, Scaling::MinMax),
        ("colour", MissingPolicy::Fill, Scaling::None),
    ] {
        let small = Small::new();
        let settings = CsvSpec { missing, scaling, ..settings(file.path(), target) };
        let held = load_in(&Room { memory: u64::MAX, cache: None }, &settings, &NoProgress).unwrap();
        let converted = small.load(&settings).unwrap();
        are_same(&held, &converted);
        assert!(converted.notes.iter().any(|note| note.contains("glassbox cache")), "{:?}", converted.notes);
        let again = small.load(&settings).unwrap();
        are_same(&held, &again);
        assert_eq!(again.notes, converted.notes);
        assert_eq!(small.files().len(), 1, "converted once, and nothing is left beside it");
    }
}

#[test]
fn real_tables_are_the_same_too() {
    for (name, target) in [("titanic", "survived"), ("diamonds", "price"), ("flights", "passengers"), ("mpg", "mpg")] {
        let Some(path) = test_data(&format!("csv/{name}.csv")) else { return };
        let settings = settings(&path, target);
        let held = load_in(&Room { memory: u64::MAX, cache: None }, &settings, &NoProgress).unwrap();
        are_same(&held, &Small::new().load(&settings).unwrap());
    }
}

#[test]
fn a_large_parquet_file_is_read_without_being_written_as_text() {
    let Some(parquet) = test_data("parquet/diamonds.parquet") else { return };
    let table = Table::open(&parquet, &Default::default(), &NoProgress).unwrap();
    assert_eq!((table.most_rows(), table.likely_rows()), (53_940, 53_940), "by what it says of itself");
    let mut text = String::new();
    table.text().unwrap().read_to_string(&mut text).unwrap();
    let made =
        copy::copy(&parquet, |out| kinds::Kind::Parquet.write(&parquet, None, out, &NoProgress).map(drop)).unwrap();
    assert!(text == std::fs::read_to_string(made.path()).unwrap());
    let as_text = file(&text);
    let (small, named) =
        (Small::new(), |set: Dataset| Dataset { name: String::new(), encoding: Arc::default(), places: None, ..set });
    let [of_parquet, of_text] =
        [parquet.as_path(), as_text.path()].map(|path| named(small.load(&settings(path, "price")).unwrap()));
    are_same(&of_parquet, &of_text);
    assert_eq!(small.files().len(), 2);
}

/// Short rows, empty lines, quotes from the middle on, other line ends and columns that turn out to be no numbers.
#[test]
fn odd_rows_are_the_same_too() {
    let mut odd = table(3000).replace('\n', "\r\n");
    odd += "1.5,red\r\n\r\n  \r\n,,,,\r\n2.5,\"blue\",2024-01-05,7,1\r\n3.5,\"a\nb\",2024-01-06,8,2\r\n";
    odd += &table(3000)[28..];
    odd += "Total,,,99,\n";
    let texts = [
        odd,
        "x\n1\n2\n\n3\n".to_owned() + &"4\n5\n".repeat(500),
        "a;b\n".to_owned() + &"1,5;2\n2.5;3\n".repeat(900),
        "title\n\na,b\n".to_owned() + &"1,2\n3,4\na,b\n-1,none\n".repeat(300),
        "1,2\n".repeat(40) + &"2001,2\n3,4\n".repeat(300),
    ];
    for (text, target) in texts.iter().zip(["kind", "x", "b", "b", "column 2"]) {
        let file = file(text);
        let settings = settings(file.path(), target);
        let held = load_in(&Room { memory: u64::MAX, cache: None }, &settings, &NoProgress);
        let mapped = Small::new().load(&settings);
        match (held, mapped) {
            (Ok(held), Ok(mapped)) => are_same(&held, &mapped),
            (held, mapped) => assert_eq!(held.unwrap_err(), mapped.unwrap_err()),
        }
    }
}

#[test]
fn what_fits_is_not_converted() {
    let file = file(table(300));
    let small = Small::new();
    let room = Room { memory: 300 * 200, cache: small.room.cache.clone() };
    let held = load_in(&room, &settings(file.path(), "kind"), &NoProgress).unwrap();
    assert!(small.files().is_empty() && held.origin.is_none() && held.train.len() == 240);
}

#[test]
fn another_file_or_setting_is_converted_anew() {
    let mut file = file(table(300));
    let small = Small::new();
    let one = settings(file.path(), "kind");
    small.load(&one).unwrap();
    small.load(&CsvSpec { scaling: Scaling::None, ..one.clone() }).unwrap();
    small.load(&CsvSpec { columns: vec![choose("price", ColumnRole::LeftOut)], ..one.clone() }).unwrap();
    assert_eq!(small.files().len(), 3);
    file.write_all(b"1,red,2024-01-01,5,1\n").unwrap();
    let longer = small.load(&one).unwrap();
    assert_eq!((small.files().len(), longer.train.len() + longer.validation.len()), (4, 301));
    // The same by another path is the same.
    let link = small.folder.path().join("link.csv");
    #[cfg(unix)]
    std::os::unix::fs::symlink(file.path(), &link).unwrap();
    #[cfg(unix)]
    {
        let encoding = Arc::new(Encoding { source: "link.csv".into(), ..(*longer.encoding).clone() });
        let longer = Dataset { name: "link.csv".into(), encoding, ..longer };
        are_same(&small.load(&CsvSpec { path: link, ..one }).unwrap(), &longer);
        assert_eq!(small.files().len(), 4);
    }
}

#[test]
fn a_damaged_file_is_made_again_with_a_word() {
    let file = file(table(300));
    let small = Small::new();
    let settings = settings(file.path(), "kind");
    let whole = small.load(&settings).unwrap();
    let path = small.files().remove(0);
    let bytes = std::fs::read(&path).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    for damaged in [flipped, bytes[..bytes.len() - 1].to_vec(), Vec::new(), b"GLASSBOX ROWS 1\n".repeat(99)] {
        // Another file in its place: the first is mapped.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, damaged).unwrap();
        let mended = small.load(&settings).unwrap();
        are_same(&whole, &mended);
        assert!(mended.notes.iter().any(|note| note.contains("were damaged and have been made again")));
        assert_eq!(small.files(), std::slice::from_ref(&path));
    }
    are_same(&whole, &small.load(&settings).unwrap());
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let file = file(table(300));
    let settings = settings(file.path(), "kind");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cache"), "in the way").unwrap();
    let room = Room { memory: 0, cache: Some(Cache::at(folder.path().join("cache"))) };
    let said = load_in(&room, &settings, &NoProgress).unwrap_err().message;
    assert!(said.contains("can't be kept on disk") && said.contains("GLASSBOX_HOME"), "{said}");
    let said = load_in(&Room { memory: 0, cache: None }, &settings, &NoProgress).unwrap_err().message;
    assert!(said.contains("there is no cache folder"), "{said}");
}

#[test]
fn a_table_beyond_the_limit_is_refused_with_the_way_out() {
    let file = file(table(300));
    let small = Small::new();
    small.room.cache.as_ref().unwrap().set_limit(1000).unwrap();
    let said = small.load(&settings(file.path(), "kind")).unwrap_err().message;
    assert!(said.contains("glassbox cache limit 1.0GiB"), "{said}");
    assert_eq!(small.files().len(), 1, "the limit alone: {:?}", small.files());
}

/// Cancelled at the n-th look, or told what happens then.
struct At<F: Fn()> {
    looks: AtomicUsize,
    at: usize,
    then: F,
}

impl<F: Fn() + Sync> Progress for At<F> {
    fn report(&self, _: f32, _: &str) {
        if self.looks.fetch_add(1, Ordering::Relaxed) == self.at {
            (self.then)();
        }
    }

    fn cancelled(&self) -> bool {
        self.at == usize::MAX
    }
}

/// Nobody wants it after so many looks.
struct Until {
    looks: AtomicUsize,
    most: usize,
}

impl Progress for Until {
    fn report(&self, _: f32, _: &str) {}

    fn cancelled(&self) -> bool {
        self.looks.fetch_add(1, Ordering::Relaxed) >= self.most
    }
}

#[test]
fn cancelled_anywhere_it_leaves_nothing() {
    let file = file(table(150_000));
    let settings = settings(file.path(), "kind");
    let mut most = 0;
    loop {
        let small = Small::new();
        let until = Until { looks: AtomicUsize::new(0), most };
        match load_in(&small.room, &settings, &until) {
            Err(error) => assert!(error.message.contains("cancelled"), "{error}"),
            Ok(_) => break,
        }
        assert!(small.files().is_empty(), "after {most} looks: {:?}", small.files());
        most += 1;
    }
    assert!(most > 10, "{most}");
}

#[test]
fn a_file_that_changes_meanwhile_is_not_kept() {
    let mut file = file(table(240_000));
    let path = file.path().to_path_buf();
    let small = Small::new();
    let grow = || {
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"1,red,2024-01-01,5,1\n").unwrap();
    };
    for at in [2, 5, 9, 11] {
        let progress = At { looks: AtomicUsize::new(0), at, then: grow };
        let said = load_in(&small.room, &settings(&path, "kind"), &progress).unwrap_err().message;
        assert!(said.contains("changed while it was read"), "{said}");
        assert!(small.files().is_empty(), "{:?}", small.files());
    }
    file.flush().unwrap();
    assert!(small.load(&settings(&path, "kind")).is_ok());
}

#[test]
fn two_at_once_convert_one_file() {
    let file = file(table(20_000));
    let settings = settings(file.path(), "kind");
    let small = Small::new();
    let sets: Vec<Dataset> = std::thread::scope(|scope| {
        let one = || small.load(&settings).unwrap();
        let threads = [scope.spawn(one), scope.spawn(one), scope.spawn(one)];
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    are_same(&sets[0], &sets[1]);
    are_same(&sets[0], &sets[2]);
    assert_eq!(small.files().len(), 1);
}

#[test]
fn a_test_part_is_kept_in_the_file_too() {
    let file = file(table(600));
    let settings = settings(file.path(), "kind");
    let split = Division::Order { column: Some("when".into()) };
    let spec = DataSpec { source: Source::Csv(settings.clone()), split, test: 0.2, ..DataSpec::default() };
    let of = |room: &Room| load_within(room, &settings, &settings.path, &spec, None, &NoProgress).unwrap();
    let small = Small::new();
    let made = of(&small.room);
    let in_memory = of(&Room { memory: u64::MAX, cache: None });
    are_same(&made, &in_memory);
    assert_eq!((made.parts().count(), small.files().iter().any(|path| path.is_file())), (3, true));
    are_same(&of(&small.room), &in_memory);
}

/// Numbers of a Parquet file aren't printed and read again, which must not show.
#[test]
fn numbers_of_a_parquet_file_are_those_of_its_text() {
    use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch, UInt8Array};

    const ROWS: usize = 14_000;
    let all = |of: fn(usize) -> Option<f64>| (0..ROWS).map(move |row| of(row).filter(|_| row != 7_000));
    let wide = |of: fn(usize) -> Option<f64>| Arc::new(all(of).collect::<Float64Array>()) as ArrayRef;
    let whole = |of: fn(usize) -> Option<f64>| all(of).map(|number| number.map(|number| number as i64));
    let columns: [(&str, ArrayRef); 8] = [
        ("fractions", wide(|row| Some(row as f64 * 0.37 - 900.0).filter(|_| row % 11 > 0))),
        ("thousandths", wide(|row| Some((row * 7919 % 20_000) as f64 / 1000.0))),
        ("odd", wide(|row| Some([f64::NAN, f64::INFINITY, 1e300, -0.0, row as f64 + 0.25][(row / 3_000).min(4)]))),
        ("single", Arc::new(all(|row| Some(row as f64 / 10.0)).map(|n| n.map(|n| n as f32)).collect::<Float32Array>())),
        ("whole", Arc::new(whole(|row| Some((row * row % 50_000) as f64)).collect::<Int64Array>())),
        ("ids", Arc::new(whole(|row| Some(2f64.powi(53) + 2.0 * row as f64)).collect::<Int64Array>())),
        ("few", Arc::new(all(|row| Some((row % 3) as f64)).map(|n| n.map(|n| n as u8)).collect::<UInt8Array>())),
        ("y", wide(|row| Some((row as f64).sqrt()))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let made = tempfile::NamedTempFile::new().unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(made.as_file(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let opened = Table::open(made.path(), &Default::default(), &NoProgress).unwrap();
    assert!(opened.blocks().unwrap().is_some());
    let mut text = String::new();
    opened.text().unwrap().read_to_string(&mut text).unwrap();
    let as_text = file(&text);
    let previews =
        [made.path(), as_text.path()].map(|path| inspect_csv(path, &Default::default(), &NoProgress).unwrap());
    let [of_parquet, of_text] = previews;
    assert_eq!((of_parquet.rows, of_text.rows), (ROWS - 1, ROWS - 1));
    // What is missing is equal to nothing.
    let drawn = |table: &crate::data::TablePreview| format!("{:?}{:?}", table.drawn.columns, table.drawn.cells);
    assert!(drawn(&of_parquet) == drawn(&of_text));
    assert_eq!(of_parquet.columns, of_text.columns);
    for target in ["y", "few"] {
        let [of_parquet, of_text] = [made.path(), as_text.path()].map(|path| {
            let loaded = Small::new().load(&settings(path, target)).unwrap();
            Dataset { name: String::new(), encoding: Arc::default(), ..loaded }
        });
        are_same(&of_parquet, &of_text);
    }
}
