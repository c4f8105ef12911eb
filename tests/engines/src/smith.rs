//! Modules from `wasm-smith`, each a function of its seed alone.

use arbitrary::Unstructured;
use wasm_smith::{Config, InstructionKind, InstructionKinds, MemoryOffsetChoices, Module};

use aivm_core::Limits;

use crate::Random;

/// The limits of generated modules: few pages, so that growth reaches its limit.
pub const LIMITS: Limits = Limits {
    memory_pages: 4,
    ..Limits::CONTRACT
};

/// The module of a seed, as bytes.
#[must_use]
pub fn module(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    // Few entropies are refused: take the next.
    loop {
        let config = config(&mut random);
        let len = 2048 << random.below(4);
        let entropy: Vec<u8> = (0..len / 8)
            .flat_map(|_| random.next().to_le_bytes())
            .collect();
        if let Some(module) = generate(config, &entropy) {
            return module;
        }
    }
}

/// The module that a fuzzer's bytes stand for: eight choose the sizes and features, the others the code. None if they end too
/// early.
#[must_use]
pub fn module_of_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let (seed, entropy) = bytes.split_first_chunk()?;
    let mut random = Random::new(u64::from_le_bytes(*seed));
    generate(config(&mut random), entropy)
}

/// None if the entropy ends before the least that the configuration asks for.
fn generate(config: Config, entropy: &[u8]) -> Option<Vec<u8>> {
    let module = Module::new(config, &mut Unstructured::new(entropy)).ok()?;
    Some(module.to_bytes())
}

/// The features that contracts may use, in sizes that vary.
fn config(random: &mut Random) -> Config {
    let imports = r#"(module
        (import "vm_hooks" "msg_reentrant" (func (result i32)))
        (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
        (import "vm_hooks" "read_args" (func (param i32)))
        (import "vm_hooks" "emit_log" (func (param i32 i32 i32)))
        (import "vm_hooks" "native_keccak256" (func (param i32 i32 i32)))
        (import "aivm" "infer" (func (param i32 i32 i32 i32 i32) (result i32)))
        (import "aivm" "model_info" (func (param i32 i32) (result i32))))"#;
    let has_imports = random.below(4) == 0;
    let available_imports =
        has_imports.then(|| wat::parse_str(imports).expect("the imports are a module"));
    // Straight-line code runs to its end; code with branches and calls often leaves early or never.
    let allowed_instructions = if random.below(5) < 2 {
        use InstructionKind::{MemoryInt, NumericInt, Parametric, Variable};
        InstructionKinds::new(&[MemoryInt, NumericInt, Parametric, Variable])
    } else {
        InstructionKinds::all()
    };
    Config {
        available_imports,
        allowed_instructions,
        export_everything: true,
        // Without traps a module runs longer; with them it meets every trap.
        disallow_traps: random.below(5) != 0,
        allow_floats: false,
        allow_start_export: false,
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        sign_extension_ops_enabled: true,
        compact_imports_enabled: false,
        custom_descriptors_enabled: false,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        // `wasm-smith` seldom goes far beyond the minimum.
        min_funcs: 2 + random.below(7) as usize,
        max_funcs: 12,
        max_types: 12,
        min_globals: 1,
        max_globals: 6,
        max_imports: if has_imports { 4 } else { 0 },
        max_exports: LIMITS.exports as usize,
        max_instructions: 200 << random.below(4),
        max_data_segments: 3,
        max_element_segments: 3,
        max_elements: 12,
        max_table_elements: 20,
        max_memories: 1,
        min_memories: 1,
        max_memory32_bytes: u64::from(LIMITS.memory_pages) << 16,
        memory_max_size_required: random.below(2) == 0,
        memory_offset_choices: MemoryOffsetChoices(95, 4, 1),
        max_tables: 1,
        min_tables: (random.below(2)) as u32,
        ..Config::default()
    }
}
