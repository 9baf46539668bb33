//! Whole numbers stay in their type and never wrap around: sums, differences, products and totals that leave it fail.
//! The engine's own wrap, and some of its functions make doubles of them. Runs as a part of `semantics`.

use datafusion::arrow::compute::kernels::numeric::{add, mul, sub};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast, lit,
};
use datafusion::physical_expr_common::datum::apply;

/// Digits of a sum, of which BIGINT has 19: no table has rows enough to fill them.
const SUM: DataType = DataType::Decimal128(28, 0);

/// The same expression, which fails where a whole number leaves its type.
pub(super) fn checked(binary: BinaryExpr, schema: &DFSchema) -> Result<Expr> {
    let is_arithmetic = matches!(binary.op, Operator::Plus | Operator::Minus | Operator::Multiply);
    if is_arithmetic && is_whole(&binary.left, schema) && is_whole(&binary.right, schema) {
        return Ok(Checked::behind(*binary.left, binary.op, *binary.right));
    }
    Ok(Expr::BinaryExpr(binary))
}

/// `-number`, in the same way.
pub(super) fn negated(number: Expr, schema: &DFSchema) -> Expr {
    if is_whole(&number, schema) {
        return Checked::behind(lit(0_i32), Operator::Minus, number);
    }
    Expr::Negative(Box::new(number))
}

/// A call that leaves whole numbers whole.
pub(super) fn kept(mut call: ScalarFunction, schema: &DFSchema) -> Result<Expr> {
    let whole = match call.args.as_slice() {
        [number] if is_whole(number, schema) => number.get_type(schema)?,
        _ => return Ok(Expr::ScalarFunction(call)),
    };
    Ok(match call.func.name() {
        "floor" | "ceil" => call.args.swap_remove(0),
        "signum" => cast(Expr::ScalarFunction(call), whole),
        _ => Expr::ScalarFunction(call),
    })
}

/// What `sum` adds up for `args`: whole numbers with room for their sum.
pub(super) fn summands(args: Vec<Expr>, schema: &DFSchema) -> Vec<Expr> {
    args.into_iter().map(|arg| if is_whole(&arg, schema) { cast(arg, SUM) } else { arg }).collect()
}

/// The same plan with the sums of `summands` as BIGINT, which they may not fit. There are no other decimals: the
/// service has no such type.
pub(super) fn totals(plan: LogicalPlan) -> Result<LogicalPlan> {
    let is_sum = |data_type: &DataType| matches!(data_type, DataType::Decimal128(..));
    let sums = matches!(plan, LogicalPlan::Aggregate(_) | LogicalPlan::Window(_))
        && plan.schema().fields().iter().any(|field| is_sum(field.data_type()));
    if !sums {
        return Ok(plan);
    }
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| {
            let column = Expr::from((qualifier, field));
            if is_sum(field.data_type()) {
                cast(column, DataType::Int64).alias_qualified(qualifier.cloned(), field.name())
            } else {
                column
            }
        })
        .collect();
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

fn is_whole(expr: &Expr, schema: &DFSchema) -> bool {
    let is_checked = matches!(expr, Expr::ScalarFunction(call) if Checked::of(call).is_some());
    is_checked || expr.get_type(schema).is_ok_and(|data_type| data_type.is_integer())
}

/// Operators on whole numbers of one type, each on what comes of those before it and on the next number: a long chain
/// is one call, since what asks for the type of a call asks for those of all within it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operators: Vec<Operator>,
    signature: Signature,
}

impl Checked {
    /// One more operator and number behind `left`.
    fn behind(left: Expr, operator: Operator, right: Expr) -> Expr {
        let (mut operators, mut numbers) = match left {
            Expr::ScalarFunction(call) if Self::of(&call).is_some() => {
                (Self::of(&call).map_or_else(Vec::new, |checked| checked.operators.clone()), call.args)
            }
            other => (Vec::new(), vec![other]),
        };
        operators.push(operator);
        numbers.push(right);
        let signature = Signature::user_defined(Volatility::Immutable);
        ScalarUDF::from(Self { operators, signature }).call(numbers)
    }

    fn of(call: &ScalarFunction) -> Option<&Self> {
        call.func.inner().downcast_ref()
    }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        "whole_arithmetic"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let is_bigint =
            |data_type: &DataType| matches!(data_type, DataType::Int64 | DataType::UInt32 | DataType::UInt64);
        let common = if types.iter().any(is_bigint) { DataType::Int64 } else { DataType::Int32 };
        Ok(vec![common; types.len()])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Int64))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut numbers = args.args.into_iter();
        let Some(first) = numbers.next() else { return internal_err!("no numbers") };
        self.operators.iter().zip(numbers).try_fold(first, |left, (operator, right)| match operator {
            Operator::Plus => apply(&left, &right, add),
            Operator::Minus => apply(&left, &right, sub),
            Operator::Multiply => apply(&left, &right, mul),
            other => internal_err!("{other} is not checked"),
        })
    }
}
