//! Moments with a name, and the way back to where one was.

use serde_json::{Value, json};

use super::Said;
use super::command::{Backwards, Command};
use super::obey::Console;
use crate::persist::RunFolder;
use crate::trace::{Bookmark, Place};
use crate::trainer::Granularity;

/// Bookmarks beside the project, where the window has its own.
pub struct Shelf {
    folder: RunFolder,
    /// The branches that the run came with: others end with the session, and so do their bookmarks.
    lasting: Vec<u32>,
    /// Those of branches that this run does not have.
    elsewhere: Vec<Bookmark>,
}

/// Whether a command leads far away: where it began is worth coming back to.
pub fn leads_far(command: &Command) -> bool {
    match command {
        Command::Run(_) | Command::Until(_) | Command::Goto(_) | Command::GotoMark(_) | Command::Undo => true,
        Command::Reverse(_) | Command::Since(_) | Command::Branch(_) | Command::Fork(_) => true,
        Command::Forward(unit, count) => *unit == Granularity::Step && *count > 1,
        Command::Back(unit, _) => *unit == Backwards::Step,
        _ => false,
    }
}

fn json_of(bookmark: &Bookmark) -> Value {
    let Bookmark { name, place: Place { branch, moment } } = bookmark;
    json!({ "name": name, "branch": branch, "steps_completed": moment.step, "instruction": moment.instruction })
}

impl Console {
    /// Bookmarks are those of the project that this is, from one session to the next.
    pub fn keep_marks(&mut self, folder: RunFolder) {
        let (lasting, kept) = (self.ways.numbers(), folder.read_desk().map(|desk| desk.bookmarks));
        let is_here = |mark: &Bookmark| lasting.contains(&mark.place.branch);
        let (marks, elsewhere) = kept.unwrap_or_default().into_iter().partition(is_here);
        (self.marks, self.shelf) = (marks, Some(Shelf { folder, lasting, elsewhere }));
    }

    /// They are not what they were. Whatever prevents it, they last as long as the session.
    fn write_marks(&mut self) {
        let Some(Shelf { folder, lasting, elsewhere }) = &self.shelf else { return };
        let kept = self.marks.iter().filter(|mark| lasting.contains(&mark.place.branch));
        let kept = kept.chain(elsewhere).cloned().collect();
        if let Err(error) = folder.change_desk(|desk| desk.bookmarks = kept) {
            self.notes.push(format!("Bookmarks will not be kept after this session: {error}"));
        }
    }

    /// Gives this moment a name.
    pub(super) fn mark(&mut self, name: Option<String>) -> Result<Said, String> {
        let place = self.ways.place();
        let name = name.unwrap_or_else(|| Bookmark::free_name(&self.marks, place.moment));
        if name.parse::<u64>().is_ok() {
            return Err(format!(
                "A bookmark can't be a number, since 'goto {name}' means step {name}. Try: mark before {name}."
            ));
        }
        let bookmark = Bookmark { name: name.clone(), place };
        let moved = self.marks.iter().position(|known| known.name == name);
        let text = match moved {
            Some(_) => format!("Moved {name} here, to {}.", place.moment.title()),
            None => format!("{name} is {}. 'goto {name}' returns here.", place.moment.title()),
        };
        let json = json_of(&bookmark);
        match moved {
            Some(at) => self.marks[at] = bookmark,
            None => self.marks.push(bookmark),
        }
        if self.shelf.as_ref().is_some_and(|shelf| !shelf.lasting.contains(&place.branch)) {
            self.notes.push(format!("{name} lasts only for this session, like its branch."));
        }
        self.write_marks();
        Ok(Said { text, json })
    }

    pub(super) fn unmark(&mut self, name: &str) -> Result<Said, String> {
        let at = self.mark_named(name)?;
        self.marks.remove(at);
        self.write_marks();
        Ok(Said { text: format!("Deleted the bookmark {name}."), json: json!({ "removed": name }) })
    }

    pub(super) fn list_marks(&self) -> Said {
        let line = |bookmark: &Bookmark| {
            let several = self.ways.name_where_there_are_several().is_some();
            let branch = match self.ways.name_of(bookmark.place.branch) {
                Some(name) if several => format!("   {name}"),
                Some(_) => String::new(),
                None => "   on a deleted branch".to_owned(),
            };
            format!("{:<24} {}{branch}", bookmark.name, bookmark.place.moment.title())
        };
        let lines: Vec<_> = self.marks.iter().map(line).collect();
        let text = if lines.is_empty() { "There are no bookmarks. 'mark' sets one.".into() } else { lines.join("\n") };
        Said { text, json: json!({ "bookmarks": self.marks.iter().map(json_of).collect::<Vec<_>>() }) }
    }

    fn mark_named(&self, name: &str) -> Result<usize, String> {
        let found = self.marks.iter().position(|bookmark| bookmark.name == name);
        found.ok_or_else(|| format!("There is no bookmark '{name}'. 'marks' lists them; 'goto 20' goes to a step."))
    }

    pub(super) fn goto_mark(&mut self, name: &str) -> Result<Said, String> {
        let place = self.marks[self.mark_named(name)?].place;
        if self.ways.name_of(place.branch).is_none() {
            return Err(format!("{name} is on a deleted branch. 'unmark {name}' deletes it."));
        }
        self.go_to(place)
    }

    /// To where one was before the last way that led far.
    pub(super) fn return_back(&mut self) -> Result<Said, String> {
        let (here, ways) = (self.ways.place(), &self.ways);
        let found = self.trail.back(here, |place| ways.name_of(place.branch).is_some());
        self.go_to(found.ok_or("Nothing to go back to yet: no command has jumped away from here.")?)
    }

    fn go_to(&mut self, place: Place) -> Result<Said, String> {
        self.ways.switch(place.branch);
        self.goto(place.moment)
    }
}
