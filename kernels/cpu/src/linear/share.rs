//! Work in contiguous shares of the output, one for each thread, without allocating.

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
    range(sharing, shared, 0, count, cut, work);
}

fn range<T, C, W>(
    sharing: Sharing<'_>,
    shared: Shared<'_, T>,
    first: usize,
    count: usize,
    cut: &C,
    work: &W,
) where
    T: Send,
    C: Fn(usize) -> usize + Sync,
    W: Fn(usize, &mut [T], &mut [u8]) + Sync,
{
    let Shared {
        output,
        scratch,
        slot,
    } = shared;
    if count == 1 {
        return work(first, output, &mut scratch[..slot]);
    }
    let half = count / 2;
    let (output_left, output_right) = output.split_at_mut(cut(first + half) - cut(first));
    let (scratch_left, scratch_right) = scratch.split_at_mut(half * slot);
    let left = Shared {
        output: output_left,
        scratch: scratch_left,
        slot,
    };
    let right = Shared {
        output: output_right,
        scratch: scratch_right,
        slot,
    };
    sharing.join(
        |sharing| range(sharing, left, first, half, cut, work),
        |sharing| range(sharing, right, first + half, count - half, cut, work),
    );
}
