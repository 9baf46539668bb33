//! Every file in `tests/bad-scenarios/` against what `tsrun check` says of it, in the snapshot beside
//! it. The first line may be a comment that gives parameters: `# -P name=value`.

use std::fs;
use std::path::Path;

use super::command::{root, tsrun};

#[test]
fn bad_scenarios_give_their_problems() {
    let mut files: Vec<_> = fs::read_dir(root().join("tests/bad-scenarios"))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry reads").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() > 30);
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("file names are text").to_owned();
        // A build without the local Timestream leaves its rules to the server that it meets.
        if name.starts_with("local-") && !cfg!(feature = "local") {
            continue;
        }
        insta::with_settings!({
            snapshot_path => "../bad-scenarios",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, problems_of(&file));
        });
    }
}

fn problems_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("the file reads");
    let first = text.lines().next().unwrap_or_default();
    let parameters = first.split("-P ").skip(1).flat_map(|pair| ["-P", pair.trim()]);
    let name = file.strip_prefix(root()).expect("it is in the repository");
    let checked = tsrun(["check", name.to_str().expect("names are text")].into_iter().chain(parameters));
    assert_eq!(checked.code(), Some(2), "{}", name.display());
    assert_eq!(checked.stdout(), "");
    checked.stderr()
}
