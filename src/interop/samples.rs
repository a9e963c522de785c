//! `data.py`: the samples of a project, read by Python itself from the file that we read, where there is one.

use std::path::Path;

use super::Network;
use super::code::{Level, Part, Script, Writer, python};
use super::twin::Framework;
use crate::data::encoding::{Column, ColumnValues, Inputs, Target};
use crate::data::{Curve, Dataset, MISSING_WORDS, Origin, OriginFiles, TargetPlace};

/// What a folder may weigh because of files of samples; larger ones stay where they are.
const MOST_COPIED: u64 = 64 << 20;

const CELLS: &str = r#"def read(cell):
    """What a cell says, or None: it is missing, or no number that 32 bits can hold."""
    text = cell.strip()
    try:
        is_there = abs(float(text)) <= 3.4028234663852886e38
    except ValueError:
        is_there = text.lower() not in MISSING
    return text if is_there else None"#;

const NUMBER: &str = r#"def number(cell, missing=None):
    text = read(cell)
    return missing if text is None else float(text)"#;

const DECIMAL_COMMA: &str = r#"def number(cell, missing=None):
    text = read(cell)
    return missing if text is None else float(text.replace(",", "."))"#;

const CATEGORY: &str = r#"def category(cell):
    """Whole numbers are one category, however they are written."""
    text = read(cell)
    return text and re.sub(r"^(-*\d+)\.0*$", r"\1", text)"#;

const ONE_HOT: &str = r#"def one_hot(cell, categories):
    """None among the categories stands for what is missing."""
    found = category(cell)
    return [float(found == one) for one in categories]"#;

const INDEX: &str = r#"def index(cell, categories):
    """0 for what is missing, unknown or rare."""
    found = category(cell)
    return float(categories.index(found) + 1 if found in categories else 0)"#;

