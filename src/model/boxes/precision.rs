//! How right found boxes are: average precision as the COCO benchmark defines it, number for number as `pycocotools`
//! computes it (all areas, no crowds), and which boxes of a picture are right.

use super::{Found, Thing, by_score, descending};

/// Overlaps at which a found box counts as right: 0.5, 0.55 ... 0.95.
const OVERLAPS: usize = 10;
/// Shares of the things at which precision is read: 0, 0.01 ... 1.
const RECALLS: usize = 101;
/// Found boxes that count for each class of a picture: the most certain.
const MOST: usize = 100;

/// The `place`th of `count` numbers from one to another, to the last bit as NumPy's `linspace`.
fn evenly(from: f64, to: f64, count: usize, place: usize) -> f64 {
    if place + 1 == count { to } else { from + place as f64 * ((to - from) / (count - 1) as f64) }
}

fn overlap(place: usize) -> f64 {
    evenly(0.5, 0.95, OVERLAPS, place)
}

/// Collects picture by picture, and then says the precision. Their order decides between equal scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Precision {
    classes: Vec<Class>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Class {
    things: usize,
    /// Score of each found box, and a bit for each overlap at which it is right.
    found: Vec<(f32, u16)>,
}

/// Of one class; `None` in everything that is not known where there is nothing of the class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassPrecision {
    /// How many things of the class there are.
    pub things: usize,
    /// How many boxes were found, right or wrong.
    pub found: usize,
    /// Average precision at an overlap of 0.5, 0 to 1.
    pub ap50: Option<f64>,
    /// The mean of average precision at overlaps of 0.5, 0.55 ... 0.95.
    pub ap: Option<f64>,
    /// Recall 0, 0.01 ... 1, the best precision at that recall or a higher one (overlap 0.5), and the score down to
    /// which boxes are taken for it; precision and score are 0 where so many things aren't found. Empty if unknown.
    pub curve: Vec<[f64; 3]>,
}

/// What became of a found box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is the thing of this index.
    Right(usize),
    /// Nothing of its class is there, or a more certain box has found it.
    Wrong,
    /// Its score is too low to be shown.
    Hidden,
}

/// What is right and wrong in one picture, at an overlap of 0.5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Of each found box, in the order given.
    pub found: Vec<Judged>,
    /// Indices of the things that no box found.
    pub missed: Vec<usize>,
}

impl Precision {
    /// Of so many classes. Boxes of others are left out.
    pub fn new(classes: usize) -> Self {
        Self { classes: vec![Class::default(); classes] }
    }

    /// One more picture: what is there, and what was found, whatever its score.
    pub fn add(&mut self, things: &[Thing], found: &[Found]) {
        let order = by_score(found);
        for (number, class) in self.classes.iter_mut().enumerate() {
            class.things += things.iter().filter(|thing| thing.class == number).count();
            let own = own(number, found, &order);
            let from = class.found.len();
            class.found.extend(own.iter().map(|&at| (found[at].score, 0)));
            for place in 0..OVERLAPS {
                let matches = matches(things, found, &own, overlap(place));
                let entries = class.found[from..].iter_mut().zip(matches);
                entries.for_each(|((_, bits), matched)| *bits |= u16::from(matched.is_some()) << place);
            }
        }
    }

    /// Class by class.
    pub fn of_classes(&self) -> Vec<ClassPrecision> {
        self.classes.iter().map(Class::precision).collect()
    }

    /// The mean of [`ClassPrecision::ap50`] over the classes of which there is something; `None` if there is nothing.
    pub fn map50(&self) -> Option<f64> {
        mean(self.of_classes().into_iter().filter_map(|class| class.ap50))
    }

    /// The mean of [`ClassPrecision::ap`].
    pub fn map(&self) -> Option<f64> {
        mean(self.of_classes().into_iter().filter_map(|class| class.ap))
    }
}

