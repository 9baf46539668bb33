//! Amazon Resource Names of databases and tables.

/// The account that everything local belongs to.
const ACCOUNT: &str = "000000000000";

/// What an ARN of ours names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) database: String,
    /// None where the database itself is meant.
    pub(crate) table: Option<String>,
}

impl Resource {
    /// Reads `arn:aws:timestream:REGION:ACCOUNT:database/NAME[/table/NAME]`; region and account may be any.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        if parts.next() != Some("arn") || !parts.next()?.starts_with("aws") {
            return None;
        }
        if parts.next() != Some("timestream") {
            return None;
        }
        let (_region, _account, path) = (parts.next()?, parts.next()?, parts.next()?);
        let mut path = path.split('/');
        if path.next() != Some("database") {
            return None;
        }
        let database = path.next().filter(|name| !name.is_empty())?.to_owned();
        let table = match (path.next(), path.next(), path.next()) {
            (None, None, None) => None,
            (Some("table"), Some(table), None) if !table.is_empty() => Some(table.to_owned()),
            _ => return None,
        };
        Some(Self { database, table })
    }

    /// The ARN of a database.
    pub(crate) fn database_arn(region: &str, database: &str) -> String {
        format!("arn:aws:timestream:{region}:{ACCOUNT}:database/{database}")
    }

    /// The ARN of a table.
    pub(crate) fn table_arn(region: &str, database: &str, table: &str) -> String {
        format!("arn:aws:timestream:{region}:{ACCOUNT}:database/{database}/table/{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let arn = Resource::table_arn("eu-west-1", "fleet", "metrics");
        assert_eq!(arn, "arn:aws:timestream:eu-west-1:000000000000:database/fleet/table/metrics");
        let both = Resource { database: "fleet".into(), table: Some("metrics".into()) };
        assert_eq!(Resource::parse(&arn), Some(both));
        let database = Resource { database: "fleet".into(), table: None };
        assert_eq!(Resource::parse(&Resource::database_arn("x", "fleet")), Some(database));
    }

    #[test]
    fn anything_else_is_refused() {
        for arn in [
            "",
            "arn:aws:s3:::bucket",
            "arn:aws:timestream:us-east-1:1:table/x",
            "arn:aws:timestream:us-east-1:1:database/",
            "arn:aws:timestream:us-east-1:1:database/a/table/",
            "arn:aws:timestream:us-east-1:1:database/a/table/b/c",
            "arn:aws:timestream:us-east-1:1:database/a/b",
        ] {
            assert_eq!(Resource::parse(arn), None, "{arn}");
        }
    }
}
