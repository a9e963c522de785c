//! What the definition of an op must not do, so that it computes on the device that it was put on and answers there
//! what it answers on the CPU: read with candle 0.11's CUDA kernels beside it.

use super::source::{Source, bracketed, functions};

/// Where the differences between devices are dealt with.
const DEALT_WITH_IN: &str = "src/engine/ops/everywhere.rs";

/// Methods, and what to do instead.
const NOT_HERE: &[(&str, &[&str])] = &[
    (
        "drops NaN on a CUDA card; use ops::everywhere",
        &[
            "maximum",
            "minimum",
            "clamp",
            "relu",
            "broadcast_maximum",
            "broadcast_minimum",
            "max",
            "min",
            "max_all",
            "min_all",
        ],
    ),
    (
        "takes any of several equal numbers on a CUDA card; use everywhere::place_of_largest",
        &["argmax", "argmax_keepdim", "argmin", "argmin_keepdim", "arg_sort_last_dim", "sort_last_dim"],
    ),
    ("refuses layouts on a CUDA card; use everywhere::product", &["matmul", "broadcast_matmul", "mv", "dot"]),
    (
        "fetches numbers from the device; compute there (a single number: bridge::scalar)",
        &["to_vec0", "to_vec1", "to_vec2", "to_vec3", "to_scalar", "to_device", "storage_and_layout"],
    ),
    (
        "has no CUDA kernel, or none that was read; compose it, or read the kernel and say so here",
        &[
            "apply_op1",
            "apply_op2",
            "apply_op3",
            "inplace_op1",
            "inplace_op2",
            "inplace_op3",
            "conv1d",
            "conv2d",
            "conv_transpose1d",
            "conv_transpose2d",
            "max_pool2d",
            "max_pool2d_with_stride",
            "avg_pool2d",
            "avg_pool2d_with_stride",
            "upsample_nearest1d",
            "upsample_nearest2d",
            "upsample_bilinear2d",
            "interpolate1d",
            "interpolate2d",
            "cumsum",
            "flip",
            "roll",
            "var",
            "var_keepdim",
            "rand",
            "randn",
            "rand_like",
            "randn_like",
            "scatter",
            "scatter_set",
            "slice_set",
            "tril2",
            "triu2",
            "round_to",
            "log_sum_exp",
        ],
    ),
];

/// Functions of plain numbers and slices, which never see a device.
fn is_on_slices(name: &str) -> bool {
    name == "kernel" || name.ends_with("_f32")
}

/// Calls in the definitions of ops that differ between devices or leave the device.
pub fn in_definitions(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/engine/ops/") || source.path == DEALT_WITH_IN {
        return Vec::new();
    }
    let code = &source.production;
    let on_slices: Vec<_> = functions(code).into_iter().filter(|(_, name, _)| is_on_slices(name)).collect();
    let is_exempt = |at: usize| on_slices.iter().any(|(_, _, range)| range.contains(&at));
    let mut found = Vec::new();
    for (why, methods) in NOT_HERE {
        for method in *methods {
            for (at, _) in code.match_indices(&format!(".{method}")) {
                let is_call = code[at + 1 + method.len()..].starts_with(['(', ':']);
                if is_call && !is_exempt(at) && is_on_a_tensor(code, at, method) {
                    found.push(source.at(at, format_args!(".{method}() {why}")));
                }
            }
        }
    }
    for (at, _) in code.match_indices("Device::Cpu").filter(|(at, _)| !is_exempt(*at)) {
        found.push(source.at(at, "a definition computes on the device of its frame, not on the CPU"));
    }
    found
}

/// The larger of two sizes is no tensor's: a tensor's may fail, and is asked whether it did.
fn is_on_a_tensor(code: &str, at: usize, method: &str) -> bool {
    let arguments = bracketed(code, at + 1 + method.len());
    !["max", "min"].contains(&method) || code[arguments.end..].starts_with('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        in_definitions(&Source::new("src/engine/ops/activations/relu.rs", text)).len()
    }

    #[test]
    fn a_definition_stays_on_its_device_and_answers_as_the_cpu_does() {
        assert_eq!(findings("fn value(&self, x: &Tensor) -> T { x.maximum(0.0) }"), 1);
        assert_eq!(findings("fn reference(&self) { x.matmul(&y)?.to_vec1::<f32>()? }"), 2);
        assert_eq!(findings("fn reference(&self) { x.matmul(&y)?.to_vec2(1)?; Tensor::new(1, &Device::Cpu) }"), 3);
        assert_eq!(findings("fn reference(&self) { x.max(self.axis)?; product(&x, &y)?; n.max(m) }"), 1);
    }

    #[test]
    fn kernels_and_tests_may() {
        assert_eq!(findings("fn kernel(&self) { a.max(b); }\nfn value_f32(x: f32) { x.clamp(-1.0, 1.0) }"), 0);
        assert_eq!(findings("#[cfg(test)]\nmod tests { fn t() { x.relu(); } }"), 0);
        assert!(in_definitions(&Source::new(DEALT_WITH_IN, "fn f() { x.argmax_keepdim(0) }")).is_empty());
    }
}
