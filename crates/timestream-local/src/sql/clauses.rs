//! The clauses that a query may have. The parser takes those of every dialect and the engine passes over some, which
//! would give wrong answers; here each is let through or refused by name. All fields are spelled out, so that none of
//! a later parser is passed over. Not here: statements that do not read (`dialect`), names (`scope`).

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte, DataType, Distinct, Expr, Function, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    GroupByExpr, GroupByWithModifier, Join, JoinConstraint, JoinOperator, LimitClause, LockType,
    NamedWindowExpr, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectFlavor, SelectItem, Spanned,
    TableAlias, TableFactor, TypedString, UnaryOperator, Value, ValueTableMode, ValueWithSpan, Visit,
    Visitor, WildcardAdditionalOptions, WindowSpec, WindowType, With,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::dialect::Tokens;
use super::error::SqlError;
use super::functions::Functions;

/// Fails at the first clause of `query` that is not answered.
pub(super) fn check(query: &Query, tokens: &Tokens, functions: &Functions) -> Result<(), SqlError> {
    match query.visit(&mut Clauses { tokens, functions, negated: None }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Nothing, or how the clause begins that is refused.
type Checked = Result<(), &'static str>;

fn refuse(stands: bool, clause: &'static str) -> Checked {
    if stands { Err(clause) } else { Ok(()) }
}

struct Clauses<'a> {
    tokens: &'a Tokens,
    functions: &'a Functions,
    /// The number whose minus was met last.
    negated: Option<Span>,
}

impl Clauses<'_> {
    /// Tells what was refused; its place is the first after `start`, where the syntax tree begins that has it.
    fn tell(&self, checked: Checked, start: impl FnOnce() -> Location) -> ControlFlow<SqlError> {
        let Err(clause) = checked else { return ControlFlow::Continue(()) };
        let start = start();
        let place = self.tokens.locate_phrase(clause, start).unwrap_or(start);
        ControlFlow::Break(SqlError::at(place, format!("{clause} is not supported")))
    }
}

