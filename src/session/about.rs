//! What this program is: versions, what computes, and whose work it stands on.

use std::fmt;

use super::State;
use crate::engine::processor;

/// A library that is part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Library {
    /// Of its package on crates.io.
    pub name: &'static str,
    /// The one that is built in.
    pub version: &'static str,
    /// As its authors state it (SPDX).
    pub licence: &'static str,
}

/// Made by `scripts/libraries` from what cargo says of each.
const LIBRARIES: &str = include_str!("../../assets/libraries.csv");

/// The fonts that come with the program, and their licences (`assets/fonts`).
pub const FONTS: [(&str, &str); 4] = [
    ("Inter", "SIL Open Font License 1.1"),
    ("JetBrains Mono", "SIL Open Font License 1.1"),
    ("Glassbox Symbols, from DejaVu", "Bitstream Vera and public domain"),
    ("Material Icons", "Apache License 2.0"),
];

/// Every library in the program, by name.
pub fn libraries() -> Vec<Library> {
    let line = |line: &'static str| {
        let mut parts = line.split(',');
        Some(Library { name: parts.next()?, version: parts.next()?, licence: parts.next()? })
    };
    LIBRARIES.lines().skip(1).filter_map(line).collect()
}

/// As it stands now.
#[derive(Clone, Debug)]
pub struct About(Vec<(&'static str, String)>);

impl About {
    /// What there is to say of this program on this machine.
    pub fn of(state: &State) -> Self {
        let libraries = libraries();
        let version = |name| {
            let found = libraries.iter().find(|library| library.name == name);
            found.map_or("not included".to_owned(), |library| library.version.to_owned())
        };
        let cards =
            state.devices.choices.iter().filter(|choice| choice.available.is_ok()).map(|choice| choice.name.clone());
        let cards: Vec<String> = cards.collect();
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        Self(vec![
            ("Glassbox", env!("CARGO_PKG_VERSION").to_owned()),
            ("candle", version("candle-core")),
            ("egui", version("egui")),
            ("Computes on", state.devices.label()),
            ("Could compute on", cards.join(", ")),
            ("Processor", processor()),
            ("Threads", format!("{} for training, plus one for the window", state.devices.threads)),
            ("System", system),
        ])
    }

    /// What each is called, and what it is.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str()))
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name = "…"` and `version = "…"` of every package of Cargo.lock.
    fn locked() -> Vec<(String, String)> {
        let lock = include_str!("../../Cargo.lock");
        let value = |part: &str, key: &str| {
            let line = part.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_matches([' ', '=', '"']).to_owned())
        };
        lock.split("[[package]]").filter_map(|part| Some((value(part, "name")?, value(part, "version")?))).collect()
    }

    #[test]
    fn the_libraries_are_those_that_the_program_is_built_with() {
        let (libraries, locked) = (libraries(), locked());
        assert!(libraries.len() > 100 && libraries.is_sorted_by_key(|library| (library.name, library.version)));
        for library in &libraries {
            let is_locked = locked.iter().any(|(name, version)| name == library.name && version == library.version);
            assert!(is_locked, "{library:?} is not in Cargo.lock any more: run scripts/libraries");
            assert!(!library.licence.is_empty(), "{library:?}");
        }
        for name in ["candle-core", "egui", "eframe", "rayon", "serde"] {
            assert!(libraries.iter().any(|library| library.name == name), "{name}");
        }
    }

    #[test]
    fn what_is_copied_says_versions_and_what_computes() {
        let mut state = State::default();
        state.devices.threads = 3;
        let text = About::of(&state).to_string();
        for line in [
            format!("Glassbox: {}\n", env!("CARGO_PKG_VERSION")),
            "Computes on: CPU · 3\n".into(),
            format!("Processor: {}\n", std::env::consts::ARCH),
        ] {
            assert!(text.contains(line.trim_end()), "{text}");
        }
        let locked = locked();
        let egui = locked.iter().find(|(name, _)| name == "egui").expect("egui");
        assert!(text.contains(&format!("egui: {}\n", egui.1)), "{text}");
    }
}
