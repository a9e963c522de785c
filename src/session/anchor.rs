//! Controls that tests, tours and lessons point at, by what they are for. Where they stand on the screen only the
//! window knows.

use super::Tab;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The button that opens a tab of the workspace.
    Tab(Tab),
    Menu,
    Play,
    Speed,
    Canvas,
    // Panels.
    Layers,
    Data,
    Inspector,
    Plots,
    Output,
    /// The rows of the Compare tab.
    RunsTable,
    RunsFilter,
    RunsExport,
    /// The way back after deleting runs.
    PutBackRuns,
    /// The curves of the runs that are picked.
    RunsChart,
    /// The two runs beside each other.
    RunsPair,
    BringBack,
    StartLike,
    RunNote,
    /// The run behind the live one goes.
    DismissGhost,
}
