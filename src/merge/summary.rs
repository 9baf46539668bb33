//! Summaries and thresholds of a merged run: counts are added, latencies come from merged histograms, and means and deviations from
//! the counts and means of the parts. Not here: what the figures mean (`recorder`).

use super::histograms::Histograms;
use crate::plan::ALL_PHASES as ALL;
use crate::plan::{Subject, SubjectKind, Threshold};
use crate::recorder::{Series, thresholds};
use crate::results::{Manifest, Run, SummaryRow, ThresholdRow};

/// Every operation in every phase that counts, in the order of the parts' summaries.
pub(super) struct Operations(Vec<Operation>);

struct Operation {
    /// With the names that it has in a summary.
    row: SummaryRow,
    series: Series,
}

impl Operations {
    /// Of these runs, with their merged histograms.
    pub(super) fn of(parts: &[Run], histograms: &Histograms) -> Self {
        let mut all: Vec<Operation> = Vec::new();
        let rows = || parts.iter().flat_map(|part| &part.summary).filter(|row| row.phase != ALL);
        for row in rows() {
            if all.iter().any(|operation| same(&operation.row, row)) {
                continue;
            }
            let of_parts: Vec<&SummaryRow> = rows().filter(|other| same(other, row)).collect();
            let query = row.query();
            let series =
                Series::of_rows(&of_parts, |timing| histograms.of(&row.workload, &row.phase, query, timing));
            all.push(Operation { row: named(row, None), series });
        }
        Self(all)
    }

    /// The rows of `summary.csv`: those of each phase, then those of all.
    pub(super) fn rows(&self) -> Vec<SummaryRow> {
        let mut rows: Vec<SummaryRow> = self.0.iter().map(|of| named(&of.row, Some(&of.series))).collect();
        let mut sums: Vec<Operation> = Vec::new();
        for of in &self.0 {
            let whole = SummaryRow { phase: ALL.to_owned(), ..named(&of.row, None) };
            match sums.iter_mut().find(|sum| same(&sum.row, &whole)) {
                Some(sum) => sum.series.merge(&of.series),
                None => {
                    let mut series = Series::default();
                    series.merge(&of.series);
                    sums.push(Operation { row: whole, series });
                }
            }
        }
        rows.extend(sums.iter().map(|of| named(&of.row, Some(&of.series))));
        rows
    }

    /// The parts' thresholds, held against the merged figures. Those of phases that are in no summary come out as they did in
    /// the parts: kept where all kept them.
    pub(super) fn thresholds(&self, parts: &[Run], manifest: &Manifest) -> Vec<ThresholdRow> {
        let subjects = self.subjects();
        let mut all: Vec<ThresholdRow> = Vec::new();
        for row in parts.iter().flat_map(|part| &part.thresholds) {
            let same =
                |other: &ThresholdRow| (&other.threshold, &other.phase) == (&row.threshold, &row.phase);
            if all.iter().any(same) {
                continue;
            }
            let threshold = Threshold::read(&row.threshold, &subjects);
            let merged =
                threshold.and_then(|threshold| self.threshold(threshold, &row.phase, &subjects, manifest));
            all.push(merged.unwrap_or_else(|| {
                let of_parts = parts.iter().flat_map(|part| &part.thresholds).filter(|row| same(row));
                let of_parts: Vec<&ThresholdRow> = of_parts.collect();
                let values: Vec<&str> = of_parts.iter().map(|row| row.value.as_str()).collect();
                let passed = of_parts.iter().all(|row| row.passed);
                ThresholdRow { value: format!("{} in the parts", values.join(", ")), passed, ..row.clone() }
            }));
        }
        all
    }

    fn threshold(
        &self,
        threshold: Threshold,
        phase: &str,
        subjects: &[Subject<'_>],
        manifest: &Manifest,
    ) -> Option<ThresholdRow> {
        let subject = &subjects[threshold.workload];
        let wanted_query = threshold.query.map(|query| subject.queries[query]);
        let in_phase = |of: &&Operation| phase == ALL || of.row.phase == phase;
        let mut phases: Vec<&str> = Vec::new();
        let mut series = Series::default();
        for of in self.0.iter().filter(in_phase) {
            if !phases.contains(&of.row.phase.as_str()) {
                phases.push(&of.row.phase);
            }
            let is_wanted = wanted_query.is_none_or(|wanted| of.row.query_type == wanted);
            if of.row.workload == subject.name && is_wanted {
                series.merge(&of.series);
            }
        }
        let seconds = phases.iter().map(|phase| manifest.phase_seconds(phase)).sum();
        let value = thresholds::figure(threshold.figure, &series, seconds);
        let phase = (phase != ALL).then(|| phase.to_owned());
        (!phases.is_empty()).then(|| thresholds::row(&Threshold { phase, ..threshold }, value))
    }

    /// What thresholds are about.
    fn subjects(&self) -> Vec<Subject<'_>> {
        let mut all: Vec<Subject<'_>> = Vec::new();
        for Operation { row, series } in &self.0 {
            let index = all.iter().position(|subject| subject.name == row.workload).unwrap_or_else(|| {
                let kind = match row.query() {
                    None => SubjectKind::Ingest,
                    Some(_) => SubjectKind::Closed,
                };
                all.push(Subject { name: &row.workload, queries: Vec::new(), kind });
                all.len() - 1
            });
            let subject = &mut all[index];
            if let Some(query) = row.query() {
                if !subject.queries.contains(&query) {
                    subject.queries.push(query);
                }
                if series.has_response() {
                    subject.kind = SubjectKind::Open;
                }
            }
        }
        all
    }
}

fn same(a: &SummaryRow, b: &SummaryRow) -> bool {
    (&a.workload, &a.query_type, &a.phase) == (&b.workload, &b.query_type, &b.phase)
}

/// The names of a row, with the figures of a series, if there is one.
fn named(row: &SummaryRow, series: Option<&Series>) -> SummaryRow {
    SummaryRow {
        query_type: row.query_type.clone(),
        kind: row.kind.clone(),
        workload: row.workload.clone(),
        phase: row.phase.clone(),
        ..series.map(Series::summary).unwrap_or_default()
    }
}
