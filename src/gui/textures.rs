//! Textures made from numbers, remade only when the numbers change.
//!
//! Owns the cache and nothing about what a picture shows. Textures that nobody asked for during a few hundred frames
//! are given back, so cards and layers may come and go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{ColorImage, Context, Id, TextureHandle, TextureOptions};

/// Frames after which a texture that is no longer drawn is freed.
const KEEP_FRAMES: u64 = 240;

#[derive(Default)]
struct Cache {
    entries: HashMap<Id, Entry>,
    swept: u64,
    /// How many were made so far.
    #[cfg(test)]
    made: usize,
}

struct Entry {
    version: u64,
    used: u64,
    handle: TextureHandle,
}

/// The texture of `id`, made by `make` when there is none yet or its `version` differs. A version is whatever changes
/// with the picture: see [`fingerprint`].
pub fn cached(
    ctx: &Context,
    id: Id,
    version: u64,
    options: TextureOptions,
    make: impl FnOnce() -> ColorImage,
) -> TextureHandle {
    let cache = cache_of(ctx);
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    match cache.known(ctx, id, version) {
        Some((handle, true)) => handle,
        _ => cache.remake(ctx, id, version, options, make()),
    }
}

/// As [`cached`], while `budget` lasts, of which making this one takes `cost`. Once it is spent, the picture as it was
/// before, if there is one; more is made in the next frame.
pub fn cached_within(
    ctx: &Context,
    id: Id,
    version: u64,
    options: TextureOptions,
    (budget, cost): (&mut usize, usize),
    make: impl FnOnce() -> ColorImage,
) -> Option<TextureHandle> {
    let cache = cache_of(ctx);
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    let known = cache.known(ctx, id, version);
    if let Some((handle, true)) = known {
        return Some(handle);
    }
    if *budget == 0 {
        ctx.request_repaint();
        return known.map(|(handle, _)| handle);
    }
    *budget = budget.saturating_sub(cost.max(1));
    Some(cache.remake(ctx, id, version, options, make()))
}

/// How many textures were made so far, those that were made anew among them.
#[cfg(test)]
pub fn made(ctx: &Context) -> usize {
    cache_of(ctx).lock().unwrap_or_else(PoisonError::into_inner).made
}

fn cache_of(ctx: &Context) -> Arc<Mutex<Cache>> {
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Arc<Mutex<Cache>>>(Id::unique("glassbox textures")).clone())
}

impl Cache {
    /// What there is of `id`, and whether it is this very version.
    fn known(&mut self, ctx: &Context, id: Id, version: u64) -> Option<(TextureHandle, bool)> {
        let now = ctx.cumulative_pass_nr();
        if now > self.swept + KEEP_FRAMES {
            self.swept = now;
            self.entries.retain(|_, entry| entry.used + KEEP_FRAMES >= now);
        }
        let entry = self.entries.get_mut(&id)?;
        entry.used = now;
        Some((entry.handle.clone(), entry.version == version))
    }

    fn remake(
        &mut self,
        ctx: &Context,
        id: Id,
        version: u64,
        options: TextureOptions,
        image: ColorImage,
    ) -> TextureHandle {
        #[cfg(test)]
        {
            self.made += 1;
        }
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.version = version;
            entry.handle.set(image, options);
            return entry.handle.clone();
        }
        let handle = ctx.load_texture("numbers", image, options);
        self.entries.insert(id, Entry { version, used: ctx.cumulative_pass_nr(), handle: handle.clone() });
        handle
    }
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

    #[test]
    fn a_spent_budget_leaves_the_picture_as_it_was() {
        let ctx = Context::default();
        let picture = || ColorImage::filled([1, 1], egui::Color32::TRANSPARENT);
        let mut budget = 10;
        let mut made = 0;
        let mut ask = |id: &str, version, budget: &mut usize| {
            let id = Id::unique(id);
            let found = cached_within(&ctx, id, version, TextureOptions::NEAREST, (budget, 6), || {
                made += 1;
                picture()
            });
            found.is_some()
        };
        assert!(ask("a", 1, &mut budget) && ask("b", 1, &mut budget));
        assert!(!ask("c", 1, &mut budget), "nothing to show yet");
        assert!(ask("a", 2, &mut budget), "the old one");
        assert!(ask("b", 1, &mut budget));
        budget = 1;
        assert!(ask("c", 1, &mut budget));
        assert_eq!(made, 3);
    }
}
