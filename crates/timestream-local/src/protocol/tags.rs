//! Tags of databases and tables.

use serde::{Deserialize, Serialize};

use super::{Failure, Nothing, checks};
use crate::catalog::{MAX_TAGS, Resource, Tags};
use crate::engine::Engine;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireTag {
    key: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    tags: Option<Vec<WireTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListTags {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
}

/// All tags at once: the query API's paging of them never needs a second page.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagList {
    tags: Vec<WireTag>,
}

pub(super) fn tag(engine: &Engine, request: TagResource) -> Result<Nothing, Failure> {
    let resource = read_arn(request.resource_arn)?;
    let tags = read_tags(checks::required("tags", request.tags)?)?;
    engine.catalog().change_tags(&resource, |old| old.extend(tags))?;
    Ok(Nothing {})
}

pub(super) fn untag(engine: &Engine, request: UntagResource) -> Result<Nothing, Failure> {
    let resource = read_arn(request.resource_arn)?;
    let keys = checks::required("tagKeys", request.tag_keys)?;
    checks::count("tagKeys", &keys, 0..=MAX_TAGS)?;
    engine.catalog().change_tags(&resource, |old| old.retain(|key, _| !keys.contains(key)))?;
    Ok(Nothing {})
}

pub(super) fn list(engine: &Engine, request: ListTags) -> Result<TagList, Failure> {
    let resource = read_arn(request.resource_arn)?;
    let state = engine.catalog().read();
    let wire =
        |(key, value): (&String, &String)| WireTag { key: Some(key.clone()), value: Some(value.clone()) };
    Ok(TagList { tags: state.tags(&resource)?.iter().map(wire).collect() })
}

/// Checks the tags of a request; of two with one key the last counts.
pub(super) fn read_tags(tags: Vec<WireTag>) -> Result<Tags, Failure> {
    checks::count("tags", &tags, 0..=MAX_TAGS)?;
    let mut read = Tags::new();
    for tag in tags {
        let key = checks::required("tags.member.key", tag.key)?;
        let value = checks::required("tags.member.value", tag.value)?;
        checks::length("tags.member.key", &key, 1..=128)?;
        checks::length("tags.member.value", &value, 0..=256)?;
        read.insert(key, value);
    }
    Ok(read)
}

fn read_arn(arn: Option<String>) -> Result<Resource, Failure> {
    let arn = checks::required("resourceARN", arn)?;
    checks::length("resourceARN", &arn, 1..=1011)?;
    Resource::parse(&arn).ok_or_else(|| {
        Failure::validation(format!("'{arn}' is not the ARN of a Timestream database or table."))
    })
}
