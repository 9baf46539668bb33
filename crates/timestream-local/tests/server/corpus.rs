//! The kept inputs of the fuzzers (`fuzz/corpus`) against the functions that are fuzzed: none may make them panic.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use timestream_local::fuzz;

/// The inputs of a target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let inputs: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() > 10, "{} is as good as empty", dir.display());
    inputs
}

/// Runs `target` on its corpus, and on what becomes of that when parts of two inputs are put together.
fn replay(target: &str, mut run: impl FnMut(&[u8])) {
    let corpus = corpus(target);
    corpus.iter().for_each(|input| run(input));
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let part = || (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let spliced = (part(), part(), any::<Option<(prop::sample::Index, u8)>>()).prop_map(|(a, b, flip)| {
        let cut = |(input, from, to): (prop::sample::Index, prop::sample::Index, prop::sample::Index)| {
            let input = input.get(&corpus);
            let (from, to) = (from.index(input.len() + 1), to.index(input.len() + 1));
            (input.clone(), from.min(to), from.max(to))
        };
        let ((first, from, to), (second, start, end)) = (cut(a), cut(b));
        let mut input = [&first[..from], &second[start..end], &first[to..]].concat();
        if let Some((at, byte)) = flip
            && !input.is_empty()
        {
            let at = at.index(input.len());
            input[at] = byte;
        }
        input
    });
    let run = std::cell::RefCell::new(run);
    let done = runner.run(&spliced, |input| {
        (run.borrow_mut())(&input);
        Ok(())
    });
    if let Err(error) = done {
        panic!("{error}");
    }
}

#[test]
fn requests() {
    let dir = tempfile::tempdir().unwrap();
    let mut requests = fuzz::Requests::open(&dir.path().join("data"));
    replay("requests", |input| requests.answer(input));
}

#[test]
fn sql() {
    let good = corpus("sql").iter().filter(|input| fuzz::sql(input)).count();
    assert!(good > 50, "only {good} texts get as far as a plan");
    replay("sql", |input| {
        fuzz::sql(input);
    });
}

#[test]
fn frames() {
    replay("frames", fuzz::frames);
}

#[test]
fn signatures() {
    replay("signatures", fuzz::signature);
}
