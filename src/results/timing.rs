//! Which times of an operation are measured, and the tags that they have in interval logs.

/// A span of time of an operation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timing {
    /// From sending a request to its last row or its acknowledgement.
    Service,
    /// The same from the intended start; of ingest, and of queries with a rate.
    Response,
    /// From the intended start to the actual one.
    Lag,
    /// Of answers with rows: from sending the query to the first one.
    FirstRow,
    /// From there to the last one.
    Rest,
}

impl Timing {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Service, Self::Response, Self::Lag, Self::FirstRow, Self::Rest];

    /// Its name, as tags have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Response => "response",
            Self::Lag => "lag",
            Self::FirstRow => "first_row",
            Self::Rest => "rest",
        }
    }

    /// The tag of its histograms: `PHASE/QUERY/service`, of ingest `PHASE/service`. What would break a
    /// log's format becomes `-`.
    #[must_use]
    pub fn tag(self, phase: &str, query: Option<&str>) -> String {
        let query = query.map_or_else(String::new, |query| format!("/{query}"));
        format!("{phase}{query}/{}", self.name()).replace([',', ' ', '\r', '\n'], "-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_names_without_what_breaks_a_log() {
        assert_eq!(Timing::Service.tag("steady", None), "steady/service");
        assert_eq!(Timing::FirstRow.tag("steady, x", Some("do-q1")), "steady--x/do-q1/first_row");
    }
}
