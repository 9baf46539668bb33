//! Databases and tags, through the SDK.

use aws_sdk_timestreamwrite::types::Tag;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Local, NOW};

#[tokio::test]
async fn a_database_is_created_described_and_deleted() {
    let local = Local::start().await;
    local.create_database("fleet").await;

    let answer = local.write.describe_database().database_name("fleet").send().await.unwrap();
    let database = answer.database().unwrap();
    assert_eq!(database.arn(), Some("arn:aws:timestream:us-east-1:000000000000:database/fleet"));
    assert_eq!(database.table_count(), 0);
    assert_eq!(database.creation_time().unwrap().secs(), NOW);

    local.write.delete_database().database_name("fleet").send().await.unwrap();
    let gone = local.write.describe_database().database_name("fleet").send().await.unwrap_err();
    let gone = gone.into_service_error();
    assert!(gone.is_resource_not_found_exception(), "{gone:?}");
    assert_eq!(gone.meta().message(), Some("The database fleet does not exist."));
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let again = local.write.create_database().database_name("fleet").send().await.unwrap_err();
    assert!(again.into_service_error().is_conflict_exception());
}

#[tokio::test]
async fn lists_come_in_pages() {
    let local = Local::start().await;
    for number in 10..35 {
        local.create_database(&format!("db-{number}")).await;
    }
    let first = local.write.list_databases().send().await.unwrap();
    assert_eq!(first.databases().len(), 20, "a page without a bound is 20");

    let mut names = Vec::new();
    let mut token = None;
    loop {
        let page = local.write.list_databases().max_results(7).set_next_token(token).send().await.unwrap();
        assert!(page.databases().len() <= 7);
        names.extend(page.databases().iter().map(|database| database.database_name().unwrap().to_owned()));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (10..35).map(|number| format!("db-{number}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let local = Local::start().await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let create = local.write.create_database().database_name("fleet").tags(tag("owner", "a"));
    let arn = create.send().await.unwrap().database().unwrap().arn().unwrap().to_owned();

    let more = local.write.tag_resource().resource_arn(&arn).tags(tag("owner", "b")).tags(tag("run", "1"));
    more.send().await.unwrap();
    let list = || local.write.list_tags_for_resource().resource_arn(&arn).send();
    assert_eq!(list().await.unwrap().tags(), [tag("owner", "b"), tag("run", "1")]);

    local.write.untag_resource().resource_arn(&arn).tag_keys("owner").send().await.unwrap();
    assert_eq!(list().await.unwrap().tags(), [tag("run", "1")]);

    let nothing = local.write.list_tags_for_resource().resource_arn(format!("{arn}/table/x")).send().await;
    assert!(nothing.unwrap_err().into_service_error().is_resource_not_found_exception());
    let wrong = local.write.list_tags_for_resource().resource_arn("arn:aws:s3:::bucket").send().await;
    assert!(wrong.unwrap_err().into_service_error().is_validation_exception());
}

#[tokio::test]
async fn tags_come_in_pages_where_they_are_asked_for() {
    let local = Local::start().await;
    let tags = (10..15).map(|n| Tag::builder().key(format!("key-{n}")).value("").build().unwrap()).collect();
    let create = local.write.create_database().database_name("fleet").set_tags(Some(tags));
    let arn = create.send().await.unwrap().database().unwrap().arn().unwrap().to_owned();
    let list = || local.query.list_tags_for_resource().resource_arn(&arn);
    assert_eq!(list().send().await.unwrap().tags().len(), 5, "without a bound they come at once");

    let (mut pages, mut token) = (Vec::new(), None);
    loop {
        let page = list().max_results(2).set_next_token(token).send().await.unwrap();
        pages.push(page.tags().iter().map(|tag| tag.key().to_owned()).collect::<Vec<_>>());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec!["key-10", "key-11"], vec!["key-12", "key-13"], vec!["key-14"]]);
}

#[tokio::test]
async fn a_token_that_no_list_has_given_is_refused() {
    let local = Local::start().await;
    local.create_table().await;
    local.create_database("other").await;
    let page = local.write.list_databases().max_results(1).send().await.unwrap();
    let token = page.next_token().unwrap();
    let next = local.write.list_databases().next_token(token).send().await.unwrap();
    assert_eq!(next.databases().iter().map(|it| it.database_name().unwrap()).collect::<Vec<_>>(), ["other"]);
    let arn = next.databases()[0].arn().unwrap();
    let mut told = Vec::new();
    for (operation, body) in [
        ("ListDatabases", json!({ "NextToken": "zzzz!" })),
        ("ListDatabases", json!({ "NextToken": "" })),
        ("ListDatabases", json!({ "NextToken": "x".repeat(100) })),
        // That of another list.
        ("ListTables", json!({ "NextToken": token })),
        ("ListScheduledQueries", json!({ "NextToken": token })),
        ("ListBatchLoadTasks", json!({ "NextToken": token })),
        ("ListTagsForResource", json!({ "NextToken": token, "ResourceARN": arn })),
    ] {
        told.push(local.posted(operation, &body.to_string()).await.replace(token, "TOKEN"));
    }
    assert_snapshot!(told.join("\n"), @r#"
    400 {"Message":"The NextToken 'zzzz!' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    400 {"Message":"The NextToken '' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    400 {"Message":"The NextToken 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    400 {"Message":"The NextToken 'TOKEN' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    400 {"Message":"The NextToken 'TOKEN' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    400 {"Message":"The NextToken 'TOKEN' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    400 {"Message":"The NextToken 'TOKEN' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}
    "#);
}
