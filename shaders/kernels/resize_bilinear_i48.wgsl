// Bilinear RESIZE of i16 to i48: as of i8, but the last sum takes 64 bits. An invocation makes one element, two words.

@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let element = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + 2u * element;
    let words = arrayLength(&output);
    if (element < params.elements && words >= 2u && target_word <= words - 2u) {
        let place = place_of(element);
        let value = wide_sum(
            wide_product(along(place, place.line.x, id.z), i32(place.line.z)),
            wide_product(along(place, place.line.y, id.z), i32(place.line.w)),
        );
        output[target_word] = value.low;
        output[target_word + 1u] = value.high;
    }
}
