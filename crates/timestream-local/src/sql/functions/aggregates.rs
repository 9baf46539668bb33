//! Aggregate functions that are spelled out in terms of others, as in `spelled`.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility, lit,
};

/// An aggregate function that stands for another.
#[derive(Debug)]
pub(in crate::sql) struct SpelledAggregate {
    name: &'static str,
    signature: Signature,
    returns: fn(&[DataType]) -> DataType,
    spell: fn(AggregateFunctionParams) -> AggregateFunction,
}

impl SpelledAggregate {
    /// The aggregate that the function stands for.
    pub(in crate::sql) fn spell(&self, params: AggregateFunctionParams) -> Expr {
        Expr::AggregateFunction((self.spell)(params))
    }
}

one_of_a_name!(SpelledAggregate);

impl AggregateUDFImpl for SpelledAggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok((self.returns)(arg_types))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        internal_err!("{} was not spelled out", self.name)
    }
}

/// The functions of this module.
pub(super) fn functions() -> Vec<AggregateUDF> {
    let first = |types: &[DataType]| types.first().cloned().unwrap_or(DataType::Null);
    vec![
        spelled("max_by", 2, first, |params| by(params, false)),
        spelled("min_by", 2, first, |params| by(params, true)),
        spelled("count_if", 1, |_| DataType::Int64, count_if),
    ]
}

fn spelled(
    name: &'static str,
    arguments: usize,
    returns: fn(&[DataType]) -> DataType,
    spell: fn(AggregateFunctionParams) -> AggregateFunction,
) -> AggregateUDF {
    let signature = Signature::any(arguments, Volatility::Immutable);
    AggregateUDF::from(SpelledAggregate { name, signature, returns, spell })
}

/// `max_by(x, y)`: the first `x` by falling `y`, of the rows that have a `y`.
fn by(params: AggregateFunctionParams, ascending: bool) -> AggregateFunction {
    let mut args = params.args.into_iter();
    let value = args.next().unwrap_or_else(|| lit(true));
    let key = args.next().unwrap_or_else(|| lit(true));
    let filter = and(key.clone().is_not_null(), params.filter);
    let order = vec![key.sort(ascending, false)];
    AggregateFunction::new_udf(first_value_udaf(), vec![value], false, Some(filter), order, None)
}

/// `count_if(x)`: the rows where `x` is true.
fn count_if(params: AggregateFunctionParams) -> AggregateFunction {
    let condition = params.args.into_iter().next().unwrap_or_else(|| lit(true));
    let filter = and(condition, params.filter);
    AggregateFunction::new_udf(count_udaf(), vec![lit(1_i64)], false, Some(filter), vec![], None)
}

fn and(condition: Expr, filter: Option<Box<Expr>>) -> Box<Expr> {
    Box::new(match filter {
        Some(filter) => condition.and(*filter),
        None => condition,
    })
}
