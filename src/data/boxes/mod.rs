//! Pictures with boxes around things, as people have them: Pascal VOC, COCO and YOLO, told apart by what the files
//! hold.
//!
//! `voc`, `coco` and `yolo` read a kind each; `files` says which picture a label is of, `parts` what each is for,
//! `place` brings boxes to fractions of their picture; `drawn` puts in what was corrected by hand; `tally` counts what
//! was left out, and says so.

mod coco;
mod drawn;
pub(super) mod files;
mod lenient;
pub(super) mod load;
mod names;
mod parts;
mod place;
mod tally;
mod voc;
mod yolo;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::DataError;
use super::pictures::folder::natural;
use super::progress::Progress;
use crate::expr::{agreeing, counted};
use crate::model::DrawnPicture;
use crate::model::boxes::Thing;
pub use drawn::{BoxFolder, BoxPicture, CocoFile, box_folder, boxes_as_coco};
use files::Files;
pub use load::KnownBoxes;
use parts::Part;
use tally::{Change, Tally};

/// Boxes of a whole folder.
const MAX_BOXES: usize = 5_000_000;
const MAX_CLASSES: usize = 2000;

/// A picture file and what is in it.
#[derive(Clone, Debug, PartialEq)]
struct Labelled {
    picture: PathBuf,
    /// As the picture is shown, which may be turned from how it is stored.
    things: Vec<Thing>,
    /// `None` where the folder has no parts.
    part: Option<Part>,
}

/// What a folder of labelled pictures holds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Labels {
    /// Of the classes, of each of which there is something.
    names: Vec<String>,
    /// By folder and name, in natural order.
    pictures: Vec<Labelled>,
    /// Sentences for the user: what was left out or changed, and why.
    notes: Vec<String>,
}

/// Finds the labels of a folder, of whatever kind, corrected by hand. Errors: there are none, or more than fit in
/// memory.
fn read(root: &Path, drawn: &[DrawnPicture], progress: &dyn Progress) -> Result<Labels, DataError> {
    let files = Files::find(root, progress)?;
    let mut hints = Vec::new();
    match raw(&files, &mut hints, progress)? {
        Some(raw) => placed(files, raw, drawn, progress),
        // Only pictures that somebody has drawn on are of the data.
        None if !drawn.is_empty() => {
            placed(files, Raw { is_complete: true, ..Raw::new(Unit::Fractions) }, drawn, progress)
        }
        None => Err(nothing(&files, &hints)),
    }
}

/// What the folder's own labels say, where it has some: names of classes, and things by picture.
fn listed(files: &Files, progress: &dyn Progress) -> Result<Option<(Vec<String>, Things)>, DataError> {
    let Some(mut raw) = raw(files, &mut Vec::new(), progress)? else { return Ok(None) };
    let (things, _) = placed_things(files, &mut raw, progress)?;
    Ok(Some((raw.names, things)))
}

/// What is in pictures, by their place in the folder.
type Things = BTreeMap<usize, Vec<Thing>>;

/// Of every picture that is of the data; empties what is known of them.
fn placed_things(files: &Files, raw: &mut Raw, progress: &dyn Progress) -> Result<(Things, Tally), DataError> {
    let labelled: HashSet<usize> = raw.annotated.keys().copied().collect();
    let (mut things, mut tally) = place::place(files, std::mem::take(&mut raw.annotated), raw.unit, progress)?;
    if !raw.is_complete {
        for at in without_label(files, &labelled, &raw.unread) {
            tally.change(Change::NothingThere, &files.below(&files.pictures[at]));
            things.insert(at, Vec::new());
        }
    }
    Ok((things, tally))
}

fn placed(files: Files, mut raw: Raw, drawn: &[DrawnPicture], progress: &dyn Progress) -> Result<Labels, DataError> {
    let (mut things, placing) = placed_things(&files, &mut raw, progress)?;
    let (mut tally, mut notes) = (raw.tally, raw.notes);
    tally.append(placing);
    drawn::put(&files, drawn, &mut raw.names, &mut things, &mut notes)?;
    let parts = parts::find(&files, raw.known);
    let (names, unused) = used(raw.names, things.values_mut());
    if names.is_empty() {
        let why = tally.sentences().join(" ");
        return Err(DataError::new(format!("No label has a box: {}. {why}", files.root.display()).trim_end()));
    }
    if !unused.is_empty() {
        notes.push(format!("No class, because no box is of it: {}.", some_of(&unused)));
    }
    let picture = |(at, things): (usize, Vec<Thing>)| {
        let part = parts.get(&at).copied();
        Labelled { picture: files.pictures[at].clone(), things, part }
    };
    let mut pictures: Vec<Labelled> = things.into_iter().map(picture).collect();
    let in_no_part = pictures.iter().filter(|picture| picture.part.is_none()).count();
    if !parts.is_empty() && in_no_part > 0 {
        pictures.retain(|picture| picture.part.is_some());
        let count = format!("{} that {}", counted(in_no_part, "picture"), agreeing(in_no_part, "is", "are"));
        notes.push(format!("Left out: {count} in no part of the folder."));
    }
    Ok(Labels { names, pictures, notes: [files.notes, notes, tally.sentences()].concat() })
}

