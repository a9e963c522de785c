//! What becomes of memory that was freed. Steps and frames take and give back the same few megabytes again and again;
//! the allocator (which the program sets, see `main.rs`) hands what lies idle back to the system.

use std::ffi::{c_int, c_long};

/// `mi_option_purge_delay` in mimalloc 3, which the binding does not name.
const PURGE_DELAY: c_int = 15;

/// Milliseconds.
const KEEP: c_long = 60_000;

/// Lets the allocator hand memory back once a minute instead of once a second: to get it again costs the frame or the
/// step that is so unlucky some 5 ms, since the system clears it first. To be called once, before there are other
/// threads.
pub fn keep_freed_memory() {
    // SAFETY: sets one number in the allocator's table of options, of which it is a valid index; nobody else does.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, KEEP) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: as above; reading one number.
        let before = unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) };
        assert_eq!(before, 1000, "mimalloc's default delay: has the table of options changed?");
    }
}
