//! WriteRecords as clients mostly write it: on one line, without escapes, of members that are known, each once and of
//! its type. Anything else is left to the general reader (`parse`), which would read the same and says what is wrong.
//! Not here: the shapes (`records`), what they may hold.
//!
//! Reading is most of what a write costs, and most of a request's text are dimensions, which the records of a host
//! repeat: where the text of the list before stands again, that list is meant, and what was read is shared.

use memchr::memchr;

use super::WriteRecords;
use crate::records::{
    MAX_DIMENSIONS, MAX_MEASURES, MAX_RECORDS, Text, WireDimension, WireDimensions, WireMeasure, WireRecord,
};

/// Dimensions and measures of a record, mostly.
const USUAL_ENTRIES: usize = 8;

/// Reads a request; none where it is not a plain one.
pub(super) fn read(body: &[u8]) -> Option<WriteRecords<'_>> {
    let text = std::str::from_utf8(body).ok()?;
    // All bytes at once, which processors are good at: then a text ends at the next quote.
    let plain = |byte: u8| (byte >= b' ') & (byte != b'\\');
    if !body.iter().fold(true, |all, &byte| all & plain(byte)) {
        return None;
    }
    let mut reader = Reader { text, at: 0, last: None };
    let mut request = WriteRecords::default();
    reader.object(|reader, member| match member {
        "DatabaseName" => once(&mut request.database_name, reader.text()),
        "TableName" => once(&mut request.table_name, reader.text()),
        "CommonAttributes" => once(&mut request.common_attributes, reader.common()),
        "Records" => once(&mut request.records, reader.list(MAX_RECORDS, MAX_RECORDS, Reader::record)),
        _ => None,
    })?;
    reader.is_at_end().then_some(request)
}

/// Sets a member that has not been set.
fn once<T>(member: &mut Option<T>, value: Option<T>) -> Option<()> {
    let before = member.replace(value?);
    before.is_none().then_some(())
}

struct Reader<'a> {
    text: &'a str,
    /// The place of the next byte.
    at: usize,
    /// The last list of dimensions, and its text.
    last: Option<(&'a str, WireDimensions<'a>)>,
}

