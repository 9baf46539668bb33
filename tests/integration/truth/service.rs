//! `tsrun serve` over a data directory, and its answers. Not here: the runs that fill the directory.

use std::fs::File;
use std::path::Path;

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_timestreamquery::types::{ColumnInfo, Row};

use super::answer::Answer;
use crate::served::Served;

/// A server that ends with this value.
pub(crate) struct Service {
    /// Where it listens.
    pub(crate) url: String,
    _served: Served,
    client: Client,
}

impl Service {
    /// Starts it, once the server that a run started for itself has let go of the directory.
    pub(crate) fn start(data_dir: &Path) -> Self {
        let held = File::open(data_dir.join("lock")).expect("a server was there");
        held.lock_shared().expect("locks work here");
        drop(held);
        Self::fresh(data_dir)
    }

    /// Starts it over a directory that nobody uses.
    pub(crate) fn fresh(data_dir: &Path) -> Self {
        let served = Served::start(data_dir, &[]);
        let url = served.url();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&url)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .build();
        Self { url, _served: served, client: Client::from_conf(config) }
    }

    /// Every page of the answer to a query.
    pub(crate) async fn ask(&self, sql: &str) -> Answer {
        let mut answer = Answer::default();
        let mut token = None;
        loop {
            let asked = self.client.query().query_string(sql).set_next_token(token).send().await;
            let page = asked.unwrap_or_else(|error| panic!("{error:?} to {sql}"));
            answer.columns = page.column_info().iter().map(column).collect();
            answer.rows.extend(page.rows().iter().map(row));
            token = page.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                return answer;
            }
        }
    }
}

fn column(info: &ColumnInfo) -> (String, String) {
    let scalar = info.r#type().and_then(|of| of.scalar_type());
    (info.name().unwrap_or_default().to_owned(), scalar.map_or("nested", |of| of.as_str()).to_owned())
}

fn row(row: &Row) -> Vec<String> {
    row.data().iter().map(|datum| datum.scalar_value().unwrap_or("NULL").to_owned()).collect()
}
