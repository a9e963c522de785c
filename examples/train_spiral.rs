//! Trains the spiral through the library, without a window:
//!
//! ```text
//! cargo run --release --example train_spiral
//! ```

use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::Device;
use glassbox::model::templates;
use glassbox::trainer::Run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut project = templates::build("spiral").ok_or("the spiral template is missing")?;
    project.training.epochs = 100;

    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress)?);
    let mut run = Run::new(&project, dataset, Device::Cpu)?;
    println!("{}", run.machine().program().listing());

    while run.finished().is_none() {
        if run.step()?.epoch_done {
            let scores = run.evaluate()?;
            run.judge(&scores)?;
            if run.epochs_done() % 10 == 0 {
                println!("epoch {:3}  loss {:.4}  accuracy {:.3}", run.epochs_done(), scores.loss, scores.score);
            }
        }
    }
    Ok(())
}
