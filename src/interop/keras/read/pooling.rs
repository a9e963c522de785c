//! Pooling in windows and over the whole.

use super::plan::{Plan, Planned, Site};
use crate::model::layer::{
    AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, GlobalAvgPool, MaxOver, MaxPool1d, MaxPool2d, MeanOver, Padding, Reshape,
};

fn padding(site: &Site) -> Result<Padding, String> {
    match site.text("padding").unwrap_or("valid") {
        "valid" => Ok(Padding::Valid),
        "same" => Ok(Padding::Same),
        other => Err(format!("its padding is {other}")),
    }
}

/// In windows.
pub fn pool(site: &Site) -> Planned {
    // Keras 1-D layers once had another name for it.
    let key = if site.get("pool_size").is_some() { "pool_size" } else { "pool_length" };
    let kernel = site.even(key)?;
    let stride = site.even_or("strides", kernel)?;
    let padding = padding(site)?;
    let is_flat = site.call.class.ends_with("1D");
    if is_flat && site.text("data_format") == Some("channels_first") {
        return Err("its features are first, and Glassbox's last".into());
    }
    if !is_flat {
        site.lies_as_the_model()?;
    }
    Ok(match site.call.class.as_str() {
        "MaxPooling1D" => Plan::of(MaxPool1d { kernel, stride, padding, ..MaxPool1d::default() }),
        "MaxPooling2D" => Plan::of(MaxPool2d { kernel, stride, padding, ..MaxPool2d::default() }),
        "AveragePooling1D" => {
            Plan::of(AvgPool1d { kernel, stride, padding, count_padding: false, ..AvgPool1d::default() })
        }
        _ => Plan::of(AvgPool2d { kernel, stride, padding, count_padding: false, ..AvgPool2d::default() }),
    })
}

/// Over everything.
pub fn global(site: &Site) -> Planned {
    let class = site.call.class.as_str();
    let shape = site.input()?;
    let is_flat = class.ends_with("1D");
    if is_flat && site.text("data_format") == Some("channels_first") {
        return Err("its features are first, and Glassbox's last".into());
    }
    if shape.len() != if is_flat { 2 } else { 3 } {
        return Err("its input has the wrong number of axes".into());
    }
    let plan = match (class.contains("Max"), is_flat) {
        (true, true) => Plan::of(MaxOver { axis: 1 }),
        (true, false) => Plan::default()
            .then(MaxOver { axis: 3 })
            .main(MaxOver { axis: 2 })
            .say("The maximum over columns, then over rows."),
        (false, true) => Plan::of(MeanOver { axis: 1 }),
        (false, false) => {
            site.lies_as_the_model()?;
            Plan::of(GlobalAvgPool {})
        }
    };
    if !site.is("keepdims") {
        return Ok(plan);
    }
    let shape = if is_flat { format!("1 x {}", shape[1]) } else { format!("{} x 1 x 1", shape[0]) };
    Ok(plan.then(Reshape { shape }).say("The axes of one are put back behind it."))
}

/// To a fixed number of parts.
pub fn adaptive(site: &Site) -> Planned {
    site.lies_as_the_model()?;
    let size = site.even("output_size")?;
    Ok(Plan::of(AdaptiveAvgPool2d { rows: size, columns: size }))
}
