use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba};

use super::*;
use crate::data::test_data::test_data;
use crate::data::{NoProgress, read_unseen};
use crate::model::Source;

pub fn bytes(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut to = Cursor::new(Vec::new());
    picture.into().write_to(&mut to, format).unwrap();
    to.into_inner()
}

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    bytes(picture, ImageFormat::Png)
}

fn wanted(side: usize, channels: usize, fit: Fit) -> Wanted {
    Wanted { side, channels, fit }
}

/// All pixels, of a picture of 2 x 2.
fn decoded(bytes: &[u8], channels: usize) -> Vec<u8> {
    decode::pixels_of(bytes, wanted(2, channels, Fit::Crop)).unwrap().0
}

const COLOURS: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]];

fn four() -> RgbImage {
    RgbImage::from_fn(2, 2, |x, y| Rgb(COLOURS[(2 * y + x) as usize]))
}

const PLANES: [u8; 12] = [255, 0, 0, 10, 0, 255, 0, 20, 0, 0, 255, 30];

#[test]
fn pixels_are_those_of_the_file() {
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::WebP] {
        let bytes = bytes(four(), format);
        assert_eq!(decoded(&bytes, 3), PLANES, "{format:?}");
        assert_eq!(decoded(&bytes, 1), [76, 150, 29, 18], "{format:?}");
    }
    let jpeg = decoded(&bytes(RgbImage::from_pixel(2, 2, Rgb([200, 100, 50])), ImageFormat::Jpeg), 3);
    let near = |found: &[u8], value: u8| found.iter().all(|pixel| pixel.abs_diff(value) < 4);
    assert!(near(&jpeg[..4], 200) && near(&jpeg[4..8], 100) && near(&jpeg[8..], 50), "{jpeg:?}");
}

#[test]
fn depths_palettes_and_what_is_see_through_become_bytes_on_white() {
    let deep: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_pixel(2, 2, Rgb([65535, 32896, 257]));
    assert_eq!(decoded(&png(deep), 3), [[255; 4], [128; 4], [1; 4]].concat());
    let grey: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_pixel(2, 2, Luma([25700]));
    assert_eq!(decoded(&png(grey), 1), [100; 4]);
    let faint: ImageBuffer<Rgba<u8>, _> = ImageBuffer::from_pixel(2, 2, Rgba([0, 100, 255, 51]));
    assert_eq!(decoded(&png(faint), 3), [[204; 4], [224; 4], [255; 4]].concat());
    let faint: ImageBuffer<LumaA<u8>, _> = ImageBuffer::from_fn(2, 2, |x, _| LumaA([9, if x == 0 { 255 } else { 0 }]));
    assert_eq!(decoded(&png(faint), 1), [9, 255, 9, 255]);
    let mut palette = Vec::new();
    let mut encoder = png::Encoder::new(&mut palette, 2, 2);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Two);
    encoder.set_palette([[255, 0, 0], [0, 255, 0], [0, 0, 255]].concat());
    encoder.set_trns(vec![255, 0]);
    encoder.write_header().unwrap().write_image_data(&[0b0001_0000, 0b1000_0000]).unwrap();
    // Red, see-through, blue, red.
    assert_eq!(decoded(&palette, 3), [255, 255, 0, 255, 0, 255, 0, 0, 0, 255, 255, 0]);
}

