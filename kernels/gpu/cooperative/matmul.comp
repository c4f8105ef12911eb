// MATMUL of i8 without zero points on cooperative matrices: a subgroup makes one tile of the output, M rows by N columns,
// from K rows of the second input at a time. Rows, summed elements and columns are whole numbers of them, so nothing
// outside of the matrices is read or written. The units are exact: 32-bit sums, and no operand asks for saturation.
//
// `glslang --target-env vulkan1.3 -g0 -o matmul.spv matmul.comp` (glslang 16.6.0) makes the module from it; `matmul.keccak`
// has the keccak-256 of both. The three sizes are set in the module when it is loaded, to what the adapter has.
#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#pragma use_vulkan_memory_model

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint M = 16;
layout(constant_id = 1) const uint N = 16;
layout(constant_id = 2) const uint K = 16;

layout(std140, set = 0, binding = 0) uniform Params {
    uint tiles;        // of the output of a case
    uint matrix_tiles; // of one matrix of it
    uint rows;         // of a matrix of the first input and of the output
    uint summed;       // elements of a row of the first input, rows of the second
    uint columns;      // of the second input and of the output
    uint a_words;      // from one case to the next; 0 for a constant
    uint b_words;
    uint row_groups;   // workgroups of a row of the grid
} params;
layout(std430, set = 0, binding = 1) writeonly buffer C { int c[]; };
layout(std430, set = 0, binding = 2) readonly buffer A { uint a[]; };
layout(std430, set = 0, binding = 3) readonly buffer B { uint b[]; };

void main() {
    uint group = gl_WorkGroupID.y * params.row_groups + gl_WorkGroupID.x;
    uint tile = group * gl_NumSubgroups + gl_SubgroupID;
    if (tile >= params.tiles) {
        return;
    }
    uint matrix = tile / params.matrix_tiles;
    uint across = params.columns / N;
    uint row = tile % params.matrix_tiles / across * M;
    uint column = tile % across * N;
    uint case_index = gl_WorkGroupID.z;
    // In words of four elements.
    uint a_stride = params.summed / 4;
    uint b_stride = params.columns / 4;
    uint a_at = case_index * params.a_words + (matrix * params.rows + row) * a_stride;
    uint b_at = case_index * params.b_words + matrix * params.summed * b_stride + column / 4;
    coopmat<int, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sums =
        coopmat<int, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0);
    for (uint k = 0; k < params.summed; k += K) {
        coopmat<int8_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> x;
        coopmat<int8_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> y;
        coopMatLoad(x, a, a_at + k / 4, a_stride, gl_CooperativeMatrixLayoutRowMajor);
        coopMatLoad(y, b, b_at + k * b_stride, b_stride, gl_CooperativeMatrixLayoutRowMajor);
        sums = coopMatMulAdd(x, y, sums);
    }
    // The output of a case is its tiles: as many words as elements.
    uint c_at = (case_index * params.tiles + matrix * params.matrix_tiles) * M * N + row * params.columns + column;
    coopMatStore(sums, c, c_at, params.columns, gl_CooperativeMatrixLayoutRowMajor);
}
