use super::*;
use crate::data::{NoProgress, load};
use crate::model::Source;
use std::path::Path;

fn make(kind: SyntheticKind, change: impl Fn(&mut SyntheticSpec)) -> Dataset {
    let mut settings = SyntheticSpec { kind, ..SyntheticSpec::default() };
    change(&mut settings);
    let spec =
        DataSpec { source: Source::Synthetic(settings.clone()), validation: 0.2, seed: 11, ..DataSpec::default() };
    generate(&settings, &spec).unwrap()
}

/// Raw points of both parts with their targets.
fn points(set: &Dataset) -> Vec<([f32; 2], f32)> {
    let plane = set.plane.as_ref().unwrap();
    [(&plane.train_points, &set.train), (&plane.validation_points, &set.validation)]
        .into_iter()
        .flat_map(|(points, part)| points.chunks(2).zip(part.targets().iter()).map(|(p, &t)| ([p[0], p[1]], t)))
        .collect()
}

#[test]
fn every_family_has_the_counts_and_shapes_it_was_asked_for() {
    for kind in SyntheticKind::ALL {
        let set = make(kind, |s| s.samples = 251);
        assert_eq!((set.train.len(), set.validation.len()), (201, 50), "{kind:?}");
        assert_eq!(set.input_len(), kind.raw_dimensions());
        assert_eq!(set.input_names.len(), set.input_len());
        assert_eq!(set.plane.is_some(), kind.raw_dimensions() == 2);
        assert!(set.train.inputs().iter().chain(set.train.targets().iter()).all(|v| v.is_finite()));
        assert_eq!(set.train.inputs().len(), 201 * set.input_len());
        assert_eq!(set.classes().is_none(), kind.is_regression());
        for part in [&set.train, &set.validation] {
            assert!(set.class_counts(part).iter().all(|&n| n > 0), "{kind:?} lacks a class");
        }
        assert_eq!(set, make(kind, |s| s.samples = 251), "{kind:?} is not reproducible");
    }
}