/// A JPEG, of which the left half is black, that says how it lies.
fn turned(orientation: u8) -> Vec<u8> {
    let picture = RgbImage::from_fn(16, 16, |x, _| Rgb(if x < 8 { [0; 3] } else { [255; 3] }));
    let jpeg = bytes(picture, ImageFormat::Jpeg);
    let mut exif = vec![0xff, 0xe1, 0, 34];
    exif.extend(b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0");
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

#[test]
fn a_photograph_lies_as_its_camera_was_held() {
    for (orientation, dark) in [(1, [0, 2]), (2, [1, 3]), (3, [1, 3]), (6, [0, 1]), (8, [2, 3])] {
        let found = decoded(&turned(orientation), 1);
        let is_dark = |i: &usize| found[*i] < 128;
        assert_eq!((0..4).filter(is_dark).collect::<Vec<_>>(), dark, "{orientation}: {found:?}");
    }
}

#[test]
fn a_picture_of_any_size_fits_as_it_is_told_to() {
    let picture =
        RgbImage::from_fn(8, 6, |x, y| Rgb([0, 1, 2].map(|c| (((y * 8 + x) * 3 + c) % 256 * 37 % 251) as u8)));
    let of = |fit, side| decode::pixels_of(&png(picture.clone()), wanted(side, 3, fit)).unwrap().0;
    // Pillow's, of the middle 6 x 6 to 3 x 3, BILINEAR.
    assert!(of(Fit::Crop, 3).iter().zip(CROPPED).all(|(a, b)| a.abs_diff(b) <= 1), "{:?}", of(Fit::Crop, 3));
    let padded = of(Fit::Pad, 8);
    assert!(padded[..8].iter().chain(&padded[56..64]).all(|&pixel| pixel == 0));
    assert_eq!(padded[8..16], [0, 111, 222, 82, 193, 53, 164, 24]);
    let tall = RgbImage::from_fn(1, 400, |_, _| Rgb([7; 3]));
    for fit in Fit::ALL {
        assert_eq!(decode::pixels_of(&png(tall.clone()), wanted(16, 1, fit)).unwrap().0.len(), 256);
    }
    assert!(of(Fit::Stretch, 3) != of(Fit::Crop, 3));
}

const CROPPED: [u8; 27] = [
    169, 145, 120, 133, 158, 136, 82, 124, 151, 83, 123, 157, 99, 124, 168, 114, 94, 127, 120, 93, 112, 136, 110, 84,
    151, 127, 102,
];

#[test]
fn nothing_that_is_mangled_does_harm() {
    let picture = || RgbImage::from_fn(24, 16, |x, y| Rgb([x as u8 * 10, y as u8 * 9, 77]));
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Jpeg] {
        let whole = bytes(picture(), format);
        for len in 0..whole.len() - 3 {
            let cut = decode::pixels_of(&whole[..len], wanted(8, 3, Fit::Crop));
            assert!(format != ImageFormat::Jpeg || cut.is_err(), "{len} of {}", whole.len());
        }
        for _ in 0..2000 {
            let mut other = whole.clone();
            for _ in 0..=random(3) {
                let at = random(other.len());
                other[at] = random(256) as u8;
            }
            if let Ok((pixels, _)) = decode::pixels_of(&other, wanted(8, 3, Fit::Pad)) {
                assert_eq!(pixels.len(), 192);
            }
        }
    }
}

/// A folder of small pictures: `["a/1.png", ...]`, each of its own grey.
pub fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (i, file) in files.iter().enumerate() {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, png(RgbImage::from_pixel(9, 9, Rgb([i as u8; 3])))).unwrap();
    }
    folder
}

fn spec(folder: &Path) -> PictureSpec {
    PictureSpec { folder: folder.into(), size: 8, grey: true, fit: Fit::Crop, label: String::new() }
}

pub fn loaded(folder: &Path) -> Result<Dataset, DataError> {
    let data = DataSpec { source: Source::Pictures(spec(folder)), ..DataSpec::default() };
    crate::data::load(&data, Path::new(""), &NoProgress)
}

pub fn said(folder: &Path) -> String {
    loaded(folder).unwrap_err().message
}

const TWO: [&str; 6] = ["cat/1.png", "cat/2.png", "cat/10.png", "dog/1.png", "dog/2.png", "dog/3.png"];

