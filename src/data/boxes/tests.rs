use std::path::Path;

use super::*;
use crate::data::NoProgress;
use crate::data::test_data::test_data;
use crate::model::boxes::Extent;

/// Files of a folder: pictures of a size, or texts.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, content)| write(folder.path(), name, content));
    folder
}

/// `content`: of a text; of a picture its size, "8x4".
pub(super) fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    match content.split_once('x').filter(|_| name.ends_with("png")) {
        Some((width, height)) => {
            image::RgbImage::new(width.parse().unwrap(), height.parse().unwrap()).save(path).unwrap();
        }
        None => std::fs::write(path, content).unwrap(),
    }
}

fn labels(files: &[(&str, &str)]) -> Labels {
    read(folder(files).path(), &[], &NoProgress).unwrap()
}

pub(super) fn voc(size: [u32; 2], objects: &[(&str, [i32; 4])]) -> String {
    let object = |(name, [left, top, right, bottom]): &(&str, [i32; 4])| {
        format!(
            "<object><name>{name}</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}\
             </ymax></bndbox></object>"
        )
    };
    let objects: String = objects.iter().map(object).collect();
    let [width, height] = size;
    format!("<annotation><size><width>{width}</width><height>{height}</height></size>{objects}</annotation>")
}

/// A class with corners in tenths.
type Rough = (usize, [i32; 4]);

/// What is in pictures, by name.
fn content(labels: &Labels) -> Vec<(String, Vec<Rough>)> {
    let tenths =
        |extent: Extent| [extent.left, extent.top, extent.right, extent.bottom].map(|n| (n * 10.0).round() as i32);
    let things = |one: &Labelled| one.things.iter().map(|thing| (thing.class, tenths(thing.extent))).collect();
    labels.pictures.iter().map(|one| (crate::data::pictures::folder::name(&one.picture), things(one))).collect()
}

fn notes_of(labels: &Labels) -> String {
    labels.notes.join("\n")
}

#[test]
fn pascal_voc_is_read_and_what_is_wrong_is_said() {
    let boxes = [("dog", [2, 1, 10, 5]), ("cat", [0, 0, 20, 10]), ("dog", [5, 5, 5, 9])];
    let labels = labels(&[
        ("data/JPEGImages/a.png", "20x10"),
        ("data/Annotations/a.xml", &voc([20, 10], &boxes)),
        ("data/SegmentationClass/a.png", "20x10"),
        ("data/JPEGImages/b.png", "20x10"),
        (
            "data/Annotations/b.xml",
            &voc([40, 20], &[("dog", [4, 2, 20, 10]), ("dog", [4, 2, 20, 10]), ("cat", [-8, 0, 20, 8])]),
        ),
        ("data/JPEGImages/c.png", "10x10"),
        ("data/Annotations/c.xml", &voc([20, 10], &[("cat", [2, 1, 10, 5]), ("cat", [11, 1, 12, 5])])),
        ("data/JPEGImages/d.png", "20x10"),
        ("data/JPEGImages/e.png", "20x10"),
        ("data/Annotations/e.xml", "<annotation><object>"),
        ("data/Annotations/f.xml", &voc([20, 10], &boxes)),
        ("data/build.xml", "<project/>"),
    ]);
    assert_eq!(labels.names, ["cat", "dog"]);
    let right = [
        ("a.png", vec![(1, [1, 1, 5, 5]), (0, [0, 0, 10, 10])]),
        ("b.png", vec![(1, [1, 1, 5, 5]), (0, [0, 0, 5, 4])]),
        ("c.png", vec![(0, [2, 1, 10, 5])]),
        ("d.png", vec![]),
    ];
    assert_eq!(content(&labels), right.map(|(name, things)| (name.to_owned(), things)));
    assert_eq!(
        notes_of(&labels),
        "Left out: 1 box without an area (data/Annotations/a.xml), 1 box outside the picture (data/Annotations/c.xml), 1 \
         box given twice (data/Annotations/b.xml).\n\
         1 box that reaches beyond its picture was cut at the edge (data/Annotations/b.xml).\n\
         1 picture has been resized since it was labelled; its boxes were scaled (data/Annotations/b.xml).\n\
         1 picture is of another size than its label says; its own was used (data/Annotations/c.xml).\n\
         1 picture without a label was taken as one with nothing in it (data/JPEGImages/d.png).\n\
         1 label file can't be read and was left out with its picture (data/Annotations/e.xml: cut short).\n\
         1 label is of a picture that isn't there (data/Annotations/f.xml)."
    );
}

