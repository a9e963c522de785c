//! Textures made from numbers, remade only when the numbers change.
//!
//! Owns the cache and nothing about what a picture shows. Textures that nobody asked for during a few hundred frames are
//! given back, so cards and layers may come and go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{ColorImage, Context, Id, TextureHandle, TextureOptions};

/// Frames after which a texture that is no longer drawn is freed.
const KEEP_FRAMES: u64 = 240;

#[derive(Default)]
struct Cache {
    entries: HashMap<Id, Entry>,
    swept: u64,
}

struct Entry {
    version: u64,
    used: u64,
    handle: TextureHandle,
}

/// The texture of `id`, made by `make` when there is none yet or its `version` differs. A version is whatever changes with
/// the picture: see [`fingerprint`].
pub fn cached(
    ctx: &Context,
    id: Id,
    version: u64,
    options: TextureOptions,
    make: impl FnOnce() -> ColorImage,
) -> TextureHandle {
    let cache: Arc<Mutex<Cache>> =
        ctx.data_mut(|data| data.get_temp_mut_or_default::<Arc<Mutex<Cache>>>(Id::unique("glassbox textures")).clone());
    let now = ctx.cumulative_pass_nr();
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if now > cache.swept + KEEP_FRAMES {
        cache.swept = now;
        cache.entries.retain(|_, entry| entry.used + KEEP_FRAMES >= now);
    }
    if let Some(entry) = cache.entries.get_mut(&id) {
        entry.used = now;
        if entry.version != version {
            entry.version = version;
            entry.handle.set(make(), options);
        }
        return entry.handle.clone();
    }
    let handle = ctx.load_texture("numbers", make(), options);
    cache.entries.insert(id, Entry { version, used: now, handle: handle.clone() });
    handle
}

/// A number that differs (all but surely) when any bit of `values` differs: about 0.02 ms for 64K numbers, so it can be
/// taken every frame. Addresses of shared slices would not do: freed ones are given out again.
pub fn fingerprint(values: &[f32]) -> u64 {
    const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut lanes = [PRIME, PRIME ^ 1, PRIME ^ 2, PRIME ^ 3];
    let mut chunks = values.chunks_exact(4);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = mix(*lane, u64::from(value.to_bits()));
        }
    }
    for value in chunks.remainder() {
        lanes[0] = mix(lanes[0], u64::from(value.to_bits()));
    }
    lanes.iter().fold(values.len() as u64, |all, &lane| mix(all, lane))
}

/// Adds one more number to a fingerprint.
pub fn mix(fingerprint: u64, more: u64) -> u64 {
    let x = (fingerprint.rotate_left(23) ^ more).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^ (x >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_see_every_bit_and_the_order() {
        let values: Vec<f32> = (0..103).map(|i| i as f32).collect();
        let whole = fingerprint(&values);
        for i in [0, 50, 99, 102] {
            let mut changed = values.clone();
            changed[i] = f32::from_bits(changed[i].to_bits() ^ 1);
            assert_ne!(whole, fingerprint(&changed), "element {i}");
        }
        let mut swapped = values.clone();
        swapped.swap(3, 7);
        assert_ne!(whole, fingerprint(&swapped));
        assert_ne!(fingerprint(&[0.0]), fingerprint(&[0.0, 0.0]));
    }

    #[test]
    fn a_texture_is_made_once_per_version() {
        let ctx = Context::default();
        let mut made = 0;
        for version in [1, 1, 2, 2, 2, 1] {
            let _ = cached(&ctx, Id::unique("a"), version, TextureOptions::NEAREST, || {
                made += 1;
                ColorImage::filled([1, 1], egui::Color32::TRANSPARENT)
            });
        }
        assert_eq!(made, 3);
    }
}
