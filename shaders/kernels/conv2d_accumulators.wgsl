// CONV2D's epilogue that stores the i32 accumulators.

struct Arguments {
    reserved: u32,
}

fn store(case_index: u32, position: u32, group: u32, total: vec4<i32>) {
    let first_word = case_index * params.output_words + position * params.output_channels + group * 4u;
    for (var lane = 0u; lane < 4u; lane++) {
        let word = first_word + lane;
        if (position < params.positions && group * 4u + lane < params.output_channels && word < arrayLength(&output)) {
            output[word] = u32(total[lane]);
        }
    }
}
