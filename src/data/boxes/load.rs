//! From a folder of labelled pictures to a data set whose targets are the things in each picture.

use std::path::{Path, PathBuf};

use super::{Files, Labelled, Labels, Part, placed, raw, read};
use crate::data::pictures::decode::{self, Wanted};
use crate::data::pictures::place::Place;
use crate::data::pictures::rows::{Left, MAX_HELD, Picture, PictureRows, decode_all};
use crate::data::pictures::{folder, skipped};
use crate::data::progress::Progress;
use crate::data::split::{Own, has_own_test, hold_back};
use crate::data::{DataError, Dataset, Samples, Truth, encoding};
use crate::expr::{agreeing, counted};
use crate::model::boxes::{Extent, Thing};
use crate::model::task::THING;
use crate::model::{BoxesSpec, DataSpec, Drawn, Fit};

/// Things of one picture that a target has room for.
const MAX_THINGS: usize = 200;
/// What has to be left of a thing where pictures are cropped.
const LEAST_LEFT: f64 = 0.25;
/// How large a thing should be for the network, in pixels, where pictures allow it.
const GOOD_SIDE: f32 = 24.0;

/// What the labels of a folder say, found while settings for it were.
pub struct KnownBoxes {
    path: PathBuf,
    labels: Labels,
}

