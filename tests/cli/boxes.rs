//! A folder of pictures without labels, and boxes drawn by hand in its project.

use glassbox::model::{DrawnBox, DrawnPicture, Source};
use glassbox::persist::project_file;

use super::*;

#[test]
fn a_folder_without_labels_is_trained_on_once_boxes_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("photos")).unwrap();
    for i in 0..6u32 {
        let mut encoder =
            png::Encoder::new(std::fs::File::create(folder.join(format!("photos/{i}.png"))).unwrap(), 48, 32);
        encoder.set_color(png::ColorType::Rgb);
        let is_thing = |i: u32| (8..20).contains(&(i / 3 % 48)) && (4..16).contains(&(i / 3 / 48));
        let pixels: Vec<u8> = (0..48 * 32 * 3).map(|at| if is_thing(at) { 250 } else { (20 + i) as u8 }).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }
    let told = json(folder, &["new", "detect", "--data", "photos", "-o", "d.json", "--json"]);
    assert!(told["notes"].to_string().contains("draw boxes"), "{told}");
    fails(folder, &["train", "d.json", "--steps", "1"], &["Draw boxes"]);
    let mut project = project_file::load(&folder.join("d.json")).unwrap();
    let Source::Boxes(spec) = &mut project.data.source else { panic!("no folder of boxes") };
    let drawn = |i: usize| {
        let boxes = vec![DrawnBox::from(("block".to_owned(), 8.0 / 48.0, 4.0 / 32.0, 20.0 / 48.0, 16.0 / 32.0))];
        DrawnPicture { picture: format!("{i}.png"), boxes: boxes.into() }
    };
    spec.drawn = (0..5).map(drawn).collect::<Vec<_>>().into();
    project_file::save(&project, &folder.join("d.json")).unwrap();
    let checked = json(folder, &["check", "d.json", "--json"]);
    assert!(checked["notes"].to_string().contains("5 pictures were drawn"), "{checked}");
    let summary = json(folder, &["train", "d.json", "--steps", "2", "--json"]);
    assert_eq!(summary["val_samples"].as_u64(), Some(1), "the sixth has no boxes and is no data: {summary}");
    let exported = json(folder, &["export", "d.json", "--to", "coco", "--json"]);
    assert_eq!((exported["pictures"].as_u64(), exported["boxes"].as_u64()), (Some(5), Some(5)), "{exported}");
    assert!(exported["file"].as_str().unwrap().ends_with("d.json-coco.json"), "{exported}");
    fails(folder, &["export", "d.json", "--to", "coco"], &["is there already", "--force"]);
    fails(folder, &["export", "d.json", "--to", "coco", "--run", "x", "-o", "y.json"], &["leave out --run"]);
    // In the folder of the pictures it is their label.
    let output = glassbox(folder, &["export", "d.json", "--to", "coco", "-o", "photos/boxes.json"]);
    assert!(text(&output.stdout).starts_with("Wrote 5 boxes in 5 pictures (block) to photos/boxes.json"));
    let told = json(folder, &["new", "detect", "--data", "photos", "-o", "labelled.json", "--json"]);
    assert!(!told["notes"].to_string().contains("draw boxes"), "{told}");
    json_free(folder, &["new", "xor", "-o", "xor.json"]);
    fails(folder, &["export", "xor.json", "--to", "coco"], &["has no labelled boxes"]);
    // Nonsense by hand is said.
    let text = std::fs::read_to_string(folder.join("d.json")).unwrap();
    std::fs::write(folder.join("bad.json"), text.replace("\"block\"", "\" \"")).unwrap();
    fails(folder, &["train", "bad.json", "--steps", "1"], &["0.png", "class"]);
}
