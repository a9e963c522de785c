//! Labels as COCO has them: JSON files of images, annotations and categories; corner, width and height in pixels.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::files::Files;
use super::lenient::Lenient;
use super::parts::Part;
use super::tally::Fault;
use super::{Annotated, MAX_BOXES, Raw, Unit};
use crate::data::DataError;
use crate::data::pictures::folder;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::expr::counted;

const MAX_FILE: u64 = 4 << 30;
/// Images that a file may list.
const MAX_IMAGES: usize = 2_000_000;
const MAX_CATEGORIES: usize = 100_000;

/// `None` where the folder has none.
pub(super) fn find(files: &Files, hints: &mut Vec<String>, progress: &dyn Progress) -> Result<Option<Raw>, DataError> {
    let mut found = Raw { is_complete: true, ..Raw::new(Unit::Pixels) };
    let mut all: Vec<(PathBuf, Listed)> = Vec::new();
    let mut boxes = 0;
    for path in files.with_ending(&["json"]) {
        stop_if_cancelled(progress)?;
        progress.report(0.05, "reading labels");
        match read(path, progress) {
            Ok(listed) if listed.is_labels() => {
                boxes += listed.annotations.0.len();
                if boxes > MAX_BOXES {
                    return Err(DataError::new(format!("There are more than {MAX_BOXES} boxes: {}", path.display())));
                }
                all.push((path.clone(), listed));
            }
            Ok(_) => {}
            Err(why) => found.notes.push(format!("{} can't be read: {why}.", files.below(path))),
        }
    }
    stop_if_cancelled(progress)?;
    if all.is_empty() {
        hints.append(&mut found.notes);
        return Ok(None);
    }
    // Of files about the same pictures the one that says the most.
    all.sort_by_key(|(_, listed)| std::cmp::Reverse(listed.annotations.0.len()));
    let mut is_taken = HashSet::new();
    for (path, listed) in all {
        take(files, &path, listed, &mut is_taken, &mut found)?;
    }
    Ok(Some(found))
}

fn take(
    files: &Files,
    path: &Path,
    listed: Listed,
    is_taken: &mut HashSet<usize>,
    found: &mut Raw,
) -> Result<(), DataError> {
    let name = files.below(path);
    let (mut of_image, mut here, mut again) = (HashMap::new(), Vec::<Annotated>::new(), 0);
    for image in listed.images.0 {
        let called = image.file_name.unwrap_or_default();
        let Some(picture) = files.picture_called(&called, path) else {
            found.tally.alone(&called);
            of_image.insert(image.id, None);
            continue;
        };
        if !is_taken.insert(picture) {
            again += 1;
            of_image.insert(image.id, None);
            continue;
        }
        of_image.insert(image.id, Some(here.len()));
        let stated = [image.width, image.height];
        let stated = stated.iter().all(|side| *side >= 1.0).then_some(stated);
        let label = folder::name(&files.pictures[picture]);
        here.push(Annotated { picture, label, nearness: 0, stated, boxes: Vec::new() });
    }
    if again > 0 {
        let pictures = counted(again, "picture");
        found.notes.push(format!("What {name} says about {pictures} that another file describes isn't used."));
    }
    let mut classes = HashMap::new();
    for category in listed.categories.0 {
        let Some(called) = category.name.filter(|name| !name.trim().is_empty()) else { continue };
        classes.insert(category.id, found.class(called.trim().to_owned())?);
    }
    for annotation in listed.annotations.0 {
        let at = match of_image.get(&annotation.image_id) {
            Some(Some(at)) => *at,
            Some(None) => continue,
            None => {
                found.tally.fault(Fault::NoPicture, &name);
                continue;
            }
        };
        let fault = match (annotation.bbox, classes.get(&annotation.category_id)) {
            _ if annotation.iscrowd => Fault::Crowd,
            (None, _) => Fault::NoCorners,
            (_, None) if annotation.category_id == Id::Missing => Fault::NoClass,
            (_, None) => Fault::UnknownClass,
            (Some([x, y, width, height]), Some(class)) => {
                here[at].boxes.push((*class, [x, y, x + width, y + height]));
                continue;
            }
        };
        found.tally.fault(fault, &here[at].label);
    }
    let part = Part::of_file(&files.parts(path));
    for annotated in here {
        found.known.extend(part.map(|part| (annotated.picture, part)));
        found.add(annotated)?;
    }
    Ok(())
}

fn read(path: &Path, progress: &dyn Progress) -> Result<Listed, String> {
    let there = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !there.is_file() {
        return Err("it is not a file".into());
    }
    if there.len() > MAX_FILE {
        return Err(format!("it is larger than {} GB", MAX_FILE >> 30));
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::new(Lenient::new(file, progress)));
    let listed = Listed::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    Ok(listed)
}

/// What stands in a file. Lists keep what is needed of each entry, and entries of other kinds are passed over.
#[derive(Debug, Default)]
struct Listed {
    images: List<Image>,
    annotations: List<Annotation>,
    categories: List<Category>,
}

