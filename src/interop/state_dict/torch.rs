//! What `torch.save` writes of weights: an archive with a pickle and a file of numbers a storage (since 1.6), or
//! pickles followed by the numbers (before). The pickles are read by a machine that executes nothing (`pickle.rs`).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::contents::{self, Found};
use super::pickle::{Pickle, Refused, Storage, Value, View};
use super::{Dtype, MOST_BYTES, StateDict, Tensor, count};

/// A storage may be as much larger unpacked; PyTorch packs nothing.
const MOST_UNPACKED: u64 = 64;
/// Tensors may be so many times as large as the storages that they show.
const MOST_SHOWN: u64 = 4;
/// Always allowed, whatever the file's size.
const SMALL: u64 = 16 << 20;

/// Where a storage's numbers lie.
trait Numbers {
    /// How many bytes there are of it; `None` where it is missing.
    fn bytes_of(&self, key: &str) -> Option<u64>;
    /// Its bytes: as many as [`Self::bytes_of`] tells.
    fn read(&mut self, key: &str) -> Result<Vec<u8>, String>;
}

/// What PyTorch has written since version 1.6.
pub fn read_zip(path: &Path) -> Result<StateDict, String> {
    let file = File::open(path).map_err(unreadable)?;
    let packed = file.metadata().map_err(unreadable)?.len();
    let mut archive = zip::ZipArchive::new(file).map_err(|error| format!("The archive is damaged ({error})."))?;
    let names: Vec<_> = archive.file_names().flatten().map(|name| name.into_owned()).collect();
    let pickle = names.iter().find(|name| name.rsplit('/').next() == Some("data.pkl"));
    let pickle = pickle.ok_or("Its archive has no data.pkl.")?;
    let root = pickle.strip_suffix("data.pkl").unwrap_or_default().to_owned();
    let mut sizes = HashMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| format!("The archive is damaged ({error})."))?;
        if let Ok(Some(key)) = entry.name().map(|name| name.strip_prefix(&format!("{root}data/")).map(str::to_owned)) {
            sizes.insert(key, entry.size());
        }
    }
    if sizes.values().fold(0, |sum: u64, size| sum.saturating_add(*size)) > (packed * MOST_UNPACKED).max(SMALL) {
        return Err(
            "It is small but would unpack to a huge size, which PyTorch's own files never do. It is damaged or malicious.".into()
        );
    }
    if let Ok(entry) = archive.by_name(&format!("{root}byteorder")) {
        let mut order = String::new();
        entry.take(16).read_to_string(&mut order).map_err(unreadable)?;
        if order.trim() != "little" {
            return Err(BIG_ENDIAN.into());
        }
    }
    let entry = archive.by_name(pickle).map_err(|error| format!("The archive is damaged ({error})."))?;
    let pickle = Pickle::read(&mut BufReader::new(entry)).map_err(sentence)?;
    assemble(&pickle, &mut Archive { archive, root, sizes })
}

const BIG_ENDIAN: &str = "It was written on a big-endian machine. Save it again on another one.";

struct Archive {
    archive: zip::ZipArchive<File>,
    root: String,
    sizes: HashMap<String, u64>,
}

impl Numbers for Archive {
    fn bytes_of(&self, key: &str) -> Option<u64> {
        self.sizes.get(key).copied()
    }

    fn read(&mut self, key: &str) -> Result<Vec<u8>, String> {
        let damaged = |error: &dyn std::fmt::Display| {
            format!("Its storage data/{key} can't be read ({error}). The file is damaged.")
        };
        let size = self.bytes_of(key).unwrap_or(0);
        let entry = self.archive.by_name(&format!("{}data/{key}", self.root)).map_err(|error| damaged(&error))?;
        let mut bytes = Vec::new();
        // One more: an archive may say less than it holds.
        entry.take(size + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(damaged(&"its length is wrong")) }
    }
}