#[test]
fn a_folder_for_each_class_is_data() {
    let folder = folder(&TWO);
    let set = loaded(folder.path()).unwrap();
    assert_eq!((set.classes().unwrap(), &set.input_shape[..]), (&["cat".to_owned(), "dog".into()][..], &[1, 8, 8][..]));
    assert_eq!((set.class_counts(&set.train), set.class_counts(&set.validation)), (vec![2, 2], vec![1, 1]));
    assert_eq!(set.notes, [""; 0]);
    let mut greys: Vec<f32> = [&set.train, &set.validation]
        .into_iter()
        .flat_map(|part| (0..part.len()).map(|row| part.input(row).unwrap()[0] * 255.0).collect::<Vec<_>>())
        .collect();
    greys.sort_by(f32::total_cmp);
    assert_eq!(greys, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(set, loaded(folder.path()).unwrap());
}

#[test]
fn classes_stand_as_people_count() {
    let mut names = ["10", "2", "b", "a10", "A2", "01", "1", "Ä"];
    names.sort_by(|a, b| folder::natural(a, b));
    assert_eq!(names, ["01", "1", "2", "10", "A2", "a10", "b", "Ä"]);
}

#[test]
fn parts_of_the_folder_are_kept() {
    let files = ["x/train/a/1.png", "x/train/a/2.png", "x/train/b/1.png", "x/Test/a/1.png", "x/Test/c/1.png"];
    let own = folder(&files);
    let set = loaded(own.path()).unwrap();
    assert_eq!((set.class_counts(&set.train), set.class_counts(&set.validation)), (vec![2, 1, 0], vec![1, 0, 1]));
    assert_eq!(
        set.notes,
        ["The folder's own part Test is used for validation.", "No training picture is of the class c."]
    );
    std::fs::create_dir(own.path().join("x/val")).unwrap();
    std::fs::rename(own.path().join("x/Test/a"), own.path().join("x/val/a")).unwrap();
    std::fs::create_dir(own.path().join("x/Test/b")).unwrap();
    std::fs::copy(own.path().join("x/train/b/1.png"), own.path().join("x/Test/b/1.png")).unwrap();
    let set = loaded(own.path()).unwrap();
    assert_eq!(set.class_counts(&set.validation), [1, 0]);
    assert!(set.notes[1].contains("part Test is set aside"), "{:?}", set.notes);
    assert_eq!(set.test.as_ref().map(|test| set.class_counts(test)), Some(vec![0, 1]));
    assert!(set.notes[2].contains("1 pictures of classes"), "{:?}", set.notes);
}

#[test]
fn what_is_no_such_folder_is_told() {
    assert!(said(Path::new("/no/such")).contains("no such folder"));
    assert!(said(tempfile::tempdir().unwrap().path()).contains("there is none"));
    assert!(said(folder(&["1.png", "2.png"]).path()).contains("in one folder"));
    assert!(said(folder(&["a/1.png", "a/2.png"]).path()).contains("only the folder a"));
    let empty = folder(&["a/1.png", "a/2.png", "b/1.png"]);
    std::fs::write(empty.path().join("b/1.png"), "").unwrap();
    let text = said(empty.path());
    assert!(text.contains("Too few") && text.contains("b/1.png (empty)"), "{text}");
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_twice() {
    use std::os::unix::fs::symlink;
    let own = folder(&TWO);
    let other = folder(&["1.png", "2.png"]);
    symlink(own.path(), own.path().join("cat/again")).unwrap();
    symlink("/", own.path().join("cat/all")).unwrap();
    symlink("nowhere", own.path().join("cat/gone.png")).unwrap();
    symlink(other.path(), own.path().join("hen")).unwrap();
    let set = loaded(own.path()).unwrap();
    assert_eq!((set.class_counts(&set.train), set.class_counts(&set.validation)), (vec![2, 2, 1], vec![1, 1, 1]));
    assert!(set.notes[0].contains("cat/gone.png (can't be read"), "{:?}", set.notes);
}

#[test]
fn a_hostile_folder_gives_what_is_good_in_it() {
    let Some(folder) = test_data("odd/image_folder_hostile") else { return };
    let set = loaded(&folder).unwrap();
    assert_eq!(set.classes().unwrap(), ["cat", "dog", "Ünï cödé"]);
    let counts = [set.class_counts(&set.train), set.class_counts(&set.validation)];
    assert_eq!((0..3).map(|class| counts[0][class] + counts[1][class]).collect::<Vec<_>>(), [10, 8, 1]);
    let notes = set.notes.join("\n");
    for words in [
        "1 file was left out",
        "3 broken pictures were skipped",
        "dog/bomb_header.png (too large",
        "dog/empty.png (empty)",
        "dog/truncated.png",
        "Skipped 2 files that aren't pictures",
        "cat/notes.txt (text)",
        "dog/html.jpg (a web page)",
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
}

#[test]
fn what_does_not_fit_in_memory_is_decoded_again_alike_or_told_of() {
    let folder = folder(&TWO);
    let data = DataSpec { source: Source::Pictures(spec(folder.path())), ..DataSpec::default() };
    let [held, again, some] = [MAX_HELD, 0, 130]
        .map(|room| load_within(&spec(folder.path()), folder.path(), &data, &NoProgress, room).unwrap());
    assert_eq!((&held, &held), (&again, &some));
    let rows = [3, 0, 3];
    assert_eq!(held.train.fetch(&rows).unwrap(), again.train.fetch(&rows).unwrap());
    for file in TWO {
        std::fs::write(folder.path().join(file), png(RgbImage::from_pixel(9, 9, Rgb([99; 3])))).unwrap();
    }
    assert!(again.train.fetch(&rows).unwrap_err().message.contains("another picture now"));
    for file in TWO {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    let text = again.train.input(1).unwrap_err().message;
    assert!(text.contains("has changed") && text.contains("Reload the data"), "{text}");
    assert!(held.train.fetch(&rows).is_ok());
    // What tells the pictures from others was found when they were decoded.
    let whole = held.train.whole().unwrap();
    let plain = Samples::in_memory(held.train.shape(), whole.inputs.to_vec(), whole.targets.to_vec());
    let prints = [&plain, &held.train, &again.train].map(|part| part.print().unwrap());
    assert!(prints[0] == prints[1] && prints[1] == prints[2]);
}

#[test]
fn settings_suit_the_folder() {
    let small = folder(&TWO);
    let found = propose(small.path(), "", &NoProgress).unwrap();
    assert_eq!((found.size, found.grey), (16, false));
    let Some(path) = test_data("pictures/sign_digits") else { return };
    let found = propose(&path, "", &NoProgress).unwrap();
    assert_eq!((found.size, found.grey, found.fit), (64, false, Fit::Crop));
}

#[test]
fn new_pictures_are_read_as_those_that_were_learnt_from() {
    let own = folder(&TWO);
    let set = loaded(own.path()).unwrap();
    let new = folder(&["cat/4.png", "dog/sub/5.png", "hen/6.png", "7.png"]);
    std::fs::write(new.path().join("dog/no.png"), "").unwrap();
    let unseen = read_unseen(&set.encoding, new.path(), &NoProgress).unwrap();
    assert_eq!(unseen.names, ["7.png", "cat/4.png", "dog/no.png", "dog/sub/5.png", "hen/6.png"]);
    assert_eq!(unseen.kept, [true, true, false, true, true]);
    assert_eq!(unseen.truths, [None, Some(0.0), Some(1.0), None]);
    assert_eq!(unseen.inputs.chunks(64).map(|one| one[0] * 255.0).collect::<Vec<_>>(), [3.0, 0.0, 1.0, 2.0]);
    assert!(unseen.notes[0].contains("dog/no.png (empty)"));
    let one = read_unseen(&set.encoding, &new.path().join("hen/6.png"), &NoProgress).unwrap();
    assert_eq!((one.names, one.inputs.len(), one.truths), (vec!["6.png".to_owned()], 64, vec![None]));
    assert!(read_unseen(&set.encoding, &new.path().join("dog/no.png"), &NoProgress).is_err());
}
