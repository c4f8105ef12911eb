// Bilinear RESIZE along a line.

// Between two columns of a line. The weights are at most 2^11 in sum, so an i16 stays within i32.
fn along(place: Place, line: u32, which_case: u32) -> i32 {
    return neighbour(place, line, place.column.x, which_case) * i32(place.column.z)
        + neighbour(place, line, place.column.y, which_case) * i32(place.column.w);
}
