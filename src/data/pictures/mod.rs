//! People's pictures: PNG, JPEG, WebP, BMP and GIF, in folders of their classes, with a table of labels or in a column,
//! and CIFAR's binary files.
//!
//! `find` finds them, `decode` makes pixels of one, `rows` holds or decodes them again; this file makes a [`Dataset`],
//! proposes settings for what was found, and reads pictures that a network never saw.

mod cifar;
mod column;
pub(super) mod decode;
mod file;
mod find;
pub(super) mod folder;
mod frame;
mod labels;
mod photo;
pub(super) mod place;
pub(super) mod rows;
mod table;

use std::path::Path;

pub use file::{Colours, PictureFile};
pub(super) use find::are_packed;
pub use frame::Frame;
pub use photo::read_photo;

use super::progress::{Progress, stop_if_cancelled};
use super::split::{Own, has_own_test, hold_back};
use super::{DataError, Dataset, Encoding, Samples, Truth, Unseen, encoding};
use crate::model::{DataSpec, Fit, PictureSpec};
use decode::{Fault, Wanted};
use find::Asked;
use place::Place;
use rows::{Left, MAX_HELD, Picture, PictureRows};

/// Files whose heads are looked at for a proposal.
const HEADS: usize = 2000;
/// Files that a note names.
const NAMED: usize = 5;

pub(super) fn load(
    settings: &PictureSpec,
    path: &Path,
    spec: &DataSpec,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    load_within(settings, path, spec, progress, MAX_HELD)
}

fn load_within(
    settings: &PictureSpec,
    path: &Path,
    spec: &DataSpec,
    progress: &dyn Progress,
    mut room: u64,
) -> Result<Dataset, DataError> {
    progress.report(0.0, "looking for pictures");
    let asked = Asked { has_own_test: has_own_test(spec), label: &settings.label, ..Asked::default() };
    let found = find::find(path, asked, progress)?;
    let wanted = wanted(settings);
    let mut notes = found.notes;
    let parts = [Some(found.train), found.validation, found.test];
    let count = |part: &Option<Vec<find::Entry>>| part.as_ref().map_or(0, Vec::len);
    let all = parts.iter().map(count).sum::<usize>().max(1) as f32;
    let (mut done, mut left) = (0, Vec::new());
    let mut decoded: Vec<Option<Vec<Picture<usize>>>> = Vec::new();
    for part in parts {
        let from = done;
        done += count(&part);
        let share = (0.95 * from as f32 / all, 0.95 * done as f32 / all);
        let pictures = part.map(|entries| rows::decode_all(entries, wanted, &mut room, progress, share)).transpose()?;
        decoded.push(pictures.map(|(pictures, others)| {
            left.extend(others);
            pictures
        }));
    }
    let mut decoded = decoded.into_iter();
    let mut next = || decoded.next().flatten();
    let own = Own { train: next().unwrap_or_default(), validation: next(), test: next() };
    let own_validation = own.validates(spec);
    let [mut train, mut validation, mut test] = hold_back(own, Some(&|picture| picture.label), spec)
        .map_err(|why| DataError::new(format!("{why}. Folder: {}", path.display())))?;
    let classes = classes(&found.classes, [&mut train, &mut validation, &mut test], &mut notes);
    notes.extend(skipped(&left, path));
    if classes.len() < 2 || train.is_empty() || validation.is_empty() {
        let text = "Too few pictures: training and validation need some of each of two classes at least";
        let why = skipped(&left, path).map(|note| format!(" {note}")).unwrap_or_default();
        return Err(DataError::new(format!("{text}: {}.{why}", path.display())));
    }
    let name = folder::title(path);
    let truth = Truth::classes(classes);
    let shape = [wanted.channels, wanted.side, wanted.side];
    let part = |pictures| Samples::new(&shape, 1, PictureRows { wanted, pictures });
    let test = (!test.is_empty()).then(|| part(test));
    Ok(Dataset {
        encoding: encoding::picture_files(&name, shape, settings.fit, &truth),
        name,
        input_shape: shape.to_vec(),
        input_names: Vec::new(),
        input_units: Vec::new(),
        truth,
        train: part(train),
        validation: part(validation),
        test,
        plane: None,
        notes,
        giveaways: Vec::new(),
        origin: None,
        places: None,
        own_validation,
    })
}

