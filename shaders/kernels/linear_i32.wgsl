// Sums of products of 8-bit elements in an i32, wrapping.

alias Total = i32;

fn start(index: u32, case_index: u32) -> Total {
    return i32(bias[min(case_index * params.bias_words + index, arrayLength(&bias) - 1u)]);
}

fn sum(total: Total, product: i32) -> Total {
    return total + product;
}

fn store(element: u32, case_index: u32, total: Total) {
    let word = case_index * params.output_words + element;
    if (word < arrayLength(&output)) {
        output[word] = u32(total);
    }
}
