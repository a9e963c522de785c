//! Floor 5: the application without a screen. [`State`] is everything there is to see, [`Action`] everything that can be
//! done; [`apply`](State::apply) is the only writer. Panels borrow the one and push the other.

mod action;
mod run_view;
mod state;

pub use action::{Action, Transport};
pub use run_view::{Curves, Mark, Metric, RunStatus, RunView};
pub use state::{DataState, Notice, NoticeKind, Screen, Selection, State};