impl Listed {
    /// Not captions, results or a JSON file of something else.
    fn is_labels(&self) -> bool {
        let has_boxes = self.annotations.0.is_empty() || self.annotations.0.iter().any(|one| one.bbox.is_some());
        !self.images.0.is_empty() && has_boxes
    }
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Listed;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("lists of images, annotations and categories")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
                let mut listed = Listed::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "images" => listed.images = map.next_value()?,
                        "annotations" => listed.annotations = map.next_value()?,
                        "categories" => listed.categories = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(listed)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Listed, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Listed::default())
            }
        }
        deserializer.deserialize_any(Whole)
    }
}

/// Something that stands in one of the lists.
trait Entry: Sized {
    const MOST: usize;
    /// In the plural.
    const NAME: &'static str;
    fn of(fields: Fields) -> Option<Self>;
}

#[derive(Debug)]
struct Image {
    id: Id,
    file_name: Option<String>,
    width: f64,
    height: f64,
}

#[derive(Debug)]
struct Annotation {
    image_id: Id,
    category_id: Id,
    /// Left, top, width, height; what is no number is NaN.
    bbox: Option<[f64; 4]>,
    iscrowd: bool,
}

#[derive(Debug)]
struct Category {
    id: Id,
    name: Option<String>,
}

/// A number, or a word, as some programs write them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Id {
    #[default]
    Missing,
    Number(i64),
    Word(Box<str>),
}

impl Entry for Image {
    const MOST: usize = MAX_IMAGES;
    const NAME: &'static str = "images";

    fn of(fields: Fields) -> Option<Self> {
        let (width, height) = (fields.width.number(), fields.height.number());
        Some(Self { id: fields.id.id(), file_name: fields.file_name.text(), width, height })
    }
}

impl Entry for Annotation {
    const MOST: usize = MAX_BOXES;
    const NAME: &'static str = "annotations";

    fn of(fields: Fields) -> Option<Self> {
        let bbox = if let Value::Numbers(numbers, 4) = fields.bbox { Some(numbers) } else { None };
        let iscrowd = fields.iscrowd.number() > 0.0;
        Some(Self { image_id: fields.image_id.id(), category_id: fields.category_id.id(), bbox, iscrowd })
    }
}

impl Entry for Category {
    const MOST: usize = MAX_CATEGORIES;
    const NAME: &'static str = "categories";

    fn of(fields: Fields) -> Option<Self> {
        Some(Self { id: fields.id.id(), name: fields.name.text() })
    }
}

/// Those of any entry that matter.
#[derive(Default)]
struct Fields {
    id: Value,
    file_name: Value,
    width: Value,
    height: Value,
    image_id: Value,
    category_id: Value,
    bbox: Value,
    iscrowd: Value,
    name: Value,
}

/// Whatever a field holds.
#[derive(Debug, Default)]
enum Value {
    #[default]
    Nothing,
    Number(f64),
    /// Exactly.
    Whole(i64),
    Text(String),
    /// The first four of a list, NaN for what is no number, and how many it has.
    Numbers([f64; 4], usize),
}

impl Value {
    fn id(self) -> Id {
        match self {
            Self::Nothing | Self::Numbers(..) => Id::Missing,
            Self::Whole(number) => Id::Number(number),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(53) => Id::Number(number as i64),
            Self::Number(number) => Id::Word(number.to_string().into()),
            Self::Text(text) => text.parse().map_or_else(|_| Id::Word(text.into()), Id::Number),
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Whole(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Nothing | Self::Numbers(..) => None,
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Whole(number) => *number as f64,
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().unwrap_or(f64::NAN),
            Self::Nothing | Self::Numbers(..) => f64::NAN,
        }
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(Value::Whole(is.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let (mut numbers, mut count) = ([f64::NAN; 4], 0);
        while count < numbers.len() {
            let Some(value) = seq.next_element::<Value>()? else { return Ok(Value::Numbers(numbers, count)) };
            numbers[count] = value.number();
            count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Value::Numbers(numbers, count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Nothing)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

/// Entries of a list, without what is no entry.
#[derive(Debug)]
struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct Entries<T>(std::marker::PhantomData<T>);

impl<'de, T: Entry> Visitor<'de> for Entries<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list of {}", T::NAME)
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(fields) = seq.next_element::<Fields>()? {
            if all.len() == T::MOST {
                return Err(serde::de::Error::custom(format!("more than {} {}", T::MOST, T::NAME)));
            }
            all.extend(T::of(fields));
        }
        Ok(List(all))
    }
}

impl<'de, T: Entry> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entries(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an entry with names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<str>>()? {
                    let field = match key.as_ref() {
                        "id" => &mut fields.id,
                        "file_name" => &mut fields.file_name,
                        "width" => &mut fields.width,
                        "height" => &mut fields.height,
                        "image_id" => &mut fields.image_id,
                        "category_id" => &mut fields.category_id,
                        "bbox" => &mut fields.bbox,
                        "iscrowd" => &mut fields.iscrowd,
                        "name" => &mut fields.name,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *field = map.next_value()?;
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}
