//! What operators take, give and do. Not here: how tightly they bind (`parser`).
//!
//! | | BIGINT, BIGINT | other numbers | durations |
//! |---|---|---|---|
//! | `+` `-` | BIGINT | DOUBLE | duration and duration: duration |
//! | `*` | BIGINT | DOUBLE | duration and number: duration |
//! | `/` | DOUBLE | DOUBLE | by a number: duration; by a duration: DOUBLE |
//! | `mod` | BIGINT | DOUBLE | duration and duration: duration |
//!
//! Results saturate at the ends of their type, and dividing by 0 gives 0, `mod` 0 too: a value is
//! always one that a table can hold. Where all is constant both are faults instead.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use crate::values::code::{Code, Eval, finite};
use crate::values::compile::{Compiler, Typed, measure};
use crate::values::syntax::{Arithmetic, Binary, Comparison, Unary};
use crate::values::{Fault, Type, Value};

impl Compiler<'_> {
    /// An operator before a value.
    pub(super) fn unary(&mut self, operator: Unary, operand: Typed, span: Range<usize>) -> Option<Typed> {
        let constant = operand.constant.is_some();
        let code = match (operator, operand.code) {
            (Unary::Negate, Code::Bigint(eval)) => {
                Code::Bigint(Arc::new(move |at| eval(at).saturating_neg()))
            }
            (Unary::Negate, Code::Duration(eval)) => {
                Code::Duration(Arc::new(move |at| eval(at).saturating_neg()))
            }
            (Unary::Negate, code) => {
                let eval = self.number(Typed { code, ..operand })?;
                Code::Double(Arc::new(move |at| -eval(at)))
            }
            (Unary::Not, code) => {
                let eval = self.boolean(Typed { code, ..operand })?;
                Code::Boolean(Arc::new(move |at| !eval(at)))
            }
        };
        Some(Typed::folded(code, span, constant))
    }

    /// An operator between two values.
    pub(super) fn binary(
        &mut self,
        operator: Binary,
        left: Typed,
        right: Typed,
        span: Range<usize>,
    ) -> Option<Typed> {
        let constant = left.constant.is_some() && right.constant.is_some();
        let code = match operator {
            Binary::And | Binary::Or => self.logic(operator == Binary::And, left, right)?,
            Binary::Compare(comparison) => self.comparison(comparison, left, right)?,
            Binary::Arithmetic(arithmetic) => {
                self.check_constants(arithmetic, &left, &right, &span)?;
                self.arithmetic(arithmetic, left, right, &span)?
            }
        };
        Some(Typed::folded(code, span, constant))
    }

    fn logic(&mut self, and: bool, left: Typed, right: Typed) -> Option<Code> {
        let (left, right) = (self.boolean(left), self.boolean(right));
        let (left, right) = (left?, right?);
        Some(Code::Boolean(if and {
            Arc::new(move |at| left(at) && right(at))
        } else {
            Arc::new(move |at| left(at) || right(at))
        }))
    }

    fn comparison(&mut self, comparison: Comparison, left: Typed, right: Typed) -> Option<Code> {
        let span = left.span.start..right.span.end;
        let (one, other) = (left.value_type(), right.value_type());
        let (left, right) = (left.code, right.code);
        let compared = match one.join(other) {
            Some(Type::Bigint | Type::Duration) => compare(comparison, left.whole()?, right.whole()?),
            Some(Type::Double) => compare(comparison, left.number()?, right.number()?),
            Some(Type::Text) => compare(comparison, left.text()?, right.text()?),
            Some(Type::Boolean) => compare(comparison, left.boolean()?, right.boolean()?),
            Some(Type::List) | None => {
                let message = format!("{one} and {other} do not compare");
                return self.refuse(Fault::new(span, message));
            }
        };
        Some(Code::Boolean(compared))
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        left: Typed,
        right: Typed,
        span: &Range<usize>,
    ) -> Option<Code> {
        use Arithmetic::{Add, Divide, Modulo, Multiply, Subtract};
        let (one, other) = (left.value_type(), right.value_type());
        Some(match (operator, left.code, right.code) {
            (Add | Subtract | Multiply | Modulo, Code::Bigint(left), Code::Bigint(right)) => {
                Code::Bigint(whole(operator, left, right))
            }
            (Add | Subtract | Modulo, Code::Duration(left), Code::Duration(right)) => {
                Code::Duration(whole(operator, left, right))
            }
            (Multiply, Code::Duration(left), Code::Bigint(right))
            | (Multiply, Code::Bigint(left), Code::Duration(right)) => {
                Code::Duration(whole(operator, left, right))
            }
            (Multiply | Divide, Code::Duration(duration), Code::Double(factor))
            | (Multiply, Code::Double(factor), Code::Duration(duration)) => {
                Code::Duration(scaled(operator, duration, factor))
            }
            (Divide, Code::Duration(left), Code::Bigint(right)) => {
                Code::Duration(scaled(operator, left, as_number(right)))
            }
            (Divide, Code::Duration(left), Code::Duration(right)) => {
                let (left, right) = (as_number(left), as_number(right));
                Code::Double(real(operator, left, right))
            }
            (_, left, right) => match (left.number(), right.number()) {
                (Some(left), Some(right)) => Code::Double(real(operator, left, right)),
                _ => return self.refuse(mismatch(operator, one, other, span)),
            },
        })
    }

    /// Reports a division by a constant 0, and a constant result that its type does not hold.
    fn check_constants(
        &mut self,
        operator: Arithmetic,
        left: &Typed,
        right: &Typed,
        span: &Range<usize>,
    ) -> Option<()> {
        let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Modulo);
        if divides && right.constant.as_ref().is_some_and(is_zero) {
            let message = format!("`{}` divides by 0", self.text(span));
            return self.refuse(Fault::new(span.clone(), message));
        }
        let (Some(one), Some(other)) = (&left.constant, &right.constant) else { return Some(()) };
        if overflows(operator, one, other) {
            let message = format!("`{}` is too large", self.text(span));
            return self.refuse(Fault::new(span.clone(), message));
        }
        Some(())
    }
}

