//! Fenced blocks of a Markdown file, and the comments before them that say what a test does with
//! them. Not here: doing it (`walk`).
//!
//! A reader of the rendered page sees none of these comments. They stand on lines of their own, directly before the block:
//!
//! - `<!-- not run: WHY -->`: the block is left out, and the reason is listed;
//! - `<!-- needs: TOOLS -->`: its commands need what a fresh machine lacks, so only the ignored test runs them;
//! - `<!-- file: PATH -->`: the block is what the reader saves as PATH;
//! - `<!-- into: PATH, under: KEY -->`: the reader adds the block's lines to PATH, below `KEY:`;
//! - `<!-- output -->`: the block is all that the commands before it print.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The word after the fence: `sh`, `yaml`; empty if there is none.
    pub(crate) language: String,
    /// Its lines, without the fence's own indentation.
    pub(crate) text: String,
    /// The fence's line, from 1.
    pub(crate) line: usize,
    /// What a test does with it.
    pub(crate) mark: Mark,
}

/// What the comment before a block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    None,
    NotRun(String),
    Needs(String),
    File(String),
    Into { file: String, under: String },
    Output,
}

/// The fenced blocks of a file, in their order.
///
/// # Panics
/// At a fence without an end, and at a comment before a block that is none of the above.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut mark = Mark::None;
    while let Some((number, line)) = lines.next() {
        let bare = line.trim_start();
        let Some(language) = bare.strip_prefix("```") else {
            mark = Mark::read(bare, number + 1);
            continue;
        };
        let indent = line.len() - bare.len();
        let mut text = String::new();
        loop {
            let (_, line) =
                lines.next().unwrap_or_else(|| panic!("the block of line {} has no end", number + 1));
            if line.trim() == "```" {
                break;
            }
            text.push_str(line.get(indent..).unwrap_or_default());
            text.push('\n');
        }
        let mark = std::mem::replace(&mut mark, Mark::None);
        blocks.push(Block { language: language.trim().to_owned(), text, line: number + 1, mark });
    }
    blocks
}

impl Mark {
    fn read(line: &str, number: usize) -> Self {
        let comment = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let Some(comment) = comment else { return Self::None };
        let word = |name: &str| comment.strip_prefix(name).map(|rest| rest.trim().to_owned());
        if let Some(why) = word("not run:") {
            Self::NotRun(why)
        } else if let Some(tools) = word("needs:") {
            Self::Needs(tools)
        } else if let Some(file) = word("file:") {
            Self::File(file)
        } else if comment == "output" {
            Self::Output
        } else if let Some(place) = word("into:") {
            let (file, under) = place.split_once(", under: ").unwrap_or_else(|| {
                panic!("line {number}: write it as <!-- into: FILE, under: KEY -->");
            });
            Self::Into { file: file.to_owned(), under: under.to_owned() }
        } else {
            panic!(
                "line {number}: `{comment}` says nothing to a test; see tests/integration/documents/markdown.rs"
            );
        }
    }
}

#[test]
fn blocks_come_with_their_language_line_and_mark() {
    let text = "# A\n\n```sh\none\n\ntwo\n```\n<!-- not run: no -->\n```sh\nthree\n```\n- item\n\n  <!-- file: a.py -->\n  ```python\n  if a:\n      b\n  ```\n";
    let block = |language: &str, text: &str, line, mark| Block {
        language: language.to_owned(),
        text: text.to_owned(),
        line,
        mark,
    };
    assert_eq!(
        blocks(text),
        [
            block("sh", "one\n\ntwo\n", 3, Mark::None),
            block("sh", "three\n", 9, Mark::NotRun("no".to_owned())),
            block("python", "if a:\n    b\n", 15, Mark::File("a.py".to_owned())),
        ]
    );
}
