//! All ways that a run has gone since it was forked: which there are, and which one is looked at.

use serde::{Deserialize, Serialize};

use super::marks::is_one_drag;
use super::{Branch, Moment};

/// So many branches that began with a change of the past are kept beside the one that is looked at.
pub const MOST_BY_CHANGE: usize = 8;

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
    /// The id of the branch that trains.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Every branch, oldest first.
    pub fn all(&self) -> &[Branch] {
        &self.known
    }

    /// A branch by its id.
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

    /// Gives a branch another name; a named branch is never dropped by itself.
    pub fn rename(&mut self, id: u32, name: String) {
        if let Some(known) = self.get_mut(id) {
            (known.name, known.by_change) = (name, false);
        }
    }

    /// A fork that nobody named is called by the first change made in it, and by the whole of it where that is dragged.
    pub fn name_by(&mut self, change: &str, step: u64) {
        if change.is_empty() {
            return;
        }
        let (current, end) = (self.current, format!(" from {step}"));
        let another = format!("{end} (");
        let bare =
            |name: &str| name.strip_suffix(&end).or(name.split_once(&another).map(|(bare, _)| bare)).map(str::to_owned);
        let is_its_own = |name: &str| name.is_empty() || bare(name).is_some_and(|bare| is_one_drag(&bare, change));
        if self.get(current).is_some_and(|known| is_its_own(&known.name)) {
            let name = self.free(format!("{change}{end}"));
            self.known.iter_mut().filter(|known| known.id == current).for_each(|known| known.name.clone_from(&name));
        }
    }

    /// A name that no other branch than the current one has.
    fn free(&self, name: String) -> String {
        let is_taken = |name: &str| self.named(name).is_some_and(|known| known.id != self.current);
        let again = (2..).map(|number| format!("{name} ({number})"));
        std::iter::once(name.clone()).chain(again).find(|name| !is_taken(name)).unwrap_or(name)
    }

    /// The current branch rests after the step `stood`, and a new one that begins here is looked at. Returns the one
    /// that rests.
    pub fn fork(&mut self, name: String, stood: u64, here: Moment) -> u32 {
        let from = self.current;
        self.stands(stood);
        self.numbered += 1;
        self.current = self.numbered;
        let (id, Moment { step, instruction: from_instruction }) = (self.current, here);
        let parent = Some(from);
        self.known.push(Branch { id, name, parent, from: step, from_instruction, step, by_change: false });
        from
    }

    /// As [`Self::fork`], by a change that was made here where something lay ahead.
    pub fn fork_by(&mut self, change: &str, stood: u64, here: Moment) -> u32 {
        let from = self.fork(String::new(), stood, here);
        self.name_by(change, here.step);
        if let Some(new) = self.known.last_mut() {
            new.by_change = true;
        }
        from
    }

    /// Those that began with a change and rest, but are more than are kept or take more than `most` bytes together, the
    /// oldest first. The newest of them always stays, and one that was given a name is nobody's to drop.
    pub fn surplus(&self, most: usize, bytes: impl Fn(u32) -> usize) -> Vec<u32> {
        let begun = self.known.iter().filter(|known| known.by_change && known.id != self.current);
        let mut taken = 0;
        let is_too_much = |(nth, id): (usize, u32)| {
            taken += bytes(id);
            (nth > 0 && (nth >= MOST_BY_CHANGE || taken > most)).then_some(id)
        };
        let mut surplus: Vec<_> = begun.rev().map(|known| known.id).enumerate().filter_map(is_too_much).collect();
        surplus.reverse();
        surplus
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

    /// Of what a file says: the current one stands after this step, and of the others there are those with these
    /// numbers. Whatever else it says, there is a current one.
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

    /// The branch that the current one left, where it began by itself with a change at this place.
    pub fn parent_by_change(&self, place: Moment) -> Option<u32> {
        self.get(self.current).filter(|known| known.by_change && known.beginning() == place)?.parent
    }

    /// Drops a branch that is not looked at. What was forked from it counts as forked from where it was forked itself,
    /// where that one went further.
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
        Self { id: 0, name: "main".into(), parent: None, from: 0, from_instruction: 0, step: 0, by_change: false }
    }

    /// Where the branch starts.
    pub fn beginning(&self) -> Moment {
        Moment { step: self.from, instruction: self.from_instruction }
    }

    /// What is said when it gives way to newer ones.
    pub fn dropped(&self) -> String {
        format!(
            "Dropped the branch {}: at most {MOST_BY_CHANGE} branches that started with a change are kept, as far as \
             checkpoint memory allows. Branches you name are always kept.",
            self.title()
        )
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
        branches.fork(String::new(), 5, at(5));
        branches.fork("grandchild".into(), 9, Moment { step: 9, instruction: 2 });
        assert_eq!((branches.current(), branches.forget(2)), (2, None), "nobody saws off the branch that they sit on");
        assert_eq!(branches.forget(1).map(|gone| gone.title()).as_deref(), Some("fork at 5"));
        let child = branches.get(2).unwrap();
        assert_eq!((child.parent, child.from, child.from_instruction), (Some(0), 5, 0));
        assert!(branches.switch(0, 12) && !branches.switch(7, 0));
        assert_eq!(branches.get(2).map(|known| known.step), Some(12));
        assert_eq!((branches.after(2), branches.after(0), branches.fork("x".into(), 1, at(1))), (Some(0), Some(2), 0));
        assert_eq!((branches.current(), branches.named("x").map(|known| known.id)), (3, Some(3)), "no number twice");
        branches.rename(3, String::new());
        branches.name_by("lr 0.1 → 0.2", 4);
        assert_eq!(
            branches.told(8).last().map(|told| (told.name.clone(), told.step)),
            Some(("lr 0.1 → 0.2 from 4".into(), 8))
        );
    }
}
