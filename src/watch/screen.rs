//! A part at the bottom of a terminal that is drawn again and again, with lines that stay above it. Not here: what is
//! drawn (`frame`).

use std::io::Write;

/// The terminal below what is written for good.
#[derive(Debug)]
pub(crate) struct Screen<W> {
    out: W,
    /// The columns of each line that is drawn.
    drawn: Vec<usize>,
}

impl<W: Write> Screen<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, drawn: Vec::new() }
    }

    /// Draws lines (their columns and themselves) in place of those before, below others that stay.
    pub(crate) fn draw(&mut self, stay: &[String], lines: &[(usize, String)], width: usize) {
        let mut text = self.back(width);
        for line in stay.iter().chain(lines.iter().map(|(_, line)| line)) {
            text.push_str(line);
            text.push('\n');
        }
        self.drawn = lines.iter().map(|(columns, _)| *columns).collect();
        // At once, so that nobody sees a half; a terminal that is gone sees nothing.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// Back to the first column of the first line drawn, with all below cleared.
    fn back(&self, width: usize) -> String {
        // Terminals break lines that were drawn for a wider window in two.
        let rows: usize = self.drawn.iter().map(|columns| columns.div_ceil(width.max(1)).max(1)).sum();
        if rows == 0 { String::new() } else { format!("\r\x1b[{rows}A\x1b[J") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(lines: &[&str]) -> Vec<(usize, String)> {
        lines.iter().map(|line| (line.len(), (*line).to_owned())).collect()
    }

    #[test]
    fn each_drawing_takes_the_place_of_the_one_before() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out);
        screen.draw(&[], &drawn(&["one", "two"]), 80);
        screen.draw(&["stays".to_owned()], &drawn(&["three"]), 80);
        screen.draw(&[], &[], 80);
        screen.draw(&["plain".to_owned()], &[], 80);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "one\ntwo\n\r\x1b[2A\x1b[Jstays\nthree\n\r\x1b[1A\x1b[Jplain\n");
    }

    #[test]
    fn lines_that_a_narrower_window_broke_are_cleared_whole() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out);
        screen.draw(&[], &drawn(&["0123456789", "", "01234"]), 10);
        screen.draw(&[], &[], 5);
        assert!(String::from_utf8(out).unwrap().ends_with("\r\x1b[4A\x1b[J"));
    }
}
