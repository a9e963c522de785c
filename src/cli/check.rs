//! `glassbox check`: every problem of a project, or its shapes when there is none.

use anyhow::bail;

use super::options::CheckOptions;
use super::prepare;
use crate::engine::Memory;
use crate::persist::project_file;

pub fn run(options: &CheckOptions) -> anyhow::Result<()> {
    let project = project_file::load(&options.file)?;
    let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
    let found = prepare::inference(&project, &dataset);
    let mut problems: Vec<_> = found.problems.iter().map(|p| prepare::sentence(&project, p)).collect();
    let memory = prepare::memory(&project, &dataset, &found);
    problems.extend(memory.and_then(|memory| memory.refusal(Memory::available())));
    if options.json {
        let layers: Vec<_> = project
            .graph
            .topological_order()
            .into_iter()
            .filter_map(|id| project.graph.layer(id))
            .map(|layer| {
                serde_json::json!({
                    "name": layer.name,
                    "kind": layer.kind.key(),
                    "shape": found.shapes.get(&layer.id).map(|s| s.0.clone()),
                    "parameters": found.parameter_counts.get(&layer.id),
                })
            })
            .collect();
        let parameters = found.parameter_count();
        let memory = memory.map(|memory| {
            serde_json::json!({
                "parameters": memory.parameters, "moments": memory.moments, "step": memory.step,
                "total": memory.total(), "batch": memory.batch, "available": Memory::available(),
            })
        });
        let all = serde_json::json!({
            "layers": layers, "parameters": parameters, "memory_bytes": memory, "problems": problems,
        });
        println!("{all}");
    } else {
        for id in project.graph.topological_order() {
            let Some(layer) = project.graph.layer(id) else { continue };
            let shape = found.shapes.get(&id).map_or("?".to_owned(), ToString::to_string);
            let count = found.parameter_counts.get(&id).copied().unwrap_or(0);
            println!("{:<20} {shape:<20} {count:>12} parameters", layer.name);
        }
        println!("{} parameters in all", found.parameter_count());
        memory.iter().for_each(|memory| println!("memory to train: {memory}"));
        dataset.notes.iter().for_each(|note| println!("note: {note}"));
        problems.iter().for_each(|problem| println!("problem: {problem}"));
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("There is 1 problem; the network cannot train until it is solved."),
        n => bail!("There are {n} problems; the network cannot train until they are solved."),
    }
}
