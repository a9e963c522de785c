//! Labels as YOLO has them: a text file for each picture, a line for each box: class, middle, width and height, in
//! fractions of the picture. A line with an outline becomes the box around it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::files::{Files, ending, read_text, stem};
use super::names::{self, Settings};
use super::parts::Part;
use super::tally::{Change, Fault};
use super::{Annotated, MAX_CLASSES, Raw, Unit};
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

const MAX_FILE: u64 = 16 << 20;
/// Larger ones are in pixels.
const MAX_FRACTION: f64 = 2.0;
/// Files read between two looks at whether somebody still wants them.
const PIECE: usize = 1024;
/// What is no label, though it may lie among labels.
const OTHERS: [&str; 11] = [
    "classes",
    "predefined_classes",
    "names",
    "train",
    "val",
    "valid",
    "test",
    "trainval",
    "license",
    "notes",
    "requirements",
];

/// `None` where the folder has none.
pub(super) fn find(files: &Files, hints: &mut Vec<String>, progress: &dyn Progress) -> Result<Option<Raw>, DataError> {
    let is_other = |path: &Path| OTHERS.contains(&stem(path).as_str()) || stem(path).starts_with("readme");
    let texts: Vec<&PathBuf> = files.with_ending(&["txt"]).filter(|path| !is_other(path)).collect();
    let of_pictures: Vec<Option<usize>> = texts.iter().map(|path| files.picture_of(path)).collect();
    let pairs = texts.iter().zip(&of_pictures);
    let folders: HashSet<&Path> =
        pairs.clone().filter(|(_, picture)| picture.is_some()).filter_map(|(path, _)| path.parent()).collect();
    let labels: Vec<(&PathBuf, Option<usize>)> = pairs
        .filter(|(path, picture)| picture.is_some() || path.parent().is_some_and(|folder| folders.contains(folder)))
        .map(|(path, picture)| (*path, *picture))
        .collect();
    if labels.is_empty() {
        return Ok(None);
    }
    let settings = names::find(files);
    let mut found = Raw::new(Unit::Fractions);
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    let mut is_any = false;
    for (done, some) in labels.chunks(PIECE).enumerate() {
        stop_if_cancelled(progress)?;
        progress.report(0.1 * (done * PIECE) as f32 / labels.len() as f32, "reading labels");
        let read: Vec<_> = some.par_iter().map(|(path, _)| read_text(path, MAX_FILE)).collect();
        for ((path, picture), text) in some.iter().zip(read) {
            let name = files.below(path);
            let Some(picture) = *picture else {
                found.tally.alone(&name);
                continue;
            };
            let text = match text {
                Ok(text) => text,
                Err(why) => {
                    found.tally.unread(&name, &why);
                    found.unread.insert(picture);
                    continue;
                }
            };
            let mut boxes = Vec::new();
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let parsed = parse(line, settings.has_points);
                is_any |= parsed.is_ok();
                match parsed.and_then(|line| Ok((class(&line, &settings, &mut numbers, &mut found)?, line))) {
                    Ok((class, line)) => {
                        if line.is_outline {
                            found.tally.change(Change::Outline, &name);
                        }
                        boxes.push((class, line.corners));
                    }
                    Err(fault) => found.tally.fault(fault, &name),
                }
            }
            let nearness = files.nearness(path, picture);
            found.add(Annotated { picture, label: name, nearness, stated: None, boxes })?;
        }
    }
    if !is_any {
        hints.extend(found.tally.sentences());
        return Ok(None);
    }
    put_in_order(&mut found, &numbers);
    found.known = parts(files, &settings);
    Ok(Some(found))
}

/// The class of a number, by its name.
fn class(
    line: &Line,
    settings: &Settings,
    numbers: &mut HashMap<usize, usize>,
    found: &mut Raw,
) -> Result<usize, Fault> {
    if let Some(&known) = numbers.get(&line.class) {
        return Ok(known);
    }
    let name = match settings.names.get(&line.class) {
        Some(name) => name.clone(),
        None if settings.names.is_empty() && line.class < MAX_CLASSES => line.class.to_string(),
        None => return Err(Fault::UnknownClass),
    };
    let class = found.class(name).map_err(|_| Fault::UnknownClass)?;
    numbers.insert(line.class, class);
    Ok(class)
}

