//! safetensors of anybody, with all kinds of numbers.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use super::{Dtype, MOST_BYTES, StateDict, Tensor, count};

/// What the format allows a header.
const LONGEST_HEADER: u64 = 100_000_000;

/// As the header has it.
#[derive(Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// What else a header says: only texts.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    step: Option<String>,
}

/// The tensors of a header in its order.
struct Header(Vec<(String, Info)>, Said);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("tensors by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let (mut all, mut said) = (Vec::new(), Said::default());
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        said = map.next_value()?;
                    } else {
                        all.push((name, map.next_value()?));
                    }
                }
                Ok(Header(all, said))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Errors: half a page of what a header may do wrong, each a sentence.
pub fn read(path: &Path) -> Result<StateDict, String> {
    let unreadable = |error: std::io::Error| format!("It can't be read ({error}).");
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(unreadable)?;
    let length = u64::from_le_bytes(length);
    let begin = length.checked_add(8).filter(|begin| length <= LONGEST_HEADER && *begin <= size);
    let begin = begin.ok_or("Its header is longer than the file. Download or save it again.")?;
    let mut text = Vec::new();
    file.by_ref().take(length).read_to_end(&mut text).map_err(unreadable)?;
    let header: Header = serde_json::from_slice(&text).map_err(|error| format!("Its header is damaged ({error})."))?;
    drop(text);
    let step = header.1.step.and_then(|step| step.parse().ok());
    let header = checked(header.0, size - begin)?;
    let mut found = StateDict { format: "safetensors", step, ..StateDict::default() };
    for (name, dtype, Info { shape, data_offsets: [from, to], .. }) in header {
        if !dtype.is_number() {
            found.note(name, "Left out: Glassbox has no complex weights.");
            continue;
        }
        let mut bytes = vec![0; (to - from) as usize];
        file.seek(SeekFrom::Start(begin + from)).map_err(unreadable)?;
        file.read_exact(&mut bytes).map_err(unreadable)?;
        let dims = shape.iter().map(|size| *size as usize).collect();
        let (tensor, sentence) = Tensor::read(&name, dims, dtype, &bytes, 0..bytes.len() / dtype.size());
        found.tensors.push(tensor);
        sentence.into_iter().for_each(|sentence| found.note(&name, sentence));
    }
    Ok(found)
}

/// In the order of the file: every tensor as long as its sizes say, none within another, all within the file.
fn checked(header: Vec<(String, Info)>, size: u64) -> Result<Vec<(String, Dtype, Info)>, String> {
    let mut all = Vec::new();
    for (name, info) in header {
        let dtype = dtype(&info.dtype).ok_or_else(|| format!("Tensor {name} has the unknown type {}.", info.dtype))?;
        let bytes = count(&info.shape).and_then(|count| count.checked_mul(dtype.size() as u64));
        let [from, to] = info.data_offsets;
        if to > size || from > to {
            return Err(format!(
                "Tensor {name} lies outside the file, which may be cut short. Download or save it again."
            ));
        }
        if bytes != Some(to - from) {
            return Err(format!("Tensor {name} isn't as long as its sizes say. The file is damaged."));
        }
        all.push((name, dtype, info));
    }
    // Singles of bytes take four times their room.
    if all.iter().map(|(_, dtype, info)| count(&info.shape).unwrap_or(0) * dtype.size().max(4) as u64).sum::<u64>()
        > MOST_BYTES
    {
        return Err(format!("Its tensors are larger than {} GB.", MOST_BYTES >> 30));
    }
    let mut places: Vec<_> = all.iter().map(|(name, _, info)| (info.data_offsets, name)).collect();
    places.sort();
    for pair in places.windows(2) {
        if pair[1].0[0] < pair[0].0[1] {
            return Err(format!("Tensors {} and {} overlap. The file is damaged.", pair[0].1, pair[1].1));
        }
    }
    let mut names: Vec<_> = all.iter().map(|(name, ..)| name.clone()).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("Tensor {} is in it twice. The file is damaged.", twice[0]));
    }
    all.sort_by_key(|(_, _, info)| info.data_offsets);
    Ok(all)
}

fn dtype(name: &str) -> Option<Dtype> {
    Some(match name {
        "F64" => Dtype::F64,
        "F32" => Dtype::F32,
        "F16" => Dtype::F16,
        "BF16" => Dtype::Bf16,
        "F8_E4M3" => Dtype::F8E4m3,
        "F8_E5M2" => Dtype::F8E5m2,
        "I64" => Dtype::I64,
        "I32" => Dtype::I32,
        "I16" => Dtype::I16,
        "I8" => Dtype::I8,
        "U64" => Dtype::U64,
        "U32" => Dtype::U32,
        "U16" => Dtype::U16,
        "U8" => Dtype::U8,
        "BOOL" => Dtype::Bool,
        "C64" => Dtype::Complex64,
        _ => return None,
    })
}
