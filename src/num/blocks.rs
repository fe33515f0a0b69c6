//! Work over fixed blocks, in block order: the one door to more than one thread.
//!
//! A floating sum depends on the order of its terms. The block size below is a constant of the
//! algorithms, never a function of the thread count, and partial results come back in block order,
//! so that one thread and eight give the same bits. Without the feature `parallel` the blocks are
//! simply run one after the other.

use std::ops::Range;

use crate::work::{Cancelled, Work};

/// Rows per block: small enough to stay in a core's cache with a dozen columns, large enough to be
/// worth a task.
pub(crate) const BLOCK: usize = 4096;

/// Runs `f` on each block of `0..n` and returns the results in block order.
///
/// The work handle is asked before each block, so that a cancelled call stops within one block's
/// time.
pub(crate) fn map_blocks<R, F>(n: usize, work: &Work, f: F) -> Result<Vec<R>, Cancelled>
where
    R: Send,
    F: Fn(Range<usize>) -> R + Sync,
{
    map_tasks(n.div_ceil(BLOCK), work, |block| {
        let start = block * BLOCK;
        f(start..(start + BLOCK).min(n))
    })
}

/// Runs `f(0), f(1), .. f(tasks - 1)` and returns the results in that order.
pub(crate) fn map_tasks<R, F>(tasks: usize, work: &Work, f: F) -> Result<Vec<R>, Cancelled>
where
    R: Send,
    F: Fn(usize) -> R + Sync,
{
    let guarded = |task: usize| {
        work.check()?;
        Ok(f(task))
    };
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        (0..tasks).into_par_iter().map(guarded).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        (0..tasks).map(guarded).collect()
    }
}

/// `f(0), f(1), .. f(n - 1)`, each put where it belongs, on all threads.
pub(crate) fn collect<T, F>(n: usize, f: F) -> Vec<T>
where
    T: Send,
    F: Fn(usize) -> T + Sync + Send,
{
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
        (0..n).into_par_iter().with_min_len(BLOCK).map(f).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        (0..n).map(f).collect()
    }
}

/// Runs `f` on each stretch of `out`, `size` elements long but the last, with the place of its
/// first element, and returns the results in order.
///
/// As in [`map_blocks`], `size` must not depend on the number of threads.
pub(crate) fn fill<T, R, F>(
    out: &mut [T],
    size: usize,
    work: &Work,
    f: F,
) -> Result<Vec<R>, Cancelled>
where
    T: Send,
    R: Send,
    F: Fn(usize, &mut [T]) -> R + Sync,
{
    let guarded = |(stretch, out): (usize, &mut [T])| {
        work.check()?;
        Ok(f(stretch * size, out))
    };
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IndexedParallelIterator, ParallelIterator};
        use rayon::slice::ParallelSliceMut;
        out.par_chunks_mut(size).enumerate().map(guarded).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        out.chunks_mut(size).enumerate().map(guarded).collect()
    }
}

/// The elements that `f` writes for each stretch of `0..n`, `N` long but the last, one behind the
/// other. Unlike with [`fill`], the memory is first touched by the threads that fill it.
pub(crate) fn tiles<T, const N: usize, F>(n: usize, work: &Work, f: F) -> Result<Vec<T>, Cancelled>
where
    T: Copy + Default + Send,
    F: Fn(Range<usize>, &mut [T; N]) + Sync,
{
    let tile = |number: usize| {
        let mut tile = [T::default(); N];
        if work.check().is_ok() {
            f(number * N..(number * N + N).min(n), &mut tile);
        }
        tile
    };
    #[cfg(feature = "parallel")]
    let tiles: Vec<[T; N]> = {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        (0..n.div_ceil(N)).into_par_iter().map(tile).collect()
    };
    #[cfg(not(feature = "parallel"))]
    let tiles: Vec<[T; N]> = (0..n.div_ceil(N)).map(tile).collect();
    // A cancelled handle stays cancelled, so that no tile was left out unnoticed.
    work.check()?;
    let mut all = tiles.into_flattened();
    all.truncate(n);
    Ok(all)
}

/// Sorts, on all threads. Elements that compare equal must be the same, so that their order cannot
/// tell how many threads there were.
pub(crate) fn sort<T, F>(elements: &mut [T], compare: F)
where
    T: Send,
    F: Fn(&T, &T) -> std::cmp::Ordering + Sync,
{
    #[cfg(feature = "parallel")]
    {
        use rayon::slice::ParallelSliceMut;
        elements.par_sort_unstable_by(compare);
    }
    #[cfg(not(feature = "parallel"))]
    {
        elements.sort_unstable_by(compare);
    }
}

/// Gives each of some parts to `f`, on all threads.
pub(crate) fn each<T, F>(parts: Vec<T>, f: F)
where
    T: Send,
    F: Fn(T) + Send + Sync,
{
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        parts.into_par_iter().for_each(f);
    }
    #[cfg(not(feature = "parallel"))]
    {
        parts.into_iter().for_each(f);
    }
}

/// Sum of `term(i)` over `0..n`, folded block by block on the calling thread.
///
/// Equal to the sum that [`map_blocks`] gives when its partial sums are added in order.
pub(crate) fn sum(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut total = 0.0;
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        let mut partial = 0.0;
        for i in start..end {
            partial += term(i);
        }
        total += partial;
        start = end;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rough(i: usize) -> f64 {
        1.0 / (i as f64 + 0.1) - 0.3
    }

    #[test]
    fn the_sum_of_blocks_is_the_same_alone_and_spread() {
        let n = 3 * BLOCK + 17;
        let parts = map_blocks(n, &Work::new(), |rows| {
            let mut partial = 0.0;
            for i in rows {
                partial += rough(i);
            }
            partial
        })
        .unwrap();
        assert_eq!(parts.len(), 4);
        let mut spread = 0.0;
        for part in parts {
            spread += part;
        }
        assert_eq!(spread.to_bits(), sum(n, rough).to_bits());
    }

    #[test]
    fn stretches_are_filled_in_place() {
        let mut out = vec![0; 2 * BLOCK + 5];
        let sizes = fill(&mut out, BLOCK, &Work::new(), |first, part| {
            for (i, cell) in part.iter_mut().enumerate() {
                *cell = first + i;
            }
            part.len()
        });
        assert_eq!(sizes.unwrap(), [BLOCK, BLOCK, 5]);
        assert!(out.iter().enumerate().all(|(i, &cell)| i == cell));
    }

    #[test]
    fn tiles_are_laid_in_order() {
        let write = |range: Range<usize>, tile: &mut [usize; 8]| {
            for (cell, number) in tile.iter_mut().zip(range) {
                *cell = number;
            }
        };
        assert_eq!(tiles(21, &Work::new(), write).unwrap(), (0..21).collect::<Vec<usize>>());
        assert!(tiles(0, &Work::new(), write).unwrap().is_empty());
    }

    #[test]
    fn a_cancelled_handle_stops_the_blocks() {
        let work = Work::new();
        work.canceller().cancel();
        assert!(tiles(10, &work, |_, _: &mut [u8; 4]| ()).is_err());
        assert!(map_blocks(10, &work, |rows| rows.len()).is_err());
    }

    #[test]
    fn nothing_has_no_blocks() {
        assert!(map_blocks(0, &Work::new(), |rows| rows.len()).unwrap().is_empty());
        assert_eq!(sum(0, rough), 0.0);
    }
}