/// `known`: what was found just before, which goes for the same folder with nothing drawn.
pub(in crate::data) fn load(
    settings: &BoxesSpec,
    path: &Path,
    spec: &DataSpec,
    known: Option<&KnownBoxes>,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    let Labels { names, pictures, mut notes } = match known.filter(|one| one.path == path && settings.drawn.is_empty())
    {
        Some(known) => known.labels.clone(),
        None => {
            progress.report(0.0, "looking for labels");
            read(path, &settings.drawn, progress)?
        }
    };
    let wanted = Wanted { side: settings.size, channels: if settings.grey { 1 } else { 3 }, fit: settings.fit };
    let own = own_parts(pictures, spec, &mut notes);
    let own_validation = own.validates(spec);
    let parts =
        hold_back(own, None, spec).map_err(|why| DataError::new(format!("{why}. Folder: {}", path.display())))?;
    let all = parts.iter().map(Vec::len).sum::<usize>().max(1) as f32;
    let (mut room, mut done, mut left) = (MAX_HELD, 0.0, Vec::new());
    let mut decoded = Vec::new();
    for part in parts {
        let from = 0.2 + 0.75 * done / all;
        done += part.len() as f32;
        let share = (from, 0.2 + 0.75 * done / all);
        let (pictures, others) = decode_all(entries(part), wanted, &mut room, progress, share)?;
        left.extend(others);
        decoded.push(pictures);
    }
    notes.extend(skipped(&left, path));
    if decoded.iter().take(2).any(Vec::is_empty) {
        return Err(too_few(path, &left));
    }
    let mut lost = 0;
    let moved_part = |part: Vec<Picture<Vec<Thing>>>| {
        let moved = |picture: Picture<Vec<Thing>>| {
            let things: Vec<Thing> =
                picture.label.iter().filter_map(|thing| moved(*thing, picture.size, wanted)).collect();
            lost += picture.label.len() - things.len();
            picture.relabelled(things)
        };
        part.into_iter().map(moved).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = decoded.into_iter().map(moved_part).collect();
    if lost > 0 {
        let boxes = format!("{} {}", counted(lost, "box"), agreeing(lost, "lies", "lie"));
        notes.push(format!("Left out: {boxes} in what is cropped away. Pad or stretch the pictures to keep all."));
    }
    let most = room_for(&mut all, &mut notes);
    let unlearnt: Vec<&str> = (0..names.len())
        .filter(|class| all[0].iter().all(|picture| picture.label.iter().all(|thing| thing.class != *class)))
        .map(|class| names[class].as_str())
        .collect();
    if !unlearnt.is_empty() {
        notes.push(format!("No training picture has anything of the class {}.", unlearnt.join(", ")));
    }
    let shape = [wanted.channels, wanted.side, wanted.side];
    let part = |pictures: Vec<Picture<Vec<Thing>>>| {
        let numbered = |picture: Picture<Vec<Thing>>| {
            let numbers = target(&picture.label, most).into_boxed_slice();
            picture.relabelled(numbers)
        };
        let pictures = pictures.into_iter().map(numbered).collect();
        Samples::new(&shape, most * THING, PictureRows { wanted, pictures })
    };
    let mut parts = all.into_iter().filter(|pictures| !pictures.is_empty()).map(part);
    let (Some(train), Some(validation), test) = (parts.next(), parts.next(), parts.next()) else {
        return Err(too_few(path, &left));
    };
    let name = folder::title(path);
    let truth = Truth::things(names, most);
    Ok(Dataset {
        encoding: encoding::picture_files(&name, shape, settings.fit, &truth),
        name,
        input_shape: shape.to_vec(),
        input_names: Vec::new(),
        input_units: Vec::new(),
        truth,
        train,
        validation,
        test,
        plane: None,
        notes,
        giveaways: Vec::new(),
        origin: None,
        places: None,
        own_validation,
    })
}

fn entries(pictures: Vec<Labelled>) -> Vec<(Place, Vec<Thing>)> {
    pictures.into_iter().map(|one| (one.picture.into(), one.things)).collect()
}

fn too_few(path: &Path, left: &[Left]) -> DataError {
    let text = "Too few pictures: training and validation need at least one each";
    let why = skipped(left, path).map(|note| format!(" {note}")).unwrap_or_default();
    DataError::new(format!("{text}: {}.{why}", path.display()))
}

/// What the folder says of training, validation and the test.
fn own_parts(pictures: Vec<Labelled>, spec: &DataSpec, notes: &mut Vec<String>) -> Own<Labelled> {
    let own = |part| {
        let of_it: Vec<Labelled> = pictures.iter().filter(|one| one.part == Some(part)).cloned().collect();
        (!of_it.is_empty()).then_some(of_it)
    };
    match (own(Part::Train), own(Part::Validation), own(Part::Test)) {
        (Some(train), None, Some(test)) if !has_own_test(spec) => {
            notes.push("The folder's own part for testing is used for validation.".into());
            Own { train, validation: Some(test), test: None }
        }
        (Some(train), validation, test) if validation.is_some() || test.is_some() => {
            if validation.is_some() && spec.fold.is_none() {
                notes.push("The folder's own part for validation is used.".into());
            }
            if test.is_some() {
                notes.push("The folder's own part for testing is set aside for the test.".into());
            }
            Own { train, validation, test }
        }
        _ => Own { train: pictures, validation: None, test: None },
    }
}

/// Where a thing is in what a network is given; `None` where too little of it is left. `size`: of the whole picture.
fn moved(thing: Thing, size: [u32; 2], wanted: Wanted) -> Option<Thing> {
    let side = wanted.side as f64;
    let [across, down] = decode::placed(size, wanted);
    let at = |from: f32, [begin, length]: [f64; 2]| ((begin + f64::from(from) * length) / side) as f32;
    let Extent { left, top, right, bottom } = thing.extent;
    let extent =
        Extent { left: at(left, across), top: at(top, down), right: at(right, across), bottom: at(bottom, down) };
    Some(Thing { extent: extent.kept(LEAST_LEFT)?, ..thing })
}

/// How many things a target has; of pictures with more the largest stay.
fn room_for(parts: &mut [Vec<Picture<Vec<Thing>>>], notes: &mut Vec<String>) -> usize {
    let most = parts.iter().flatten().map(|picture| picture.label.len()).max().unwrap_or(0);
    if most <= MAX_THINGS {
        return most.max(1);
    }
    let mut count = 0;
    for picture in parts.iter_mut().flatten().filter(|picture| picture.label.len() > MAX_THINGS) {
        picture.label.sort_by(|a, b| b.extent.area().total_cmp(&a.extent.area()));
        picture.label.truncate(MAX_THINGS);
        count += 1;
    }
    let pictures = counted(count, "picture");
    notes.push(format!("{pictures} with more than {MAX_THINGS} things: the smallest were left out."));
    MAX_THINGS
}

/// Class, left, top, right, bottom of each; -1 for a class where there is none.
pub(in crate::data) fn target(things: &[Thing], most: usize) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(most * THING);
    for place in 0..most {
        numbers.extend(match things.get(place) {
            Some(Thing { class, extent }) => [*class as f32, extent.left, extent.top, extent.right, extent.bottom],
            None => [-1.0, 0.0, 0.0, 0.0, 0.0],
        });
    }
    numbers
}

