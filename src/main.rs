//! warta.
fn main() {}
