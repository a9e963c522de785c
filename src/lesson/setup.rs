//! The project that a step sets up.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Setup;
use crate::model::{LayerKind, Project, templates};

/// The project of a setup; `before` is that of the step before. Errors are sentences that name the field.
pub fn project(setup: &Setup, before: Option<&Project>) -> Result<Project, String> {
    let mut project = match (&setup.template, &setup.project, before) {
        (Some(key), None, _) => templates::build(key)
            .ok_or_else(|| format!("template: there is no template {key:?} that generates its own data."))?,
        (None, Some(value), _) => read(value)?,
        (Some(_), Some(_), _) => return Err("Only one of template and project can be given.".to_owned()),
        (None, None, Some(before)) => before.clone(),
        (None, None, None) => return Err("The first setup needs a template or a project.".to_owned()),
    };
    if let Some(layers) = &setup.network {
        let kinds: Result<Vec<LayerKind>, _> = layers.iter().cloned().map(serde_json::from_value).collect();
        project.graph = templates::chain(kinds.map_err(|error| format!("network: {error}."))?);
    }
    with_settings(&project, &setup.set)
}

fn read(value: &Value) -> Result<Project, String> {
    let mut value = value.clone();
    value.as_object_mut().map(|fields| fields.remove("glassbox"));
    serde_json::from_value(value).map_err(|error| format!("project: {error}."))
}

/// A project with other settings, each by its name.
fn with_settings(project: &Project, settings: &BTreeMap<String, Value>) -> Result<Project, String> {
    let mut project = project.clone();
    for (name, value) in settings {
        project = with_setting(&project, name, value)?;
    }
    let problems = project.number_problems();
    if problems.is_empty() { Ok(project) } else { Err(problems.join(" ")) }
}

fn with_setting(project: &Project, name: &str, new: &Value) -> Result<Project, String> {
    let unknown = || format!("set: there is no setting {name:?}. Examples: training.learning_rate, Dense 1.units.");
    let mut file = serde_json::to_value(project).map_err(|error| error.to_string())?;
    let place = place(&mut file, name).ok_or_else(unknown)?;
    *place = new.clone();
    let changed: Project = serde_json::from_value(file).map_err(|error| format!("set: {name}: {error}."))?;
    Ok(changed)
}

/// Where a setting stands: a path into `training` or `data`, or a layer's name and what it is called there.
fn place<'a>(file: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let (first, rest) = name.split_once('.')?;
    if matches!(first, "training" | "data") {
        return rest.split('.').try_fold(file.get_mut(first)?, |at, field| at.get_mut(field));
    }
    let (layer, field) = name.rsplit_once('.')?;
    let layers = file.get_mut("graph")?.get_mut("layers")?.as_array_mut()?;
    layers.iter_mut().find(|found| found.get("name").and_then(Value::as_str) == Some(layer))?.get_mut(field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn setup(value: Value) -> Setup {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn settings_of_training_data_and_layers_are_found_by_their_names() {
        let set = json!({ "training.learning_rate": 0.5, "data.source.noise": 0.25, "Dense 1.units": 3 });
        let made = project(&setup(json!({ "template": "xor", "set": set })), None).unwrap();
        assert_eq!(made.training.learning_rate, 0.5);
        let text = serde_json::to_string(&made).unwrap();
        assert!(text.contains("\"units\":3") && text.contains("\"noise\":0.25"), "{text}");
    }

    #[test]
    fn what_is_called_by_no_name_is_said() {
        for (value, word) in [
            (json!({ "template": "nowhere" }), "nowhere"),
            (json!({ "template": "xor", "set": { "training.rate": 1 } }), "training.rate"),
            (json!({ "template": "xor", "set": { "Dense 9.units": 1 } }), "Dense 9.units"),
            (json!({ "template": "xor", "set": { "training.batch_size": -2 } }), "batch_size"),
            (json!({ "template": "xor", "set": { "training.learning_rate": -2 } }), "learning rate"),
            (json!({ "template": "xor", "network": [{ "kind": "dens" }] }), "dens"),
            (json!({}), "first setup"),
        ] {
            let said = project(&setup(value), None).unwrap_err();
            assert!(said.contains(word), "{said}");
        }
    }
}