#[test]
fn lists_of_names_say_the_parts() {
    let one = voc([20, 10], &[("dog", [2, 1, 10, 5])]);
    let labels = labels(&[
        ("images/a.png", "20x10"),
        ("images/b.png", "20x10"),
        ("images/c.png", "20x10"),
        ("images/a.xml", &one),
        ("images/b.xml", &one),
        ("images/c.xml", &one),
        ("ImageSets/Main/train.txt", "a\n"),
        ("ImageSets/Main/val.txt", "b\n"),
        ("ImageSets/Main/trainval.txt", "a\nb\nc\n"),
        ("ImageSets/Segmentation/test.txt", "c\n"),
    ]);
    let parts: Vec<_> = labels.pictures.iter().map(|one| one.part).collect();
    assert_eq!(parts, [Some(Part::Train), Some(Part::Validation)]);
    assert_eq!(labels.notes, ["Left out: 1 picture that is in no part of the folder."]);
}

pub(super) const COCO: &str = r#"{"info": {"x": [[[1]]]}, "images": [
    {"id": 7, "file_name": "a.png", "width": 20, "height": 10},
    {"id": "x9", "file_name": "sub/b.png", "width": 20, "height": 10},
    {"id": 8, "file_name": "gone.png", "width": 20, "height": 10},
    {"id": 900100581904, "file_name": "c.png", "width": 20, "height": 10}],
  "categories": [{"id": 90, "name": "dog"}, {"id": 3, "name": "unused"}, {"id": 1.0, "name": "cat"}],
  "annotations": [
    {"id": 1, "image_id": 7, "category_id": 90, "bbox": [2, 1, 8, 4], "segmentation": [[1, 2, 3]], "iscrowd": 0},
    {"id": 2, "image_id": 7, "category_id": 1, "bbox": [2, 1, 8, 4], "iscrowd": 1, "segmentation": {"counts": [1]}},
    {"id": 3, "image_id": "x9", "category_id": 1, "bbox": [0, 0, NaN, 4]},
    {"id": 4, "image_id": "x9", "category_id": 1, "bbox": [10, 5, 10, 5]},
    {"id": 5, "image_id": "x9", "category_id": 2, "bbox": [10, 5, 10, 5]},
    {"id": 6, "image_id": "x9", "category_id": 1, "bbox": []},
    {"id": 7, "image_id": 8, "category_id": 1, "bbox": [1, 1, 2, 2]},
    {"id": 8, "image_id": 5, "category_id": 1, "bbox": [1, 1, 2, 2]},
    {"id": 9, "image_id": "x9", "bbox": [1, 1, 2, 2]}]}"#;

