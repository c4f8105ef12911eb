// CLZ: the number of leading zero bits of an i32.

struct Arguments {
    reserved: u32,
}

fn apply(word: u32, element: u32) -> i32 {
    return i32(countLeadingZeros(word));
}