/// Settings for a folder with labels, and what these say; `None`: no label has a box.
pub(in crate::data) fn propose(
    path: &Path,
    progress: &dyn Progress,
) -> Result<Option<(BoxesSpec, KnownBoxes)>, DataError> {
    progress.report(0.0, "looking for labels");
    let files = Files::find(path, progress)?;
    let Some(raw) = raw(&files, &mut Vec::new(), progress)?.filter(|raw| raw.boxes > 0) else { return Ok(None) };
    let labels = placed(files, raw, &[], progress)?;
    let shorter = labels
        .pictures
        .iter()
        .flat_map(|one| &one.things)
        .map(|Thing { extent: e, .. }| (e.right - e.left).min(e.bottom - e.top));
    let pictures: Vec<&Path> = labels.pictures.iter().map(|one| one.picture.as_path()).collect();
    let spec = proposed(path, &pictures, median(shorter.collect()))?;
    Ok(Some((spec, KnownBoxes { path: path.to_owned(), labels })))
}

/// Settings for a folder in whose pictures boxes are still to be drawn.
pub(in crate::data) fn propose_unlabelled(path: &Path, progress: &dyn Progress) -> Result<BoxesSpec, DataError> {
    /// What people draw boxes around is mostly as large.
    const SHORTER: f32 = 0.2;
    let files = Files::find(path, progress)?;
    let pictures: Vec<&Path> = files.pictures.iter().map(PathBuf::as_path).collect();
    proposed(path, &pictures, SHORTER)
}

fn median(mut all: Vec<f32>) -> f32 {
    all.sort_by(f32::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(1.0)
}

/// A size at which the network sees most things, grey where all pictures are. `shorter`: the shorter side of most
/// things, in pictures.
fn proposed(path: &Path, pictures: &[&Path], shorter: f32) -> Result<BoxesSpec, DataError> {
    const HEADS: usize = 1000;
    let step = pictures.len().div_ceil(HEADS).max(1);
    let heads: Vec<decode::Head> =
        pictures.iter().step_by(step).filter_map(|picture| decode::head(picture).ok()).collect();
    let Some(first) = heads.first() else {
        return Err(DataError::new(format!("There is no picture that can be read: {}", path.display())));
    };
    let own = median(heads.iter().map(|head| head.width.max(head.height) as f32).collect());
    let size = (GOOD_SIDE / shorter.max(0.01)).clamp(96.0, 192.0).min(own).max(32.0);
    let proportion = |head: &decode::Head| f64::from(head.width) / f64::from(head.height);
    let is_alike = heads.iter().all(|head| (proportion(head) / proportion(first) - 1.0).abs() < 0.02);
    let is_nearly_square = (0.6..1.7).contains(&proportion(first));
    Ok(BoxesSpec {
        folder: path.to_path_buf(),
        size: (size / 16.0).round() as usize * 16,
        grey: heads.iter().all(|head| !head.has_colour),
        fit: if is_alike && is_nearly_square { Fit::Stretch } else { Fit::Pad },
        drawn: Drawn::default(),
    })
}
