//! A checked expression, ready to evaluate. Not here: how it is compiled (`compile`).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::values::code::Code;
use crate::values::compile::{Compiler, Typed};
use crate::values::syntax::Node;
use crate::values::{Fault, Instant, Scope, Type, Value, bounds, parser};

/// A checked expression: names are slots, draws are numbered, the type is known. Cheap to clone.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    code: Code,
    constant: Option<Value>,
    draws: bool,
    attributes: Arc<[usize]>,
    measures: Arc<[usize]>,
}

impl Expression {
    /// Parses and checks `source`.
    ///
    /// # Errors
    /// Every fault that was found; at least one.
    pub fn compile(source: &str, scope: &dyn Scope) -> Result<Self, Vec<Fault>> {
        let node = parser::value(source, 0).map_err(|fault| vec![fault])?;
        let mut compiler = Compiler::new(source, scope);
        let typed = compiler.node(&node);
        Self::finish(source, compiler, typed)
    }

    /// What a compiler made of a source; it reported a fault wherever it gave nothing.
    pub(super) fn finish(
        source: &str,
        compiler: Compiler<'_>,
        typed: Option<Typed>,
    ) -> Result<Self, Vec<Fault>> {
        match typed {
            Some(typed) if compiler.faults.is_empty() => Ok(Self {
                source: source.into(),
                code: typed.code,
                constant: typed.constant,
                draws: compiler.draws(),
                attributes: compiler.attributes.into_iter().collect(),
                measures: compiler.measures.into_iter().collect(),
            }),
            _ => Err(compiler.faults),
        }
    }

    /// The names that `source` mentions, each with its first place, in order; none where it does
    /// not parse, which [`compile`](Self::compile) reports. To sort measures before types are known.
    #[must_use]
    pub fn names(source: &str) -> Vec<(String, Range<usize>)> {
        let mut names = Names::default();
        names.collect(source, 0);
        names.0
    }

    /// The least and the greatest number (or nanoseconds) that `source` can give where `scope` holds,
    /// as far as that can be told; infinite where it cannot.
    #[must_use]
    pub fn bounds(source: &str, scope: &dyn Scope) -> (f64, f64) {
        parser::value(source, 0).map_or(bounds::UNKNOWN, |node| bounds::of(&node, scope))
    }

    /// The type of its values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.code.value_type()
    }

    /// Its value, where it names no attribute or measure and makes no draw.
    #[must_use]
    pub fn constant(&self) -> Option<Value> {
        self.constant.clone()
    }

    /// True where it makes a draw or follows the time.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.draws
    }

    /// The slots of the attributes that it names, in ascending order.
    #[must_use]
    pub fn reads_attributes(&self) -> &[usize] {
        &self.attributes
    }

    /// The slots of the measures that it names, in ascending order.
    #[must_use]
    pub fn reads_measures(&self) -> &[usize] {
        &self.measures
    }

    /// Its value at an instant; of [`value_type`](Self::value_type), and never an infinite number.
    #[must_use]
    pub fn eval(&self, at: &Instant<'_>) -> Value {
        self.code.eval(at)
    }

    /// The span of time that it gives, in nanoseconds and not below 0: the `number`-th draw of `key`, where neither
    /// attributes nor measures are known. 0 where it is no duration.
    #[must_use]
    pub fn span(&self, key: u64, number: i64) -> i64 {
        match self.eval(&Instant { attributes: &[], measures: &[], key, time: number }) {
            Value::Duration(nanos) => nanos.max(0),
            _ => 0,
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?}: {})", self.source, self.value_type())
    }
}

/// Names in order of their first place.
#[derive(Default)]
pub(super) struct Names(pub(super) Vec<(String, Range<usize>)>);

impl Names {
    /// Adds those of an expression that stands at `offset`.
    pub(super) fn collect(&mut self, source: &str, offset: usize) {
        if let Ok(node) = parser::value(source, offset) {
            self.visit(&node);
        }
    }

    /// Adds those of a tree.
    pub(super) fn visit(&mut self, node: &Node) {
        node.visit_names(&mut |name, span| self.add(name, span));
    }

    /// Adds one, unless it is there.
    pub(super) fn add(&mut self, name: &str, span: &Range<usize>) {
        if self.0.iter().all(|(known, _)| known != name) {
            self.0.push((name.to_owned(), span.clone()));
        }
    }
}
