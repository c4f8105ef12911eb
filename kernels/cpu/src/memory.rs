//! Where tensors live: places in an arena that is laid out when a model is planned, and how a step borrows them.
//!
//! A step reads some places and writes others of one arena. [`split`] gives both at once without `unsafe`: it cuts
//! the arena at the places that are written, and what is read lies in the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bytemuck::Pod;

/// Every place begins at a multiple of this many bytes: a cache line.
const ALIGNMENT: usize = 64;

/// Bytes within which a processor compares the addresses of loads with those of earlier stores.
const PAGE: usize = 4096;

/// A place of a page or more begins at a multiple of this many bytes. Steps go through large tensors side by side;
/// were one a few lines ahead of another within its page, loads would wait for stores to other addresses.
const LARGE_ALIGNMENT: usize = PAGE / 2;

/// Which memory a [`Place`] is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The arena of the graph's run.
    Arena,
    /// The constants of the plan.
    Constants,
}

/// Bytes that are copied in one go.
const COPY_BYTES: usize = 2048;

/// Copies `from` to `to`, of the same length, a piece at a time.
///
/// A long copy becomes one string instruction, which takes ten times as long on some processors where the target lies
/// a few bytes behind the source within a page; short ones are loads and stores.
#[inline(always)]
pub(crate) fn copy<T: Pod>(to: &mut [T], from: &[T]) {
    debug_assert_eq!(to.len(), from.len());
    let piece = COPY_BYTES / size_of::<T>().max(1);
    for (to, from) in to.chunks_mut(piece).zip(from.chunks(piece)) {
        to.copy_from_slice(from);
    }
}

/// The bytes of one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub source: Source,
    pub offset: usize,
    pub bytes: usize,
}

impl Place {
    /// Its bytes in its memory.
    pub(crate) fn range(self) -> Range<usize> {
        self.offset..self.offset + self.bytes
    }
}

/// Zeroed memory that begins at a page, so that places can be read as numbers of any size and alignments hold.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    words: Vec<u64>,
    /// Words before the first page.
    start: usize,
    bytes: usize,
}

impl Buffer {
    pub(crate) fn new(bytes: usize) -> Buffer {
        let words = vec![0_u64; bytes.div_ceil(8) + PAGE / 8];
        // An alignment that cannot be told costs speed only.
        let start = words.as_ptr().align_offset(PAGE).min(PAGE / 8);
        Buffer {
            words,
            start,
            bytes,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words[self.start..])[..self.bytes]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words[self.start..])[..self.bytes]
    }
}

/// What a step may read: the constants, and its arena without the places that it writes.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    constants: &'a [u8],
    /// Pieces of the arena with their offsets, ascending.
    pieces: &'a [(usize, &'a [u8])],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(constants: &'a [u8], pieces: &'a [(usize, &'a [u8])]) -> Reader<'a> {
        Reader { constants, pieces }
    }

    /// The bytes at `place`, which the step does not write.
    #[inline(always)]
    pub(crate) fn bytes(&self, place: Place) -> &'a [u8] {
        if place.source == Source::Constants {
            return &self.constants[place.range()];
        }
        let mut piece = self.pieces[0];
        for &later in &self.pieces[1..] {
            if later.0 <= place.offset {
                piece = later;
            }
        }
        let start = place.offset - piece.0;
        &piece.1[start..start + place.bytes]
    }

    /// The elements at `place`.
    #[inline(always)]
    pub(crate) fn read<T: Pod>(&self, place: Place) -> &'a [T] {
        bytemuck::cast_slice(self.bytes(place))
    }
}

