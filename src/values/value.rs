//! What an expression evaluates to, and its type. Not here: expressions.

use std::fmt;
use std::sync::Arc;

/// A value of the scenario language.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Bigint(i64),
    /// A number with a fraction.
    Double(f64),
    /// UTF-8 text.
    Text(Arc<str>),
    /// A span of time, in nanoseconds.
    Duration(i64),
    /// A list, as attributes may hold (a host's processes).
    List(Arc<[Value]>),
}

/// The type of a [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// BOOLEAN in the table.
    Boolean,
    /// BIGINT in the table.
    Bigint,
    /// DOUBLE in the table.
    Double,
    /// VARCHAR in the table.
    Text,
    /// No column type: durations are for `every`, `delay` and arguments.
    Duration,
    /// No column type: a list is a set of members.
    List,
}

impl Value {
    /// The type of this value.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match self {
            Value::Boolean(_) => Type::Boolean,
            Value::Bigint(_) => Type::Bigint,
            Value::Double(_) => Type::Double,
            Value::Text(_) => Type::Text,
            Value::Duration(_) => Type::Duration,
            Value::List(_) => Type::List,
        }
    }
}

impl Type {
    /// The type that values of both types can take: a BIGINT beside a DOUBLE becomes one.
    #[must_use]
    pub fn join(self, other: Type) -> Option<Type> {
        match (self, other) {
            (Type::Bigint, Type::Double) | (Type::Double, Type::Bigint) => Some(Type::Double),
            (one, other) => (one == other).then_some(one),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(v) => write!(f, "{v}"),
            Value::Bigint(v) => write!(f, "{v}"),
            Value::Double(v) => write!(f, "{v}"),
            Value::Text(v) => f.write_str(v),
            Value::Duration(nanos) => f.write_str(&crate::units::print_duration(*nanos)),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Boolean => "BOOLEAN",
            Type::Bigint => "BIGINT",
            Type::Double => "DOUBLE",
            Type::Text => "VARCHAR",
            Type::Duration => "a duration",
            Type::List => "a list",
        })
    }
}
