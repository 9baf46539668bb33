//! Syntax -> code: names to slots, types, draws numbered, constants folded; every fault, not only
//! the first. Not here: the rules of each operator (`operators`) and function (`functions`).

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostics::did_you_mean;
use crate::values::code::{Code, Eval};
use crate::values::syntax::{Kind, Node};
use crate::values::{Binding, Fault, Instant, Scope, Type, Value, functions};

/// A compiled part of an expression.
pub(super) struct Typed {
    pub(super) code: Code,
    /// Its value, where that is the same at every instant.
    pub(super) constant: Option<Value>,
    pub(super) span: Range<usize>,
}

/// Compiles the expressions of one source; its methods report a fault wherever they give `None`.
pub(super) struct Compiler<'a> {
    source: &'a str,
    scope: &'a dyn Scope,
    pub(super) faults: Vec<Fault>,
    /// Draws so far, and functions over time; each is numbered in the order in which the calls begin in the source.
    calls: u32,
    /// Parts so far whose values change with time.
    pub(super) moving: u32,
    pub(super) attributes: BTreeSet<usize>,
    pub(super) measures: BTreeSet<usize>,
}

impl Typed {
    pub(super) fn value_type(&self) -> Type {
        self.code.value_type()
    }

    pub(super) fn constant(value: Value, span: Range<usize>) -> Self {
        Self { code: Code::constant(&value), constant: Some(value), span }
    }

    /// What `code` gives, folded to a constant where its inputs are.
    pub(super) fn folded(code: Code, span: Range<usize>, inputs_are_constant: bool) -> Self {
        if inputs_are_constant {
            Self::constant(code.eval(&Instant::default()), span)
        } else {
            Self { code, constant: None, span }
        }
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn new(source: &'a str, scope: &'a dyn Scope) -> Self {
        let (attributes, measures) = (BTreeSet::new(), BTreeSet::new());
        Self { source, scope, faults: Vec::new(), calls: 0, moving: 0, attributes, measures }
    }

    /// The number of one more draw.
    pub(super) fn draw(&mut self) -> u32 {
        self.calls += 1;
        self.calls - 1
    }

    /// True where there are draws or functions over time.
    pub(super) fn draws(&self) -> bool {
        self.calls > 0
    }

    /// Nanoseconds from tick to tick, where there are ticks.
    pub(super) fn interval(&self) -> Option<i64> {
        self.scope.interval()
    }

    /// Reports a fault.
    pub(super) fn refuse<T>(&mut self, fault: Fault) -> Option<T> {
        self.faults.push(fault);
        None
    }

    /// The source of a part.
    pub(super) fn text(&self, span: &Range<usize>) -> &'a str {
        self.source.get(span.clone()).unwrap_or_default()
    }

    /// Compiles a tree.
    pub(super) fn node(&mut self, node: &Node) -> Option<Typed> {
        let span = node.span.clone();
        match &node.kind {
            Kind::Literal(value) => Some(Typed::constant(value.clone(), span)),
            Kind::Name(name) => self.name(name, span),
            Kind::Call { function, name, arguments } => {
                functions::compile(self, function, name.clone(), arguments, span)
            }
            Kind::Unary(operator, operand) => {
                let operand = self.node(operand)?;
                self.unary(*operator, operand, span)
            }
            Kind::Binary(operator, operands) => {
                let [left, right] = operands.as_ref();
                // Both, before either is given up, so that the faults of both are found.
                let (left, right) = (self.node(left), self.node(right));
                self.binary(*operator, left?, right?, span)
            }
        }
    }

