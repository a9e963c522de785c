//! `glassbox engines`: which other frameworks this machine has.

use serde_json::json;

use super::options::EnginesOptions;
use super::output::answer;
use crate::interop::Framework;
use crate::session::engines::look_around;

pub fn run(options: &EnginesOptions) -> anyhow::Result<()> {
    let found = look_around(&options.python);
    if options.json {
        return answer(json!({ "interpreters": found })).map(drop);
    }
    if found.is_empty() {
        let packages: Vec<_> = Framework::ALL.iter().map(|framework| framework.package()).collect();
        return answer(format!(
            "No Python here has any of {}.\nInstall one with: python3 -m pip install {}\nor name an interpreter that has \
             it: glassbox engines --python PATH",
            packages.join(", "),
            packages.join(" ")
        ))
        .map(drop);
    }
    for interpreter in &found {
        let packages: Vec<_> = interpreter.packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
        answer(format!("{}  Python {}: {}", interpreter.path.display(), interpreter.python, packages.join(", ")))?;
    }
    Ok(())
}
