// Bilinear RESIZE of i8 to i32: four weights of at most 2^22 in sum.

fn value_at(element: u32, which_case: u32) -> i32 {
    let place = place_of(element);
    return along(place, place.line.x, which_case) * i32(place.line.z)
        + along(place, place.line.y, which_case) * i32(place.line.w);
}
