//! Amazon Resource Names of databases, tables and scheduled queries.

/// The account that everything local belongs to.
const ACCOUNT: &str = "000000000000";

/// The resource that an ARN of ours names: what stands behind `arn:aws:timestream:REGION:ACCOUNT:`; region and account
/// may be any.
fn resource(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() != Some("arn") || !parts.next()?.starts_with("aws") {
        return None;
    }
    if parts.next() != Some("timestream") {
        return None;
    }
    let (_region, _account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    Some(resource)
}

/// The ARN of a scheduled query.
pub(crate) fn scheduled_query_arn(region: &str, id: &str) -> String {
    format!("arn:aws:timestream:{region}:{ACCOUNT}:scheduled-query/{id}")
}

/// The id in a scheduled query's ARN.
pub(crate) fn scheduled_query_id(arn: &str) -> Option<&str> {
    resource(arn)?.strip_prefix("scheduled-query/").filter(|id| !id.is_empty())
}

/// The database or table that an ARN of ours names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) database: String,
    /// None where the database itself is meant.
    pub(crate) table: Option<String>,
}

impl Resource {
    /// Reads the ARN of `database/NAME[/table/NAME]`.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let mut path = resource(arn)?.split('/');
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
        let arn = scheduled_query_arn("eu-west-1", "a/b-0123");
        assert_eq!(arn, "arn:aws:timestream:eu-west-1:000000000000:scheduled-query/a/b-0123");
        assert_eq!(scheduled_query_id(&arn), Some("a/b-0123"));
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
            assert_eq!(scheduled_query_id(arn), None, "{arn}");
        }
    }
}
