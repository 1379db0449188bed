//! What the store promises beyond its ports.