/// FNV-1a over the bits of all samples.
fn hash(set: &Dataset) -> u64 {
    let parts = [&set.train, &set.validation];
    let numbers = parts.iter().flat_map(|part| part.inputs().iter().chain(part.targets().iter()));
    let bytes = numbers.flat_map(|v| v.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Projects hold no samples: what a seed drew, it must draw for ever. A new family is recorded here, and no old one
/// changed.
#[test]
fn generated_data_are_the_same_for_ever() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/generated_data.json");
    let recorded: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let of = |kind: SyntheticKind| {
        let found = hash(&make(kind, |s| (s.samples, s.noise) = (60, 0.1)));
        (serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned(), format!("{found:#018x}"))
    };
    assert_eq!(SyntheticKind::ALL.into_iter().map(of).collect::<std::collections::BTreeMap<_, _>>(), recorded);
    let streams: std::collections::BTreeSet<_> = SyntheticKind::ALL.into_iter().map(stream).collect();
    assert_eq!(streams.len(), SyntheticKind::ALL.len(), "two families share a stream");
}

#[test]
fn the_seed_changes_the_points() {
    let settings = SyntheticSpec { kind: SyntheticKind::Xor, ..SyntheticSpec::default() };
    let with = |seed| {
        let spec =
            DataSpec { source: Source::Synthetic(settings.clone()), validation: 0.2, seed, ..DataSpec::default() };
        generate(&settings, &spec).unwrap().train.inputs().to_vec()
    };
    assert_ne!(with(1), with(2));
}

#[test]
fn labels_without_noise_follow_the_recipe() {
    for ([x, y], class) in points(&make(SyntheticKind::Xor, |_| ())) {
        assert_eq!(class == 0.0, x * y >= 0.0);
        assert!(x.abs() >= 0.3 && x.abs() <= 5.3, "padding: {x}");
    }
    for ([x, y], class) in points(&make(SyntheticKind::Circle, |_| ())) {
        let r = x.hypot(y);
        assert!(if class == 0.0 { r <= 2.5 } else { (3.49..=5.01).contains(&r) }, "{class} at {r}");
    }
    for ([x, y], class) in points(&make(SyntheticKind::Spiral, |_| ())) {
        let r = x.hypot(y);
        let angle = 1.75 * (r / 5.0) * std::f32::consts::TAU + class * std::f32::consts::PI;
        assert!((x - r * angle.sin()).abs() < 1e-3 && (y - r * angle.cos()).abs() < 1e-3);
    }
    for ([x, y], z) in points(&make(SyntheticKind::Plane, |_| ())) {
        assert!((z - (x + y) / 10.0).abs() < 1e-6);
    }
    for ([x, y], z) in points(&make(SyntheticKind::GaussSurface, |_| ())) {
        assert!(z.abs() <= 1.0);
        if z > 0.9 {
            let near =
                [(-4.0, 2.5), (4.0, 2.5), (0.0, -2.5)].iter().any(|&(a, b): &(f32, f32)| (x - a).hypot(y - b) < 0.2);
            assert!(near, "a hill at {x}, {y}");
        }
    }
}

#[test]
fn noise_mislabels_or_moves() {
    let wrong = points(&make(SyntheticKind::Xor, |s| s.noise = 0.5))
        .iter()
        .filter(|([x, y], class)| (*class == 0.0) != (x * y >= 0.0))
        .count();
    assert!((40..250).contains(&wrong), "{wrong} of 500 mislabelled");
    let spread = |noise| {
        let set = make(SyntheticKind::Gauss, |s| s.noise = noise);
        let squares: f32 =
            points(&set).iter().map(|([x, _], class)| (x - if *class == 0.0 { 2.0 } else { -2.0 }).powi(2)).sum();
        squares / 500.0
    };
    assert!((spread(0.0) - 0.5).abs() < 0.15 && (spread(0.5) - 4.0).abs() < 0.9);
}

#[test]
fn blobs_and_rings_make_as_many_classes_as_asked() {
    for kind in [SyntheticKind::Blobs, SyntheticKind::Rings] {
        for classes in [2, 5, 10] {
            let set = make(kind, |s| s.classes = classes);
            assert_eq!(set.classes().unwrap().len(), classes);
            assert!(set.class_counts(&set.train).iter().all(|&n| n > 20));
        }
    }
}

#[test]
fn features_are_functions_of_the_raw_point() {
    let set = make(SyntheticKind::Circle, |s| s.features = vec![Feature::XSquared, Feature::SinY, Feature::XSquared]);
    assert_eq!(set.input_names, ["x²", "sin y"]);
    let plane = set.plane.as_ref().unwrap();
    let (point, input) = (&plane.train_points[..2], &set.train.inputs()[..2]);
    assert_eq!(input, [point[0] * point[0], point[1].sin()]);
    assert_eq!(plane.input(point[0], point[1]).collect::<Vec<_>>(), input);
    assert_eq!(make(SyntheticKind::Circle, |s| s.features.clear()).input_names, ["x", "y"]);
    assert_eq!(make(SyntheticKind::Sine, |s| s.features = vec![Feature::YSquared]).input_names, ["x"]);
}

#[test]
fn settings_out_of_range_are_refused_in_words() {
    let refuse = |change: fn(&mut SyntheticSpec)| {
        let mut settings = SyntheticSpec { kind: SyntheticKind::Blobs, ..SyntheticSpec::default() };
        change(&mut settings);
        let spec = DataSpec { source: Source::Synthetic(settings), ..DataSpec::default() };
        load(&spec, Path::new(""), &NoProgress).unwrap_err().message
    };
    assert!(refuse(|s| s.samples = 9).contains("between 10 and 100,000"));
    assert!(refuse(|s| s.samples = 100_001).contains("100,001"));
    assert!(refuse(|s| s.noise = f64::NAN).contains("noise"));
    assert!(refuse(|s| s.classes = 1).contains("between 2 and 10"));
}

#[test]
fn points_put_by_hand_are_the_samples() {
    let point = |x, y, class| OwnPoint { x, y, class };
    let points =
        vec![point(1.0, 2.0, 0), point(-1.5, 0.25, 1), point(0.0, 0.0, 0), point(3.0, -3.0, 1), point(5.0, 5.0, 1)];
    let settings = SyntheticSpec { features: vec![Feature::X, Feature::XSquared], points, ..SyntheticSpec::default() };
    let spec = |settings: &SyntheticSpec| DataSpec {
        source: crate::model::Source::Synthetic(settings.clone()),
        ..DataSpec::default()
    };
    let load = |settings: &SyntheticSpec| {
        crate::data::load(&spec(settings), std::path::Path::new(""), &crate::data::NoProgress)
    };
    let set = load(&settings).unwrap();
    assert_eq!((set.name.as_str(), set.train.len(), set.validation.len()), ("Own points", 4, 1));
    let plane = set.plane.as_ref().unwrap();
    let all: Vec<f32> = plane.train_points.iter().chain(plane.validation_points.iter()).copied().collect();
    assert!(settings.points.iter().all(|p| all.chunks(2).any(|at| at == [p.x, p.y])));
    assert_eq!(set.train.inputs()[1], set.train.inputs()[0] * set.train.inputs()[0]);
    assert_eq!(crate::data::points_of(&spec(&settings)), Some(settings.points.clone()));
    // A project keeps them to the bit.
    let text = serde_json::to_string(&spec(&settings)).unwrap();
    assert!(text.contains("[-1.5,0.25,1]"), "{text}");
    assert_eq!(serde_json::from_str::<DataSpec>(&text).unwrap(), spec(&settings));
    // Generated ones become such.
    let generated = spec(&SyntheticSpec { samples: 50, ..SyntheticSpec::default() });
    assert_eq!(crate::data::points_of(&generated).map(|points| points.len()), Some(50));
    for (points, words) in [
        (vec![point(1.0, 1.0, 0); 4], "points of two classes"),
        (settings.points[..3].to_vec(), "at least 4 points"),
        (vec![point(7.0, 1.0, 0); 4], "outside the plane"),
        (vec![point(f32::NAN, 1.0, 0); 4], "outside the plane"),
        (vec![point(1.0, 1.0, 2); 4], "has the class 2, but the last is 1"),
    ] {
        let text = load(&SyntheticSpec { points, ..settings.clone() }).unwrap_err().message;
        assert!(text.contains(words), "{words}: {text}");
    }
}