impl Class {
    fn precision(&self) -> ClassPrecision {
        let mut result = ClassPrecision { things: self.things, found: self.found.len(), ..ClassPrecision::default() };
        if self.things == 0 {
            return result;
        }
        let mut sorted = self.found.clone();
        sorted.sort_by(|(a, _), (b, _)| descending(*a, *b));
        let curves: Vec<Vec<[f64; 3]>> = (0..OVERLAPS).map(|place| curve(&sorted, place, self.things)).collect();
        let averages: Vec<Option<f64>> =
            curves.iter().map(|curve| mean(curve.iter().map(|[_, precision, _]| *precision))).collect();
        result.ap50 = averages.first().copied().flatten();
        result.ap = mean(averages.into_iter().flatten());
        result.curve = curves.into_iter().next().unwrap_or_default();
        result
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0usize);
    values.for_each(|value| (sum, count) = (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// At one overlap, of boxes that are sorted.
fn curve(sorted: &[(f32, u16)], place: usize, things: usize) -> Vec<[f64; 3]> {
    let mut right = 0usize;
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(sorted.len());
    for (at, (_, bits)) in sorted.iter().enumerate() {
        right += usize::from(bits >> place & 1 == 1);
        points.push((right as f64 / things as f64, right as f64 / (at as f64 + 1.0 + f64::EPSILON)));
    }
    for at in (1..points.len()).rev() {
        points[at - 1].1 = points[at - 1].1.max(points[at].1);
    }
    let read = |place| {
        let recall = evenly(0.0, 1.0, RECALLS, place);
        let at = points.partition_point(|(reached, _)| *reached < recall);
        points.get(at).map_or([recall, 0.0, 0.0], |(_, precision)| [recall, *precision, f64::from(sorted[at].0)])
    };
    (0..RECALLS).map(read).collect()
}

/// The found boxes of a class that count, in their order.
fn own(class: usize, found: &[Found], order: &[usize]) -> Vec<usize> {
    order.iter().copied().filter(|&at| found[at].class == class).take(MOST).collect()
}

/// Which thing each of `own` is: of those that are left the one it overlaps most (the last of equals), if by so much.
fn matches(things: &[Thing], found: &[Found], own: &[usize], overlap: f64) -> Vec<Option<usize>> {
    let mut is_taken = vec![false; things.len()];
    let mut best = |at: &usize| {
        let found = found[*at];
        let (mut best, mut most) = (None, overlap.min(1.0 - 1e-10));
        for (number, thing) in things.iter().enumerate() {
            if thing.class != found.class || is_taken[number] {
                continue;
            }
            let iou = found.extent.iou(thing.extent);
            if iou >= most {
                (best, most) = (Some(number), iou);
            }
        }
        if let Some(number) = best {
            is_taken[number] = true;
        }
        best
    };
    own.iter().map(&mut best).collect()
}

impl Verdict {
    /// Boxes of a lower score than `shown_from` are not there.
    pub fn of(things: &[Thing], found: &[Found], shown_from: f32) -> Self {
        let mut judged: Vec<Judged> =
            found.iter().map(|found| if found.score >= shown_from { Judged::Wrong } else { Judged::Hidden }).collect();
        let mut order = by_score(found);
        order.retain(|&at| found[at].score >= shown_from);
        let mut is_found = vec![false; things.len()];
        let mut classes: Vec<usize> = order.iter().map(|&at| found[at].class).collect();
        classes.sort_unstable();
        classes.dedup();
        for class in classes {
            let own = own(class, found, &order);
            for (at, matched) in own.iter().zip(matches(things, found, &own, overlap(0))) {
                if let Some(number) = matched {
                    judged[*at] = Judged::Right(number);
                    is_found[number] = true;
                }
            }
        }
        let missed = (0..things.len()).filter(|&number| !is_found[number]).collect();
        Self { found: judged, missed }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::Extent;
    use super::*;

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    }

    fn extent(sides: &[f64]) -> Extent {
        let [left, top, right, bottom] = [0, 1, 2, 3].map(|side| sides[side] as f32);
        Extent { left, top, right, bottom }
    }

    fn picture(value: &Value) -> (Vec<Thing>, Vec<Found>) {
        let rows = |name: &str| value[name].as_array().unwrap().iter().map(numbers).collect::<Vec<_>>();
        let thing = |row: Vec<f64>| Thing { class: row[0] as usize, extent: extent(&row[1..]) };
        let found = |row: Vec<f64>| Found { class: row[0] as usize, score: row[1] as f32, extent: extent(&row[2..]) };
        (rows("things").into_iter().map(thing).collect(), rows("found").into_iter().map(found).collect())
    }

    fn cases() -> Vec<Value> {
        let recorded: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/average_precision.json")).unwrap();
        recorded["cases"].as_array().unwrap().clone()
    }

    fn near(ours: Option<f64>, theirs: &Value, what: &str) {
        let (ours, theirs) = (ours.unwrap(), theirs.as_f64().unwrap());
        assert!((ours - theirs).abs() < 1e-12, "{what}: {ours}, not {theirs}");
    }

    #[test]
    fn precision_is_that_of_pycocotools() {
        let cases = cases();
        assert!(cases.len() >= 6);
        for (number, case) in cases.iter().enumerate() {
            let classes = case["of_classes"].as_array().unwrap();
            let mut precision = Precision::new(classes.len());
            for (things, found) in case["pictures"].as_array().unwrap().iter().map(picture) {
                precision.add(&things, &found);
            }
            near(precision.map50(), &case["map50"], &format!("case {number}, map50"));
            near(precision.map(), &case["map"], &format!("case {number}, map"));
            for (class, (ours, theirs)) in precision.of_classes().iter().zip(classes).enumerate() {
                let what = format!("case {number}, class {class}");
                if theirs.is_null() {
                    assert_eq!((ours.ap, ours.ap50, ours.things, ours.curve.len()), (None, None, 0, 0), "{what}");
                    continue;
                }
                near(ours.ap50, &theirs["ap50"], &what);
                near(ours.ap, &theirs["ap"], &what);
                let curves = numbers(&theirs["precision"]).into_iter().zip(numbers(&theirs["scores"]));
                assert_eq!(ours.curve.len(), RECALLS);
                for ([_, precision, score], (their_precision, their_score)) in ours.curve.iter().zip(curves) {
                    assert!((precision - their_precision).abs() < 1e-12, "{what}: {precision}, not {their_precision}");
                    assert_eq!(*score, their_score, "{what}");
                }
            }
        }
    }

    #[test]
    fn what_is_right_in_a_picture_is_what_pycocotools_says() {
        let (mut right, mut wrong, mut hidden, mut missed) = (0, 0, 0, 0);
        for case in cases() {
            let shown_from = case["shown_from"].as_f64().unwrap() as f32;
            let pictures = case["pictures"].as_array().unwrap().iter().map(picture);
            for ((things, found), matches) in pictures.zip(case["matches"].as_array().unwrap()) {
                let verdict = Verdict::of(&things, &found, shown_from);
                let theirs = matches.as_array().unwrap();
                assert_eq!(verdict.found.len(), theirs.len());
                let mut is_found = vec![false; things.len()];
                for (ours, theirs) in verdict.found.iter().zip(theirs) {
                    let expected = match theirs.as_i64() {
                        None => Judged::Hidden,
                        Some(-1) => Judged::Wrong,
                        Some(thing) => Judged::Right(thing as usize),
                    };
                    assert_eq!(*ours, expected);
                    match ours {
                        Judged::Right(thing) => is_found[*thing] = true,
                        Judged::Wrong => wrong += 1,
                        Judged::Hidden => hidden += 1,
                    }
                }
                right += is_found.iter().filter(|found| **found).count();
                let others: Vec<usize> = (0..things.len()).filter(|&thing| !is_found[thing]).collect();
                missed += others.len();
                assert_eq!(verdict.missed, others);
            }
        }
        assert!([right, wrong, hidden, missed].iter().all(|&count| count > 20), "{right} {wrong} {hidden} {missed}");
    }

    #[test]
    fn nothing_there_and_nothing_found_is_no_precision() {
        let mut precision = Precision::new(2);
        assert_eq!((precision.map50(), precision.map()), (None, None));
        precision.add(&[], &[Found { class: 0, score: 0.9, extent: Extent::default() }]);
        assert_eq!((precision.map50(), precision.of_classes()[0].found), (None, 1));
        let thing = Thing { class: 1, extent: Extent { left: 0.0, top: 0.0, right: 0.5, bottom: 0.5 } };
        precision.add(&[thing], &[]);
        assert_eq!((precision.map50(), precision.map()), (Some(0.0), Some(0.0)));
        // A class that there is not, and a score that is no number.
        let found = |class, score| Found { class, score, extent: thing.extent };
        precision.add(&[thing], &[found(7, 0.9), found(1, f32::NAN), found(1, 0.5)]);
        assert_eq!(precision.of_classes()[1].found, 1);
        assert!((precision.map50().unwrap() - 51.0 / 101.0).abs() < 1e-12);
    }
}
