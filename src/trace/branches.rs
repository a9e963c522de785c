//! All ways that a run has gone since it was forked: which there are, and which one is looked at.

use serde::{Deserialize, Serialize};

use super::{Branch, Moment};

/// Names and beginnings; what each of them is lies with whoever runs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branches {
    known: Vec<Branch>,
    current: u32,
    /// How many there ever were besides the first: no number is given twice.
    numbered: u32,
}

impl Default for Branches {
    /// Only one yet.
    fn default() -> Self {
        Self { known: vec![Branch::main()], current: 0, numbered: 0 }
    }
}

impl Branches {
    pub fn current(&self) -> u32 {
        self.current
    }

    pub fn all(&self) -> &[Branch] {
        &self.known
    }

    pub fn get(&self, id: u32) -> Option<&Branch> {
        self.known.iter().find(|known| known.id == id)
    }

    fn get_mut(&mut self, id: u32) -> Option<&mut Branch> {
        self.known.iter_mut().find(|known| known.id == id)
    }

    /// By its name, as it is told.
    pub fn named(&self, name: &str) -> Option<&Branch> {
        self.known.iter().find(|known| known.title() == name)
    }

    /// All there are by their names, the current one at a step.
    pub fn told(&self, here: u64) -> Vec<Branch> {
        let told = |known: &Branch| Branch {
            name: known.title(),
            step: if known.id == self.current { here } else { known.step },
            ..known.clone()
        };
        self.known.iter().map(told).collect()
    }

    pub fn rename(&mut self, id: u32, name: String) {
        if let Some(known) = self.get_mut(id) {
            known.name = name;
        }
    }

    /// A fork that nobody named is called by the first change made in it.
    pub fn name_by(&mut self, change: &str, step: u64) {
        let current = self.current;
        if let Some(known) = self.get_mut(current).filter(|known| known.name.is_empty()) {
            known.name = format!("{change} from {step}");
        }
    }

    /// The current branch rests here, and a new one that begins here is looked at. Returns the one that rests.
    pub fn fork(&mut self, name: String, here: Moment) -> u32 {
        let from = self.current;
        self.stands(here.step);
        self.numbered += 1;
        self.current = self.numbered;
        let Moment { step, instruction: from_instruction } = here;
        self.known.push(Branch { id: self.current, name, parent: Some(from), from: step, from_instruction, step });
        from
    }

    /// The current branch rests after a step, and another is looked at; whether there is one with this number.
    pub fn switch(&mut self, id: u32, here: u64) -> bool {
        let is_there = self.get(id).is_some();
        if is_there {
            self.stands(here);
            self.current = id;
        }
        is_there
    }

    /// Of what a file says: the current one stands after this step, and of the others there are those with these numbers. Whatever
    /// else it says, there is a current one.
    pub fn only(mut self, is_there: impl Fn(u32) -> bool) -> Self {
        self.numbered = self.known.iter().map(|known| known.id).fold(self.numbered, u32::max);
        if self.get(self.current).is_none() {
            self.known.push(Branch { id: self.current, ..Branch::main() });
        }
        let gone: Vec<_> = self.known.iter().map(|known| known.id).filter(|&id| !is_there(id)).collect();
        for id in gone {
            // The current one stays.
            let _ = self.forget(id);
        }
        self
    }

    /// The current branch stands after this step.
    pub fn stands(&mut self, step: u64) {
        let current = self.current;
        if let Some(known) = self.get_mut(current) {
            known.step = step;
        }
    }

    /// Where one finds oneself when a branch is deleted: on the one that it left, or on the first of the others.
    pub fn after(&self, id: u32) -> Option<u32> {
        let parent = self.get(id).and_then(|known| known.parent);
        parent.or(self.known.iter().map(|known| known.id).find(|&other| other != id))
    }

    /// Drops a branch that is not looked at. What was forked from it counts as forked from where it was forked itself, where that
    /// one went further.
    pub fn forget(&mut self, id: u32) -> Option<Branch> {
        let at = self.known.iter().position(|known| known.id == id && id != self.current)?;
        let gone = self.known.remove(at);
        for child in self.known.iter_mut().filter(|known| known.parent == Some(id)) {
            child.parent = gone.parent;
            let begun = (gone.from, gone.from_instruction);
            (child.from, child.from_instruction) = (child.from, child.from_instruction).min(begun);
        }
        Some(gone)
    }
}

impl Branch {
    /// The first one.
    fn main() -> Self {
        Self { id: 0, name: "main".into(), parent: None, from: 0, from_instruction: 0, step: 0 }
    }

    pub fn beginning(&self) -> Moment {
        Moment { step: self.from, instruction: self.from_instruction }
    }

    /// One that has no name of its own yet is called by its beginning.
    pub fn title(&self) -> String {
        if self.name.is_empty() { format!("fork at {}", self.from) } else { self.name.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_goes_leaves_its_children_to_the_one_that_it_left() {
        let mut branches = Branches::default();
        let at = |step: u64| Moment { step, instruction: 0 };
        branches.fork(String::new(), at(5));
        branches.fork("grandchild".into(), Moment { step: 9, instruction: 2 });
        assert_eq!((branches.current(), branches.forget(2)), (2, None), "nobody saws off the branch that they sit on");
        assert_eq!(branches.forget(1).map(|gone| gone.title()).as_deref(), Some("fork at 5"));
        let child = branches.get(2).unwrap();
        assert_eq!((child.parent, child.from, child.from_instruction), (Some(0), 5, 0));
        assert!(branches.switch(0, 12) && !branches.switch(7, 0));
        assert_eq!(branches.get(2).map(|known| known.step), Some(12));
        assert_eq!((branches.after(2), branches.after(0), branches.fork("x".into(), at(1))), (Some(0), Some(2), 0));
        assert_eq!((branches.current(), branches.named("x").map(|known| known.id)), (3, Some(3)), "no number twice");
        branches.rename(3, String::new());
        branches.name_by("lr 0.1 → 0.2", 4);
        assert_eq!(
            branches.told(8).last().map(|told| (told.name.clone(), told.step)),
            Some(("lr 0.1 → 0.2 from 4".into(), 8))
        );
    }
}
