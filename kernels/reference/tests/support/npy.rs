//! Reads `.npy` files.

/// Shape and little-endian data of a C-order `.npy` file, version 1.
pub(crate) fn read(file: &[u8]) -> (Vec<usize>, Vec<u8>) {
    assert_eq!(&file[..8], b"\x93NUMPY\x01\x00");
    let header_len = usize::from(u16::from_le_bytes([file[8], file[9]]));
    let header = std::str::from_utf8(&file[10..10 + header_len]).expect("the header is text");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let (_, shape) = header
        .split_once("'shape': (")
        .expect("the header has a shape");
    let (shape, _) = shape.split_once(')').expect("the shape ends");
    let sides = shape
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    let shape = sides
        .map(|side| side.parse().expect("a side is a number"))
        .collect();
    (shape, file[10 + header_len..].to_vec())
}