const IDX: &str = r#"def idx(path):
    """The bytes of an IDX file, plain or packed."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else open(path, "rb") as file:
        content = file.read()
    rank = content[3]
    sizes = np.frombuffer(content, ">i4", rank, 4)
    return np.frombuffer(content, np.uint8, sizes.prod(), 4 + 4 * rank).reshape(sizes)"#;

const CHECK: &str = r#"    if zlib.crc32(y.tobytes(), zlib.crc32(x.tobytes())) != CHECKSUMS[part]:
        raise ValueError("These are not the samples that Glassbox read")"#;

/// Writes the file. `dataset`: for what is read from files; without, everything stands in `data.npz`.
pub fn script(framework: Framework, network: &Network, dataset: Option<&Dataset>) -> Script {
    let mut w = Writer::default();
    let read = dataset.and_then(|dataset| Some((dataset, dataset.origin.as_deref()?)));
    let what = read.map_or_else(|| "The samples of Glassbox".to_owned(), |(dataset, _)| docstring(&dataset.name));
    w.line(format!("\"\"\"{what}: training and validation, split and scaled.\"\"\""));
    w.blank(1);
    let import_torch = |w: &mut Writer| {
        w.line("import numpy as np");
        if framework == Framework::PyTorch {
            w.line("import torch");
        }
    };
    w.about(Part::Data, Level::Operation, |w| match read {
        Some((dataset, origin)) => match (&origin.files, &dataset.encoding.inputs) {
            (OriginFiles::Table { .. }, Inputs::Table { columns, .. }) => {
                Table { dataset, origin, columns }.write(w, import_torch);
            }
            _ => idx(w, origin, import_torch),
        },
        None => {
            import_torch(w);
            w.blank(1);
            if network.signature.weighted {
                w.line("# The weights w of the rows have a mean of 1 over the training set.");
            } else if dataset.is_some_and(|dataset| matches!(dataset.encoding.inputs, Inputs::Table { .. })) {
                w.line("# Packed, in another encoding or with rows that are none: the table isn't read again.");
            }
            w.blank(1);
            w.line("def load(part):");
            w.inside(|w| {
                let what =
                    if network.signature.weighted { "Inputs, targets and weights" } else { "Inputs and targets" };
                w.line(format!("\"\"\"{what} of \"train\" or \"validation\".\"\"\""));
                w.block("with np.load(\"data.npz\") as arrays:", |w| {
                    w.line("x, y = arrays[f\"{part}_x\"], arrays[f\"{part}_y\"]");
                    if network.signature.weighted {
                        w.line("w = arrays[f\"{part}_w\"]");
                    }
                });
            });
        }
    });
    w.about(Part::Data, Level::Operation, |w| w.inside(|w| hand_over(w, framework, network)));
    if let Some(dataset) = dataset {
        w.about(Part::Data, Level::Operation, |w| in_units(w, dataset));
    }
    w.script("data.py")
}

fn docstring(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect()
}

/// What takes logarithms back, where there are any.
fn in_units(w: &mut Writer, dataset: &Dataset) {
    let units = &dataset.truth.units;
    if units.iter().all(|unit| unit.curve.is_linear()) {
        return;
    }
    w.blank(2);
    w.block("def in_units(y):", |w| {
        w.line("\"\"\"Predicted numbers as the table has them.\"\"\"");
        w.line("y = np.asarray(y, np.float64).reshape(len(y), -1)");
        let columns: Vec<String> = units
            .iter()
            .enumerate()
            .map(|(i, unit)| {
                let [scale, offset] = [unit.scale, unit.offset].map(|number| python::float(f64::from(number)));
                let number = format!("y[:, {i}] * {scale} + ({offset})");
                match unit.curve {
                    Curve::Linear => number,
                    Curve::Log => format!("np.exp({number})"),
                    Curve::LogPlusOne => format!("np.expm1({number})"),
                }
            })
            .collect();
        w.line("columns = [");
        w.inside(|w| columns.iter().for_each(|one| w.line(format!("{one},"))));
        w.line("]");
        w.line("return np.stack(columns, -1)");
    });
}

/// As the framework has them: pictures with their channels where they belong, classes as whole numbers.
fn hand_over(w: &mut Writer, framework: Framework, network: &Network) {
    let is_picture = network.signature.input.rank() == 3;
    let of_classes = network.signature.task.classes().is_some();
    if framework == Framework::PyTorch {
        let y = if of_classes { "torch.from_numpy(y).long()" } else { "torch.from_numpy(y)" };
        let weights = if network.signature.weighted { ", torch.from_numpy(w)" } else { "" };
        return w.line(format!("return torch.from_numpy(x), {y}{weights}"));
    }
    if is_picture {
        w.line("x = np.ascontiguousarray(np.moveaxis(x, 1, -1))  # channels last");
    }
    let weights = if network.signature.weighted { ", w" } else { "" };
    w.line(format!("return x, {}{weights}", if of_classes { "y.astype(np.int32)" } else { "y" }));
}

/// Files that are read, each with its name in the folder where it is small enough to be there.
pub fn files(origin: &Origin) -> Vec<(&Path, Option<String>)> {
    let all = origin.files.paths();
    let size = |path: &Path| std::fs::metadata(path).map_or(u64::MAX, |data| data.len());
    let is_small = all.iter().map(|path| size(path)).fold(0, u64::saturating_add) <= MOST_COPIED;
    let name = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Not beside the code, whose names it might have.
        is_small.then(|| format!("samples/{name}"))
    };
    all.into_iter().map(|path| (path.as_path(), name(path))).collect()
}

/// Which rows of the files the parts are, as JSON; `None` where they are all, as they stand.
pub fn split(origin: &Origin) -> Option<String> {
    let part = |rows: &Option<std::sync::Arc<[u32]>>| match rows {
        Some(rows) => python::list(rows),
        None => "null".to_owned(),
    };
    let is_whole = origin.train.is_none() && origin.validation.is_none();
    let [train, validation] = [part(&origin.train), part(&origin.validation)];
    (!is_whole).then(|| format!("{{\"train\": {train},\n\"validation\": {validation}}}\n"))
}

fn path_of(origin: &Origin, path: &Path) -> String {
    let all = files(origin);
    let copied = all.into_iter().find(|(one, _)| *one == path).and_then(|(_, name)| name);
    let whole = || std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    python::string(&copied.unwrap_or_else(|| whole().to_string_lossy().into_owned()))
}

fn checksums(w: &mut Writer, origin: &Origin) {
    let [train, validation] = origin.checksums;
    w.line(format!("CHECKSUMS = {{\"train\": {train}, \"validation\": {validation}}}"));
}

/// A table in a text file.
struct Table<'a> {
    dataset: &'a Dataset,
    origin: &'a Origin,
    columns: &'a [Column],
}

impl Table<'_> {
    fn write(&self, w: &mut Writer, import_numpy: impl Fn(&mut Writer)) {
        let OriginFiles::Table { path, delimiter, columns, targets, .. } = &self.origin.files else {
            return;
        };
        let is_numeric = |column: &Column| matches!(column.values, ColumnValues::Numeric { .. });
        let classes = match &self.dataset.encoding.target {
            Target::Classes { classes, .. } => Some(classes),
            Target::Things { .. } | Target::Numbers { .. } => None,
        };
        let is_word = |column: &Column| matches!(column.values, ColumnValues::Categorical { .. });
        let (has_numbers, has_words) =
            (self.columns.iter().any(is_numeric) || classes.is_none(), self.columns.iter().any(is_word));
        let has_indices = self.columns.iter().any(|column| column.vocabulary().is_some());
        let (has_categories, is_comma) = (has_words || has_indices || classes.is_some(), *delimiter == ',');
        w.line("import csv");
        w.line("import json");
        if targets.iter().any(|target| !target.curve.is_linear()) {
            w.line("import math");
        }
        if has_categories {
            w.line("import re");
        }
        w.line("import zlib");
        w.blank(1);
        import_numpy(w);
        w.blank(1);
        w.line(format!("PATH = {}", path_of(self.origin, path)));
        let words: Vec<_> = MISSING_WORDS.iter().map(|word| python::string(word)).collect();
        w.list("MISSING", &words);
        if let Some(classes) = classes {
            w.list("CLASSES", &classes.iter().map(|name| python::string(name)).collect::<Vec<_>>());
        }
        checksums(w, self.origin);
        let number = if is_comma { NUMBER } else { DECIMAL_COMMA };
        for (code, is_used) in [
            (CELLS, true),
            (number, has_numbers),
            (CATEGORY, has_categories),
            (ONE_HOT, has_words),
            (INDEX, has_indices),
        ] {
            if is_used {
                w.blank(2);
                w.text(code);
            }
        }
        w.blank(2);
        w.block("def inputs(row):", |w| {
            w.line("return [");
            w.inside(|w| {
                for (column, place) in self.columns.iter().zip(columns) {
                    w.line(format!("# {}", docstring(&column.name)));
                    of_column(w, &column.values, *place);
                }
            });
            w.line("]");
        });
        w.blank(2);
        w.block("def target(row):", |w| match classes {
            Some(_) => w.line(format!("return CLASSES.index(category(row[{}]))", targets[0].column)),
            None => {
                let numbers = targets.iter().map(|&TargetPlace { column, curve, offset, scale }| {
                    let [offset, scale] = [offset, scale].map(python::float);
                    let number = match curve {
                        Curve::Linear => format!("number(row[{column}])"),
                        Curve::Log => format!("math.log(number(row[{column}]))"),
                        Curve::LogPlusOne => format!("math.log1p(number(row[{column}]))"),
                    };
                    format!("({number} - ({offset})) / {scale}")
                });
                match &numbers.collect::<Vec<_>>()[..] {
                    [one] => w.line(format!("return {one}")),
                    several => {
                        w.line("return [");
                        w.inside(|w| several.iter().for_each(|one| w.line(format!("{one},"))));
                        w.line("]");
                    }
                }
            }
        });
        self.load(w, classes.is_none() && targets.len() == 1);
    }

    /// `is_one_number`: what is predicted.
    fn load(&self, w: &mut Writer, is_one_number: bool) {
        let OriginFiles::Table { delimiter, quote, has_header, .. } = &self.origin.files else { return };
        let is_comma = *delimiter == ',';
        w.blank(2);
        w.line("def load(part):");
        w.inside(|w| {
            w.line("\"\"\"Inputs and targets of \"train\" or \"validation\".\"\"\"");
            w.line("with open(\"split.json\") as file:");
            w.inside(|w| w.line("places = json.load(file)[part]"));
            w.block("with open(PATH, encoding=\"utf-8-sig\", newline=\"\") as file:", |w| {
                let mut how = vec!["file".to_owned()];
                let character = |c: char| if c == '\t' { "\"\\t\"".to_owned() } else { python::string(&c.to_string()) };
                how.extend((!is_comma).then(|| format!("delimiter={}", character(*delimiter))));
                how.extend((*quote != '"').then(|| format!("quotechar={}", character(*quote))));
                w.line(format!("table = csv.reader({})", how.join(", ")));
                w.line("table = [row for row in table if len(row) > 1]");
            });
            if *has_header {
                w.line("table = table[1:]  # without the names");
            }
            w.line("rows = [table[place] for place in places]");
            w.line("x = np.array([inputs(row) for row in rows], np.float32)");
            let one = if is_one_number { "[target(row)]" } else { "target(row)" };
            w.line(format!("y = np.array([{one} for row in rows], np.float32)"));
        });
        w.text(CHECK);
    }
}

/// The inputs that a column makes of a cell.
fn of_column(w: &mut Writer, values: &ColumnValues, place: usize) {
    match values {
        ColumnValues::Numeric { offset, scale, fill, .. } => {
            let [offset, scale, fill] = [*offset, *scale, *fill].map(python::float);
            let shifted = offset.strip_prefix('-').map_or_else(|| format!("- {offset}"), |size| format!("+ {size}"));
            w.line(format!("(number(row[{place}], {fill}) {shifted}) / {scale},"));
        }
        ColumnValues::Categorical { categories, has_missing } => {
            let names = categories.iter().map(|name| python::string(name));
            let all: Vec<_> = names.chain(has_missing.then(|| "None".to_owned())).collect();
            let list = format!("[{}]", all.join(", "));
            w.call("*one_hot", &[format!("row[{place}]"), list], ",");
        }
        ColumnValues::Embedded { categories, rare } => {
            // No cell is empty and a category.
            let name = |(place, name): (usize, &String)| python::string(if rare.contains(&place) { "" } else { name });
            let all: Vec<_> = categories.iter().enumerate().map(name).collect();
            w.call("index", &[format!("row[{place}]"), format!("[{}]", all.join(", "))], ",");
        }
        // A table with dates has no origin: it leaves as numbers.
        ColumnValues::Date { .. } => {}
    }
}

/// Pictures and labels.
fn idx(w: &mut Writer, origin: &Origin, import_numpy: impl Fn(&mut Writer)) {
    let OriginFiles::Idx { images, labels, channels_last } = &origin.files else { return };
    let chosen = split(origin).is_some();
    w.line("import gzip");
    if chosen {
        w.line("import json");
    }
    w.line("import zlib");
    w.blank(1);
    import_numpy(w);
    w.blank(1);
    for (name, files) in [("IMAGES", images), ("LABELS", labels)] {
        w.line(format!("{name} = {{"));
        w.inside(|w| {
            for (part, path) in ["train", "validation"].into_iter().zip(files) {
                w.line(format!("\"{part}\": {},", path_of(origin, path)));
            }
        });
        w.line("}");
    }
    checksums(w, origin);
    w.blank(2);
    w.text(IDX);
    w.blank(2);
    w.line("def load(part):");
    w.inside(|w| {
        w.line("\"\"\"Inputs and targets of \"train\" or \"validation\".\"\"\"");
        w.line("x, y = idx(IMAGES[part]), idx(LABELS[part])");
        if chosen {
            w.block("with open(\"split.json\") as file:", |w| w.line("rows = json.load(file)[part]"));
            w.block("if rows is not None:", |w| w.line("x, y = x[rows], y[rows]"));
        }
        w.line(if *channels_last { "x = np.moveaxis(x, -1, 1)" } else { "x = x[:, None] if x.ndim == 3 else x" });
        w.line("x, y = x.astype(np.float32) / 255, y.astype(np.float32)");
    });
    w.text(CHECK);
}
