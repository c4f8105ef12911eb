//! Work in contiguous shares of the output, one for each thread.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use crate::threads::Sharing;

/// Products below which a further thread costs more than it saves.
const PRODUCTS_MIN: usize = 128 << 10;

/// How many shares `products` multiply-accumulates are worth, at most `most`.
pub(crate) fn shares(products: usize, most: usize) -> usize {
    // The operating system takes tens of microseconds to answer.
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| available_parallelism().map_or(1, usize::from));
    let threads = *THREADS;
    (products / PRODUCTS_MIN)
        .clamp(1, threads.min(64))
        .min(most.max(1))
}

/// Output and scratch, cut among `count` shares.
pub(crate) struct Shared<'a, T> {
    pub output: &'a mut [T],
    /// `slot` bytes for each share.
    pub scratch: &'a mut [u8],
    pub slot: usize,
}

/// Calls `work(share, output of the share, its scratch)` for each of `count` shares; share `i` owns the
/// output elements `cut(i)..cut(i + 1)`, where `cut` ascends.
pub(crate) fn each<T, C, W>(
    sharing: Sharing<'_>,
    shared: Shared<'_, T>,
    count: usize,
    cut: &C,
    work: &W,
) where
    T: Send,
    C: Fn(usize) -> usize + Sync,
    W: Fn(usize, &mut [T], &mut [u8]) + Sync,
{
    let Shared {
        mut output,
        mut scratch,
        slot,
    } = shared;
    let shares = (0..count).map(|share| {
        let length = cut(share + 1) - cut(share);
        let output = output.split_off_mut(..length).unwrap_or_default();
        let scratch = scratch.split_off_mut(..slot).unwrap_or_default();
        (share, output, scratch)
    });
    sharing.each(shares, &|(share, output, scratch)| {
        work(share, output, scratch);
    });
}
