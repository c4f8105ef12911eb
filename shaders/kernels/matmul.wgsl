// MATMUL of i8: an invocation makes four rows × four columns of the output. The rows of both inputs are padded to words
// with zeros (`pad_channels`).

@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

const NOWHERE: u32 = 0xffffffffu;
const ONES: u32 = 0x01010101u;

fn products(x: u32, w: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(dot4I8Packed(x, w.x), dot4I8Packed(x, w.y), dot4I8Packed(x, w.z), dot4I8Packed(x, w.w));
}

fn a_word(word: u32) -> u32 {
    return a[min(word, arrayLength(&a) - 1u)];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let tile = params.first + id.y * params.row + id.x;
    let groups = max(params.groups, 1u);
    let group = tile % groups;
    let row_tiles = max((params.rows + 3u) / 4u, 1u);
    let matrix = tile / groups / row_tiles;
    let row = ((tile / groups) % row_tiles) * 4u + vec4<u32>(0u, 1u, 2u, 3u);
    let position = select(vec4<u32>(NOWHERE), matrix * params.rows + row, row < vec4<u32>(params.rows));
    if (position.x >= params.positions) {
        return;
    }
    let words = params.summed_words;
    let a_start = id.z * params.a_words + (matrix * params.rows + row) * words;
    let b_start = id.z * params.b_words + matrix * params.summed * params.groups + group;
    var total_0 = vec4<i32>(0);
    var total_1 = vec4<i32>(0);
    var total_2 = vec4<i32>(0);
    var total_3 = vec4<i32>(0);
    var row_sums = vec4<i32>(0);
    var column_sums = vec4<i32>(0);
    for (var word = 0u; word < words; word++) {
        let columns = columns_of(b_start, word);
        let x = vec4<u32>(
            a_word(a_start.x + word),
            a_word(a_start.y + word),
            a_word(a_start.z + word),
            a_word(a_start.w + word),
        );
        total_0 += products(x.x, columns);
        total_1 += products(x.y, columns);
        total_2 += products(x.z, columns);
        total_3 += products(x.w, columns);
        row_sums += products(ONES, x);
        column_sums += products(ONES, columns);
    }
    // Σ (a − a_zp) · (b − b_zp) = Σ a·b − a_zp · Σ b − b_zp · Σ a + count · a_zp · b_zp, wrapping.
    let all = vec4<i32>(i32(params.summed) * params.a_zero_point * params.b_zero_point)
        - column_sums * params.a_zero_point;
    store(id.z, position.x, group, total_0 + all - vec4<i32>(row_sums.x * params.b_zero_point));
    store(id.z, position.y, group, total_1 + all - vec4<i32>(row_sums.y * params.b_zero_point));
    store(id.z, position.z, group, total_2 + all - vec4<i32>(row_sums.z * params.b_zero_point));
    store(id.z, position.w, group, total_3 + all - vec4<i32>(row_sums.w * params.b_zero_point));
}
