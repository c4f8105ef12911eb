//! Cooperative matrices: the units of an adapter that multiply small matrices of i8 and add to sums of i32, exactly, and
//! the one kernel for them. WGSL does not reach them in this type, so it is a module of SPIR-V that passes wgpu by.

use std::borrow::Cow;

use aivm_shaders::kernels::Kernel;

use crate::pipelines::WORKGROUP;
use crate::unchecked;

/// MATMUL of i8 without zero points: `cooperative/matmul.comp`. Reads both inputs.
pub(crate) const MATMUL: Kernel = Kernel {
    name: Cow::Borrowed("matmul_cooperative"),
    source: Cow::Borrowed(include_str!("../cooperative/matmul.comp")),
    inputs: 2,
    uniforms: 0,
};

/// What `MATMUL`'s source was compiled to.
const MODULE: &[u8] = include_bytes!("../cooperative/matmul.spv");

/// wgpu's features that the kernel needs.
const FEATURES: wgpu::Features =
    wgpu::Features::PASSTHROUGH_SHADERS.union(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX);

/// The product that an adapter's cooperative matrices make at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CooperativeTile {
    /// Rows of the first matrix and of the sums.
    pub rows: u32,
    /// Columns of the second matrix and of the sums.
    pub columns: u32,
    /// Columns of the first matrix, rows of the second.
    pub summed: u32,
    /// Most invocations of a subgroup, which makes it.
    pub subgroup_max: u32,
}

impl CooperativeTile {
    /// The largest of those of an adapter that the kernel can use.
    pub(crate) fn of(adapter: &wgpu::Adapter) -> Option<CooperativeTile> {
        if !adapter.features().contains(FEATURES) {
            return None;
        }
        let subgroup_max = adapter.get_info().subgroup_max_size;
        let sizes = unchecked::cooperative_sizes(adapter);
        chosen(&sizes, subgroup_max)
    }
}

/// Rows, columns and summed elements of the known answer, which a tile divides: what cannot be tested is not used.
const KNOWN: [u32; 3] = [32, 32, 64];

/// The largest of `sizes`, the first of equals, whose rows are whole words, if workgroups are whole subgroups.
fn chosen(sizes: &[[u32; 3]], subgroup_max: u32) -> Option<CooperativeTile> {
    let tested = |size: &&[u32; 3]| {
        let mut sides = size.iter().zip(KNOWN);
        let words = size[1].is_multiple_of(4) && size[2].is_multiple_of(4);
        words && sides.all(|(&side, known)| side != 0 && known.is_multiple_of(side))
    };
    let products = |size: &&[u32; 3]| size.iter().product::<u32>();
    let sizes = sizes.iter().rev().filter(tested);
    let &[rows, columns, summed] = sizes.max_by_key(products)?;
    let whole = subgroup_max != 0 && WORKGROUP.is_multiple_of(subgroup_max);
    whole.then_some(CooperativeTile {
        rows,
        columns,
        summed,
        subgroup_max,
    })
}

/// `descriptor` with what the kernel needs of a device.
pub(crate) fn with_features<'a>(
    descriptor: wgpu::DeviceDescriptor<'a>,
) -> wgpu::DeviceDescriptor<'a> {
    wgpu::DeviceDescriptor {
        required_features: descriptor.required_features | FEATURES,
        experimental_features: unchecked::cooperative_experiment(),
        ..descriptor
    }
}

/// The module of [`MATMUL`] for a tile that the adapter lists.
pub(crate) fn module(device: &wgpu::Device, tile: CooperativeTile) -> wgpu::ShaderModule {
    unchecked::passthrough(device, &MATMUL.name, &with_sizes(MODULE, tile))
}

/// The words of a module whose specialization constants 0, 1 and 2 are rows, columns and summed elements of a tile: wgpu
/// sets no such constants in what passes it by.
fn with_sizes(module: &[u8], tile: CooperativeTile) -> Vec<u32> {
    const HEADER_WORDS: usize = 5;
    const OP_SPEC_CONSTANT: u32 = 50;
    const OP_DECORATE: u32 = 71;
    const SPEC_ID: u32 = 1;
    let words = module.chunks_exact(4);
    let mut words: Vec<u32> = words
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let sizes = [tile.rows, tile.columns, tile.summed];
    // Decorations come before what they decorate.
    let mut constants = [0; 3];
    let mut at = HEADER_WORDS;
    while at < words.len() {
        // The number of words of the instruction above its number.
        let (count, instruction) = ((words[at] >> 16) as usize, words[at] & 0xffff);
        match instruction {
            OP_DECORATE if words[at + 2] == SPEC_ID => {
                constants[words[at + 3] as usize] = words[at + 1];
            }
            OP_SPEC_CONSTANT => {
                let index = constants.iter().position(|&id| id == words[at + 2]);
                if let Some(index) = index {
                    words[at + 3] = sizes[index];
                }
            }
            _ => {}
        }
        at += count.max(1);
    }
    words
}

#[cfg(test)]
mod tests {
    use sha3::{Digest, Keccak256};

    use super::*;

    fn keccak(bytes: &[u8]) -> String {
        let hash = Keccak256::digest(bytes);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Both change together: whoever edits the source runs the command in it.
    #[test]
    fn the_module_belongs_to_its_source() {
        let hashes = [keccak(MATMUL.source.as_bytes()), keccak(MODULE)];
        let recorded = include_str!("../cooperative/matmul.keccak");
        assert_eq!(recorded.lines().collect::<Vec<_>>(), hashes);
    }

    #[test]
    fn the_sizes_of_a_tile_are_set_in_the_module_and_nothing_else() {
        let tile = |rows, columns, summed| CooperativeTile {
            rows,
            columns,
            summed,
            subgroup_max: 32,
        };
        let compiled = with_sizes(MODULE, tile(16, 16, 16));
        let bytes: Vec<u8> = compiled
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        assert!(bytes == MODULE);
        let set = with_sizes(MODULE, tile(8, 12, 32));
        let pairs = compiled.iter().zip(&set).filter(|(old, new)| old != new);
        let mut pairs: Vec<_> = pairs.map(|(&old, &new)| (old, new)).collect();
        pairs.sort_unstable();
        assert_eq!(pairs, [(16, 8), (16, 12), (16, 32)]);
    }

    #[test]
    fn the_largest_tile_of_whole_words_is_chosen() {
        let sizes = [
            [16, 8, 32],
            [16, 16, 32],
            [8, 32, 32],
            [32, 32, 2],
            [64, 16, 16],
        ];
        let tile = chosen(&sizes, 32).expect("there is one");
        assert_eq!([tile.rows, tile.columns, tile.summed], [16, 16, 32]);
        assert_eq!(chosen(&[], 32), None);
        assert_eq!(chosen(&sizes[3..], 32), None);
        assert_eq!(
            [chosen(&sizes, 64).is_some(), chosen(&sizes, 128).is_some()],
            [true, false]
        );
    }
}
