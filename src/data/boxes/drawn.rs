//! Boxes drawn by hand, which take the place of what the labels of their pictures say; and both as a COCO file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::files::Files;
use super::{Labelled, Labels, MAX_CLASSES, listed, read, some_of};
use crate::data::DataError;
use crate::data::pictures::decode;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::expr::{agreeing, counted};
use crate::model::boxes::Thing;
use crate::model::{DrawnBox, DrawnPicture};

/// Pictures whose boxes are looked at and drawn, with what the folder's own labels say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxFolder {
    /// Of the classes that the labels name.
    pub names: Vec<String>,
    /// In natural order.
    pub pictures: Vec<BoxPicture>,
}

/// A picture, and what its label says.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxPicture {
    /// Where it lies.
    pub file: PathBuf,
    /// Below the folder, with `/` on every system.
    pub name: String,
    /// What is in it; `None` where there is no label, and the picture isn't used.
    pub boxes: Option<Vec<DrawnBox>>,
}

/// All pictures of a folder, labelled or not. Errors: there is none, or the folder can't be read.
pub fn box_folder(root: &Path, progress: &dyn Progress) -> Result<BoxFolder, DataError> {
    let files = Files::find(root, progress)?;
    if files.pictures.is_empty() {
        return Err(DataError::new(format!("There is no picture in this folder: {}", root.display())));
    }
    let (names, mut things) = match listed(&files, progress)? {
        Some((names, things)) => (names, things),
        None => (Vec::new(), BTreeMap::new()),
    };
    let named = |thing: &Thing| DrawnBox { class: names[thing.class].clone(), extent: thing.extent };
    let picture = |(at, file): (usize, &PathBuf)| {
        let boxes = things.remove(&at).map(|things| things.iter().map(named).collect());
        BoxPicture { file: file.clone(), name: files.below(file), boxes }
    };
    let pictures = files.pictures.iter().enumerate().map(picture).collect();
    Ok(BoxFolder { names, pictures })
}

/// `names`: of the classes, which get those that only drawn boxes have.
pub(super) fn put(
    files: &Files,
    drawn: &[DrawnPicture],
    names: &mut Vec<String>,
    things: &mut BTreeMap<usize, Vec<Thing>>,
    notes: &mut Vec<String>,
) -> Result<(), DataError> {
    if drawn.is_empty() {
        return Ok(());
    }
    let places: BTreeMap<String, usize> =
        files.pictures.iter().enumerate().map(|(at, path)| (files.below(path), at)).collect();
    let (mut gone, mut put) = (Vec::new(), 0);
    for one in drawn {
        let Some(&at) = places.get(&one.picture) else {
            gone.push(one.picture.clone());
            continue;
        };
        let mut own = Vec::with_capacity(one.boxes.len());
        for drawn in one.boxes.iter() {
            let known = names.iter().position(|name| *name == drawn.class);
            if known.is_none() && names.len() == MAX_CLASSES {
                return Err(DataError::new(format!("The boxes are of more than {MAX_CLASSES} classes.")));
            }
            let class = known.unwrap_or_else(|| {
                names.push(drawn.class.clone());
                names.len() - 1
            });
            own.push(Thing { class, extent: drawn.extent });
        }
        things.insert(at, own);
        put += 1;
    }
    if put > 0 {
        let pictures = format!("{} {}", counted(put, "picture"), agreeing(put, "was", "were"));
        notes.push(format!("The boxes of {pictures} drawn or corrected by hand."));
    }
    if !gone.is_empty() {
        notes.push(format!("Boxes were drawn in pictures that aren't there any more: {}.", some_of(&gone)));
    }
    Ok(())
}

/// The boxes of a folder for other programs.
#[derive(Clone, Debug, PartialEq)]
pub struct CocoFile {
    /// All of it.
    pub text: String,
    /// How many are in it.
    pub pictures: usize,
    /// Likewise.
    pub boxes: usize,
    /// Of the classes.
    pub names: Vec<String>,
    /// Sentences for the user: what was left out or changed, and why.
    pub notes: Vec<String>,
}

