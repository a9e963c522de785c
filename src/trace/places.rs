//! Places in the run worth coming back to: those with a name, and the trail of those that somebody came from.

use serde::{Deserialize, Serialize};

use super::Moment;

/// A moment on one of the branches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Id of the branch.
    pub branch: u32,
    /// Step and instruction.
    pub moment: Moment,
}

/// A place with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// Name of the bookmark.
    pub name: String,
    /// Where it leads.
    #[serde(flatten)]
    pub place: Place,
}

impl Moment {
    /// "step 57"; "step 58, instruction 4" for what comes next inside a step.
    pub fn title(self) -> String {
        match self {
            Self { step: 0, instruction: 0 } => "the start".to_owned(),
            Self { step, instruction: 0 } => format!("step {step}"),
            Self { step, instruction } => format!("step {}, instruction {}", step + 1, instruction + 1),
        }
    }
}

impl Bookmark {
    /// A name that none has, made of the moment.
    pub fn free_name(all: &[Self], moment: Moment) -> String {
        let is_free = |name: &String| all.iter().all(|bookmark| bookmark.name != *name);
        let title = moment.title();
        let mut names = std::iter::once(title.clone()).chain((2..).map(|n| format!("{title} ({n})")));
        names.find(is_free).unwrap_or(title)
    }
}

/// Places that were left for others far away, the latest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    places: Vec<Place>,
}

const LONGEST: usize = 100;

impl Trail {
    /// Somebody went far from here.
    pub fn leave(&mut self, here: Place) {
        if self.places.last() != Some(&here) {
            self.places.push(here);
            let surplus = self.places.len().saturating_sub(LONGEST);
            self.places.drain(..surplus);
        }
    }

    /// Where one was before `here`; places that `exists` denies are passed over.
    pub fn before(&self, here: Place, exists: impl Fn(Place) -> bool) -> Option<Place> {
        self.places.iter().rev().copied().find(|&place| place != here && exists(place))
    }

    /// As [`Self::before`], and that place is left behind.
    pub fn back(&mut self, here: Place, exists: impl Fn(Place) -> bool) -> Option<Place> {
        let found = self.before(here, exists)?;
        let at = self.places.iter().rposition(|&place| place == found)?;
        self.places.truncate(at);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(branch: u32, step: u64) -> Place {
        Place { branch, moment: Moment { step, instruction: 0 } }
    }

    #[test]
    fn one_comes_back_by_the_way_one_went() {
        let mut trail = Trail::default();
        let any = |_| true;
        assert_eq!(trail.back(at(0, 1), any), None);
        for step in [3, 20, 20, 7] {
            trail.leave(at(0, step));
        }
        trail.leave(at(1, 9));
        assert_eq!(trail.before(at(0, 9), |place| place.branch == 0), Some(at(0, 7)), "that branch is gone");
        assert_eq!(trail.back(at(1, 9), any), Some(at(0, 7)), "not to where one stands");
        assert_eq!([trail.back(at(0, 7), any), trail.back(at(0, 20), any)], [Some(at(0, 20)), Some(at(0, 3))]);
        assert_eq!(trail.back(at(0, 3), any), None);
        (0..300).for_each(|step| trail.leave(at(0, step)));
        assert_eq!(trail.places.len(), LONGEST);
    }

    #[test]
    fn a_bookmark_has_a_name_of_its_own_and_is_kept() {
        let moment = Moment { step: 57, instruction: 3 };
        let name = Bookmark::free_name(&[], moment);
        assert_eq!(name, "step 58, instruction 4");
        let bookmark = Bookmark { name, place: Place { branch: 1, moment } };
        assert_eq!(Bookmark::free_name(std::slice::from_ref(&bookmark), moment), "step 58, instruction 4 (2)");
        let text = serde_json::to_string(&bookmark).unwrap();
        assert_eq!(serde_json::from_str::<Bookmark>(&text).unwrap(), bookmark);
        assert_eq!(Moment { step: 57, instruction: 0 }.title(), "step 57");
    }
}
