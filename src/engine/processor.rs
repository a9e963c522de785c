//! What of the processor decides how sums are rounded: two machines that say the same compute the same numbers, bit for
//! bit.

/// "x86_64 avx2 fma": the architecture, and those of its instructions that kernels choose by.
pub fn processor() -> String {
    std::iter::once(std::env::consts::ARCH).chain(features()).collect::<Vec<_>>().join(" ")
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    let known = [
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
    ];
    known.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_processor_has_a_name_and_keeps_it() {
        assert!(super::processor().starts_with(std::env::consts::ARCH));
        assert_eq!(super::processor(), super::processor());
    }
}
