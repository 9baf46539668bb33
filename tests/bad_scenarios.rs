//! Every file in `bad-scenarios/` against the problems that it should give, in the snapshot beside it.
//! A file whose first line is a comment with `-P name=value` is loaded with those parameters.

use std::fs;
use std::path::Path;

use tsrun::scenario;

#[test]
fn bad_scenarios_give_their_problems() {
    let mut files: Vec<_> = fs::read_dir("tests/bad-scenarios")
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry reads").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("file names are text").to_owned();
        insta::with_settings!({
            snapshot_path => "bad-scenarios",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, problems_of(&file));
        });
    }
}

/// The problems of a file as `tsrun check` prints them.
fn problems_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("the file reads");
    let first = text.lines().next().unwrap_or_default();
    let overrides: Vec<_> = first
        .split("-P ")
        .skip(1)
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let loaded = scenario::load(file, &overrides).expect("the file reads");
    loaded.document.render(&loaded.with_problems(Vec::new()))
}
