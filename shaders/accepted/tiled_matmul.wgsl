// A matrix product in 8 x 8 tiles of workgroup memory.
requires packed_4x8_integer_dot_product;

struct Params {
    rows: u32,
    columns: u32,
    // Words of four i8 in a row of `left` and in a row of `right`, which is stored transposed.
    words: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<u32>;
@group(0) @binding(2) var<storage, read> right: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<i32>;

var<workgroup> left_tile: array<array<u32, 8>, 8>;
var<workgroup> right_tile: array<array<u32, 8>, 8>;

fn left_word(row: u32, word: u32) -> u32 {
    let index = row * params.words + word;
    if (row < params.rows && word < params.words && index < arrayLength(&left)) {
        return left[index];
    }
    return 0u;
}

fn right_word(column: u32, word: u32) -> u32 {
    let index = column * params.words + word;
    if (column < params.columns && word < params.words && index < arrayLength(&right)) {
        return right[index];
    }
    return 0u;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = group.y * 8u + local.y;
    let column = group.x * 8u + local.x;
    var sum = 0;
    let tiles = (params.words + 7u) / 8u;
    for (var t = 0u; t < tiles; t += 1u) {
        left_tile[local.y][local.x] = left_word(row, t * 8u + local.x);
        right_tile[local.y][local.x] = right_word(group.x * 8u + local.y, t * 8u + local.x);
        workgroupBarrier();
        for (var k = 0u; k < 8u; k += 1u) {
            sum += dot4I8Packed(left_tile[local.y][k], right_tile[local.x][k]);
        }
        workgroupBarrier();
    }
    let at = row * params.columns + column;
    if (row < params.rows && column < params.columns && at < arrayLength(&output)) {
        output[at] = sum;
    }
}
