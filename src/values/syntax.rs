//! Expressions as written: the tree between parser and compiler. Not here: what names mean, types.

use std::ops::Range;

use crate::values::Value;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Where it stands in the source.
    pub(super) span: Range<usize>,
    /// Levels of nodes from here to the deepest leaf: bounds every recursion over the tree.
    pub(super) height: usize,
    /// What it is.
    pub(super) kind: Kind,
}

/// The kinds of node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A number, duration, quoted text, `true` or `false`.
    Literal(Value),
    /// A bare name.
    Name(String),
    /// A function's call; `name` is where its name stands.
    Call { function: String, name: Range<usize>, arguments: Vec<Argument> },
    /// `-` or `not`.
    Unary(Unary, Box<Node>),
    /// An operator between two values.
    Binary(Binary, Box<[Node; 2]>),
}

/// One argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    /// `value`
    Plain(Node),
    /// `from..to`
    Range(Node, Node),
    /// `value by step`
    By(Node, Node),
    /// `from..to by step`
    RangeBy(Node, Node, Node),
    /// `value weight`
    Weighted(Node, f64),
}

/// Operators before a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Not,
}

/// Operators between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Compare(Comparison),
    Arithmetic(Arithmetic),
}

/// Operators that compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Operators that reckon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Argument {
    /// The nodes it is made of, in the order they are written.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        let nodes = match self {
            Argument::Plain(a) | Argument::Weighted(a, _) => [Some(a), None, None],
            Argument::Range(a, b) | Argument::By(a, b) => [Some(a), Some(b), None],
            Argument::RangeBy(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        nodes.into_iter().flatten()
    }
}

impl Node {
    /// Calls `seen` with every name in the tree and its place, in the order they are written.
    pub(super) fn visit_names(&self, seen: &mut dyn FnMut(&str, &Range<usize>)) {
        match &self.kind {
            Kind::Literal(_) => {}
            Kind::Name(name) => seen(name, &self.span),
            Kind::Call { arguments, .. } => {
                arguments.iter().flat_map(Argument::nodes).for_each(|node| node.visit_names(seen));
            }
            Kind::Unary(_, operand) => operand.visit_names(seen),
            Kind::Binary(_, operands) => operands.iter().for_each(|node| node.visit_names(seen)),
        }
    }
}