fn mismatch(operator: Arithmetic, one: Type, other: Type, span: &Range<usize>) -> Fault {
    let fault = Fault::new(span.clone(), format!("`{}` does not take {one} and {other}", symbol(operator)));
    match (one, other) {
        (Type::Duration, Type::Bigint | Type::Double) | (Type::Bigint | Type::Double, Type::Duration) => {
            fault.help("give the number a unit, as in 5s, or divide the duration by one: d / 1s")
        }
        (Type::Text, _) | (_, Type::Text) => {
            fault.help("placeholders join texts, where a text may stand: {a}-{b}")
        }
        _ => fault,
    }
}

fn symbol(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Modulo => "mod",
    }
}

/// True where the exact result lies outside the type that the operator gives.
fn overflows(operator: Arithmetic, one: &Value, other: &Value) -> bool {
    if let (Value::Bigint(a) | Value::Duration(a), Value::Bigint(b) | Value::Duration(b)) = (one, other) {
        return match operator {
            Arithmetic::Add => a.checked_add(*b).is_none(),
            Arithmetic::Subtract => a.checked_sub(*b).is_none(),
            Arithmetic::Multiply => a.checked_mul(*b).is_none(),
            // No quotient or remainder is larger than what was divided.
            Arithmetic::Divide | Arithmetic::Modulo => false,
        };
    }
    let (Some(a), Some(b)) = (measure(one), measure(other)) else { return false };
    let durations = [one, other].iter().any(|value| value.value_type() == Type::Duration);
    let limit = if durations { i64::MAX as f64 } else { f64::MAX };
    raw(operator, a, b).abs() > limit
}

fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Bigint(0) | Value::Duration(0)) || *value == Value::Double(0.0)
}

fn compare<T: PartialOrd + 'static>(comparison: Comparison, left: Eval<T>, right: Eval<T>) -> Eval<bool> {
    let holds = move |order: Ordering| match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    };
    Arc::new(move |at| left(at).partial_cmp(&right(at)).is_some_and(holds))
}

fn whole(operator: Arithmetic, left: Eval<i64>, right: Eval<i64>) -> Eval<i64> {
    match operator {
        Arithmetic::Add => Arc::new(move |at| left(at).saturating_add(right(at))),
        Arithmetic::Subtract => Arc::new(move |at| left(at).saturating_sub(right(at))),
        Arithmetic::Multiply => Arc::new(move |at| left(at).saturating_mul(right(at))),
        Arithmetic::Divide => Arc::new(move |at| left(at).checked_div(right(at)).unwrap_or(0)),
        // Without a result for 0, and for the least number by -1, where 0 is the right one.
        Arithmetic::Modulo => Arc::new(move |at| left(at).checked_rem_euclid(right(at)).unwrap_or(0)),
    }
}

fn scaled(operator: Arithmetic, duration: Eval<i64>, factor: Eval<f64>) -> Eval<i64> {
    let exact = real(operator, as_number(duration), factor);
    // The cast saturates.
    Arc::new(move |at| exact(at).round() as i64)
}

fn as_number(whole: Eval<i64>) -> Eval<f64> {
    Arc::new(move |at| whole(at) as f64)
}

fn real(operator: Arithmetic, left: Eval<f64>, right: Eval<f64>) -> Eval<f64> {
    match operator {
        Arithmetic::Add => Arc::new(move |at| finite(left(at) + right(at))),
        Arithmetic::Subtract => Arc::new(move |at| finite(left(at) - right(at))),
        Arithmetic::Multiply => Arc::new(move |at| finite(left(at) * right(at))),
        Arithmetic::Divide | Arithmetic::Modulo => Arc::new(move |at| match right(at) {
            0.0 => 0.0,
            divisor => finite(raw(operator, left(at), divisor)),
        }),
    }
}

fn raw(operator: Arithmetic, left: f64, right: f64) -> f64 {
    match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => left.rem_euclid(right),
    }
}