impl<'a> Reader<'a> {
    fn common(&mut self) -> Option<WireRecord<'a>> {
        let mut record = WireRecord::default();
        self.record(&mut record).map(|()| record)
    }

    fn record(&mut self, record: &mut WireRecord<'a>) -> Option<()> {
        self.object(|reader, member| match member {
            "Dimensions" => once(&mut record.dimensions, reader.dimensions()),
            "MeasureName" => once(&mut record.measure_name, reader.text()),
            "MeasureValue" => once(&mut record.measure_value, reader.text()),
            "MeasureValueType" => once(&mut record.measure_value_type, reader.text()),
            "MeasureValues" => {
                let measures = reader.list(USUAL_ENTRIES, MAX_MEASURES, Self::measure);
                once(&mut record.measure_values, measures)
            }
            "Time" => once(&mut record.time, reader.text()),
            "TimeUnit" => once(&mut record.time_unit, reader.text()),
            "Version" => once(&mut record.version, reader.positive()),
            _ => None,
        })
    }

    fn dimensions(&mut self) -> Option<WireDimensions<'a>> {
        self.skip_space();
        if let Some((text, list)) = &self.last
            && self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
        {
            self.at += text.len();
            return Some(list.clone());
        }
        let start = self.at;
        let list = WireDimensions::from(self.list(USUAL_ENTRIES, MAX_DIMENSIONS, Self::dimension)?);
        self.last = Some((&self.text[start..self.at], list.clone()));
        Some(list)
    }

    fn dimension(&mut self, dimension: &mut WireDimension<'a>) -> Option<()> {
        self.object(|reader, member| match member {
            "Name" => once(&mut dimension.name, reader.text()),
            "Value" => once(&mut dimension.value, reader.text()),
            "DimensionValueType" => once(&mut dimension.dimension_value_type, reader.text()),
            _ => None,
        })
    }

    fn measure(&mut self, measure: &mut WireMeasure<'a>) -> Option<()> {
        self.object(|reader, member| match member {
            "Name" => once(&mut measure.name, reader.text()),
            "Value" => once(&mut measure.value, reader.text()),
            "Type" => once(&mut measure.kind, reader.text()),
            _ => None,
        })
    }

    /// An object, of which `member` reads what follows each name.
    fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.token(b'{')?;
        if self.token(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.token(b':')?;
            member(self, name)?;
            if self.token(b',').is_none() {
                return self.token(b'}');
            }
        }
    }

    /// A list with room for the `usual` entries, and of `most` at the most. An entry is read to where it stays: records
    /// are large, and moved for longer than they are read.
    fn list<T: Default>(
        &mut self,
        usual: usize,
        most: usize,
        entry: impl Fn(&mut Self, &mut T) -> Option<()>,
    ) -> Option<Vec<T>> {
        self.token(b'[')?;
        if self.token(b']').is_some() {
            return Some(Vec::new());
        }
        let mut list = Vec::with_capacity(usual);
        while list.len() < most {
            entry(self, list.push_mut(T::default()))?;
            if self.token(b',').is_none() {
                return self.token(b']').map(|()| list);
            }
        }
        None
    }

    fn text(&mut self) -> Option<Text<'a>> {
        self.string().map(Text::from)
    }

    fn string(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let rest = &self.text[self.at..];
        let end = memchr(b'"', rest.as_bytes())?;
        self.at += end + 1;
        Some(&rest[..end])
    }

    /// A number from 1 on that an i64 surely holds.
    fn positive(&mut self) -> Option<i64> {
        self.skip_space();
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += length;
        let plain = (1..=18).contains(&length) && !rest.starts_with('0');
        plain.then(|| rest[..length].parse().ok()).flatten()
    }

    fn token(&mut self, token: u8) -> Option<()> {
        self.skip_space();
        (self.text.as_bytes().get(self.at) == Some(&token)).then(|| self.at += 1)
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.text.len()
    }

    fn skip_space(&mut self) {
        while self.text.as_bytes().get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::super::is_plain;

    #[test]
    fn what_sdks_send_is_plain() {
        let hosts = r#"[{"Name": "host", "Value": "a"}, {"Name": "zone", "Value": "ä", "DimensionValueType": "VARCHAR"}]"#;
        let record = |name: &str| {
            format!(
                r#"{{"Dimensions": {hosts}, "MeasureName": "{name}", "MeasureValue": "1.5", "Version": 7}}"#
            )
        };
        let body = format!(
            r#"{{"DatabaseName": "fleet", "TableName": "metrics",
            "CommonAttributes": {{"Dimensions": [], "Time": "0", "TimeUnit": "SECONDS"}},
            "Records": [{}, {}, {{"MeasureValueType": "MULTI",
            "MeasureValues": [{{"Name": "x", "Value": "1", "Type": "BIGINT"}}]}}, {{}}]}}"#,
            record("load"),
            record("idle")
        );
        assert!(!is_plain(body.as_bytes()), "it has more than a line");
        let line = body.split('\n').map(str::trim).collect::<Vec<_>>().join(" ");
        assert!(is_plain(line.as_bytes()));
        assert!(is_plain(line.replace(' ', "").as_bytes()));
        for (plain, other) in [
            ("load", r"lo\u0061d"),
            ("load", "lo\tad"),
            (r#""load""#, "null"),
            ("\"Version\": 7", "\"Version\": 07"),
            ("\"Version\": 7", "\"Version\": 7.0"),
            ("\"Version\": 7", "\"Version\": 9223372036854775807"),
            ("\"Version\": 7", "\"Version\": 7, \"Version\": 7"),
            ("\"Version\": 7", "\"Other\": 7"),
            ("\"Version\": 7", "\"Version\": 7,"),
            (", {}]", ", []]"),
            (", {}]", &format!("{}]", ", {}".repeat(98))),
        ] {
            let changed = line.replace(plain, other);
            assert!(changed != line && !is_plain(changed.as_bytes()), "{changed}");
        }
        assert!(!is_plain(format!("{line} {{}}").as_bytes()) && !is_plain(b"") && is_plain(b" {} "));
    }

    #[test]
    fn lists_are_plain_up_to_their_limits() {
        let list = |entry: &str, count| format!("[{}]", vec![entry; count].join(","));
        let with = |dimensions, measures, records| {
            let dimensions = list(r#"{"Name":"a","Value":"b"}"#, dimensions);
            let measures = list(r#"{"Name":"a","Value":"1","Type":"BIGINT"}"#, measures);
            let record = format!(r#"{{"Dimensions":{dimensions},"MeasureValues":{measures}}}"#);
            is_plain(format!(r#"{{"Records":{}}}"#, list(&record, records)).as_bytes())
        };
        assert!(with(128, 256, 100));
        assert!(!with(129, 1, 1) && !with(1, 257, 1) && !with(1, 1, 101));
    }

    #[test]
    fn a_list_like_the_one_before_is_another() {
        let near = [
            r#"[{"Name":"a","Value":"b"}]"#,
            r#"[{"Name":"a","Value":"c"}]"#,
            r#"[{"Name":"a","Value":"c"},{"Name":"b","Value":"c"}]"#,
            r#"[{"Name":"a","Value":"c"}]"#,
            r#"[{"Name":"a","Value":"c"} ]"#,
            "[]",
        ];
        let record = |list: &&str| format!(r#"{{"Dimensions":{list}}},{{"Dimensions": {list}}}"#);
        let records: Vec<_> = near.iter().map(record).collect();
        assert!(is_plain(format!(r#"{{"Records":[{}]}}"#, records.join(",")).as_bytes()));
        assert!(!is_plain(br#"{"Records":[{"Dimensions":[]},{"Dimensions":[]]}]}"#));
    }

    /// A value of a member, by its name.
    fn value(member: &'static str) -> BoxedStrategy<String> {
        let entries = |entry: BoxedStrategy<String>| {
            prop::collection::vec(entry, 0..3).prop_map(|entries| format!("[{}]", entries.join(", ")))
        };
        match member {
            "CommonAttributes" => object(&RECORD),
            "Records" => entries(object(&RECORD)).boxed(),
            // Few, so that lists are repeated.
            "Dimensions" => prop_oneof![
                Just(r#"[{"Name":"a","Value":"b"}]"#.to_owned()),
                Just(r#"[{"Name":"a","Value":"b"},{"Name":"a","Value":"b"}]"#.to_owned()),
                Just("[]".to_owned()),
                entries(object(&["Name", "Value", "DimensionValueType"])),
            ]
            .boxed(),
            "MeasureValues" => entries(object(&["Name", "Value", "Type"])).boxed(),
            "Version" => any::<u16>().prop_map(|version| version.to_string()).boxed(),
            _ => r#""[a-z"é\\]{0,2}""#.prop_filter("one text", |text| {
                serde_json::from_str::<String>(text).is_ok()
            })
            .boxed(),
        }
    }

    const RECORD: [&str; 5] = ["Dimensions", "MeasureName", "MeasureValues", "Time", "Version"];

    fn object(members: &'static [&'static str]) -> BoxedStrategy<String> {
        let member = prop::sample::select(members)
            .prop_flat_map(|member| value(member).prop_map(move |value| format!(r#""{member}": {value}"#)));
        prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))).boxed()
    }

    proptest! {
        #[test]
        fn both_readers_read_the_same(
            body in object(&["DatabaseName", "CommonAttributes", "Records"]),
            change in any::<Option<(prop::sample::Index, u8)>>(),
        ) {
            let mut body = body.into_bytes();
            if let Some((at, byte)) = change {
                let at = at.index(body.len());
                body[at] = byte;
            }
            // It panics where they do not.
            is_plain(&body);
        }
    }

    #[test]
    fn some_of_what_both_readers_are_given_is_plain() {
        let mut runner = TestRunner::deterministic();
        let bodies = object(&["DatabaseName", "CommonAttributes", "Records"]);
        let mut plain = || is_plain(bodies.new_tree(&mut runner).expect("a body").current().as_bytes());
        let count = (0..200).filter(|_| plain()).count();
        assert!((50..190).contains(&count), "{count} of 200");
    }
}
