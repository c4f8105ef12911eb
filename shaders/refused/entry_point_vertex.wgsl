// expect: EntryPoint
// A shader that is not a compute shader.
@fragment
fn main(@location(0) @interpolate(flat) input: u32) -> @location(0) u32 {
    return input;
}
