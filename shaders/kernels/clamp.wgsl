// CLAMP: limits each element to `low..=high`.

struct Arguments {
    low: i32,
    high: i32,
}

fn apply(word: u32, element: u32) -> i32 {
    let value = signed_lane(word, element, params.input_lanes_log2);
    return min(max(value, params.arguments.low), params.arguments.high);
}
