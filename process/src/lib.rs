//! What every program of warta does for itself: reads its settings, knows its way out, tells how it fares.

pub mod metrics;
mod outside;
mod settings;
pub mod telemetry;

pub use outside::Outside;
pub use settings::{Problems, Settings};
