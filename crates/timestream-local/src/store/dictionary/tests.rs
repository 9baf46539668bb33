use super::*;
use crate::model::{ColumnKind, Value};

fn record<'a>(dimensions: &[(&'a str, &'a str)], name: &'a str, measures: Measures<'a>) -> Record<'a> {
    Record { dimensions: dimensions.into(), measure_name: name, measures, time: 0, version: 1 }
}

fn single<'a>(host: &'a str, name: &'a str, value: Value<'a>) -> Record<'a> {
    record(&[("host", host)], name, Measures::Single(value))
}

fn define(dictionary: &mut Dictionary, record: &Record<'_>) -> Result<Ids, Refusal> {
    dictionary.define(record, &mut Vec::new())
}

#[test]
fn numbers_come_back_from_the_file() {
    let mut dictionary = Dictionary::default();
    let values = vec![("a", Value::Double(1.0)), ("b", Value::Varchar("x"))];
    let records = [
        single("h1", "cpu", Value::Double(1.0)),
        single("h2", "count", Value::Bigint(1)),
        record(&[("host", "h1"), ("zone", "z")], "metrics", Measures::Multi(values)),
    ];
    let ids: Vec<Ids> = records.iter().map(|record| define(&mut dictionary, record).unwrap()).collect();
    let mut restored = Dictionary::default();
    restored.restore(dictionary.unsaved()).unwrap();
    for (record, ids) in records.iter().zip(ids) {
        let (mut columns, mut scratch) = (Vec::new(), Vec::new());
        let set = restored.find_set(record, &mut scratch).unwrap();
        assert_eq!(restored.find(set, record, &mut columns), Some(ids));
    }
    assert_eq!(restored.layout().columns, dictionary.layout().columns);
    assert_eq!(restored.layout().measures, dictionary.layout().measures);
}

#[test]
fn columns_stand_in_the_order_of_select_star() {
    let mut dictionary = Dictionary::default();
    let values = vec![("z", Value::Boolean(true)), ("a", Value::Timestamp(1))];
    define(&mut dictionary, &record(&[("host", "h")], "multi", Measures::Multi(values))).unwrap();
    define(&mut dictionary, &single("h", "state", Value::Varchar("x"))).unwrap();
    define(&mut dictionary, &single("h", "cpu", Value::Double(1.0))).unwrap();
    define(&mut dictionary, &record(&[("cell", "c")], "cpu", Measures::Single(Value::Double(1.0)))).unwrap();
    let layout = dictionary.layout();
    let names: Vec<&str> = layout.columns.iter().map(|column| column.name.as_str()).collect();
    let single_values = ["measure_value::double", "measure_value::varchar"];
    assert_eq!(names, [&["host", "cell", "measure_name", "time"], &single_values[..], &["z", "a"]].concat());
    let cpu = layout.measures.iter().find(|measure| measure.name == "cpu").unwrap();
    assert_eq!(cpu.dimensions, ["host", "cell"]);
    assert_eq!(cpu.columns[0].kind, ColumnKind::MeasureValue(MeasureType::Double));
}

#[test]
fn a_refused_record_defines_nothing() {
    let mut dictionary = Dictionary::default();
    define(&mut dictionary, &single("h", "cpu", Value::Double(1.0))).unwrap();
    define(&mut dictionary, &record(&[], "m", Measures::Multi(vec![("a", Value::Double(1.0))]))).unwrap();
    let before = dictionary.unsaved().len();
    let multi = |values| record(&[("host", "new")], "m", Measures::Multi(values));
    let refused = [
        single("new", "cpu", Value::Bigint(1)),
        single("new", "m", Value::Double(1.0)),
        record(&[("host", "new")], "cpu", Measures::Multi(vec![("b", Value::Double(1.0))])),
        multi(vec![("a", Value::Bigint(1))]),
        multi(vec![("b", Value::Bigint(1)), ("b", Value::Bigint(2))]),
        multi(vec![("host", Value::Bigint(1))]),
        multi(vec![("time", Value::Bigint(1))]),
        record(&[("a", "new")], "cpu", Measures::Single(Value::Double(1.0))),
        record(&[("measure_name", "new")], "cpu", Measures::Single(Value::Double(1.0))),
    ];
    for record in refused {
        let refusal = define(&mut dictionary, &record);
        assert!(refusal.is_err(), "{record:?} gave {refusal:?}");
    }
    assert_eq!(dictionary.unsaved().len(), before);
}

#[test]
fn another_type_is_told_with_both_types() {
    let mut dictionary = Dictionary::default();
    define(&mut dictionary, &single("h", "cpu", Value::Double(1.0))).unwrap();
    assert_eq!(
        define(&mut dictionary, &single("h", "cpu", Value::Bigint(1))).unwrap_err().to_string(),
        "The measure name 'cpu' already holds DOUBLE values. A BIGINT value needs another measure name."
    );
}

#[test]
fn a_table_has_as_many_names_as_the_service_allows() {
    let names: Vec<String> = (0..1_025).map(|number| format!("n{number}")).collect();
    let mut dictionary = Dictionary::default();
    for name in &names[..128] {
        define(&mut dictionary, &record(&[(name, "v")], "cpu", Measures::Single(Value::Double(1.0))))
            .unwrap();
    }
    let one_more = record(&[("host", "v"), ("n0", "v")], "cpu", Measures::Single(Value::Double(1.0)));
    let refused = define(&mut dictionary, &one_more).unwrap_err();
    assert_eq!(refused.to_string(), "The table would have more than 128 dimensions.");

    let mut dictionary = Dictionary::default();
    for values in names[..1_024].chunks(256) {
        let values = values.iter().map(|name| (name.as_str(), Value::Double(1.0))).collect();
        define(&mut dictionary, &record(&[("host", "h")], "all", Measures::Multi(values))).unwrap();
    }
    let values = vec![("n0", Value::Double(1.0)), ("n1024", Value::Double(1.0))];
    let refused =
        define(&mut dictionary, &record(&[("host", "h")], "all", Measures::Multi(values))).unwrap_err();
    assert_eq!(refused.to_string(), "The table would have more than 1024 measures of MULTI records.");
    let known = vec![("n0", Value::Double(1.0))];
    define(&mut dictionary, &record(&[("host", "other")], "all", Measures::Multi(known))).unwrap();
}
