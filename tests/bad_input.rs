//! `.npy` files that are no good are refused, never a panic, and cost no more heap than their length allows.
#![allow(unsafe_code)] // An allocator that counts is the only way to see the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use aivm_tosa::{DataType, Shape};
use synergy_aivm::npy;

/// Counts what the current thread holds and held at most.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn count(taken: usize, given_back: usize) {
    let held = HELD.get().saturating_add(taken).saturating_sub(given_back);
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches two thread-local cells
// that need no allocation and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// SplitMix64: the same mutations in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Reads, and checks the heap that it took. Whether the file was accepted.
fn read_counted(bytes: &[u8], data_type: DataType, shape: &Shape, cases: bool) -> bool {
    let before = HELD.get();
    PEAK.set(before);
    let result = npy::read(bytes, data_type, shape, cases);
    let heap = PEAK.get() - before;
    let allowed = 4 * bytes.len() + (1 << 20);
    assert!(
        heap <= allowed,
        "{heap} bytes of heap for a file of {}",
        bytes.len()
    );
    match result {
        Ok(tensor) => {
            let case = u64::from(shape.elements()) * data_type.bytes();
            assert_eq!(tensor.data.len() as u64, case * u64::from(tensor.cases));
            true
        }
        Err(error) => {
            assert!(error.offset <= bytes.len() as u64, "{error}");
            assert!(!error.right.is_empty());
            false
        }
    }
}

#[test]
fn the_counter_counts() {
    let before = HELD.get();
    PEAK.set(before);
    drop(std::hint::black_box(vec![0_u8; 3 << 20]));
    assert_eq!(PEAK.get() - before, 3 << 20);
    assert_eq!(HELD.get(), before);
}

/// Cuts, bit flips, overwritten bytes and longer claims, on files of both header versions: 10,000, or
/// `AIVM_MUTATIONS`.
#[test]
fn mutations_are_accepted_or_refused() {
    let rounds =
        std::env::var("AIVM_MUTATIONS").map_or(10_000, |rounds| rounds.parse().expect("a number"));
    let shape = Shape::new(&[2, 3]).expect("a shape");
    let data: Vec<u8> = (0..48).collect();
    let first = npy::write(DataType::I16, &shape, Some(4), &data);
    let mut second = b"\x93NUMPY\x02\x00".to_vec();
    second.extend_from_slice(&(first.len() as u32 - 10 - 48).to_le_bytes());
    second.extend_from_slice(&first[10..]);
    let mut random = Random(2);
    let mut accepted = 0_u64;
    for round in 0..rounds {
        let mut file = if round % 2 == 0 {
            first.clone()
        } else {
            second.clone()
        };
        match random.below(4) {
            0 => file.truncate(random.below(file.len())),
            1 => {
                let bit = random.below(8 * file.len());
                file[bit / 8] ^= 1 << (bit % 8);
            }
            2 => {
                for _ in 0..=random.below(4) {
                    let at = random.below(file.len());
                    file[at] = random.next() as u8;
                }
            }
            _ => {
                // Another digit, bracket, quote or comma where a character of the header stands.
                let at = 8 + random.below(80);
                file[at] = b"0123456789()[]{}'\",: TFb|<>"[random.below(27)];
            }
        }
        accepted += u64::from(read_counted(&file, DataType::I16, &shape, true));
    }
    // A changed element or another digit of padding is still a tensor; most other changes are not.
    println!("campaign: npy_files={rounds} npy_accepted={accepted}");
    assert!(
        (5..90).contains(&(accepted * 100 / rounds)),
        "{accepted} of {rounds} accepted"
    );
}

#[test]
fn what_numpy_writes_and_another_reader_agree() {
    use npyz::WriterBuilder;
    let elements: Vec<i32> = (0..24).map(|n| n * 1_000_003 - 7).collect();
    let mut file = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[4, 2, 3])
        .writer(&mut file)
        .begin_nd()
        .expect("a header");
    writer.extend(elements.iter().copied()).expect("elements");
    writer.finish().expect("a file");
    let shape = Shape::new(&[2, 3]).expect("a shape");
    let tensor = npy::read(&file, DataType::I32, &shape, true).expect("a good file");
    let bytes: Vec<u8> = elements.iter().flat_map(|n| n.to_le_bytes()).collect();
    assert_eq!((tensor.cases, tensor.data), (4, &bytes[..]));

    let ours = npy::write(DataType::I32, &shape, Some(4), &bytes);
    let theirs = npyz::NpyFile::new(&ours[..]).expect("a header");
    assert_eq!(theirs.shape(), [4, 2, 3]);
    assert_eq!(theirs.into_vec::<i32>().expect("elements"), elements);
}
