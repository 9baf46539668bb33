//! The latencies of a run as one distribution: the bins of its merged histogram with what lies below each. Not here: how
//! far it may be from the truth (`sample`).

use hdrhistogram::Histogram;

/// A merged histogram, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    bins: Vec<Bin>,
    count: u64,
}

/// Latencies that a histogram does not tell apart.
#[derive(Debug, Clone, Copy)]
struct Bin {
    /// The least of them, and the least that is more than all of them.
    from: u64,
    to: u64,
    count: u64,
    /// Latencies in the bins before.
    below: u64,
}

/// A place in a distribution: a bin, and the share of its latencies that lies below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    bin: Bin,
    share: f64,
}

impl Distribution {
    /// Of a histogram.
    pub(crate) fn of(histogram: &Histogram<u64>) -> Self {
        let mut bins = Vec::new();
        let mut count = 0;
        for recorded in histogram.iter_recorded() {
            let value = recorded.value_iterated_to();
            bins.push(Bin {
                from: histogram.lowest_equivalent(value),
                to: histogram.next_non_equivalent(value),
                count: recorded.count_since_last_iteration(),
                below: count,
            });
            count += recorded.count_since_last_iteration();
        }
        Self { bins, count }
    }

    /// How many latencies there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The place below which a share of the latencies lies; none where there are none.
    pub(crate) fn place(&self, share: f64) -> Option<Place> {
        let rank = share * self.count as f64;
        let at = self.bins.partition_point(|bin| ((bin.below + bin.count) as f64) < rank);
        let bin = *self.bins.get(at).or(self.bins.last())?;
        Some(Place { bin, share: ((rank - bin.below as f64) / bin.count as f64).clamp(0.0, 1.0) })
    }

    /// The share that lies below a latency of a histogram, of its own bin one half.
    pub(crate) fn below(&self, latency: u64) -> f64 {
        let at = self.bins.partition_point(|bin| bin.to <= latency);
        let rank = match self.bins.get(at) {
            Some(bin) if bin.from <= latency => bin.below as f64 + bin.count as f64 / 2.0,
            Some(bin) => bin.below as f64,
            None => self.count as f64,
        };
        rank / self.count as f64
    }
}

impl Place {
    /// The logarithm of the latency there; the latencies of a bin are taken to be spread evenly over it.
    pub(crate) fn logarithm(&self) -> f64 {
        let (from, to) = (self.bin.from as f64, self.bin.to as f64);
        (from + self.share * (to - from)).max(f64::MIN_POSITIVE).ln()
    }

    /// How wide its bin is, as a difference of logarithms: by so much the histogram may be wrong.
    pub(crate) fn width(&self) -> f64 {
        (self.bin.to as f64 / self.bin.from.max(1) as f64).ln()
    }

    /// How many of these latencies lie below, of the place's own bin its share.
    pub(crate) fn counts(&self, latencies: &[(u64, u64)]) -> f64 {
        let part = |latency: u64| match latency {
            latency if latency < self.bin.from => 1.0,
            latency if latency < self.bin.to => self.share,
            _ => 0.0,
        };
        latencies.iter().map(|(latency, count)| part(*latency) * *count as f64).sum()
    }
}

/// The latencies of a histogram with their counts.
pub(crate) fn recorded(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let bins = histogram.iter_recorded();
    bins.map(|bin| (bin.value_iterated_to(), bin.count_since_last_iteration())).collect()
}