/// Cuts `arena` at `places` (ascending, apart from each other): `outputs` become the places, `pieces` the rest with its
/// offsets, one more than there are places.
pub(crate) fn split<'a>(
    arena: &'a mut [u8],
    places: &[Place],
    outputs: &mut [&'a mut [u8]],
    pieces: &mut [(usize, &'a [u8])],
) {
    let (mut rest, mut at) = (arena, 0);
    for (index, place) in places.iter().enumerate() {
        let (before, behind) = rest.split_at_mut(place.offset - at);
        let (output, behind) = behind.split_at_mut(place.bytes);
        pieces[index] = (at, before);
        outputs[index] = output;
        rest = behind;
        at = place.offset + place.bytes;
    }
    pieces[places.len()] = (at, rest);
}

/// Gives out places in an arena in the order of the steps; a place is used again once its tensor is dead.
#[derive(Default)]
pub(crate) struct Layout {
    /// Free ranges below `end`, by offset and by size.
    by_offset: BTreeMap<usize, usize>,
    by_size: BTreeSet<(usize, usize)>,
    end: usize,
}

impl Layout {
    /// Bytes of the arena.
    pub(crate) fn bytes(&self) -> usize {
        self.end
    }

    /// A place that no living tensor has: the smallest free one that is large enough.
    pub(crate) fn take(&mut self, bytes: usize) -> Place {
        let size = bytes.next_multiple_of(ALIGNMENT);
        let alignment = if bytes >= PAGE {
            LARGE_ALIGNMENT
        } else {
            ALIGNMENT
        };
        let fits = |&(free, begin): &(usize, usize)| {
            begin.next_multiple_of(alignment) + size <= begin + free
        };
        // The smallest range may begin badly; one that is longer by the alignment holds the place wherever it begins.
        let mut ranges = self.by_size.range((size, 0)..);
        let smallest = ranges.next().copied().filter(fits);
        let free = smallest.or_else(|| {
            let mut ranges = self.by_size.range((size + alignment - ALIGNMENT, 0)..);
            ranges.next().copied()
        });
        let (begin, end) = match free {
            Some((free, begin)) => {
                self.forget(begin, free);
                (begin, begin + free)
            }
            None => {
                let begin = self.end;
                self.end = begin.next_multiple_of(alignment) + size;
                (begin, self.end)
            }
        };
        let offset = begin.next_multiple_of(alignment);
        for (begin, end) in [(begin, offset), (offset + size, end)] {
            if begin < end {
                self.remember(begin, end - begin);
            }
        }
        Place {
            source: Source::Arena,
            offset,
            bytes,
        }
    }

    /// Makes the place of a dead tensor free.
    pub(crate) fn give_back(&mut self, place: Place) {
        let (mut offset, mut size) = (place.offset, place.bytes.next_multiple_of(ALIGNMENT));
        if let Some((&before, &len)) = self.by_offset.range(..offset).next_back()
            && before + len == offset
        {
            self.forget(before, len);
            (offset, size) = (before, size + len);
        }
        if let Some((&behind, &len)) = self.by_offset.range(offset + size..).next()
            && behind == offset + size
        {
            self.forget(behind, len);
            size += len;
        }
        self.remember(offset, size);
    }

    fn remember(&mut self, offset: usize, size: usize) {
        self.by_offset.insert(offset, size);
        self.by_size.insert((size, offset));
    }

    fn forget(&mut self, offset: usize, size: usize) {
        self.by_offset.remove(&offset);
        self.by_size.remove(&(size, offset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_places_are_used_again_and_join() {
        let mut layout = Layout::default();
        let (a, b, c) = (layout.take(64), layout.take(10), layout.take(100));
        assert_eq!((a.offset, b.offset, c.offset), (0, 64, 128));
        layout.give_back(a);
        layout.give_back(b);
        let joined = layout.take(128);
        assert_eq!((joined.offset, layout.bytes()), (0, 256));
        layout.give_back(c);
        assert_eq!(layout.take(65).offset, 128);
    }

    #[test]
    fn large_places_begin_at_half_pages_and_small_ones_fill_the_gaps() {
        let mut layout = Layout::default();
        let (small, large) = (layout.take(100), layout.take(PAGE));
        assert_eq!((small.offset, large.offset), (0, LARGE_ALIGNMENT));
        let gap = layout.take(LARGE_ALIGNMENT - 128);
        assert_eq!((gap.offset, layout.bytes()), (128, LARGE_ALIGNMENT + PAGE));
        // Long enough, but not from a half page on.
        let (a, b) = (layout.take(64), layout.take(PAGE));
        layout.give_back(large);
        layout.give_back(a);
        let larger = layout.take(PAGE + 64);
        assert_eq!(larger.offset, LARGE_ALIGNMENT);
        layout.give_back(larger);
        layout.give_back(b);
        layout.give_back(gap);
        layout.give_back(small);
        assert_eq!(layout.by_size.len(), 1);
    }

    #[test]
    fn a_step_reads_around_what_it_writes() {
        let place = |offset, bytes| Place {
            source: Source::Arena,
            offset,
            bytes,
        };
        let mut buffer = Buffer::new(256);
        for (byte, value) in buffer.bytes_mut().iter_mut().zip(0_u8..=255) {
            *byte = value;
        }
        let mut outputs: [&mut [u8]; 2] = [&mut [], &mut []];
        let mut pieces = [(0, &[][..]); 3];
        let places = [place(64, 4), place(128, 64)];
        split(buffer.bytes_mut(), &places, &mut outputs, &mut pieces);
        assert_eq!((outputs[0][0], outputs[1].len()), (64, 64));
        let reader = Reader::new(&[7], &pieces);
        for at in [0, 68, 192] {
            assert_eq!(reader.bytes(place(at, 2)), [at as u8, at as u8 + 1]);
        }
        let constant = Place {
            source: Source::Constants,
            ..place(0, 1)
        };
        assert_eq!(reader.bytes(constant), [7]);
    }
}
