// The amount of an element-wise shift: modulo the bits of the output's type, as docs/semantics.md says.

fn shift_amount(amount: i32) -> u32 {
    let bits = 32u >> min(params.output_lanes_log2, 2u);
    return u32(amount) & (bits - 1u) & 31u;
}
