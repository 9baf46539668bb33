//! Sets as levels have them: a range or a name. Not here: lists and maps (`fleet`), the function
//! `choice`.

use std::ops::Range;

use crate::values::compile::{self, Compiler};
use crate::values::expression::Names;
use crate::values::parser::{self, SetSyntax};
use crate::values::syntax::Node;
use crate::values::{Binding, Expression, Fault, Scope, Type, Value};

/// Where a set's members come from.
#[derive(Debug, Clone)]
pub enum SetSource {
    /// Whole numbers, both ends included.
    Range {
        /// The first member; BIGINT.
        from: Expression,
        /// The last member; BIGINT. The set is empty where it is below `from`.
        to: Expression,
    },
    /// The members of a list attribute, or of a level by its name.
    Name {
        /// The name.
        name: String,
        /// The bytes of the source where it stands.
        span: Range<usize>,
    },
}

impl SetSource {
    /// Parses and checks `source`: `from..to` or a name.
    ///
    /// # Errors
    /// Every fault that was found; at least one.
    pub fn compile(source: &str, scope: &dyn Scope) -> Result<Self, Vec<Fault>> {
        match parser::set(source).map_err(|fault| vec![fault])? {
            SetSyntax::Name(name, span) => named(scope, name, span).map_err(|fault| vec![fault]),
            SetSyntax::Range(from, to) => {
                check_range(source, scope, &from, &to)?;
                let bound = |node| {
                    let mut compiler = Compiler::new(source, scope);
                    let typed = compiler.node(node);
                    Expression::finish(source, compiler, typed)
                };
                Ok(SetSource::Range { from: bound(&from)?, to: bound(&to)? })
            }
        }
    }

    /// The names that `source` mentions, as [`Expression::names`] gives them.
    #[must_use]
    pub fn names(source: &str) -> Vec<(String, Range<usize>)> {
        let mut names = Names::default();
        match parser::set(source) {
            Ok(SetSyntax::Name(name, span)) => names.add(&name, &span),
            Ok(SetSyntax::Range(from, to)) => [from, to].iter().for_each(|node| names.visit(node)),
            Err(_) => {}
        }
        names.0
    }
}

fn check_range(source: &str, scope: &dyn Scope, from: &Node, to: &Node) -> Result<(), Vec<Fault>> {
    let mut compiler = Compiler::new(source, scope);
    match compiler.range(from, to) {
        Some((_, _, Type::Bigint)) => Ok(()),
        Some((_, _, joint)) => {
            let message = format!("a range of {joint} does not say its members");
            Err(vec![Fault::new(0..source.len(), message).help("bounds of a set are whole numbers")])
        }
        None => Err(compiler.faults),
    }
}

fn named(scope: &dyn Scope, name: String, span: Range<usize>) -> Result<SetSource, Fault> {
    match scope.lookup(&name) {
        Some(Binding::Constant(Value::List(_)) | Binding::Attribute { value_type: Type::List, .. }) => {}
        _ if scope.set(&name).is_some() => {}
        None => return Err(compile::unknown(scope, &name, span)),
        Some(_) => return Err(compile::not_a_set(&name, span)),
    }
    Ok(SetSource::Name { name, span })
}