#[test]
fn coco_is_read_and_what_is_wrong_is_said() {
    let labels = labels(&[
        ("images/a.png", "20x10"),
        ("images/sub/b.png", "20x10"),
        ("images/other/b.png", "20x10"),
        ("images/c.png", "20x10"),
        ("images/d.png", "20x10"),
        ("annotations/instances.json", COCO),
        (
            "annotations/captions.json",
            r#"{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"caption": "x"}]}"#,
        ),
        ("package.json", r#"{"name": "x"}"#),
    ]);
    assert_eq!(labels.names, ["dog", "cat"]);
    let right = [("a.png", vec![(0, [1, 1, 5, 5])]), ("c.png", vec![]), ("b.png", vec![(1, [5, 5, 10, 10])])];
    assert_eq!(content(&labels), right.map(|(name, things)| (name.to_owned(), things)));
    assert!(labels.pictures[2].picture.ends_with("sub/b.png"));
    assert_eq!(
        notes_of(&labels),
        "No class, because no box is of it: unused.\n\
         Left out: 1 box with coordinates that aren't numbers (b.png), 1 box of an unknown class (b.png), 1 box without a \
         class (b.png), 1 box without coordinates (b.png), 1 box around crowds (a.png), 1 box of a picture that isn't \
         listed (annotations/instances.json).\n\
         1 label is of a picture that isn't there (gone.png)."
    );
}

#[test]
fn several_coco_files_are_parts_or_say_the_same_again() {
    let file = |name: &str, boxes: usize| {
        let boxes = vec![r#"{"image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}"#; boxes].join(",");
        format!(
            r#"{{"images": [{{"id": 1, "file_name": "{name}"}}], "annotations": [{boxes}],
                "categories": [{{"id": 1, "name": "dog"}}]}}"#
        )
    };
    let labels = labels(&[
        ("images/a.png", "10x10"),
        ("images/b.png", "10x10"),
        ("instances_train.json", &file("a.png", 2)),
        ("keypoints_train.json", &file("a.png", 1)),
        ("instances_val.json", &file("b.png", 1)),
    ]);
    let parts: Vec<_> = labels.pictures.iter().map(|one| one.part).collect();
    assert_eq!(parts, [Some(Part::Train), Some(Part::Validation)]);
    assert_eq!(content(&labels).len(), 2);
    assert!(
        notes_of(&labels)
            .starts_with("What keypoints_train.json says about 1 picture that another file describes isn't used.")
    );
}

#[test]
fn yolo_is_read_with_the_parts_of_its_folders() {
    let labels = labels(&[
        ("train/images/a.png", "20x10"),
        ("train/labels/a.txt", "1 0.3 0.3 0.4 0.4\n0 .5 .5 1 1\n"),
        ("valid/images/a.png", "20x10"),
        ("valid/labels/a.txt", "1 0.5 0.5 0.2 0.2\n"),
        ("valid/images/b.png", "20x10"),
        ("valid/labels/b.txt", ""),
        ("data.yaml", "train: ../train/images\nval: ../valid/images\nnames:\n  0: cat\n  1: dog\n"),
        ("README.txt", "hello"),
    ]);
    assert_eq!(labels.names, ["cat", "dog"]);
    let right = [
        ("a.png", vec![(1, [1, 1, 5, 5]), (0, [0, 0, 10, 10])]),
        ("a.png", vec![(1, [4, 4, 6, 6])]),
        ("b.png", vec![]),
    ];
    assert_eq!(content(&labels), right.map(|(name, things)| (name.to_owned(), things)));
    let parts: Vec<_> = labels.pictures.iter().map(|one| one.part).collect();
    assert_eq!(parts, [Some(Part::Train), Some(Part::Validation), Some(Part::Validation)]);
    assert_eq!(labels.notes, Vec::<String>::new());
}

#[test]
fn yolo_without_names_has_those_numbers_that_there_are() {
    let labels = labels(&[
        ("a.png", "20x10"),
        ("a.txt", "7 .5 .5 .2 .2\n3 .5 .5 .2 .2\n7 .5 .5 .2 .2\n99999 .5 .5 .2 .2"),
        ("train.txt", "/home/somebody/a.png\n"),
    ]);
    assert_eq!(labels.names, ["3", "7"]);
    assert_eq!(content(&labels)[0].1, [(1, [4, 4, 6, 6]), (0, [4, 4, 6, 6])]);
    assert_eq!(labels.notes, ["Left out: 1 box of an unknown class (a.txt), 1 box given twice (a.txt)."]);
}

#[test]
fn where_there_are_no_boxes_it_is_said() {
    let why = |files: &[(&str, &str)]| read(folder(files).path(), &[], &NoProgress).unwrap_err().message;
    assert!(why(&[("a.png", "2x2")]).contains("there are none that can be read"));
    assert!(why(&[("a.txt", "x")]).contains("there is no picture"));
    assert!(why(&[("a.png", "2x2"), ("a.txt", "a dog on a lawn")]).contains("none that can be read"));
    let cut = why(&[("a.png", "2x2"), ("a.json", "{\"images\": [{\"id\": 1"), ("a.xml", "<annotation>")]);
    assert!(cut.contains("a.xml can't be read: cut short. a.json can't be read: EOF while parsing"), "{cut}");
    let empty = why(&[("a.png", "2x2"), ("a.xml", &voc([2, 2], &[("dog", [1, 1, 1, 1])]))]);
    assert!(empty.contains("No label has a box") && empty.ends_with("without an area (a.xml)."), "{empty}");
    assert!(read(Path::new("/no/such/folder"), &[], &NoProgress).is_err());
}

