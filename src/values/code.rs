//! Compiled expressions: closures typed by what they give, so that nothing is left to check when
//! they run. Not here: which closure an operator or function becomes (`operators`, `functions`).

use std::sync::Arc;

use crate::values::{Instant, Type, Value};

/// Something that gives a `T` at any instant.
pub(super) type Eval<T> = Arc<dyn Fn(&Instant<'_>) -> T + Send + Sync>;

/// An evaluator by the type of its values.
#[derive(Clone)]
pub(super) enum Code {
    Boolean(Eval<bool>),
    Bigint(Eval<i64>),
    Double(Eval<f64>),
    Text(Eval<Arc<str>>),
    /// In nanoseconds.
    Duration(Eval<i64>),
    List(Eval<Arc<[Value]>>),
}

impl Code {
    /// The same value always.
    pub(super) fn constant(value: &Value) -> Self {
        fn same<T: Clone + Send + Sync + 'static>(value: T) -> Eval<T> {
            Arc::new(move |_| value.clone())
        }
        match value {
            Value::Boolean(value) => Code::Boolean(same(*value)),
            Value::Bigint(value) => Code::Bigint(same(*value)),
            Value::Double(value) => Code::Double(same(finite(*value))),
            Value::Text(value) => Code::Text(same(Arc::clone(value))),
            Value::Duration(value) => Code::Duration(same(*value)),
            Value::List(value) => Code::List(same(Arc::clone(value))),
        }
    }

    /// What `fetch` finds, as a `value_type`. Where it finds nothing or another type, against the
    /// scope's promise, the type's zero.
    pub(super) fn read<F>(value_type: Type, fetch: F) -> Self
    where
        F: for<'a> Fn(&Instant<'a>) -> Option<&'a Value> + Send + Sync + 'static,
    {
        match value_type {
            Type::Boolean => {
                Code::Boolean(Arc::new(move |at| matches!(fetch(at), Some(Value::Boolean(true)))))
            }
            Type::Bigint => Code::Bigint(Arc::new(move |at| whole(fetch(at)))),
            Type::Double => Code::Double(Arc::new(move |at| number(fetch(at)))),
            Type::Text => Code::Text(Arc::new(move |at| text(fetch(at)))),
            Type::Duration => Code::Duration(Arc::new(move |at| whole(fetch(at)))),
            Type::List => Code::List(Arc::new(move |at| list(fetch(at)))),
        }
    }

    /// The item at the index that `index` gives, as a `value_type`; the last one from there on.
    /// Nothing where there are no items, or where one is neither of the type nor made to be.
    pub(super) fn select(value_type: Type, items: Vec<Code>, index: Eval<usize>) -> Option<Self> {
        fn one<T: 'static>(
            items: Vec<Code>,
            typed: impl Fn(Code) -> Option<Eval<T>>,
            index: Eval<usize>,
        ) -> Option<Eval<T>> {
            let items = items.into_iter().map(typed).collect::<Option<Vec<_>>>()?;
            let last = items.len().checked_sub(1)?;
            Some(Arc::new(move |at| items[index(at).min(last)](at)))
        }
        Some(match value_type {
            Type::Boolean => Code::Boolean(one(items, Code::boolean, index)?),
            Type::Bigint => Code::Bigint(one(items, Code::whole, index)?),
            Type::Double => Code::Double(one(items, Code::number, index)?),
            Type::Text => Code::Text(one(items, Code::text, index)?),
            Type::Duration => Code::Duration(one(items, Code::whole, index)?),
            Type::List => Code::List(one(items, Code::list, index)?),
        })
    }

    /// The same at another time, which `time` gives.
    pub(super) fn at_time<F>(self, time: F) -> Self
    where
        F: Fn(&Instant<'_>) -> i64 + Send + Sync + 'static,
    {
        fn moved<T: 'static, F>(eval: Eval<T>, time: F) -> Eval<T>
        where
            F: Fn(&Instant<'_>) -> i64 + Send + Sync + 'static,
        {
            Arc::new(move |at| eval(&Instant { time: time(at), ..*at }))
        }
        match self {
            Code::Boolean(eval) => Code::Boolean(moved(eval, time)),
            Code::Bigint(eval) => Code::Bigint(moved(eval, time)),
            Code::Double(eval) => Code::Double(moved(eval, time)),
            Code::Text(eval) => Code::Text(moved(eval, time)),
            Code::Duration(eval) => Code::Duration(moved(eval, time)),
            Code::List(eval) => Code::List(moved(eval, time)),
        }
    }

    /// The type of its values.
    pub(super) fn value_type(&self) -> Type {
        match self {
            Code::Boolean(_) => Type::Boolean,
            Code::Bigint(_) => Type::Bigint,
            Code::Double(_) => Type::Double,
            Code::Text(_) => Type::Text,
            Code::Duration(_) => Type::Duration,
            Code::List(_) => Type::List,
        }
    }

    /// Its value at an instant.
    pub(super) fn eval(&self, at: &Instant<'_>) -> Value {
        match self {
            Code::Boolean(eval) => Value::Boolean(eval(at)),
            Code::Bigint(eval) => Value::Bigint(eval(at)),
            Code::Double(eval) => Value::Double(eval(at)),
            Code::Text(eval) => Value::Text(eval(at)),
            Code::Duration(eval) => Value::Duration(eval(at)),
            Code::List(eval) => Value::List(eval(at)),
        }
    }

    /// As true or false.
    pub(super) fn boolean(self) -> Option<Eval<bool>> {
        if let Code::Boolean(eval) = self { Some(eval) } else { None }
    }

    /// As a whole number: a BIGINT, or a duration's nanoseconds.
    pub(super) fn whole(self) -> Option<Eval<i64>> {
        if let Code::Bigint(eval) | Code::Duration(eval) = self { Some(eval) } else { None }
    }

    /// As a number: a DOUBLE, or a BIGINT made into one.
    pub(super) fn number(self) -> Option<Eval<f64>> {
        match self {
            Code::Double(eval) => Some(eval),
            Code::Bigint(eval) => Some(Arc::new(move |at| eval(at) as f64)),
            Code::Boolean(_) | Code::Text(_) | Code::Duration(_) | Code::List(_) => None,
        }
    }

    /// As text.
    pub(super) fn text(self) -> Option<Eval<Arc<str>>> {
        if let Code::Text(eval) = self { Some(eval) } else { None }
    }

    /// As a duration, in nanoseconds.
    pub(super) fn duration(self) -> Option<Eval<i64>> {
        if let Code::Duration(eval) = self { Some(eval) } else { None }
    }

    fn list(self) -> Option<Eval<Arc<[Value]>>> {
        if let Code::List(eval) = self { Some(eval) } else { None }
    }
}

/// A number that a table can hold: not a number is 0, infinities are the outermost numbers.
pub(super) fn finite(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number.clamp(f64::MIN, f64::MAX) }
}

fn whole(value: Option<&Value>) -> i64 {
    if let Some(Value::Bigint(value) | Value::Duration(value)) = value { *value } else { 0 }
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Double(value)) => finite(*value),
        value => whole(value) as f64,
    }
}

fn text(value: Option<&Value>) -> Arc<str> {
    if let Some(Value::Text(value)) = value { Arc::clone(value) } else { Arc::from("") }
}

fn list(value: Option<&Value>) -> Arc<[Value]> {
    if let Some(Value::List(value)) = value { Arc::clone(value) } else { Arc::from([]) }
}
