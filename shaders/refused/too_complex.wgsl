// expect: TooComplex
// Functions that call each other twice, thirty deep.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;
fn twice_0(x: i32) -> i32 {
    return x + 1;
}
fn twice_1(x: i32) -> i32 {
    return twice_0(x) + twice_0(x + 1);
}
fn twice_2(x: i32) -> i32 {
    return twice_1(x) + twice_1(x + 2);
}
fn twice_3(x: i32) -> i32 {
    return twice_2(x) + twice_2(x + 3);
}
fn twice_4(x: i32) -> i32 {
    return twice_3(x) + twice_3(x + 4);
}
fn twice_5(x: i32) -> i32 {
    return twice_4(x) + twice_4(x + 5);
}
fn twice_6(x: i32) -> i32 {
    return twice_5(x) + twice_5(x + 6);
}
fn twice_7(x: i32) -> i32 {
    return twice_6(x) + twice_6(x + 7);
}
fn twice_8(x: i32) -> i32 {
    return twice_7(x) + twice_7(x + 8);
}
fn twice_9(x: i32) -> i32 {
    return twice_8(x) + twice_8(x + 9);
}
fn twice_10(x: i32) -> i32 {
    return twice_9(x) + twice_9(x + 10);
}
fn twice_11(x: i32) -> i32 {
    return twice_10(x) + twice_10(x + 11);
}
fn twice_12(x: i32) -> i32 {
    return twice_11(x) + twice_11(x + 12);
}
fn twice_13(x: i32) -> i32 {
    return twice_12(x) + twice_12(x + 13);
}
fn twice_14(x: i32) -> i32 {
    return twice_13(x) + twice_13(x + 14);
}
fn twice_15(x: i32) -> i32 {
    return twice_14(x) + twice_14(x + 15);
}
fn twice_16(x: i32) -> i32 {
    return twice_15(x) + twice_15(x + 16);
}
fn twice_17(x: i32) -> i32 {
    return twice_16(x) + twice_16(x + 17);
}
fn twice_18(x: i32) -> i32 {
    return twice_17(x) + twice_17(x + 18);
}
fn twice_19(x: i32) -> i32 {
    return twice_18(x) + twice_18(x + 19);
}
fn twice_20(x: i32) -> i32 {
    return twice_19(x) + twice_19(x + 20);
}
fn twice_21(x: i32) -> i32 {
    return twice_20(x) + twice_20(x + 21);
}
fn twice_22(x: i32) -> i32 {
    return twice_21(x) + twice_21(x + 22);
}
fn twice_23(x: i32) -> i32 {
    return twice_22(x) + twice_22(x + 23);
}
fn twice_24(x: i32) -> i32 {
    return twice_23(x) + twice_23(x + 24);
}
fn twice_25(x: i32) -> i32 {
    return twice_24(x) + twice_24(x + 25);
}
fn twice_26(x: i32) -> i32 {
    return twice_25(x) + twice_25(x + 26);
}
fn twice_27(x: i32) -> i32 {
    return twice_26(x) + twice_26(x + 27);
}
fn twice_28(x: i32) -> i32 {
    return twice_27(x) + twice_27(x + 28);
}
fn twice_29(x: i32) -> i32 {
    return twice_28(x) + twice_28(x + 29);
}
fn twice_30(x: i32) -> i32 {
    return twice_29(x) + twice_29(x + 30);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    let value = twice_30(1);
    output[i] = value;
}
