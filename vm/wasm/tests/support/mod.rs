//! Seeded modules for the property tests: random bytes, and modules that `wasm-smith` makes of them.

use arbitrary::Unstructured;

/// SplitMix64: the same sequence for the same seed on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() % end as u64).expect("below a usize")
    }
}

/// A valid integer module whose imports are host functions, of at most about `entropy` instructions.
pub(crate) fn module(seed: u64, entropy: usize) -> Vec<u8> {
    let mut random = Random(seed);
    let bytes: Vec<u8> = (0..entropy / 8)
        .flat_map(|_| random.bits().to_le_bytes())
        .collect();
    let config = wasm_smith::Config {
        available_imports: Some(imports()),
        allow_floats: false,
        saturating_float_to_int_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        tail_call_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        // Reference types bring externref and table instructions with them.
        reference_types_enabled: false,
        extended_const_enabled: true,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        custom_descriptors_enabled: false,
        compact_imports_enabled: false,
        memory64_enabled: false,
        max_memories: 1,
        max_tables: 1,
        max_table_elements: 100,
        max_exports: 60,
        max_memory32_bytes: 100 * 65_536,
        max_instructions: entropy,
        max_nesting_depth: 20,
        min_funcs: 1,
        ..wasm_smith::Config::default()
    };
    let mut unstructured = Unstructured::new(&bytes);
    wasm_smith::Module::new(config, &mut unstructured)
        .expect("bytes make a module")
        .to_bytes()
}

/// A module that imports some host functions, as `wasm-smith` wants them listed.
fn imports() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "vm_hooks" "read_args" (func (param i32)))
            (import "vm_hooks" "write_result" (func (param i32 i32)))
            (import "vm_hooks" "msg_reentrant" (func (result i32)))
            (import "aivm" "infer" (func (param i32 i32 i32 i32 i32) (result i32))))"#,
    )
    .expect("imports")
}
