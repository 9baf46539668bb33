//! Tags of databases, tables and scheduled queries.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::paging::{max_results, page};
use super::{Failure, Nothing, checks};
use crate::catalog::{MAX_TAGS, Resource, Tags, scheduled_query_id};
use crate::engine::Engine;

/// Tags that a page of the query API may list.
const MAX_RESULTS: i64 = 200;

/// Characters of a tag's key.
const KEY: RangeInclusive<usize> = 1..=128;

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
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagList {
    tags: Vec<WireTag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn tag(engine: &Engine, request: TagResource) -> Result<Nothing, Failure> {
    let tags = checks::required("tags", request.tags);
    let (arn, tags) = checks::all((read_arn(request.resource_arn), tags.and_then(read_tags)))?;
    Tagged::read(&arn)?.change(engine, |old| old.extend(tags))?;
    Ok(Nothing {})
}

pub(super) fn untag(engine: &Engine, request: UntagResource) -> Result<Nothing, Failure> {
    let keys = checks::required("tagKeys", request.tag_keys);
    let (arn, keys) = checks::all((read_arn(request.resource_arn), keys.and_then(read_keys)))?;
    Tagged::read(&arn)?.change(engine, |old| old.retain(|key, _| !keys.contains(key)))?;
    Ok(Nothing {})
}

/// ListTagsForResource. The query API has pages of them, the write API none: without `MaxResults` all come at once.
pub(super) fn list(engine: &Engine, request: ListTags) -> Result<TagList, Failure> {
    let most = max_results(request.max_results, MAX_RESULTS);
    let (arn, most) = checks::all((read_arn(request.resource_arn), most))?;
    let all = Tagged::read(&arn)?.tags(engine)?.into_iter();
    let list = format!("ListTagsForResource {arn}");
    let (page, next_token) = page(&list, all, request.next_token, most)?;
    let wire = |(key, value)| WireTag { key: Some(key), value: Some(value) };
    Ok(TagList { tags: page.into_iter().map(wire).collect(), next_token })
}

/// Checks the tags of a request; of two with one key the last counts.
pub(super) fn read_tags(tags: Vec<WireTag>) -> Result<Tags, Failure> {
    let read = |(index, tag): (usize, WireTag)| {
        let at = |name| checks::of_entry("tags", index, name);
        checks::all((
            checks::required(at("key"), tag.key)
                .and_then(|key| checks::length(at("key"), &key, KEY).map(|()| key)),
            checks::required(at("value"), tag.value)
                .and_then(|value| checks::length(at("value"), &value, 0..=256).map(|()| value)),
        ))
    };
    let count = checks::count("tags", &tags, 0..=MAX_TAGS);
    let (_, tags) = checks::all((count, checks::each(tags.into_iter().enumerate().map(read))))?;
    Ok(tags.into_iter().collect())
}

fn read_keys(keys: Vec<String>) -> Result<Vec<String>, Failure> {
    let read = |(index, key): (usize, &String)| {
        checks::length(format_args!("tagKeys.{}.member", index + 1), key, KEY)
    };
    checks::all((
        checks::count("tagKeys", &keys, 0..=MAX_TAGS),
        checks::each(keys.iter().enumerate().map(read)),
    ))?;
    Ok(keys)
}

/// An ARN of the query API's length, which is the longer one: both APIs come to this server.
fn read_arn(arn: Option<String>) -> Result<String, Failure> {
    let arn = checks::required("resourceARN", arn)?;
    checks::length("resourceARN", &arn, 1..=2_048)?;
    Ok(arn)
}

/// What carries tags.
enum Tagged<'a> {
    Catalog(Resource),
    /// By its id.
    ScheduledQuery(&'a str),
}

impl<'a> Tagged<'a> {
    fn read(arn: &'a str) -> Result<Self, Failure> {
        if let Some(id) = scheduled_query_id(arn) {
            return Ok(Self::ScheduledQuery(id));
        }
        Resource::parse(arn).map(Self::Catalog).ok_or_else(|| {
            Failure::validation(format!(
                "'{arn}' is not the ARN of a Timestream database, table or scheduled query."
            ))
        })
    }

    fn tags(&self, engine: &Engine) -> Result<Tags, Failure> {
        match self {
            Self::Catalog(resource) => Ok(engine.catalog().read().tags(resource)?.clone()),
            Self::ScheduledQuery(id) => Ok(engine.scheduled().get(id)?.tags.clone()),
        }
    }

    fn change(&self, engine: &Engine, change: impl FnOnce(&mut Tags)) -> Result<(), Failure> {
        match self {
            Self::Catalog(resource) => Ok(engine.catalog().change_tags(resource, change)?),
            Self::ScheduledQuery(id) => Ok(engine.scheduled().change_tags(id, change)?),
        }
    }
}