    /// Compiles several trees; the faults of all are found.
    pub(super) fn nodes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) -> Option<Vec<Typed>> {
        let parts: Vec<_> = nodes.into_iter().map(|node| self.node(node)).collect();
        parts.into_iter().collect()
    }

    fn name(&mut self, name: &str, span: Range<usize>) -> Option<Typed> {
        let code = match self.scope.lookup(name) {
            None => return self.refuse(unknown(self.scope, name, span)),
            Some(Binding::Constant(value)) => return Some(Typed::constant(value, span)),
            Some(Binding::Attribute { slot, value_type }) => {
                self.attributes.insert(slot);
                Code::read(value_type, move |at| at.attributes.get(slot))
            }
            Some(Binding::Measure { slot, value_type }) => {
                self.measures.insert(slot);
                self.moving += 1;
                Code::read(value_type, move |at| at.measures.get(slot))
            }
        };
        Some(Typed { code, constant: None, span })
    }

    /// The slots of a measure now and a tick before, and its type.
    pub(super) fn look_back(&mut self, name: &str, span: Range<usize>) -> Option<(usize, usize, Type)> {
        match (self.scope.lookup(name), self.scope.before(name)) {
            (Some(Binding::Measure { slot, value_type }), Some(Binding::Measure { slot: before, .. })) => {
                self.measures.extend([slot, before]);
                Some((slot, before, value_type))
            }
            (None, _) => self.refuse(unknown(self.scope, name, span)),
            (Some(_), _) => {
                let message = format!("`{name}` is no measure: it is the same a tick before");
                self.refuse(Fault::new(span, message))
            }
        }
    }

    /// How long an incident will still be on.
    pub(super) fn time_left(&mut self, name: &str, span: Range<usize>) -> Option<Code> {
        match (self.scope.lookup(name), self.scope.lookup(&time_left(name))) {
            (Some(_), Some(Binding::Measure { slot, value_type })) => {
                self.measures.insert(slot);
                Some(Code::read(value_type, move |at| at.measures.get(slot)))
            }
            (None, _) => self.refuse(unknown(self.scope, name, span)),
            (Some(_), _) => self.refuse(Fault::new(span, format!("`{name}` is no incident"))),
        }
    }

    /// Reports a measure in a part that is worked out for another time than the measures are.
    pub(super) fn without_measures(&mut self, node: &Node, user: &str) {
        let mut found = None;
        node.visit_names(&mut |name, span| {
            if let Some(Binding::Measure { .. }) = self.scope.lookup(name) {
                found.get_or_insert((name.to_owned(), span.clone()));
            }
        });
        if let Some((name, span)) = found {
            let fault = Fault::new(span, format!("{user}: `{name}` is known at its own tick only"));
            self.faults.push(fault.help(format!("write the {user} where `{name}` is given")));
        }
    }

    /// What `compile` makes of a part that must not change with time.
    pub(super) fn steady<T>(
        &mut self,
        part: &Range<usize>,
        user: &str,
        compile: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let before = self.moving;
        let compiled = compile(self)?;
        if self.moving == before {
            return Some(compiled);
        }
        let message = format!("{user}: `{}` must not change with time", self.text(part));
        self.refuse(Fault::new(part.clone(), message).help("parameters and attributes stay the same"))
    }

    /// The members of the set that `name` stands for, and the slot of the list, where each node has
    /// one of its own.
    pub(super) fn set(&mut self, name: &str, span: Range<usize>) -> Option<(Vec<Value>, Option<usize>)> {
        let members = self.scope.set(name);
        match self.scope.lookup(name) {
            Some(Binding::Constant(Value::List(items))) => Some((items.to_vec(), None)),
            Some(Binding::Attribute { slot, value_type: Type::List }) => {
                self.attributes.insert(slot);
                Some((members.unwrap_or_default(), Some(slot)))
            }
            _ if members.is_some() => Some((members?, None)),
            Some(_) => self.refuse(not_a_set(name, span)),
            None => self.refuse(unknown(self.scope, name, span)),
        }
    }

    /// Both bounds of a range, which must have one type and, where they are constant, an order.
    pub(super) fn range(&mut self, from: &Node, to: &Node) -> Option<(Typed, Typed, Type)> {
        let (from, to) = (self.node(from), self.node(to));
        let (from, to) = (from?, to?);
        let joint = self.joint_type([&from, &to])?;
        let span = from.span.start..to.span.end;
        if !matches!(joint, Type::Bigint | Type::Double | Type::Duration) {
            let message = format!("a range of {joint} has no members");
            return self.refuse(Fault::new(span, message).help("bounds are numbers or durations"));
        }
        match (&from.constant, &to.constant) {
            (Some(low), Some(high)) if measure(low) > measure(high) => {
                self.refuse(Fault::new(span, format!("range {low}..{high} is empty")))
            }
            _ => Some((from, to, joint)),
        }
    }

    /// The one type that all the parts can take.
    pub(super) fn joint_type<'t>(&mut self, parts: impl IntoIterator<Item = &'t Typed>) -> Option<Type> {
        let mut joint: Option<Type> = None;
        for part in parts {
            let own = part.value_type();
            match joint.map_or(Some(own), |joint| joint.join(own)) {
                None => {
                    let message = match joint {
                        Some(joint) => format!("{joint} and {own} do not go together"),
                        None => format!("{own} does not fit"),
                    };
                    return self.refuse(Fault::new(part.span.clone(), message));
                }
                joined => joint = joined,
            }
        }
        joint
    }

    /// The part as true or false.
    pub(super) fn boolean(&mut self, part: Typed) -> Option<Eval<bool>> {
        self.expect(part, "a condition", Code::boolean)
    }

    /// The part as a number.
    pub(super) fn number(&mut self, part: Typed) -> Option<Eval<f64>> {
        self.expect(part, "a number", Code::number)
    }

    /// The part as a BIGINT.
    pub(super) fn bigint(&mut self, part: Typed) -> Option<Eval<i64>> {
        self.expect(part, "a whole number", |code| match code {
            Code::Bigint(eval) => Some(eval),
            _ => None,
        })
    }

    /// The part as a duration, in nanoseconds.
    pub(super) fn duration(&mut self, part: Typed) -> Option<Eval<i64>> {
        self.expect(part, "a duration", Code::duration)
    }

    fn expect<T>(
        &mut self,
        part: Typed,
        wanted: &str,
        typed: impl Fn(Code) -> Option<Eval<T>>,
    ) -> Option<Eval<T>> {
        let own = part.value_type();
        typed(part.code).or_else(|| {
            let message = format!("`{}` is {own}, {wanted} is needed", self.text(&part.span));
            self.refuse(Fault::new(part.span, message))
        })
    }
}

/// The name under which a scope knows how long an incident will still be on: none that can be written.
pub(crate) fn time_left(incident: &str) -> String {
    format!("left({incident})")
}

/// The fault of a name that means nothing in its scope.
pub(super) fn unknown(scope: &dyn Scope, name: &str, span: Range<usize>) -> Fault {
    let names = scope.names();
    let help = did_you_mean(name, names.iter().map(String::as_str))
        .or_else(|| functions::form(name).map(|form| format!("a function needs its brackets: {form}")))
        .unwrap_or_else(|| format!("names are bare, texts quoted: '{name}'"));
    let fault = Fault::new(span, format!("unknown name `{name}`")).help(help);
    Fault { follows: true, ..fault }
}

/// The fault of a name that means something, but nothing with members.
pub(super) fn not_a_set(name: &str, span: Range<usize>) -> Fault {
    Fault::new(span, format!("`{name}` is not a set"))
        .help(format!("a list's name is, or a range: 1..{name}"))
}

/// A number or a duration as a plain number, to compare and bound it.
pub(super) fn measure(value: &Value) -> Option<f64> {
    match value {
        Value::Bigint(value) | Value::Duration(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        Value::Boolean(_) | Value::Text(_) | Value::List(_) => None,
    }
}