/// What a folder's labels say, corrected by hand, as a COCO file. Pictures that can't be read are left out.
pub fn boxes_as_coco(root: &Path, drawn: &[DrawnPicture], progress: &dyn Progress) -> Result<CocoFile, DataError> {
    let Labels { names, pictures, mut notes } = read(root, drawn, progress)?;
    let mut unread = Vec::new();
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    let of = pictures.len().max(1);
    for (done, Labelled { picture, things, .. }) in pictures.iter().enumerate() {
        stop_if_cancelled(progress)?;
        progress.report(done as f32 / of as f32, "measuring pictures");
        let below = picture.strip_prefix(root).unwrap_or(picture).components();
        let name = below.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let Ok(head) = decode::head(picture) else {
            unread.push(name);
            continue;
        };
        let [width, height] = head.shown();
        let image = images.len() + 1;
        images.push(json!({ "id": image, "file_name": name, "width": width, "height": height }));
        for Thing { class, extent: e } in things {
            // Hundredths of a pixel.
            let pixels = |fraction: f32, side: u32| (f64::from(fraction) * f64::from(side) * 100.0).round() / 100.0;
            let [left, right] = [e.left, e.right].map(|x| pixels(x, width));
            let [top, bottom] = [e.top, e.bottom].map(|y| pixels(y, height));
            let [across, down] = [right - left, bottom - top].map(|length| (length * 100.0).round() / 100.0);
            annotations.push(json!({
                "id": annotations.len() + 1, "image_id": image, "category_id": class + 1,
                "bbox": [left, top, across, down], "area": across * down, "iscrowd": 0,
            }));
        }
    }
    let categories: Vec<_> = names.iter().enumerate().map(|(at, name)| json!({ "id": at + 1, "name": name })).collect();
    if !unread.is_empty() {
        notes.push(format!("Left out, because they can't be read: {}.", some_of(&unread)));
    }
    let (pictures, boxes) = (images.len(), annotations.len());
    let text = json!({ "images": images, "annotations": annotations, "categories": categories }).to_string();
    Ok(CocoFile { text, pictures, boxes, names, notes })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{folder, voc, write};
    use super::*;
    use crate::data::NoProgress;

    fn drawn(picture: &str, boxes: &[(&str, [f32; 4])]) -> DrawnPicture {
        let one = |(class, [l, t, r, b]): &(&str, [f32; 4])| DrawnBox::from(((*class).to_owned(), *l, *t, *r, *b));
        DrawnPicture { picture: picture.into(), boxes: boxes.iter().map(one).collect::<Vec<_>>().into() }
    }

    fn said(labels: &Labels) -> Vec<String> {
        let one = |one: &Labelled| {
            let things = one.things.iter().map(|thing| {
                let e = thing.extent;
                let edges = [e.left, e.top, e.right, e.bottom].map(|edge| format!("{edge:.2}")).join(" ");
                format!("{} {edges}", labels.names[thing.class])
            });
            let name = one.picture.file_name().unwrap().to_string_lossy().into_owned();
            std::iter::once(name).chain(things).collect::<Vec<_>>().join(", ")
        };
        labels.pictures.iter().map(one).collect()
    }

    #[test]
    fn what_is_drawn_takes_the_place_of_labels_and_nothing_is_written() {
        let folder = folder(&[
            ("a.png", "20x10"),
            ("a.xml", &voc([20, 10], &[("dog", [2, 1, 10, 5])])),
            ("b.png", "20x10"),
            ("b.xml", &voc([20, 10], &[("dog", [2, 1, 10, 5]), ("cat", [0, 0, 20, 10])])),
            ("sub/c.png", "40x40"),
        ]);
        let before = std::fs::read(folder.path().join("a.xml")).unwrap();
        let all = [
            drawn("a.png", &[("bird", [0.0, 0.5, 0.25, 1.0]), ("cat", [0.5, 0.5, 0.75, 1.0])]),
            drawn("b.png", &[]),
            drawn("sub/c.png", &[("dog", [0.0, 0.0, 0.5, 0.5])]),
            drawn("gone.png", &[("dog", [0.0, 0.0, 0.5, 0.5])]),
        ];
        let labels = read(folder.path(), &all, &NoProgress).unwrap();
        assert_eq!(labels.names, ["cat", "dog", "bird"]);
        let right =
            ["a.png, bird 0.00 0.50 0.25 1.00, cat 0.50 0.50 0.75 1.00", "b.png", "c.png, dog 0.00 0.00 0.50 0.50"];
        assert_eq!(said(&labels), right);
        let notes = labels.notes.join("\n");
        assert!(notes.contains("3 pictures were drawn or corrected by hand"), "{notes}");
        assert!(notes.contains("aren't there any more: gone.png"), "{notes}");
        assert_eq!(std::fs::read(folder.path().join("a.xml")).unwrap(), before);
        // What is corrected away everywhere is no class.
        let labels = read(folder.path(), &all[..2], &NoProgress).unwrap();
        assert_eq!(labels.names, ["cat", "bird"]);
    }

    #[test]
    fn pictures_without_labels_become_data_as_they_are_drawn_on() {
        let folder = folder(&[("1.png", "20x10"), ("2.png", "20x10"), ("3.png", "20x10"), ("notes.txt", "hello")]);
        let known = box_folder(folder.path(), &NoProgress).unwrap();
        assert_eq!(known.names, [""; 0]);
        let names: Vec<&str> = known.pictures.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["1.png", "2.png", "3.png"]);
        assert!(known.pictures.iter().all(|one| one.boxes.is_none()));
        assert!(read(folder.path(), &[], &NoProgress).is_err());
        let all = [drawn("2.png", &[("cat", [0.0, 0.0, 0.5, 0.5])]), drawn("1.png", &[])];
        let labels = read(folder.path(), &all, &NoProgress).unwrap();
        assert_eq!(said(&labels), ["1.png", "2.png, cat 0.00 0.00 0.50 0.50"], "the third isn't used");
    }

    #[test]
    fn a_folder_tells_all_its_pictures_with_what_their_labels_say() {
        let folder = folder(&[
            ("a.png", "20x10"),
            ("a.txt", "1 0.5 0.5 0.5 0.5\n"),
            ("b.png", "20x10"),
            ("other/c.png", "20x10"),
            ("classes.txt", "cat\ndog\n"),
        ]);
        let known = box_folder(folder.path(), &NoProgress).unwrap();
        let boxes: Vec<Option<usize>> = known.pictures.iter().map(|one| one.boxes.as_ref().map(Vec::len)).collect();
        assert_eq!(boxes, [Some(1), Some(0), None], "beside a labelled one, nothing is in it");
        assert_eq!(known.pictures[0].boxes.as_ref().unwrap()[0].class, "dog");
        assert!(box_folder(tempfile::tempdir().unwrap().path(), &NoProgress).is_err());
    }

    #[test]
    fn a_coco_file_says_the_same_in_another_folder() {
        let first = folder(&[
            ("in/a.png", "20x10"),
            ("in/a.xml", &voc([20, 10], &[("dog", [2, 1, 10, 5])])),
            ("in/b.png", "33x77"),
        ]);
        let all = [drawn("in/b.png", &[("cat", [0.11, 0.22, 0.57, 0.93])])];
        let made = boxes_as_coco(first.path(), &all, &NoProgress).unwrap();
        assert_eq!((made.pictures, made.boxes, made.names.len()), (2, 2, 2));
        let text = made.text;
        let second = folder(&[("in/a.png", "20x10"), ("in/b.png", "33x77")]);
        write(second.path(), "labels.json", &text);
        let [first, second] =
            [read(first.path(), &all, &NoProgress).unwrap(), read(second.path(), &[], &NoProgress).unwrap()];
        assert_eq!(said(&first), said(&second));
        assert_eq!(first.names, second.names);
    }
}