fn wanted(settings: &PictureSpec) -> Wanted {
    Wanted { side: settings.size, channels: if settings.grey { 1 } else { 3 }, fit: settings.fit }
}

/// Those of which there is a picture; the others are told of.
fn classes(
    names: &[String],
    [train, validation, test]: [&mut Vec<Picture<usize>>; 3],
    notes: &mut Vec<String>,
) -> Vec<String> {
    let mut is_there = vec![false; names.len()];
    train.iter().chain(&*validation).for_each(|picture| is_there[picture.label] = true);
    let those = |is: bool| {
        let some = names.iter().zip(&is_there).filter(|(_, there)| **there == is);
        some.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let (kept, mut empty) = (those(true), those(false));
    empty.retain(|name| !test.iter().any(|picture| names[picture.label] == *name));
    if !empty.is_empty() {
        notes.push(format!("No class, because there is no picture in it: {}.", empty.join(", ")));
    }
    let tested = test.len();
    test.retain(|picture| is_there[picture.label]);
    if test.len() < tested {
        let count = tested - test.len();
        notes.push(format!("Left out of the test: {count} pictures of classes that only its folder has."));
    }
    let place = |class: usize| is_there[..class].iter().filter(|there| **there).count();
    let places: Vec<usize> = (0..names.len()).map(place).collect();
    train.iter_mut().chain(validation).chain(test).for_each(|picture| picture.label = places[picture.label]);
    let mut only = vec![true; kept.len()];
    train.iter().for_each(|picture| only[picture.label] = false);
    let unknown: Vec<&str> = kept.iter().zip(only).filter(|(_, only)| *only).map(|(name, _)| name.as_str()).collect();
    if !unknown.is_empty() {
        notes.push(format!("No training picture is of the class {}.", unknown.join(", ")));
    }
    kept
}

/// What was left out, by kind: how many, and some by name.
pub(super) fn skipped(left: &[Left], root: &Path) -> Option<String> {
    let named = |is_picture: bool| {
        let some: Vec<&Left> =
            left.iter().filter(|(_, fault)| matches!(fault, Fault::Broken(_)) == is_picture).collect();
        let count = match (some.len(), is_picture) {
            (0, _) => return None,
            (1, true) => "1 broken picture was skipped".to_owned(),
            (1, false) => "Skipped 1 file that isn't a picture".to_owned(),
            (count, true) => format!("{count} broken pictures were skipped"),
            (count, false) => format!("Skipped {count} files that aren't pictures"),
        };
        let names = some.iter().take(NAMED).map(|(place, fault)| format!("{} ({})", place.below(root), fault.words()));
        let names = names.collect::<Vec<_>>().join(", ");
        let more = if some.len() > NAMED { format!(" and {} more", some.len() - NAMED) } else { String::new() };
        Some(format!("{count}: {names}{more}."))
    };
    let all: Vec<String> = [named(true), named(false)].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// Settings for a folder: grey where all its pictures are, of a size that trains on a laptop. `label`: the column with
/// the classes, or nothing.
pub(super) fn propose(path: &Path, label: &str, progress: &dyn Progress) -> Result<PictureSpec, DataError> {
    let found = find::find(path, Asked { has_own_test: true, label, ..Asked::default() }, progress)?;
    let (mut heads, mut step) = (Vec::new(), found.train.len() as f64 / HEADS as f64);
    step = step.max(1.0);
    let mut at = 0.0;
    while let Some(entry) = found.train.get(at as usize) {
        stop_if_cancelled(progress)?;
        heads.extend(entry.0.head());
        at += step;
    }
    let mut sides: Vec<u32> = heads.iter().map(|head| head.side()).collect();
    sides.sort_unstable();
    let Some(&median) = sides.get(sides.len() / 2) else {
        return Err(DataError::new(format!("There is no picture that can be read: {}", path.display())));
    };
    // What is small stays as it is.
    let size = if median <= 64 { (median as usize / 4 * 4).max(16) } else { 64 };
    Ok(PictureSpec {
        folder: path.to_path_buf(),
        size,
        grey: heads.iter().all(|head| !head.has_colour),
        fit: Fit::default(),
        label: label.to_owned(),
    })
}

/// One picture, or all below a folder, whose classes are known by the folders they lie in.
pub(super) fn unseen(encoding: &Encoding, fit: Fit, path: &Path, progress: &dyn Progress) -> Result<Unseen, DataError> {
    let [channels, side, _] = encoding.input_shape[..] else {
        return Err(DataError::new("The network was trained on something other than pictures."));
    };
    let wanted = Wanted { side, channels, fit };
    let truth = encoding.target.truth();
    let called =
        |name: &str| truth.names.iter().position(|class| class == name).filter(|_| truth.task.classes().is_some());
    let class_of = |file: &Path| {
        let folders = file.strip_prefix(path).ok()?.parent()?;
        folders.iter().rev().find_map(|name| called(&name.to_string_lossy()))
    };
    let mut found = Unseen::default();
    let unlabelled = Asked { has_own_test: true, without_labels: true, ..Asked::default() };
    let entries: Vec<(Place, Option<usize>)> = match find::packed(path, unlabelled, progress)? {
        Some(packed) => {
            found.notes = packed.notes;
            let all = packed.train.into_iter().chain(packed.validation.into_iter().chain(packed.test).flatten());
            all.map(|(place, class)| (place, called(&packed.classes[class]))).collect()
        }
        None if path.is_dir() => {
            let (files, notes) = folder::all_files(path, progress)?;
            found.notes = notes;
            files.into_iter().map(|file| (class_of(&file), file)).map(|(class, file)| (file.into(), class)).collect()
        }
        None => vec![(path.to_path_buf().into(), None)],
    };
    let needed = entries.len() as u64 * wanted.len() as u64 * 4;
    if needed > MAX_HELD {
        let text = format!("{} pictures don't fit in memory. Predict them in smaller parts", entries.len());
        return Err(DataError::new(format!("{text}: {}", path.display())));
    }
    let all: Vec<Place> = entries.iter().map(|(place, _)| place.clone()).collect();
    let (pictures, left) = rows::decode_all(entries, wanted, &mut { MAX_HELD }, progress, (0.0, 0.9))?;
    if pictures.is_empty() {
        let why = skipped(&left, path).map(|note| format!(" {note}")).unwrap_or_default();
        return Err(DataError::new(format!("There is no picture that can be read: {}.{why}", path.display())));
    }
    // A file that is no picture is no row.
    let no_pictures = left.iter().filter(|(_, fault)| matches!(fault, Fault::NoPicture(_))).map(|(place, _)| place);
    let mut no_pictures = no_pictures.peekable();
    let all: Vec<Place> =
        all.into_iter().filter(|place| no_pictures.next_if(|next| *next == place).is_none()).collect();
    found.names = all.iter().map(|place| place.below(path)).collect();
    let mut faults =
        left.iter().filter(|(_, fault)| matches!(fault, Fault::Broken(_))).map(|(place, _)| place).peekable();
    found.kept = all.iter().map(|place| faults.next_if(|fault| *fault == place).is_none()).collect();
    found.truths = pictures.iter().map(|picture| picture.label.map(|class| class as f32)).collect();
    found.frames = pictures.iter().map(|picture| Frame::of(picture.size, wanted)).collect();
    let pictures = pictures.into_iter().map(|picture| picture.relabelled(0)).collect();
    let pictures = Samples::new(&encoding.input_shape, 1, PictureRows { wanted, pictures });
    found.inputs = pictures.whole()?.inputs.into_owned();
    found.notes.extend(skipped(&left, path));
    Ok(found)
}

#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod tests;
