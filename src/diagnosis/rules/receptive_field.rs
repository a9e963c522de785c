//! Convolutions that see less of a picture than the things in it are large.
//!
//! Every number of the last map is computed from a window of the picture, its receptive field; what lies outside of it
//! can't matter there. Networks that end in Flatten and Dense see all, so only those are looked at that answer place by
//! place, or average over all places.

use std::collections::BTreeMap;

use crate::diagnosis::{Case, Finding, Network, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{AvgPool2d, Group, MaxPool2d, Upsample};
use crate::model::{Layer, LayerId, LayerKind, Task};

/// Pixels of the window, in those of the things' longer side.
const LIMIT: f64 = 0.5;

pub static RULE: Rule = Rule {
    id: "receptive-field",
    title: "Receptive field smaller than the things",
    when: When::BeforeTraining,
    fires: "In a network that answers for each place of a picture, or averages over all places, the receptive field is less \
        than half the longer side of the median thing: of its box, or of the part of a picture that isn't background.",
    why: "No limit is published. A window of half the thing still sees a corner and its surroundings; with less of it the size \
        of the thing can't be told. The receptive fields of the templates are larger than their things.",
    source: "Luo et al., Understanding the Effective Receptive Field (2016): only the middle of it counts much; Araujo et al., \
        Computing Receptive Fields (2019): how it is computed",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let network = &case.network;
    let Some(thing) = case.data.things else { return Vec::new() };
    let fields = fields(network);
    let is_read = |layer: &&Layer| match case.network.task() {
        Task::Boxes { .. } => network.ends().iter().any(|end| end.last.id == layer.id),
        _ => network.after(layer.id).any(|next| matches!(next.kind, LayerKind::GlobalAvgPool(_))),
    };
    let read = network.layers().into_iter().filter(is_read);
    let small = read.filter_map(|layer| Some((layer, fields.get(&layer.id)?.size)));
    let Some((layer, size)) = small.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, size)| *size < LIMIT * thing) else {
        return Vec::new();
    };
    let words = format!(
        "Each number that leaves {} sees {size} × {size} pixels of the picture, and the things in it are some {} pixels long. \
         The network can't see any of them as a whole.",
        network.name(layer.id),
        thing.round()
    );
    let finding = Finding::new(&RULE, Severity::Serious, Place::Layer(layer.id), words)
        .beyond("receptive field in pixels", size, LIMIT * thing)
        .with("median longer side of the things", thing);
    vec![finding.remedy(Remedy::by_hand("Use more convolutions, larger kernels, strides or pools"))]
}

/// A window on the picture, in pixels, and how far the next one is.
#[derive(Clone, Copy)]
struct Field {
    size: f64,
    step: f64,
}

/// Of each layer that sees a window; none of one that sees all.
fn fields(network: &Network) -> BTreeMap<LayerId, Field> {
    let mut all: BTreeMap<LayerId, Field> = BTreeMap::new();
    for layer in network.layers() {
        let seen: Option<Vec<Field>> = network.inputs(layer.id).map(|input| all.get(&input.id).copied()).collect();
        let widest = seen.and_then(|seen| seen.into_iter().max_by(|a, b| a.size.total_cmp(&b.size)));
        let field = match &layer.kind {
            LayerKind::Input(_) => Some(Field { size: 1.0, step: 1.0 }),
            kind => widest.and_then(|field| behind(kind, field)),
        };
        let is_picture = network.shape(layer.id).is_some_and(|shape| shape.rank() == 3);
        all.extend(field.filter(|_| is_picture).map(|field| (layer.id, field)));
    }
    all
}

fn behind(kind: &LayerKind, Field { size, step }: Field) -> Option<Field> {
    let slides = |kernel: usize, dilation: usize, stride: usize| {
        let reach = ((kernel - 1) * dilation) as f64;
        Some(Field { size: size + reach * step, step: step * stride as f64 })
    };
    let of = |window: crate::model::layer::Sliding| slides(window.kernel, window.dilation, window.stride);
    match kind {
        LayerKind::Conv2d(conv) => of(conv.sliding()),
        LayerKind::DepthwiseConv2d(conv) => of(conv.sliding()),
        LayerKind::SeparableConv2d(conv) => of(conv.sliding()),
        LayerKind::MaxPool2d(MaxPool2d { kernel, stride, .. })
        | LayerKind::AvgPool2d(AvgPool2d { kernel, stride, .. }) => slides(*kernel, 1, *stride),
        LayerKind::Upsample(Upsample { factor, .. }) => Some(Field { size, step: step / *factor as f64 }),
        LayerKind::BatchNorm(_) | LayerKind::Dropout(_) | LayerKind::GaussianNoise(_) => Some(Field { size, step }),
        kind if kind.about().group == Group::Activation || kind.about().group == Group::Merge => {
            Some(Field { size, step })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points};
    use crate::model::layer::{Conv2d, Flatten, GlobalAvgPool};

    fn conv(kernel: usize, stride: usize, dilation: usize) -> LayerKind {
        Conv2d { filters: 4, kernel, stride, dilation, ..Conv2d::default() }.into()
    }

    fn planted(layers: Vec<LayerKind>, thing: f64) -> Vec<Finding> {
        let mut planted = Planted::new(layers, points(1.0, 0.0));
        planted.facts.signature.input = crate::model::Shape(vec![1, 64, 64]);
        planted.facts.things = Some(thing);
        judge(&planted.case())
    }

    #[test]
    fn a_window_that_is_smaller_than_the_things_is_told() {
        let ends = || [LayerKind::from(GlobalAvgPool {}), dense(2)];
        let with = |layers: Vec<LayerKind>| [layers, ends().to_vec()].concat();
        let found = planted(with(vec![conv(3, 1, 1), conv(3, 1, 1)]), 24.0);
        assert!(
            found[0].words.starts_with("Each number that leaves Conv 2-D 2 sees 5 × 5 pixels"),
            "{}",
            found[0].words
        );
        assert!(planted(with(vec![conv(3, 1, 1), conv(3, 1, 1)]), 8.0).is_empty());
        // 3, then 2 more of the pool, and steps of 2: 8.
        let pooled = vec![conv(3, 1, 1), MaxPool2d::default().into(), conv(3, 1, 1)];
        assert_eq!(planted(with(pooled), 24.0)[0].evidence[0].value, 8.0);
        assert_eq!(planted(with(vec![conv(3, 2, 1), conv(3, 1, 2)]), 40.0)[0].evidence[0].value, 11.0);
        assert!(planted(vec![conv(3, 1, 1), Flatten {}.into(), dense(2)], 24.0).is_empty(), "Dense sees all");
    }
}
