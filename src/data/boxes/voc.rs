//! Labels as Pascal VOC has them: an XML file for each picture, corners in pixels.
//!
//! Corners are taken as they stand. That of a picture is pixel 1 in Pascal's own files, 0 in those of most programs,
//! and no file says which.

use std::path::{Path, PathBuf};

use quick_xml::events::Event;
use rayon::prelude::*;

use super::files::{Files, read};
use super::tally::{Fault, Tally};
use super::{Annotated, Raw, Unit};
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

const MAX_FILE: u64 = 16 << 20;
const MAX_DEPTH: usize = 32;
const MAX_OBJECTS: usize = 100_000;
/// Of a name or a number.
const MAX_TEXT: usize = 4096;
/// Files read between two looks at whether somebody still wants them.
const PIECE: usize = 256;

/// `None` where the folder has none.
pub(super) fn find(files: &Files, hints: &mut Vec<String>, progress: &dyn Progress) -> Result<Option<Raw>, DataError> {
    let mut found = Raw::new(Unit::Pixels);
    let paths: Vec<&PathBuf> = files.with_ending(&["xml"]).collect();
    let mut broken: Vec<(&PathBuf, String)> = Vec::new();
    // By picture: the label that is nearest.
    for (done, some) in paths.chunks(PIECE).enumerate() {
        stop_if_cancelled(progress)?;
        progress.report(0.1 * (done * PIECE) as f32 / paths.len() as f32, "reading labels");
        let read: Vec<_> =
            some.par_iter().map(|path| read(path, MAX_FILE).and_then(|bytes| parse(&text(&bytes)))).collect();
        for (path, parsed) in some.iter().zip(read) {
            match parsed {
                Ok(Some(parsed)) => take(files, path, parsed, &mut found)?,
                Ok(None) => {}
                Err(why) => broken.push((path, why)),
            }
        }
    }
    if found.annotated.is_empty() && found.tally == Tally::default() {
        hints.extend(broken.iter().take(1).map(|(path, why)| format!("{} can't be read: {why}.", files.below(path))));
        return Ok(None);
    }
    for (path, why) in broken {
        found.tally.unread(&files.below(path), &why);
        found.unread.extend(files.picture_of(path));
    }
    found.sort_names();
    Ok(Some(found))
}

fn take(files: &Files, path: &Path, parsed: Parsed, found: &mut Raw) -> Result<(), DataError> {
    let name = files.below(path);
    let called = || parsed.filename.as_deref().and_then(|called| files.picture_called(called, path));
    let Some(picture) = files.picture_of(path).or_else(called) else {
        found.tally.alone(&name);
        return Ok(());
    };
    let mut boxes = Vec::new();
    for object in parsed.objects {
        let class = object.name.filter(|name| !name.is_empty());
        match (class, object.corners) {
            (None, _) => found.tally.fault(Fault::NoClass, &name),
            (_, [None, None, None, None]) => found.tally.fault(Fault::NoCorners, &name),
            (Some(class), corners) => {
                boxes.push((found.class(class)?, corners.map(|corner| corner.unwrap_or(f64::NAN))))
            }
        }
    }
    let nearness = files.nearness(path, picture);
    found.add(Annotated { picture, label: name, nearness, stated: parsed.size, boxes })
}

/// As it says itself how it is encoded.
fn text(bytes: &[u8]) -> String {
    use encoding_rs::{Encoding, UTF_8};
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let stated = head.split_once("?>").and_then(|(head, _)| head.split_once("encoding=")).and_then(|(_, rest)| {
        let quote = rest.chars().next()?;
        rest[quote.len_utf8()..].split_once(quote).map(|(label, _)| label.to_owned())
    });
    let encoding = stated.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
    // What says that it is UTF-16 without its mark has been written anew as UTF-8.
    let encoding = if encoding.output_encoding() == encoding { encoding } else { UTF_8 };
    encoding.decode(bytes).0.into_owned()
}

#[derive(Debug, Default, PartialEq)]
struct Parsed {
    filename: Option<String>,
    /// Width and height; `None` where they aren't said.
    size: Option<[f64; 2]>,
    objects: Vec<Object>,
}

#[derive(Debug, Default, PartialEq)]
struct Object {
    name: Option<String>,
    /// Left, top, right, bottom; what is no number is NaN.
    corners: [Option<f64>; 4],
}