/// Classes as their numbers have them.
fn put_in_order(found: &mut Raw, numbers: &HashMap<usize, usize>) {
    let first = |class: usize| numbers.iter().filter(|(_, of)| **of == class).map(|(number, _)| *number).min();
    let mut order: Vec<(Option<usize>, usize)> = (0..found.names.len()).map(|class| (first(class), class)).collect();
    order.sort_unstable();
    found.reorder(&order.into_iter().map(|(_, class)| class).collect::<Vec<_>>());
}

/// As data.yaml says, where it does.
fn parts(files: &Files, settings: &Settings) -> HashMap<usize, Part> {
    let mut parts = HashMap::new();
    // A picture that two parts name has the earlier.
    for (part, places) in [Part::Train, Part::Validation, Part::Test].into_iter().zip(&settings.parts).rev() {
        for place in places {
            let stated: Vec<&str> = place.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
            let stated: Vec<&str> = stated.into_iter().skip_while(|part| *part == "..").collect();
            if stated.is_empty() || ending(Path::new(place)) == "txt" {
                continue;
            }
            for (at, picture) in files.pictures.iter().enumerate() {
                let own = files.parts(picture);
                if own[..own.len() - 1].windows(stated.len()).any(|some| some == stated) {
                    parts.insert(at, part);
                }
            }
        }
    }
    parts
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    class: usize,
    /// Left, top, right, bottom.
    corners: [f64; 4],
    is_outline: bool,
}

/// `has_points`: behind the five numbers are places of joints and the like.
fn parse(line: &str, has_points: bool) -> Result<Line, Fault> {
    let numbers: Vec<Option<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    if numbers.len() < 5 {
        return Err(Fault::Columns);
    }
    if numbers.iter().any(Option::is_none) {
        return Err(Fault::NotANumber);
    }
    let numbers: Vec<f64> = numbers.into_iter().flatten().collect();
    let (class, places) = (numbers[0], &numbers[1..]);
    if !(class >= 0.0 && class.fract() == 0.0 && class < 1e9) {
        return Err(Fault::NoClass);
    }
    if places.iter().any(|number| !number.is_finite()) {
        return Err(Fault::NotANumber);
    }
    let is_outline = places.len() > 4 && !has_points;
    if is_outline && (places.len() % 2 == 1 || places.len() < 6) {
        return Err(Fault::Columns);
    }
    let of_box = if is_outline { places } else { &places[..4] };
    if of_box.iter().any(|number| number.abs() > MAX_FRACTION) {
        return Err(Fault::Pixels);
    }
    let corners = if is_outline {
        let side = |from: usize, pick: fn(f64, f64) -> f64| {
            places[from..].iter().step_by(2).copied().reduce(pick).unwrap_or_default()
        };
        [side(0, f64::min), side(1, f64::min), side(0, f64::max), side(1, f64::max)]
    } else {
        let [x, y, width, height] = [places[0], places[1], places[2], places[3]];
        [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
    };
    Ok(Line { class: class as usize, corners, is_outline })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_box_or_an_outline_or_a_fault() {
        let line = |class, corners, is_outline| Ok(Line { class, corners, is_outline });
        assert_eq!(parse("1.0 .5 .5 .5 .25", false), line(1, [0.25, 0.375, 0.75, 0.625], false));
        assert_eq!(parse("0\t.25 .5 .75 .25 .5 1", false), line(0, [0.25, 0.25, 0.75, 1.0], true));
        assert_eq!(parse("0 .5 .5 .5 .25 .1 .1 2 .2 .2 0", true), line(0, [0.25, 0.375, 0.75, 0.625], false));
        let faults = [
            ("0 .5 .5 .1", Fault::Columns),
            ("0 .5 .5 .1 .1 .9", Fault::Columns),
            ("0 .5 .5 .1 .1 .9 .3 .2", Fault::Columns),
            ("0 .5 .5 .1 x", Fault::NotANumber),
            ("0 .5 .5 .1 nan", Fault::NotANumber),
            ("-1 .5 .5 .1 .1", Fault::NoClass),
            ("1.5 .5 .5 .1 .1", Fault::NoClass),
            ("nan .5 .5 .1 .1", Fault::NoClass),
            ("0 164 487 105 35", Fault::Pixels),
            ("1e300 .5 .5 .1 .1", Fault::NoClass),
        ];
        faults.iter().for_each(|(text, fault)| assert_eq!(parse(text, false), Err(*fault), "{text}"));
    }
}
