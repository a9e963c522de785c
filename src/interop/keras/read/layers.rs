//! Which layer of Keras becomes what.

use super::plan::{Plan, Planned, Site};
use super::{activation, arithmetic, convolution, dense, merge, normal, own, pooling, recurrent, shaping};
use crate::model::layer::{Dropout, GaussianNoise};

/// What a layer becomes. Errors: why it stays foreign.
pub fn plan(site: &Site) -> Planned {
    if site.call.is_operation {
        return arithmetic::operation(site);
    }
    if let Some(own) = own::plan(site) {
        return own;
    }
    match site.call.class.as_str() {
        "Dense" => dense::dense(site, &[""]),
        "Embedding" => dense::embedding(site),
        "Conv1D" => convolution::conv1d(site),
        "Conv2D" => convolution::conv2d(site),
        "DepthwiseConv2D" => convolution::depthwise(site),
        "SeparableConv2D" => convolution::separable(site),
        "SeparableConv1D" => convolution::separable1d(site),
        "LayerScale" => convolution::layer_scale(site),
        "Conv2DTranspose" => convolution::transposed(site),
        "MaxPooling1D" | "MaxPooling2D" | "AveragePooling1D" | "AveragePooling2D" => pooling::pool(site),
        "GlobalMaxPooling1D" | "GlobalMaxPooling2D" | "GlobalAveragePooling2D" => pooling::global(site),
        "GlobalAveragePooling1D" if site.flows.first().is_some_and(|flow| flow.masked) => {
            Err("it skips the steps that are masked before it".into())
        }
        "GlobalAveragePooling1D" => pooling::global(site),
        "AdaptiveAveragePooling2D" => pooling::adaptive(site),
        "BatchNormalization" | "SyncBatchNormalization" => normal::batch(site),
        "LayerNormalization" => normal::layer(site),
        "GroupNormalization" => normal::group(site),
        "RMSNormalization" => normal::rms(site),
        "Rescaling" => normal::rescaling(site),
        other if other == normal::STANDARDISING => normal::standardising(site),
        "Activation" | "ReLU" | "LeakyReLU" | "ELU" | "ThresholdedReLU" | "Softmax" => activation::layer(site),
        "PReLU" => activation::prelu(site),
        "Dropout" | "SpatialDropout1D" | "SpatialDropout2D" => dropout(site),
        "GaussianNoise" => {
            let key = if site.get("stddev").is_some() { "stddev" } else { "sigma" };
            Ok(Plan::of(GaussianNoise { deviation: site.number(key)? }))
        }
        "AlphaDropout"
        | "GaussianDropout"
        | "ActivityRegularization"
        | "StochasticDepth"
        | "RandomFlip"
        | "RandomRotation"
        | "RandomZoom"
        | "RandomTranslation"
        | "RandomContrast"
        | "RandomBrightness" => left_out("It acts in training only."),
        "Identity" => left_out("It changes nothing."),
        "Flatten" => shaping::flatten(site),
        "Reshape" => shaping::reshape(site),
        "Permute" => shaping::permute(site),
        "RepeatVector" => merge::repeat_vector(site),
        "ZeroPadding1D" | "ZeroPadding2D" | "Cropping1D" | "Cropping2D" => shaping::border(site),
        "UpSampling2D" => shaping::upsample(site),
        "LSTM" | "GRU" | "SimpleRNN" | "Bidirectional" => recurrent::recurrent(site),
        "TimeDistributed" => recurrent::time_distributed(site),
        "MultiHeadAttention" => recurrent::attention(site),
        "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum" => merge::merge(site),
        "Concatenate" => merge::concat(site),
        "TFOpLambda" => arithmetic::lambda(site),
        _ => Err("Glassbox has no such layer".to_owned()),
    }
}

fn left_out(words: &str) -> Planned {
    Ok(Plan { is_left_out: true, ..Plan::default() }.say(words))
}

/// In training only.
pub fn dropout(site: &Site) -> Planned {
    let key = if site.get("rate").is_some() { "rate" } else { "p" };
    let rate = site.number(key)?;
    if site.get("noise_shape").is_some_and(|shape| shape.as_array().is_none_or(|shape| !shape.is_empty())) {
        return left_out("It drops along axes of its own, in training only.");
    }
    let whole_channels = site.call.class.starts_with("Spatial");
    if !(0.0..=0.95).contains(&rate) {
        return left_out("It drops more than 95 %, in training only.");
    }
    Ok(Plan::of(Dropout { rate, whole_channels }))
}

/// Layers that take a row in any order and leave it in that order.
pub fn passes_rows(class: &str) -> bool {
    matches!(class, "Activation" | "ReLU" | "LeakyReLU" | "ELU" | "ThresholdedReLU" | "Dropout" | "GaussianNoise")
}

/// Layers that pass a mask on to what follows.
pub fn passes_masks(class: &str) -> bool {
    passes_rows(class)
        || matches!(
            class,
            "Dense"
                | "TimeDistributed"
                | "SpatialDropout1D"
                | "BatchNormalization"
                | "LayerNormalization"
                | "Add"
                | "Subtract"
                | "Multiply"
                | "Average"
                | "Maximum"
                | "Minimum"
                | "Concatenate"
                | "Softmax"
                | "PReLU"
                | "Masking"
        )
}
