// Sums of products of 16-bit by 8- or 16-bit elements in an i48, wrapping. Each product fits an i32.

alias Total = Wide;

fn start(index: u32, case_index: u32) -> Total {
    let word = case_index * params.bias_words + index * 2u;
    let last = arrayLength(&bias) - 1u;
    return Wide(bias[min(word, last)], bias[min(word + 1u, last)]);
}

fn sum(total: Total, product: i32) -> Total {
    return wide_sum(total, Wide(u32(product), u32(product >> 31u)));
}

fn store(element: u32, case_index: u32, total: Total) {
    let word = case_index * params.output_words + element * 2u;
    let words = arrayLength(&output);
    if (words >= 2u && word <= words - 2u) {
        output[word] = total.low;
        // The upper half keeps 16 bits, with sign.
        output[word + 1u] = u32(i32(total.high << 16u) >> 16u);
    }
}
