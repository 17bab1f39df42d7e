//! The allocator of the process, and when it gives memory back to the system.
//!
//! Batches are made and dropped by many threads at once, which the system's allocator is slow at. And what a query frees
//! the next one takes: pages that went back to the system meanwhile would have to be asked for and cleared again, which
//! was a tenth of the time of TPC-H when they stayed for a second only.

use std::time::Duration;

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed memory stays with the process.
const KEPT: Duration = Duration::from_secs(20);
/// `mi_option_purge_delay` of mimalloc 3, in milliseconds; the crate has no name for it.
const PURGE_DELAY: mi_option_t = 15;

/// Has freed memory stay for a while. To be called before there are other threads.
#[allow(unsafe_code, reason = "the allocator is a C library")]
pub(crate) fn keep_memory() {
    // SAFETY: no other thread sets options, and the allocator is ready from the first allocation on.
    unsafe { mi_option_set(PURGE_DELAY, KEPT.as_millis() as std::ffi::c_long) };
}

/// Gives memory back that nobody took again, for as long as it is awaited. The allocator itself looks only when it is asked
/// for memory, which a server without queries does not do.
#[allow(unsafe_code, reason = "the allocator is a C library")]
pub(crate) async fn give_back() {
    let mut turns = tokio::time::interval(KEPT);
    loop {
        turns.tick().await;
        // SAFETY: it may be called on any thread at any time.
        unsafe { mi_collect(false) };
    }
}

#[cfg(test)]
mod tests {
    use libmimalloc_sys::mi_option_get;

    use super::*;

    /// The number is the header's; another version of mimalloc may count otherwise.
    #[test]
    #[allow(unsafe_code, reason = "the allocator is a C library")]
    fn the_option_is_the_one_that_stands_at_a_second() {
        // SAFETY: options are only read.
        assert_eq!(unsafe { mi_option_get(PURGE_DELAY) }, 1000);
    }
}
