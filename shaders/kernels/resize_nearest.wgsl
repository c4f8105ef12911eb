// RESIZE to the nearest element.

fn value_at(element: u32, which_case: u32) -> i32 {
    let place = place_of(element);
    return neighbour(place, place.line.x, place.column.x, which_case);
}
