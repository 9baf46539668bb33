//! When a rule applies, counted from the instant at which its plan was set.

use super::written::Span;

/// From `from` on, for as long as it lasts, again every so often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    from: i64,
    lasts: i64,
    every: i64,
}

impl Window {
    pub(super) fn new(from: Option<Span>, lasts: Option<Span>, every: Option<Span>) -> Self {
        Self {
            from: from.map_or(0, Span::nanos),
            lasts: lasts.map_or(i64::MAX, Span::nanos),
            every: every.map_or(i64::MAX, Span::nanos).max(1),
        }
    }

    /// Whether the rule applies so many nanoseconds after its plan was set.
    pub(super) fn contains(self, age: i64) -> bool {
        age >= self.from && (age - self.from) % self.every < self.lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Option<Span> {
        serde_json::from_str(&format!("{text:?}")).unwrap()
    }

    /// The seconds of the first `until` in which the window is open.
    fn open(window: Window, until: i64) -> Vec<i64> {
        (0..until).filter(|second| window.contains(second * 1_000_000_000)).collect()
    }

    #[test]
    fn windows_open_and_close() {
        assert_eq!(open(Window::new(None, None, None), 3), [0, 1, 2]);
        assert_eq!(open(Window::new(span("2s"), None, None), 5), [2, 3, 4]);
        assert_eq!(open(Window::new(span("2s"), span("2s"), None), 9), [2, 3]);
        assert_eq!(open(Window::new(span("1s"), span("2s"), span("4s")), 10), [1, 2, 5, 6, 9]);
        assert!(!Window::new(None, None, None).contains(-1), "a clock that was set back");
    }
}
