//! What a run came to, for people: from the files of its run directory and nothing else. Not here:
//! counting (`recorder`), the files' forms (`results`).

mod text;

pub use text::text;
