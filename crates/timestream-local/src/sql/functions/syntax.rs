//! Syntax that stands for functions: `EXTRACT(.. FROM ..)`, `POSITION(.. IN ..)`, `SUBSTRING(.. FROM ..)`. The engine
//! would take its own functions, whatever the service's are called.

use datafusion::common::{Result, plan_err};
use datafusion::functions::unicode::expr_fn::strpos;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult};

use super::pieces::substr;
use super::spelled::{part_of_time, to_bigint, with_two};

/// Plans such syntax.
#[derive(Debug)]
pub(in crate::sql) struct Syntax;

impl ExprPlanner for Syntax {
    fn plan_extract(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        let mut args = args.into_iter();
        let (Some(Expr::Literal(field, _)), Some(time)) = (args.next(), args.next()) else {
            return plan_err!("EXTRACT needs a field and a time");
        };
        let field = field.try_as_str().flatten().unwrap_or_default().to_lowercase();
        match part_of_time(&field, time) {
            Some(part) => Ok(PlannerResult::Planned(part)),
            None => plan_err!("'{field}' is not a valid field of EXTRACT"),
        }
    }

    fn plan_position(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(PlannerResult::Planned(to_bigint(with_two(args, strpos))))
    }

    fn plan_substring(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(PlannerResult::Planned(substr("substr").call(args)))
    }
}
