//! Charts as inline SVG: one string that a page holds, drawn here and styled by the page (`page`).
//!
//! A chart is as wide as its place. Positions along it are shares of its width and text keeps its size, so that the
//! same chart reads well on a phone and on paper; height is fixed. There is no script: what is at an instant is
//! told by CSS when a pointer or a finger is there. Colours are the page's, so that light, dark and print follow it.
//!
//! Values are plain numbers in base units: seconds, bytes, counts. Who makes a chart makes it small: at most a few
//! hundred points a line, each from merged histograms or sums, never from averaged percentiles.
//!
//! Not here: what is drawn (`report`), the page around it (`page`).

mod axis;
mod draw;
mod parts;
#[cfg(test)]
mod tests;
mod unit;

pub use axis::{Axis, Scale};
pub use draw::Chart;
pub use parts::{Band, Bound, Ink, Line, Mark, Shade};
pub use unit::{Unit, elapsed, figure};