impl Visitor for Clauses<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlError> {
        self.tell(check_query(query), || query.span().start)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<SqlError> {
        let start = select.select_token.0.span.start;
        if select.projection.is_empty() {
            return ControlFlow::Break(SqlError::at(start, "SELECT needs an expression"));
        }
        self.tell(check_select(select), || start)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<SqlError> {
        let start = || factor.span().start;
        match check_table_factor(factor) {
            Err(TABLE_FUNCTIONS) => {
                ControlFlow::Break(SqlError::at(start(), "Table functions are not supported"))
            }
            checked => self.tell(checked, start),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<SqlError> {
        if let Expr::UnaryOp { op: UnaryOperator::Minus, expr: number } = expr
            && let Expr::Value(number) = number.as_ref()
        {
            self.negated = Some(number.span);
        }
        self.tell(check_expr(expr, self.functions), || expr.span().start)
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<SqlError> {
        let Value::Number(digits, _) = &value.value else { return ControlFlow::Continue(()) };
        let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        let fits = if self.negated == Some(value.span) {
            format!("-{digits}").parse::<i64>().is_ok()
        } else {
            digits.parse::<i64>().is_ok()
        };
        if !is_whole || fits {
            return ControlFlow::Continue(());
        }
        let message = format!("{digits} is out of range of BIGINT; write {digits}.0 for a DOUBLE");
        ControlFlow::Break(SqlError::at(value.span.start, message))
    }
}

fn check_query(query: &Query) -> Checked {
    let Query {
        with,
        body: _,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    if let Some(With { with_token: _, recursive: _, cte_tables }) = with {
        for Cte { alias, query: _, from, materialized, closing_paren_token: _ } in cte_tables {
            refuse(materialized.is_some(), "MATERIALIZED")?;
            refuse(from.is_some(), "FROM after WITH")?;
            check_alias(Some(alias))?;
        }
    }
    if let Some(OrderBy { kind, interpolate }) = order_by {
        refuse(interpolate.is_some(), "INTERPOLATE")?;
        match kind {
            OrderByKind::All(_) => return Err("ORDER BY ALL"),
            OrderByKind::Expressions(keys) => check_order(keys)?,
        }
    }
    match limit_clause {
        Some(LimitClause::LimitOffset { limit: _, offset: _, limit_by }) => {
            refuse(!limit_by.is_empty(), "LIMIT BY")?;
        }
        Some(LimitClause::OffsetCommaLimit { offset: _, limit: _ }) | None => {}
    }
    refuse(fetch.is_some(), "FETCH")?;
    match locks.first().map(|lock| &lock.lock_type) {
        Some(LockType::Update) => return Err("FOR UPDATE"),
        Some(LockType::Share) => return Err("FOR SHARE"),
        None => {}
    }
    refuse(for_clause.is_some(), "FOR")?;
    refuse(settings.is_some(), "SETTINGS")?;
    refuse(format_clause.is_some(), "FORMAT")?;
    refuse(!pipe_operators.is_empty(), "|>")
}

fn check_select(select: &Select) -> Checked {
    let Select {
        select_token: _,
        // Comments to everybody else.
        optimizer_hints: _,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window,
        qualify: _,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    refuse(matches!(distinct, Some(Distinct::On(_))), "DISTINCT ON")?;
    refuse(select_modifiers.is_some(), "A modifier of SELECT")?;
    refuse(top.is_some(), "TOP")?;
    for item in projection {
        check_item(item)?;
    }
    refuse(exclude.is_some(), "EXCLUDE")?;
    refuse(into.is_some(), "INTO")?;
    for table in from {
        check_joins(&table.joins)?;
    }
    refuse(!lateral_views.is_empty(), "LATERAL VIEW")?;
    refuse(prewhere.is_some(), "PREWHERE")?;
    refuse(!connect_by.is_empty(), "CONNECT BY")?;
    let modifiers = match group_by {
        GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => modifiers,
    };
    match modifiers.first() {
        Some(GroupByWithModifier::Rollup) => return Err("WITH ROLLUP"),
        Some(GroupByWithModifier::Cube) => return Err("WITH CUBE"),
        Some(GroupByWithModifier::Totals) => return Err("WITH TOTALS"),
        Some(GroupByWithModifier::GroupingSets(_)) => return Err("GROUPING SETS after GROUP BY"),
        None => {}
    }
    refuse(!cluster_by.is_empty(), "CLUSTER BY")?;
    refuse(!distribute_by.is_empty(), "DISTRIBUTE BY")?;
    refuse(!sort_by.is_empty(), "SORT BY")?;
    for window in named_window {
        match &window.1 {
            NamedWindowExpr::WindowSpec(spec) => check_window(spec)?,
            NamedWindowExpr::NamedWindow(_) => return Err("A window that is another"),
        }
    }
    match value_table_mode {
        Some(ValueTableMode::AsStruct | ValueTableMode::DistinctAsStruct) => return Err("AS STRUCT"),
        Some(ValueTableMode::AsValue | ValueTableMode::DistinctAsValue) => return Err("AS VALUE"),
        None => {}
    }
    refuse(*flavor != SelectFlavor::Standard, "FROM before SELECT")
}

fn check_item(item: &SelectItem) -> Checked {
    match item {
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { expr: _, alias: _ } => Ok(()),
        SelectItem::ExprWithAliases { expr: _, aliases: _ } => Err("An alias of several names"),
        SelectItem::QualifiedWildcard(_, options) | SelectItem::Wildcard(options) => {
            let WildcardAdditionalOptions {
                wildcard_token: _,
                opt_ilike,
                opt_exclude,
                opt_except,
                opt_replace,
                opt_rename,
                opt_alias,
            } = options;
            refuse(opt_ilike.is_some(), "ILIKE")?;
            refuse(opt_exclude.is_some(), "EXCLUDE")?;
            refuse(opt_except.is_some(), "EXCEPT")?;
            refuse(opt_replace.is_some(), "REPLACE")?;
            refuse(opt_rename.is_some(), "RENAME")?;
            refuse(opt_alias.is_some(), "An alias of *")
        }
    }
}

fn check_order(keys: &[OrderByExpr]) -> Checked {
    keys.iter().try_for_each(|OrderByExpr { expr: _, options: _, with_fill }| {
        refuse(with_fill.is_some(), "WITH FILL")
    })
}

fn check_window(window: &WindowSpec) -> Checked {
    let WindowSpec { window_name, partition_by: _, order_by, window_frame: _ } = window;
    // The engine would take a window without what it refines.
    refuse(window_name.is_some(), "A window that refines another")?;
    check_order(order_by)
}

fn check_joins(joins: &[Join]) -> Checked {
    for Join { relation: _, global, join_operator } in joins {
        refuse(*global, "GLOBAL")?;
        match join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::RightSemi(constraint)
            | JoinOperator::LeftAnti(constraint)
            | JoinOperator::RightAnti(constraint) => {
                refuse(*constraint == JoinConstraint::None, "JOIN without ON or USING")?;
            }
            JoinOperator::CrossJoin(constraint) => {
                refuse(*constraint != JoinConstraint::None, "CROSS JOIN with ON or USING")?;
            }
            JoinOperator::Semi(_) => return Err("SEMI JOIN"),
            JoinOperator::Anti(_) => return Err("ANTI JOIN"),
            JoinOperator::CrossApply => return Err("CROSS APPLY"),
            JoinOperator::OuterApply => return Err("OUTER APPLY"),
            JoinOperator::AsOf { match_condition: _, constraint: _ } => return Err("ASOF JOIN"),
            JoinOperator::StraightJoin(_) => return Err("STRAIGHT_JOIN"),
            JoinOperator::ArrayJoin | JoinOperator::LeftArrayJoin | JoinOperator::InnerArrayJoin => {
                return Err("ARRAY JOIN");
            }
        }
    }
    Ok(())
}

const TABLE_FUNCTIONS: &str = "A table function";

fn check_table_factor(factor: &TableFactor) -> Checked {
    match factor {
        TableFactor::Table {
            name: _,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            refuse(args.is_some(), TABLE_FUNCTIONS)?;
            refuse(!with_hints.is_empty(), "WITH (")?;
            refuse(version.is_some(), "A version of a table")?;
            refuse(*with_ordinality, "WITH ORDINALITY")?;
            refuse(!partitions.is_empty(), "PARTITION")?;
            refuse(json_path.is_some(), "A path into a table")?;
            refuse(sample.is_some(), "TABLESAMPLE")?;
            refuse(!index_hints.is_empty(), "A hint about an index")?;
            check_alias(alias.as_ref())
        }
        TableFactor::Derived { lateral: _, subquery: _, alias, sample } => {
            refuse(sample.is_some(), "TABLESAMPLE")?;
            check_alias(alias.as_ref())
        }
        TableFactor::UNNEST { alias, array_exprs: _, with_offset, with_offset_alias, with_ordinality } => {
            refuse(*with_offset || with_offset_alias.is_some(), "WITH OFFSET")?;
            refuse(*with_ordinality, "WITH ORDINALITY")?;
            check_alias(alias.as_ref())
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            check_joins(&table_with_joins.joins)?;
            check_alias(alias.as_ref())
        }
        TableFactor::TableFunction { .. }
        | TableFactor::Function { .. }
        | TableFactor::JsonTable { .. }
        | TableFactor::OpenJsonTable { .. }
        | TableFactor::XmlTable { .. }
        | TableFactor::SemanticView { .. } => Err(TABLE_FUNCTIONS),
        TableFactor::Pivot { .. } => Err("PIVOT"),
        TableFactor::Unpivot { .. } => Err("UNPIVOT"),
        TableFactor::MatchRecognize { .. } => Err("MATCH_RECOGNIZE"),
    }
}

fn check_alias(alias: Option<&TableAlias>) -> Checked {
    let Some(TableAlias { explicit: _, name: _, columns, at }) = alias else { return Ok(()) };
    refuse(columns.iter().any(|column| column.data_type.is_some()), "A type in a list of columns")?;
    refuse(at.is_some(), "An alias with AT")
}

fn check_expr(expr: &Expr, functions: &Functions) -> Checked {
    match expr {
        Expr::Function(function) => check_function(function, functions),
        Expr::Cast { kind: _, expr: _, data_type, array, format } => {
            refuse(*array, "ARRAY as the type of a cast")?;
            refuse(format.is_some(), "FORMAT")?;
            check_type(data_type)
        }
        Expr::TypedString(TypedString { data_type, value: _, uses_odbc_syntax }) => {
            refuse(*uses_odbc_syntax, "{")?;
            check_type(data_type)
        }
        Expr::Like { any, .. } | Expr::ILike { any, .. } => refuse(*any, "LIKE ANY"),
        // The engine takes its pattern for a regular expression.
        Expr::SimilarTo { .. } => Err("SIMILAR TO"),
        Expr::RLike { regexp: true, .. } => Err("REGEXP"),
        Expr::RLike { regexp: false, .. } => Err("RLIKE"),
        Expr::Map(_) => Err("MAP"),
        Expr::Convert { .. } => Err("CONVERT"),
        Expr::Collate { .. } => Err("COLLATE"),
        Expr::JsonAccess { .. } => Err("A path into JSON"),
        Expr::IsNormalized { .. } => Err("NORMALIZED"),
        Expr::InUnnest { .. } => Err("IN UNNEST"),
        Expr::MatchAgainst { .. } => Err("MATCH"),
        Expr::OuterJoin(_) => Err("(+)"),
        Expr::Prior(_) => Err("PRIOR"),
        Expr::Lambda(_) => Err("A lambda"),
        Expr::MemberOf(_) => Err("MEMBER OF"),
        Expr::Prefixed { .. } => Err("A literal with a prefix"),
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::CompoundFieldAccess { .. }
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::BinaryOp { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Overlay { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::GroupingSets(_)
        | Expr::Cube(_)
        | Expr::Rollup(_)
        | Expr::Tuple(_)
        | Expr::Struct { .. }
        | Expr::Named { .. }
        | Expr::Array(_)
        // The service has no such literal; it stands in for rows with named fields as long as time series are not there.
        | Expr::Dictionary(_)
        | Expr::Interval(_)
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => Ok(()),
    }
}

fn check_type(data_type: &DataType) -> Checked {
    match data_type {
        DataType::Decimal(_) => Err("DECIMAL"),
        DataType::Numeric(_) => Err("NUMERIC"),
        DataType::Dec(_) => Err("DEC"),
        DataType::DecimalUnsigned(_) | DataType::DecUnsigned(_) => Err("UNSIGNED"),
        DataType::BigDecimal(_) => Err("BIGDECIMAL"),
        DataType::BigNumeric(_) => Err("BIGNUMERIC"),
        _ => Ok(()),
    }
}

fn check_function(function: &Function, functions: &Functions) -> Checked {
    let Function { name, uses_odbc_syntax, parameters, args, filter, null_treatment, over, within_group } =
        function;
    refuse(*uses_odbc_syntax, "{")?;
    refuse(*parameters != FunctionArguments::None, "A second list of parameters")?;
    refuse(!within_group.is_empty(), "WITHIN GROUP")?;
    if let Some(WindowType::WindowSpec(spec)) = over {
        check_window(spec)?;
    }
    // The engine passes over what only functions of several rows can have.
    let is_scalar = functions.scalar.contains_key(&name.to_string().to_lowercase());
    refuse(is_scalar && filter.is_some(), "FILTER")?;
    refuse(is_scalar && over.is_some(), "OVER")?;
    refuse(is_scalar && null_treatment.is_some(), "NULLS")?;
    if let FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args: _, clauses }) = args {
        refuse(is_scalar && duplicate_treatment.is_some(), "DISTINCT")?;
        for clause in clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(_) => refuse(is_scalar, "NULLS")?,
                FunctionArgumentClause::OrderBy(keys) => {
                    refuse(is_scalar, "ORDER BY")?;
                    check_order(keys)?;
                }
                FunctionArgumentClause::Limit(_) => return Err("LIMIT"),
                FunctionArgumentClause::OnOverflow(_) => return Err("ON OVERFLOW"),
                FunctionArgumentClause::Having(_) => return Err("HAVING"),
                FunctionArgumentClause::Separator(_) => return Err("SEPARATOR"),
                FunctionArgumentClause::JsonNullClause(_)
                | FunctionArgumentClause::JsonReturningClause(_) => {
                    return Err("A clause about JSON");
                }
            }
        }
    }
    Ok(())
}
