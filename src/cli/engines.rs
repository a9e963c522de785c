//! `glassbox engines`: which other frameworks this machine has.

use serde_json::json;

use super::options::EnginesOptions;
use super::output::{answer, remark};
use crate::persist::Home;
use crate::session::engines::{Engine, Found, INSTALL, look_around};

pub fn run(options: &EnginesOptions) -> anyhow::Result<()> {
    let found = found(&options.python);
    let engines = Engine::all(&found.interpreters);
    let words: Vec<_> =
        engines.iter().map(|engine| json!({ "engine": engine.word(), "title": engine.title() })).collect();
    if options.json {
        return answer(json!({ "interpreters": found.interpreters, "engines": words })).map(drop);
    }
    found.problems.iter().for_each(|(_, why)| remark(why));
    if found.interpreters.is_empty() {
        return answer(format!(
            "No Python here has any of torch, keras and tensorflow.\nInstall what you want to use: {INSTALL}\nor name an \
             interpreter that has it: glassbox engines --python PATH"
        ))
        .map(drop);
    }
    for interpreter in &found.interpreters {
        answer(format!("{}  {}", interpreter.path.display(), interpreter.words()))?;
    }
    let mut words: Vec<_> = engines.iter().map(Engine::word).collect();
    words.dedup();
    answer(format!("Engines for a race: {}", words.join(", "))).map(drop)
}

/// What there is, with the interpreters that the settings name.
pub fn found(named: &[std::path::PathBuf]) -> Found {
    let settings = Home::find().map(|home| home.read_settings()).unwrap_or_default();
    look_around(&[named, &settings.interpreters].concat())
}
