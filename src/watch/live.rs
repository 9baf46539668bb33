//! A run in a terminal: the view is drawn again a few times a second, and what is said stays above it. Not here: what it
//! shows (`frame`).

use std::io::Write;
use std::sync::Arc;

use super::View;
use super::frame::{Size, frame};
use super::lines::said;
use super::screen::Screen;
use super::text::Line;
use super::words::phase_over;
use crate::clock::Clock;
use crate::feed::{Figures, Level, News};
use crate::output::wrapped;

/// Draws the view.
pub(crate) struct Live<W> {
    screen: Screen<W>,
    scenario: String,
    clock: Arc<dyn Clock>,
    /// The terminal's size now.
    size: Box<dyn Fn() -> Size + Send>,
    colours: bool,
    /// What is shown.
    figures: Option<Arc<Figures>>,
    /// How it was drawn last.
    drawn: (Size, Vec<Line>),
}

impl<W: Write + Send> Live<W> {
    pub(crate) fn new(
        out: W,
        scenario: String,
        clock: Arc<dyn Clock>,
        size: Box<dyn Fn() -> Size + Send>,
        colours: bool,
    ) -> Self {
        let drawn = (size(), Vec::new());
        Self { screen: Screen::new(out), scenario, clock, size, colours, figures: None, drawn }
    }

    /// Draws anew where that changes anything.
    fn draw(&mut self, stay: &[String]) {
        let size = (self.size)();
        let shown = self.figures.as_ref();
        let lines =
            shown.map_or_else(Vec::new, |figures| frame(figures, &self.scenario, self.clock.now(), size));
        if stay.is_empty() && self.drawn == (size, lines.clone()) {
            return;
        }
        let text: Vec<(usize, String)> =
            lines.iter().map(|line| (line.columns(), line.text(self.colours))).collect();
        self.screen.draw(stay, &text, size.width);
        self.drawn = (size, lines);
    }
}

impl<W: Write + Send> View for Live<W> {
    fn show(&mut self, news: &News) {
        match news {
            News::Remark(remark) => {
                let colour = self.colours && remark.level == Level::Warning;
                let style = console::Style::new().force_styling(colour).yellow();
                let text = wrapped(&said(remark), (self.size)().width);
                self.draw(&[style.apply_to(text).to_string()]);
            }
            News::PhaseBegan(figures) | News::Figures(figures) => {
                self.figures = Some(Arc::clone(figures));
                self.draw(&[]);
            }
            News::PhaseEnded(figures) => {
                self.figures = Some(Arc::clone(figures));
                self.draw(&[wrapped(&phase_over(figures), (self.size)().width)]);
            }
            News::Result(_) => {}
        }
    }

    fn tick(&mut self) {
        self.draw(&[]);
    }

    fn end(&mut self) {
        self.figures = None;
        self.draw(&[]);
    }
}
