//! Layers that bring several tensors together.

use super::plan::{Feed, Plan, Planned, Site};
use crate::model::layer::{
    Add, Average, Concat, Interpolation, LayerKind, Maximum, Minimum, Multiply, Permute, Subtract, Upsample,
};

/// Number by number. A single number a channel is repeated for all pixels.
pub fn merge(site: &Site) -> Planned {
    let kind: LayerKind = match site.call.class.as_str() {
        "Add" => Add {}.into(),
        "Subtract" => Subtract {}.into(),
        "Multiply" => Multiply {}.into(),
        "Average" => Average {}.into(),
        "Maximum" => Maximum {}.into(),
        _ => Minimum {}.into(),
    };
    of_kind(site, kind)
}

/// The same for a layer that the caller chose.
pub fn of_kind(site: &Site, kind: LayerKind) -> Planned {
    if site.flows.len() < 2 {
        return Err("it merges a single tensor".into());
    }
    let shapes: Vec<&[usize]> = (0..site.flows.len()).map(|at| site.shape(at)).collect::<Result<_, _>>()?;
    let largest = shapes.iter().max_by_key(|shape| shape.iter().product::<usize>()).copied().unwrap_or_default();
    let (mut plan, mut feeds) = (Plan::default(), Vec::new());
    for (at, shape) in shapes.iter().enumerate() {
        if *shape == largest {
            feeds.push(Feed::Given(at));
            continue;
        }
        let by = repeated(shape, largest).ok_or("it repeats one of what it is given along an axis")?;
        let mut from = Feed::Given(at);
        for factor in by {
            plan = plan.then(Upsample { factor, mode: Interpolation::Nearest }).fed([from]);
            from = Feed::Step(plan.steps.len() - 1);
        }
        feeds.push(from);
    }
    let is_repeated = !plan.steps.is_empty();
    let plan = plan.main(kind).fed(feeds);
    Ok(if is_repeated { plan.say("A number a channel is repeated for all pixels by Upsample.") } else { plan })
}

/// Factors by which a picture of one pixel becomes as large as another.
fn repeated(small: &[usize], large: &[usize]) -> Option<Vec<usize>> {
    let ([channels, 1, 1], [same, rows, columns]) = (small, large) else { return None };
    if channels != same || rows != columns {
        return None;
    }
    let (mut left, mut factors) = (*rows, Vec::new());
    while left > 1 {
        let factor = (2..=16).rev().find(|factor| left % factor == 0)?;
        factors.push(factor);
        left /= factor;
    }
    Some(factors)
}

/// Along any axis; here it is along the first, so that the axis is put there.
pub fn concat(site: &Site) -> Planned {
    let shape = site.input()?.to_vec();
    let rank = shape.len();
    let axis = match site.get("axis") {
        Some(axis) => site.axis(axis, rank)?,
        None => rank,
    };
    // Keras's axis, counted here from 0.
    let here = if site.is_turned(&shape) { [1, 2, 0][axis - 1] } else { axis - 1 };
    let count = site.flows.len();
    if count < 2 {
        return Err("it joins a single tensor".into());
    }
    if here == 0 {
        return Ok(Plan::of(Concat {}).fed((0..count).map(Feed::Given)));
    }
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(0, here);
    let order = order.iter().map(|axis| (axis + 1).to_string()).collect::<Vec<_>>().join(", ");
    let turn = || Permute { order: order.clone() };
    let mut plan = Plan::default();
    for at in 0..count {
        plan = plan.then(turn()).fed([Feed::Given(at)]);
    }
    let plan = plan.main(Concat {}).fed((0..count).map(Feed::Step)).then(turn());
    Ok(plan.say("The axis that it joins is put first for it."))
}

/// A row as often as it is asked for.
pub fn repeat_vector(site: &Site) -> Planned {
    /// Wires from one layer to another.
    const MOST: usize = 128;
    let [features] = *site.input()? else { return Err("its input isn't a row".into()) };
    let n = site.count("n")?;
    if n == 0 || n > MOST {
        return Err(format!("it repeats its row {n} times, and Glassbox at most {MOST} times"));
    }
    let row = crate::model::layer::Reshape { shape: format!("1 x {features}") };
    if n == 1 {
        return Ok(Plan::of(row));
    }
    let plan = Plan::default().then(row).main(Concat {}).fed((0..n).map(|_| Feed::Step(0)));
    Ok(plan.say("The same row is joined with itself."))
}