/// `None` for an XML file of another kind. Errors: what is broken.
fn parse(text: &str) -> Result<Option<Parsed>, String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut parsed) = (Vec::<String>::new(), Parsed::default());
    let (mut content, mut size, mut is_begun) = (String::new(), [0.0; 2], false);
    loop {
        let event = reader.read_event().map_err(|error| format!("broken: {error}"))?;
        match event {
            Event::Eof if open.is_empty() && is_begun => break,
            Event::Eof if open.is_empty() => return Err("no XML".into()),
            Event::Eof => return Err("cut short".into()),
            Event::Start(element) => {
                let name = element.local_name();
                if open.is_empty() && name.as_ref() != "annotation" {
                    return Ok(None);
                }
                if open.len() == MAX_DEPTH {
                    return Err("nested too deeply".into());
                }
                open.push(name.as_ref().to_owned());
                is_begun = true;
                content.clear();
                if open[1..] == ["object"] {
                    parsed.objects.push(Object::default());
                    if parsed.objects.len() > MAX_OBJECTS {
                        return Err(format!("more than {MAX_OBJECTS} objects"));
                    }
                }
            }
            Event::Text(part) => content.push_str(&part),
            Event::CData(part) => content.push_str(&part),
            Event::GeneralRef(reference) => {
                let known = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known =
                    known.or_else(|| quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned));
                content.push_str(&known.ok_or("it uses an entity that XML doesn't know")?);
            }
            Event::End(_) => {
                close(open.get(1..).unwrap_or(&[]), content.trim(), &mut parsed, &mut size);
                open.pop();
                content.clear();
            }
            _ => {}
        }
        if content.len() > MAX_TEXT && open.len() > 1 {
            content.clear();
        }
    }
    parsed.size = size.iter().all(|side| *side >= 1.0).then_some(size);
    Ok(Some(parsed))
}

/// What an element holds that ends; `open`: it and those around it, without the outermost.
fn close(open: &[String], content: &str, parsed: &mut Parsed, size: &mut [f64; 2]) {
    let number = || content.parse().unwrap_or(f64::NAN);
    let object = parsed.objects.last_mut();
    match (open, object) {
        ([one], _) if one == "filename" => parsed.filename = Some(content.to_owned()),
        ([one, of], _) if one == "size" && of == "width" => size[0] = number(),
        ([one, of], _) if one == "size" && of == "height" => size[1] = number(),
        ([one, of], Some(object)) if one == "object" && of == "name" => object.name = Some(content.to_owned()),
        ([one, of, corner], Some(object)) if one == "object" && of == "bndbox" => {
            let place = ["xmin", "ymin", "xmax", "ymax"].iter().position(|name| name == corner);
            if let Some(place) = place {
                object.corners[place] = Some(number());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_boxes_of_objects_are_read() {
        let text = r#"<?xml version="1.0"?><annotation><filename>a&amp;b.jpg</filename>
            <size><width>20</width><height>10</height><depth>3</depth></size>
            <object><name><![CDATA[dog]]></name><part><name>head</name><bndbox><xmin>7</xmin></bndbox></part>
            <bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>nan</xmax><ymax>9</ymax></bndbox></object>
            <object><name>r&#233;d</name><polygon/></object></annotation>"#;
        let parsed = parse(text).unwrap().unwrap();
        assert_eq!((parsed.filename.as_deref(), parsed.size), (Some("a&b.jpg"), Some([20.0, 10.0])));
        let [dog, red] = &parsed.objects[..] else { panic!("{parsed:?}") };
        assert_eq!((dog.name.as_deref(), &dog.corners[..2]), (Some("dog"), &[Some(1.0), Some(2.5)][..]));
        assert!(dog.corners[2].unwrap().is_nan() && dog.corners[3] == Some(9.0));
        assert_eq!((red.name.as_deref(), red.corners), (Some("réd"), [None; 4]));
    }

    #[test]
    fn other_and_broken_xml_is_told_apart() {
        assert_eq!(parse("<annotations><image/></annotations>"), Ok(None));
        assert_eq!((parse(""), parse("hello")), (Err("no XML".into()), Err("no XML".into())));
        let why = |text: &str| parse(text).unwrap_err();
        assert_eq!(why("<annotation><object>"), "cut short");
        assert!(why("<annotation></object></annotation>").starts_with("broken: "));
        assert_eq!(why(&format!("<annotation>{}", "<a>".repeat(1000))), "nested too deeply");
        let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><annotation><filename>&lol2;\
                      </filename></annotation>";
        assert_eq!(why(laughs), "it uses an entity that XML doesn't know");
    }

    #[test]
    fn a_file_is_decoded_as_it_says() {
        let head = b"<?xml version='1.0' encoding='GB2312'?><annotation><filename>".to_vec();
        let bytes = [head, vec![0xd6, 0xd0], b".jpg</filename></annotation>".to_vec()].concat();
        assert_eq!(parse(&text(&bytes)).unwrap().unwrap().filename.as_deref(), Some("中.jpg"));
        let wide: Vec<u8> = "\u{feff}<annotation/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(parse(&text(&wide)).unwrap().is_some());
        assert!(text(b"<?xml encoding='utf-16'?><annotation/>").ends_with("<annotation/>"));
    }
}
