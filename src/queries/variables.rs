//! The names a template may use and their values. Not here: functions (`environment`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::value::{Object, Value as TemplateValue};

use super::catalog::Catalog;
use super::literal;
use crate::plan::Layout;
use crate::values::Value;

/// What tsrun itself gives every template; neither a parameter nor a variable can take these names.
pub(crate) const BUILT_IN: [&str; 6] = ["database", "table", "layout", "window", "from", "to"];

/// What a template is rendered with, beside the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Variables<'a> {
    /// The attributes of the drawn host, by name.
    pub parameters: &'a [(Arc<str>, Value)],
    /// The query's own variables; they win over parameters of the same name.
    pub vars: &'a [(String, Value)],
    /// The length of the window.
    pub window: Duration,
    /// The end of the window, itself outside.
    pub end: DateTime<Utc>,
}

/// The window of a look-up, which has none of its own in the scenario: the last hour.
const LOOK_UP_WINDOW: Duration = Duration::from_secs(3600);

impl Variables<'_> {
    /// Those of a look-up, which comes before any parameter is known.
    pub(crate) fn look_up(end: DateTime<Utc>) -> Self {
        Self { parameters: &[], vars: &[], window: LOOK_UP_WINDOW, end }
    }

    /// Every name that is there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let parameters = self.parameters.iter().map(|(name, _)| &**name);
        parameters.chain(self.vars.iter().map(|(name, _)| name.as_str())).chain(BUILT_IN)
    }

    /// The scope of one rendering.
    pub(crate) fn scope(&self, catalog: &Catalog) -> TemplateValue {
        let parameters = self.parameters.iter().map(|(name, value)| (name.to_string(), to_template(value)));
        let vars = self.vars.iter().map(|(name, value)| (name.clone(), to_template(value)));
        let built_in = self.built_in(catalog).map(|(name, value)| (name.to_owned(), value));
        TemplateValue::from_object(Scope(parameters.chain(vars).chain(built_in).collect()))
    }

    fn built_in(&self, catalog: &Catalog) -> [(&'static str, TemplateValue); BUILT_IN.len()] {
        let layout = match catalog.layout {
            Layout::Single => "single",
            Layout::Multi => "multi",
        };
        [
            ("database", sql(literal::identifier(&catalog.database))),
            ("table", sql(literal::table(&catalog.database, &catalog.table))),
            ("layout", layout.into()),
            ("window", sql(literal::duration(self.window))),
            ("from", sql(literal::timestamp(self.start()))),
            ("to", sql(literal::timestamp(self.end))),
        ]
    }

    /// Where the window starts: a window longer than the calendar starts with the calendar.
    fn start(&self) -> DateTime<Utc> {
        TimeDelta::from_std(self.window)
            .ok()
            .and_then(|window| self.end.checked_sub_signed(window))
            .unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// The names of one rendering.
#[derive(Debug)]
struct Scope(BTreeMap<String, TemplateValue>);

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        self.0.get(key.as_str()?).cloned()
    }
}

/// A value that is SQL already and is printed as it is.
pub(crate) fn sql(text: String) -> TemplateValue {
    TemplateValue::from_safe_string(text)
}

fn to_template(value: &Value) -> TemplateValue {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Bigint(value) => (*value).into(),
        Value::Double(value) => (*value).into(),
        Value::Text(value) => Arc::clone(value).into(),
        Value::Duration(nanos) => sql(crate::units::print_duration(*nanos)),
        Value::List(items) => items.iter().map(to_template).collect(),
    }
}