/// What PyTorch wrote before: magic, protocol, machine, the object, the names of its storages, and these.
pub fn read_legacy(path: &Path) -> Result<StateDict, String> {
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut file = BufReader::new(file);
    let mut next = || Pickle::read(&mut file).map_err(sentence);
    let [_magic, _protocol, machine, object, keys] = [next()?, next()?, next()?, next()?, next()?];
    if let Some(order) = machine.entry(machine.root, "little_endian")
        && machine.get(order) == &Value::Bool(false)
    {
        return Err(BIG_ENDIAN.into());
    }
    let storages: HashMap<&str, &Storage> = object.storages().map(|storage| (&*storage.key, storage)).collect();
    let Value::List(keys_in_order) = keys.get(keys.root) else {
        return Err("Its list of storages is missing. The file is damaged.".into());
    };
    let mut places = HashMap::new();
    let mut at = file.stream_position().map_err(unreadable)?;
    for id in keys_in_order {
        let Value::Text(key) = keys.get(*id) else {
            return Err("A storage in it has no name. The file is damaged.".into());
        };
        let storage = storages.get(&**key).ok_or("It contains data that no tensor uses. The file is damaged.")?;
        let mut length = [0; 8];
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut length)).map_err(|_| CUT_SHORT)?;
        let length = u64::from_le_bytes(length);
        let bytes = length.checked_mul(storage.dtype.map_or(1, Dtype::size) as u64);
        let end = bytes.and_then(|bytes| at.checked_add(8)?.checked_add(bytes)).filter(|end| *end <= size);
        let end = end.ok_or(CUT_SHORT)?;
        places.insert(key.to_string(), (at + 8, end));
        at = end;
    }
    assemble(&object, &mut Tail { file, places })
}

const CUT_SHORT: &str = "It is cut short: data is missing. Download or save it again.";

struct Tail {
    file: BufReader<File>,
    /// From where to where each storage lies.
    places: HashMap<String, (u64, u64)>,
}

impl Numbers for Tail {
    fn bytes_of(&self, key: &str) -> Option<u64> {
        self.places.get(key).map(|(from, to)| to - from)
    }

    fn read(&mut self, key: &str) -> Result<Vec<u8>, String> {
        let (from, to) = self.places.get(key).copied().unwrap_or_default();
        let mut bytes = vec![0; (to - from) as usize];
        self.file.seek(SeekFrom::Start(from)).and_then(|_| self.file.read_exact(&mut bytes)).map_err(unreadable)?;
        Ok(bytes)
    }
}

/// A pickle that PyTorch did not write: it is run for what it asks for, and has no numbers.
pub fn read_pickle(path: &Path) -> Result<StateDict, String> {
    let file = File::open(path).map_err(unreadable)?;
    let pickle = Pickle::read(&mut BufReader::new(file)).map_err(sentence)?;
    struct None;
    impl Numbers for None {
        fn bytes_of(&self, _: &str) -> Option<u64> {
            Option::None
        }
        fn read(&mut self, _: &str) -> Result<Vec<u8>, String> {
            Ok(Vec::new())
        }
    }
    let found = assemble(&pickle, &mut None)?;
    if found.tensors.is_empty() {
        return Err("It is a Python pickle without any PyTorch weights in it.".into());
    }
    Ok(found)
}

/// A storage, the first place, sizes and strides: of equal ones the tensors are one.
type Shown<'a> = (&'a str, u64, &'a [u64], &'a [u64]);

/// Tensors storage by storage, so that of the file's own bytes one storage is in memory at a time.
fn assemble(pickle: &Pickle, numbers: &mut dyn Numbers) -> Result<StateDict, String> {
    let Found { tensors, mut notes } = contents::find(pickle)?;
    let mut by_storage: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let (mut held, mut shown) = (0u64, 0u64);
    let mut seen: HashMap<Shown, usize> = HashMap::new();
    let mut same = vec![None; tensors.len()];
    for (index, (name, view)) in tensors.iter().enumerate() {
        let key = &*view.storage.key;
        let (bytes, whole) = checked(name, view, numbers)?;
        let place = *places.entry(key).or_insert_with(|| {
            held = held.saturating_add(whole);
            by_storage.push((key, Vec::new()));
            by_storage.len() - 1
        });
        by_storage[place].1.push(index);
        match seen.get(&(key, view.offset, &view.dims[..], &view.strides[..])) {
            Some(earlier) => same[index] = Some(*earlier),
            None => {
                shown = shown.saturating_add(bytes);
                seen.insert((key, view.offset, &view.dims, &view.strides), index);
            }
        }
    }
    if shown > MOST_BYTES || shown > held.saturating_mul(MOST_SHOWN).max(SMALL) {
        return Err("Its tensors would be far larger than what the file holds. The file is damaged.".into());
    }
    let mut made: Vec<Option<Tensor>> = vec![None; tensors.len()];
    for (key, indices) in by_storage {
        let bytes = numbers.read(key)?;
        for index in indices {
            let (name, view) = &tensors[index];
            if let Some(Some(earlier)) = same[index].map(|earlier: usize| made[earlier].clone()) {
                made[index] = Some(Tensor { name: name.clone(), values: Arc::clone(&earlier.values), ..earlier });
                continue;
            }
            if !view.dtype.is_number() {
                notes.push((name.clone(), "Left out: Glassbox has no complex weights.".into()));
                continue;
            }
            let dims = view.dims.iter().map(|size| *size as usize).collect();
            let (tensor, sentence) = Tensor::read(name, dims, view.dtype, &bytes, Places::of(view));
            notes.extend(sentence.map(|sentence| (name.clone(), sentence)));
            made[index] = Some(tensor);
        }
    }
    let step = pickle.entry(pickle.root, "step").and_then(|step| match pickle.get(step) {
        Value::Int(step) => u64::try_from(*step).ok(),
        _ => None,
    });
    Ok(StateDict {
        format: "PyTorch",
        tensors: made.into_iter().flatten().collect(),
        step,
        notes,
        translated: Vec::new(),
    })
}

