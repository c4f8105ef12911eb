// The operands of a tile of four positions × four output channels, in storage buffers, and where its windows lie.

@group(0) @binding(2) var<storage, read> input: array<u32>;
// [groups]
@group(0) @binding(4) var<storage, read> bias: array<vec4<i32>>;

// Four positions of the output and where their windows begin; rows and columns of padding wrap to large numbers.
struct Tile {
    group: u32,
    position: vec4<u32>,
    // Position of the input's image, counted in lines.
    first_line: vec4<u32>,
    first_y: vec4<u32>,
    first_x: vec4<u32>,
}

fn tile_of(id: vec3<u32>) -> Tile {
    let tile = params.first + id.y * params.row + id.x;
    let groups = max(params.groups, 1u);
    let position = vec4<u32>((tile / groups) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let output_width = max(params.output_width, 1u);
    let output_height = max(params.output_height, 1u);
    let line = position / output_width;
    return Tile(
        tile % groups,
        position,
        (line / output_height) * params.height,
        (line % output_height) * params.stride_y - params.pad_top,
        (position % output_width) * params.stride_x - params.pad_left,
    );
}
