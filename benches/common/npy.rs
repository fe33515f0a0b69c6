//! Two-dimensional arrays of `f64` as NumPy stores them.

/// The numbers row by row, and how many there are in a row.
pub fn read(path: &str) -> (Vec<f64>, usize) {
    let bytes = std::fs::read(path).expect("the file can be read");
    assert_eq!(&bytes[..6], b"\x93NUMPY", "a file of NumPy's");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]);
    assert!(text.contains("'<f8'") && text.contains("'fortran_order': False"), "{text}");
    let shape = text.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
    let sides: Vec<usize> = shape
        .map(|(sides, _)| sides.split(',').filter_map(|side| side.trim().parse().ok()).collect())
        .unwrap_or_default();
    assert_eq!(sides.len(), 2, "{text}");
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    (bytes[10 + header..].chunks_exact(8).map(number).collect(), sides[1])
}
