//! Layers that lay numbers out anew: pictures have their channels first here and last in Keras.

use serde_json::Value;

use super::plan::{Plan, Planned, Site, count};
use crate::model::layer::{Crop1d, Crop2d, Flatten, Interpolation, Permute, Reshape, Upsample, ZeroPad1d, ZeroPad2d};

/// From channels first to last, and back.
const LAST: &str = "2, 3, 1";
const FIRST: &str = "3, 1, 2";

/// Whether numbers lie the same with channels first or last.
fn is_same_either_way(picture: &[usize]) -> bool {
    picture[0] == 1 || picture[1] * picture[2] == 1
}

/// To a row.
pub fn flatten(site: &Site) -> Planned {
    let shape = site.input()?.to_vec();
    let [channels, rows, columns] = shape[..] else { return Ok(Plan::of(Flatten {})) };
    if !site.is_turned(&shape) || is_same_either_way(&shape) {
        return Ok(Plan::of(Flatten {}));
    }
    if site.rows_may_turn {
        let mut plan = Plan::of(Flatten {});
        plan.rows = Some([channels, rows, columns]);
        return Ok(
            plan.say("Channel by channel and not pixel by pixel: the Dense behind it has its rows in that order.")
        );
    }
    let plan = Plan::default().then(Permute { order: LAST.into() }).main(Flatten {});
    Ok(plan.say("Channels are put last before it."))
}

/// To other axes.
pub fn reshape(site: &Site) -> Planned {
    let shape = site.input()?.to_vec();
    let target = site.get("target_shape").or_else(|| site.get("dims")).and_then(Value::as_array);
    let target = target.ok_or("it doesn't say its shape")?;
    let sizes: Option<Vec<i64>> = target.iter().map(Value::as_i64).collect();
    let sizes = sizes.ok_or("its shape isn't made of whole numbers")?;
    let whole: usize = shape.iter().product();
    let known = sizes.iter().filter(|&&size| size > 0).fold(1usize, |n, &size| n.saturating_mul(size as usize));
    let free = sizes.iter().filter(|&&size| size == -1).count();
    if free > 1 || sizes.iter().any(|&size| size < -1 || size == 0) || (free == 1 && known == 0) {
        return Err("its shape isn't one".into());
    }
    let sizes: Vec<usize> = sizes.iter().map(|&size| if size < 0 { whole / known } else { size as usize }).collect();
    let text = |sizes: &[usize]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
    let must_turn = site.is_turned(&shape) && !is_same_either_way(&shape);
    let plan = if must_turn { Plan::default().then(Permute { order: LAST.into() }) } else { Plan::default() };
    let plan = match sizes[..] {
        [rows, columns, channels] if site.is_turned(&sizes) => {
            let here = [channels, rows, columns];
            if is_same_either_way(&here) {
                plan.main(Reshape { shape: text(&here) })
            } else {
                plan.main(Reshape { shape: text(&sizes) }).then(Permute { order: FIRST.into() })
            }
        }
        [] => return Err("it makes a single number of a sample".into()),
        _ if sizes.len() > 3 => return Err(format!("it makes {} axes", sizes.len())),
        _ => plan.main(Reshape { shape: text(&sizes) }),
    };
    Ok(if plan.steps.len() > 1 { plan.say("Channels are put last before it or first behind it.") } else { plan })
}

/// Axes in another order.
pub fn permute(site: &Site) -> Planned {
    let shape = site.input()?.to_vec();
    let dims = site.get("dims").and_then(Value::as_array).ok_or("it doesn't say its order")?;
    let dims: Option<Vec<usize>> = dims.iter().map(count).collect();
    let dims = dims.filter(|dims| dims.len() == shape.len()).ok_or("its order doesn't fit its input")?;
    let order: Vec<usize> = if site.is_turned(&shape) {
        // Keras's axes rows, columns, channels are 2, 3 and 1 here.
        let here = |axis: &usize| [2, 3, 1].get(axis.wrapping_sub(1)).copied().unwrap_or(0);
        [2, 0, 1].iter().map(|&place| here(&dims[place])).collect()
    } else {
        dims
    };
    let text = order.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let plan = Plan::of(Permute { order: text });
    Ok(if site.is_turned(&shape) { plan.say("Its order is that of axes with channels first.") } else { plan })
}

/// `1`, `[1, 2]` or `[[1, 2], [3, 4]]`: before and after each axis.
fn borders<const N: usize>(value: &Value) -> Option<[[usize; 2]; N]> {
    let pair = |value: &Value| -> Option<[usize; 2]> {
        match value {
            Value::Array(list) => <[usize; 2]>::try_from(list.iter().map(count).collect::<Option<Vec<_>>>()?).ok(),
            one => count(one).map(|one| [one; 2]),
        }
    };
    if let Some(one) = count(value) {
        return Some([[one; 2]; N]);
    }
    let list = value.as_array()?;
    if N == 1 && list.len() == 2 {
        return Some([pair(value)?; N]);
    }
    <[[usize; 2]; N]>::try_from(list.iter().map(pair).collect::<Option<Vec<_>>>()?).ok()
}

fn of_picture(site: &Site, key: &str) -> Result<[[usize; 2]; 2], String> {
    site.lies_as_the_model()?;
    site.get(key).and_then(borders::<2>).ok_or_else(|| format!("its {key} isn't one"))
}

fn of_sequence(site: &Site, key: &str) -> Result<[[usize; 2]; 1], String> {
    if site.text("data_format") == Some("channels_first") {
        return Err("its features are first, and Glassbox's last".into());
    }
    site.get(key).and_then(borders::<1>).ok_or_else(|| format!("its {key} isn't one"))
}

/// Zeros around, or a border cut off.
pub fn border(site: &Site) -> Planned {
    Ok(match site.call.class.as_str() {
        "ZeroPadding1D" => {
            let [[before, after]] = of_sequence(site, "padding")?;
            Plan::of(ZeroPad1d { before, after })
        }
        "ZeroPadding2D" => {
            let [[top, bottom], [left, right]] = of_picture(site, "padding")?;
            Plan::of(ZeroPad2d { top, bottom, left, right })
        }
        "Cropping1D" => {
            let [[before, after]] = of_sequence(site, "cropping")?;
            Plan::of(Crop1d { before, after })
        }
        _ => {
            let [[top, bottom], [left, right]] = of_picture(site, "cropping")?;
            Plan::of(Crop2d { top, bottom, left, right })
        }
    })
}

/// Larger by a factor.
pub fn upsample(site: &Site) -> Planned {
    site.lies_as_the_model()?;
    let mode = match site.text("interpolation").unwrap_or("nearest") {
        "nearest" => Interpolation::Nearest,
        "bilinear" => Interpolation::Bilinear,
        other => return Err(format!("its interpolation is {other}")),
    };
    Ok(Plan::of(Upsample { factor: site.even_or("size", 2)?, mode }))
}
