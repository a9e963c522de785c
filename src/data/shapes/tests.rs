use std::path::Path;

use super::*;
use crate::data::{self, NoProgress};
use crate::model::{Source, Task};

fn load(settings: ShapesSpec, seed: u64) -> Dataset {
    let spec = DataSpec { source: Source::Shapes(settings), validation: 0.25, seed, ..DataSpec::default() };
    data::load(&spec, Path::new(""), &NoProgress).unwrap()
}

#[test]
fn shapes_come_in_equal_numbers_and_in_colour() {
    let set = load(ShapesSpec { samples: 240, size: 24, noise: 0.0 }, 1);
    assert_eq!((set.truth.task, set.input_shape.as_slice()), (Task::Classes(6), [3, 24, 24].as_slice()));
    assert_eq!((set.train.len(), set.validation.len()), (180, 60));
    let counts = [set.class_counts(&set.train), set.class_counts(&set.validation)];
    assert_eq!((0..6).map(|class| counts[0][class] + counts[1][class]).collect::<Vec<_>>(), [40; 6]);
    let input = set.train.input(0).unwrap();
    let planes: Vec<&[f32]> = input.chunks(24 * 24).collect();
    assert!(planes[0] != planes[1] && planes[1] != planes[2]);
}

#[test]
fn scenes_have_their_things_as_targets() {
    let settings = ScenesSpec { samples: 120, size: 32, most: 3, noise: 0.05 };
    let spec = DataSpec { source: Source::Scenes(settings), ..DataSpec::default() };
    let set = data::load(&spec, Path::new(""), &NoProgress).unwrap();
    assert_eq!((set.truth.task, set.target_len()), (Task::Boxes { most: 3, classes: 6 }, 15));
    assert_eq!((set.train.len(), set.validation.len(), set.truth.names.len()), (96, 24, 6));
    let counts: Vec<usize> =
        (0..96).map(|row| crate::model::boxes::things(&set.train.target(row).unwrap()).len()).collect();
    assert!((1..=3).all(|count| counts.iter().filter(|of| **of == count).count() > 15), "{counts:?}");
}

#[test]
fn a_picture_depends_on_seed_and_number_alone() {
    let few = load(ShapesSpec { samples: 120, size: 16, noise: 0.1 }, 4);
    let again = load(ShapesSpec { samples: 120, size: 16, noise: 0.1 }, 4);
    let pixels = |set: &Dataset| set.train.whole().unwrap().inputs.into_owned();
    assert_eq!(pixels(&few), pixels(&again));
    assert_ne!(pixels(&few), pixels(&load(ShapesSpec { samples: 120, size: 16, noise: 0.1 }, 5)));
}

#[test]
fn so_many_pictures_that_they_do_not_fit_in_memory_are_refused() {
    let spec = |samples, size| DataSpec {
        source: Source::Shapes(ShapesSpec { samples, size, ..ShapesSpec::default() }),
        ..DataSpec::default()
    };
    assert!(spec(60_000, 32).problems().is_empty());
    let problems = spec(60_000, 256).problems();
    assert_eq!(problems, ["60,000 pictures of 256 × 256 don't fit in memory. Choose fewer, or smaller ones."]);
}
