//! Weighted draws among values. Not here: the bits (`draw`).

use crate::values::{Type, Value};

/// Relative weights, summed up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// The sum of the weights up to and with each item.
    sums: Vec<f64>,
}

impl Weights {
    /// # Errors
    /// A sentence that names the weight, where one is negative or they add up to 0 or past all numbers.
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Result<Self, String> {
        let (mut sums, mut total) = (Vec::new(), 0.0);
        for weight in weights {
            if weight.is_nan() || weight < 0.0 {
                return Err(format!("weight {weight} is not 0 or above"));
            }
            total += weight;
            sums.push(total);
        }
        match total {
            _ if sums.is_empty() => Err("there is nothing to choose from".to_owned()),
            0.0 => Err("weights add up to 0".to_owned()),
            total if total.is_infinite() => Err("weights add up to more than a number holds".to_owned()),
            _ => Ok(Self { sums }),
        }
    }

    /// The index that `unit`, a number in \[0, 1), falls on.
    pub(super) fn index(&self, unit: f64) -> usize {
        let total = self.sums.last().copied().unwrap_or(0.0);
        // The product may round up to the total: then the last item with a weight, not one past it.
        let point = (unit * total).min(total.next_down());
        self.sums.partition_point(|sum| *sum <= point)
    }
}

/// One weighted draw among values: a measure given as a list or a map.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedChoice {
    values: Vec<Value>,
    weights: Weights,
    value_type: Type,
}

impl WeightedChoice {
    /// A choice among values with relative weights. BIGINTs beside DOUBLEs become DOUBLEs.
    ///
    /// # Errors
    /// A sentence that says what is wrong: no items, values of types that do not go together, a
    /// negative weight, weights that add up to 0.
    pub fn new(items: Vec<(Value, f64)>) -> Result<Self, String> {
        let (mut values, weights): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let weights = Weights::new(weights)?;
        let value_type = joint_type(&values)?;
        if value_type == Type::Double {
            for value in &mut values {
                if let Value::Bigint(whole) = *value {
                    *value = Value::Double(whole as f64);
                }
            }
        }
        Ok(Self { values, weights, value_type })
    }

    /// The type of the values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.value_type
    }

    /// The value that `unit`, a number in \[0, 1), falls on.
    #[must_use]
    pub fn pick(&self, unit: f64) -> &Value {
        &self.values[self.index(unit)]
    }

    /// The index of the item that `unit`, a number in \[0, 1), falls on.
    #[must_use]
    pub fn index(&self, unit: f64) -> usize {
        // A `unit` outside its range is the nearest inside it: no number picks what is not there.
        self.weights.index(unit.max(0.0))
    }
}

fn joint_type(values: &[Value]) -> Result<Type, String> {
    let mut types = values.iter().map(Value::value_type);
    let first = types.next().ok_or("there is nothing to choose from")?;
    types.try_fold(first, |joint, own| {
        joint.join(own).ok_or_else(|| format!("{joint} and {own} do not go together in one column"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(weights: &[f64]) -> Result<WeightedChoice, String> {
        WeightedChoice::new(weights.iter().enumerate().map(|(i, w)| (Value::Bigint(i as i64), *w)).collect())
    }

    #[test]
    fn picks_by_weight_and_never_what_has_none() {
        let choice = choice(&[0.0, 20.0, 0.0, 70.0, 10.0, 0.0]).unwrap();
        for (unit, index) in [(0.0, 1), (0.1999, 1), (0.2, 3), (0.8999, 3), (0.95, 4)] {
            assert_eq!(choice.index(unit), index, "{unit}");
        }
        for unit in [1.0f64.next_down(), 1.0, 7.0, f64::INFINITY] {
            assert_eq!(choice.pick(unit), &Value::Bigint(4));
        }
        assert_eq!(choice.index(-1.0), 1);
        assert_eq!(choice.index(f64::NAN), 1);
    }

    #[test]
    fn refuses_weights_that_mean_nothing() {
        assert_eq!(choice(&[]).unwrap_err(), "there is nothing to choose from");
        assert_eq!(choice(&[0.0, 0.0]).unwrap_err(), "weights add up to 0");
        assert_eq!(choice(&[1.0, -2.5]).unwrap_err(), "weight -2.5 is not 0 or above");
        assert_eq!(choice(&[f64::NAN]).unwrap_err(), "weight NaN is not 0 or above");
        assert_eq!(choice(&[f64::MAX, f64::MAX]).unwrap_err(), "weights add up to more than a number holds");
    }

    #[test]
    fn has_one_type() {
        let mixed = vec![(Value::Bigint(1), 1.0), (Value::Double(2.5), 1.0)];
        let choice = WeightedChoice::new(mixed).unwrap();
        assert_eq!((choice.value_type(), choice.pick(0.0)), (Type::Double, &Value::Double(1.0)));
        let error =
            WeightedChoice::new(vec![(Value::Bigint(1), 1.0), (Value::Text("x".into()), 1.0)]).unwrap_err();
        assert_eq!(error, "BIGINT and VARCHAR do not go together in one column");
    }
}