/// Of the first kind that the folder has.
fn raw(files: &Files, hints: &mut Vec<String>, progress: &dyn Progress) -> Result<Option<Raw>, DataError> {
    for find in [voc::find, coco::find, yolo::find] {
        if let Some(found) = find(files, hints, progress)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// `hints`: what is wrong with files that might be labels.
fn nothing(files: &Files, hints: &[String]) -> DataError {
    let needed = "Beside the pictures there must be boxes around things, as Pascal VOC (.xml), COCO (.json) or YOLO \
                  (.txt) files have them";
    let what = if files.pictures.is_empty() { "there is no picture" } else { "there are none that can be read" };
    let draw = if files.pictures.is_empty() { "" } else { " Or draw them: press Draw boxes in the Data tab." };
    let text = format!("{needed}, but {what}: {}. {}", files.root.display(), hints.join(" "));
    DataError::new(format!("{}{draw}", text.trim_end()))
}

/// Pictures beside labelled ones.
fn without_label(files: &Files, labelled: &HashSet<usize>, unread: &HashSet<usize>) -> Vec<usize> {
    let folders: HashSet<Option<&Path>> = labelled.iter().map(|at| files.pictures[*at].parent()).collect();
    let is_one =
        |at: &usize| !labelled.contains(at) && !unread.contains(at) && folders.contains(&files.pictures[*at].parent());
    (0..files.pictures.len()).filter(is_one).collect()
}

/// Leaves out classes of which there is nothing; also says which.
fn used<'a>(names: Vec<String>, things: impl Iterator<Item = &'a mut Vec<Thing>>) -> (Vec<String>, Vec<String>) {
    let mut all: Vec<&mut Thing> = things.flatten().collect();
    let mut is_used = vec![false; names.len()];
    all.iter().for_each(|thing| is_used[thing.class] = true);
    let place = |class: usize| is_used[..class].iter().filter(|used| **used).count();
    let places: Vec<usize> = (0..names.len()).map(place).collect();
    all.iter_mut().for_each(|thing| thing.class = places[thing.class]);
    let (used, unused): (Vec<_>, Vec<_>) = names.into_iter().zip(is_used).partition(|(_, is)| *is);
    let names = |all: Vec<(String, bool)>| all.into_iter().map(|(name, _)| name).collect();
    (names(used), names(unused))
}

/// The first few of many names.
fn some_of(names: &[String]) -> String {
    const FEW: usize = 10;
    let more = if names.len() > FEW { format!(" and {} more", names.len() - FEW) } else { String::new() };
    format!("{}{more}", names[..names.len().min(FEW)].join(", "))
}

/// What a kind of labels says, before it is brought to its pictures.
struct Raw {
    /// Of the classes, as boxes count them.
    names: Vec<String>,
    classes: HashMap<String, usize>,
    /// By picture.
    annotated: BTreeMap<usize, Annotated>,
    boxes: usize,
    /// Pictures whose labels can't be read.
    unread: HashSet<usize>,
    tally: Tally,
    unit: Unit,
    /// What the labels say of parts.
    known: HashMap<usize, Part>,
    /// Whether pictures that aren't named here are none of the set.
    is_complete: bool,
    notes: Vec<String>,
}

/// What corners are counted in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Pixels,
    /// Of the picture.
    Fractions,
}

/// A picture with the boxes of one label.
#[derive(Clone, Debug, PartialEq)]
struct Annotated {
    picture: usize,
    /// The file that says so.
    label: String,
    /// How near it lies to the picture.
    nearness: usize,
    /// Width and height of the picture as the label has them.
    stated: Option<[f64; 2]>,
    /// Class, and left, top, right and bottom, as they stand in the label.
    boxes: Vec<(usize, [f64; 4])>,
}

impl Raw {
    fn new(unit: Unit) -> Self {
        Self {
            names: Vec::new(),
            classes: HashMap::new(),
            annotated: BTreeMap::new(),
            boxes: 0,
            unread: HashSet::new(),
            tally: Tally::default(),
            unit,
            known: HashMap::new(),
            is_complete: false,
            notes: Vec::new(),
        }
    }

    /// The index of a class. Errors: there are more than anybody has.
    fn class(&mut self, name: String) -> Result<usize, DataError> {
        if let Some(known) = self.classes.get(&name) {
            return Ok(*known);
        }
        if self.names.len() == MAX_CLASSES {
            return Err(DataError::new(format!("The boxes are of more than {MAX_CLASSES} classes.")));
        }
        self.names.push(name.clone());
        self.classes.insert(name, self.names.len() - 1);
        Ok(self.names.len() - 1)
    }

    /// Of several labels of a picture the nearest counts. Errors: there are more boxes than fit in memory.
    fn add(&mut self, annotated: Annotated) -> Result<(), DataError> {
        self.boxes += annotated.boxes.len();
        if self.boxes > MAX_BOXES {
            return Err(DataError::new(format!("There are more than {MAX_BOXES} boxes. Use a part of the pictures.")));
        }
        match self.annotated.get(&annotated.picture) {
            Some(known) if known.nearness >= annotated.nearness => {}
            _ => drop(self.annotated.insert(annotated.picture, annotated)),
        }
        Ok(())
    }

    /// `order`: the class that comes first, and so on.
    fn reorder(&mut self, order: &[usize]) {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(to, from)| place[*from] = to);
        self.names = order.iter().map(|from| self.names[*from].clone()).collect();
        self.classes.values_mut().for_each(|class| *class = place[*class]);
        let boxes = self.annotated.values_mut().flat_map(|annotated| &mut annotated.boxes);
        boxes.for_each(|(class, _)| *class = place[*class]);
    }

    /// As people count.
    fn sort_names(&mut self) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|a, b| natural(&self.names[*a], &self.names[*b]));
        self.reorder(&order);
    }
}

#[cfg(test)]
mod mangled_tests;
#[cfg(test)]
mod tests;