/// Bytes that the tensor takes here, and those of its storage. Errors: it does not lie within its storage.
fn checked(name: &str, view: &View, numbers: &dyn Numbers) -> Result<(u64, u64), String> {
    let storage = &view.storage;
    let size = view.dtype.size() as u64;
    let whole = numbers.bytes_of(&storage.key).ok_or_else(|| format!("The data of {name} is missing. {CUT_SHORT}"))?;
    let outside = || format!("Tensor {name} reaches beyond its storage. The file is damaged.");
    let declared = storage.len.checked_mul(storage.dtype.map_or(1, Dtype::size) as u64);
    if declared.is_none_or(|declared| declared > whole) {
        return Err(format!("The data of {name} is shorter than the file says. {CUT_SHORT}"));
    }
    let count = count(&view.dims).ok_or_else(outside)?;
    if count > 0 {
        let steps = view.dims.iter().zip(&view.strides);
        let last = steps
            .map(|(size, stride)| (size - 1).checked_mul(*stride))
            .try_fold(0u64, |sum, step| sum.checked_add(step?));
        let first = view.offset.checked_add(storage.offset);
        let last = last.and_then(|last| last.checked_add(first?)).ok_or_else(outside)?;
        if last.checked_add(1).and_then(|count| count.checked_mul(size)).is_none_or(|end| end > whole) {
            return Err(outside());
        }
    }
    // Small numbers become singles here.
    Ok((count.checked_mul(size.max(4)).ok_or_else(outside)?, whole))
}

/// Which numbers of its storage a tensor has, row by row.
struct Places {
    dims: Vec<usize>,
    strides: Vec<usize>,
    index: Vec<usize>,
    at: usize,
    left: usize,
}

impl Places {
    fn of(view: &View) -> Self {
        let whole = |sizes: &[u64]| sizes.iter().map(|size| *size as usize).collect::<Vec<_>>();
        let dims = whole(&view.dims);
        Self {
            index: vec![0; dims.len()],
            strides: whole(&view.strides),
            at: (view.offset + view.storage.offset) as usize,
            left: count(&view.dims).unwrap_or(0) as usize,
            dims,
        }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let now = self.at;
        for axis in (0..self.dims.len()).rev() {
            self.index[axis] += 1;
            self.at += self.strides[axis];
            if self.index[axis] < self.dims[axis] {
                break;
            }
            self.at -= self.strides[axis] * self.dims[axis];
            self.index[axis] = 0;
        }
        Some(now)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

fn unreadable(error: std::io::Error) -> String {
    format!("It can't be read ({error}).")
}

/// Why a pickle is refused, for people.
fn sentence(refused: Refused) -> String {
    const ALONE: &str =
        "load it in PyTorch and save its weights alone: torch.save(model.state_dict(), \"weights.pt\").";
    match refused {
        Refused::Global(name) => {
            let module = name.split('.').next().unwrap_or_default();
            let is_harmful =
                ["os", "posix", "nt", "sys", "subprocess", "builtins", "__builtin__", "shutil", "socket", "runpy"];
            if is_harmful.contains(&module) {
                return format!(
                    "It tries to run {name}, which weights never need. Nothing was run. Don't load it in Python: it may do harm."
                );
            }
            format!("It asks for {name}, which weights never need. Nothing was run. If you trust it, {ALONE}")
        }
        Refused::Opcode(op) => {
            format!("It has an instruction (0x{op:02x}) that weights never need. If you trust it, {ALONE}")
        }
        Refused::CutShort => CUT_SHORT.to_owned(),
        Refused::TooLarge => "It contains more values than any network has. The file is damaged.".to_owned(),
        Refused::Damaged(why) => format!("It is damaged: {why}. Download or save it again."),
        Refused::Unreadable(why) => format!("It can't be read ({why})."),
    }
}