#[test]
fn blood_cells_are_read_without_the_two_boxes_of_no_area() {
    let Some(path) = test_data("bccd") else { return };
    let labels = read(&path, &[], &NoProgress).unwrap();
    assert_eq!(labels.names, ["Platelets", "RBC", "WBC"]);
    let mut counts = [0; 3];
    labels.pictures.iter().flat_map(|one| &one.things).for_each(|thing| counts[thing.class] += 1);
    let of = |part| labels.pictures.iter().filter(|one| one.part == Some(part)).count();
    assert_eq!([of(Part::Train), of(Part::Validation), of(Part::Test)], [205, 87, 72]);
    assert_eq!(counts, [361, 4153, 372]);
    println!("{}", notes_of(&labels));
    assert!(notes_of(&labels).contains("2 boxes without an area (BCCD/Annotations/"));
}

#[test]
fn odd_labels_lead_to_what_their_names_say() {
    let Some(path) = test_data("odd/yolo_hostile") else { return };
    let labels = read(&path, &[], &NoProgress).unwrap();
    assert_eq!(labels.names, ["cell", "clump"]);
    let right = [
        ("a.png", vec![(0, [4, 4, 6, 7])]),
        ("class99.png", vec![]),
        ("empty.png", vec![]),
        ("float_class.png", vec![(1, [5, 5, 6, 6])]),
        ("neg.png", vec![]),
        ("no_label.png", vec![]),
        ("over1.png", vec![(0, [9, 4, 10, 7])]),
        ("pixels.png", vec![]),
        ("polygon.png", vec![(0, [1, 1, 2, 2])]),
    ];
    assert_eq!(content(&labels), right.map(|(name, things)| (name.to_owned(), things)));
    assert_eq!(
        notes_of(&labels),
        "Left out: 1 box without an area (labels/neg.txt), 1 box of an unknown class (labels/class99.txt), 1 box in \
         pixels instead of fractions (labels/pixels.txt).\n\
         1 box that reaches beyond its picture was cut at the edge (labels/over1.txt).\n\
         1 outline became the box around it (labels/polygon.txt).\n\
         1 picture without a label was taken as one with nothing in it (images/no_label.png)."
    );
}

fn loaded(files: &[(&str, &str)], settings: impl Fn(&mut crate::model::BoxesSpec)) -> crate::data::Dataset {
    let folder = folder(files);
    let (mut spec, _) = load::propose(folder.path(), &NoProgress).unwrap().unwrap();
    settings(&mut spec);
    let spec = crate::model::DataSpec { source: crate::model::Source::Boxes(spec), ..Default::default() };
    crate::data::load(&spec, Path::new(""), &NoProgress).unwrap()
}

