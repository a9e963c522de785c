//! Controls that tests, tours and lessons point at, by what they are for. Where they stand on the screen only the
//! window knows.

use super::Tab;

/// Something in the window that a tour or a lesson points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The button that opens a tab of the workspace.
    Tab(Tab),
    /// At the left of the top bar.
    Menu,
    /// The button that begins and stops training.
    Play,
    /// The slider of the speed.
    Speed,
    /// Where the network is drawn.
    Canvas,
    // Panels.
    /// The palette.
    Layers,
    /// The panel where data is chosen.
    Data,
    /// The panel of the selected layer, and of training.
    Inspector,
    /// The curves.
    Plots,
    /// What the network answers.
    Output,
    /// The rows of the Compare tab.
    RunsTable,
    /// The field above the table of runs.
    RunsFilter,
    /// The menu that saves the table or its curves.
    RunsExport,
    /// The way back after deleting runs.
    PutBackRuns,
    /// The curves of the runs that are picked.
    RunsChart,
    /// The two runs beside each other.
    RunsPair,
    /// Puts a run back on the table.
    BringBack,
    /// Begins a new run with the settings of another.
    StartLike,
    /// The text that a person writes about a run.
    RunNote,
    /// The run behind the live one goes.
    DismissGhost,
}

impl Anchor {
    /// Those that a lesson can point at, by the names in its file.
    pub const NAMED: [(&'static str, Self); 13] = [
        ("menu", Self::Menu),
        ("play", Self::Play),
        ("speed", Self::Speed),
        ("canvas", Self::Canvas),
        ("layers", Self::Layers),
        ("data", Self::Data),
        ("inspector", Self::Inspector),
        ("plots", Self::Plots),
        ("output", Self::Output),
        ("build", Self::Tab(Tab::Build)),
        ("debug", Self::Tab(Tab::Debug)),
        ("compare", Self::Tab(Tab::Compare)),
        ("code", Self::Tab(Tab::Code)),
    ];

    /// What a lesson means by a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, anchor)| *anchor)
    }
}