#[test]
fn a_box_moves_as_its_picture_is_fitted() {
    use crate::model::Fit;
    let one = voc([40, 20], &[("dog", [4, 2, 20, 10]), ("dog", [11, 0, 12, 20])]);
    let files = [
        ("a.png", "40x20"),
        ("a.xml", &one),
        ("b.png", "40x20"),
        ("b.xml", &one),
        ("train.txt", "a"),
        ("val.txt", "b"),
    ];
    let target = |fit| {
        let set = loaded(&files, |spec| (spec.size, spec.fit) = (20, fit));
        assert_eq!((set.input_shape.as_slice(), set.train.len(), set.validation.len()), ([3, 20, 20].as_slice(), 1, 1));
        let target = set.train.target(0).unwrap().into_owned();
        (target.iter().map(|n| (n * 1000.0).round() as i32).collect::<Vec<_>>(), set.notes)
    };
    let (stretched, notes) = target(Fit::Stretch);
    assert_eq!(stretched, [0, 100, 100, 500, 500, 0, 275, 0, 300, 1000]);
    assert_eq!(notes, ["The folder's own part for validation is used."]);
    assert_eq!(target(Fit::Pad).0, [0, 100, 300, 500, 500, 0, 275, 250, 300, 750]);
    // The middle 20 of 40 pixels: of the first box 10 of 16 columns are left.
    assert_eq!(target(Fit::Crop).0, [0, 0, 100, 500, 500, 0, 50, 0, 100, 1000]);
    let gone = voc([40, 20], &[("dog", [0, 2, 9, 10]), ("dog", [4, 2, 11, 10]), ("dog", [4, 2, 20, 10])]);
    let files = [("a.png", "40x20"), ("a.xml", &gone), ("b.png", "40x20"), ("b.xml", &one)];
    let set = loaded(&files, |spec| (spec.size, spec.fit) = (20, Fit::Crop));
    assert_eq!(set.notes, ["Left out: 2 boxes lie in what is cropped away. Pad or stretch the pictures to keep all."]);
    assert_eq!(set.truth.task, crate::model::Task::Boxes { most: 2, classes: 1 });
}

#[test]
fn a_picture_of_many_things_keeps_the_largest() {
    let many: String = (0..250).map(|i| format!("0 .5 .5 {0} {0}\n", 0.1 + f64::from(i) / 1000.0)).collect();
    let files = [("a.png", "20x20"), ("a.txt", &many), ("b.png", "20x20"), ("b.txt", "")];
    let set = loaded(&files, |_| ());
    assert_eq!(set.truth.task, crate::model::Task::Boxes { most: 200, classes: 1 });
    assert_eq!(set.notes[0], "1 picture with more than 200 things: the smallest were left out.");
    let target =
        |set: &crate::data::Dataset| [&set.train, &set.validation].map(|part| part.target(0).unwrap().into_owned());
    let [full, empty] = {
        let mut all = target(&set);
        all.sort_by_key(|one| one[0] < 0.0);
        all
    };
    assert!((full[3] - full[1] - 0.349).abs() < 1e-6 && full.chunks(5).all(|thing| thing[0] == 0.0));
    assert!(empty.chunks(5).all(|thing| thing == [-1.0, 0.0, 0.0, 0.0, 0.0]));
}

#[test]
fn blood_cells_get_a_size_at_which_they_are_seen() {
    let Some(path) = test_data("bccd") else { return };
    let (spec, _) = load::propose(&path, &NoProgress).unwrap().unwrap();
    assert_eq!((spec.size, spec.grey, spec.fit), (144, false, crate::model::Fit::Stretch));
}

#[test]
fn labels_that_were_read_for_the_settings_are_not_read_again() {
    let one = voc([40, 20], &[("dog", [4, 2, 20, 10])]);
    let other = voc([40, 20], &[("dog", [4, 2, 20, 10]), ("cat", [4, 2, 20, 10])]);
    let folder = folder(&[("a.png", "40x20"), ("a.xml", &one), ("b.png", "40x20"), ("b.xml", &one)]);
    let (source, known) = crate::data::propose_pictures(folder.path(), "", Path::new(""), &NoProgress).unwrap();
    for name in ["a.xml", "b.xml"] {
        write(folder.path(), name, &other);
    }
    let mut spec = crate::model::DataSpec { source, ..Default::default() };
    let classes = |spec: &crate::model::DataSpec| {
        let set = crate::data::load_known(spec, known.as_ref(), Path::new(""), &NoProgress).unwrap();
        set.truth.names.len()
    };
    assert_eq!(classes(&spec), 1, "as they were");
    // What is drawn goes on top of what the labels say now.
    let crate::model::Source::Boxes(boxes) = &mut spec.source else { panic!("{spec:?}") };
    boxes.drawn = vec![crate::model::DrawnPicture { picture: "a.png".into(), boxes: Vec::new().into() }].into();
    assert_eq!(classes(&spec), 2);
}
