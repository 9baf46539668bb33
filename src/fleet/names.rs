//! What names mean below each level: parameters, members, their attributes. The scope that the
//! expressions of a fleet are compiled in. Not here: the levels themselves (`level`).

use std::sync::Arc;

use crate::diagnostics::{Path, Problem};
use crate::values::{Binding, Scope, Type, Value};

/// How a name came about; it decides whether it may size a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A parameter, or the name of a level.
    Member,
    /// A map entry of a level's member.
    Entry,
    /// `let`.
    Let,
    /// `draw`, or the map entry of a drawn member.
    Drawn,
    /// The number of a generation.
    Generation,
}

/// A name and what it stands for.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub name: Arc<str>,
    pub binding: Binding,
    pub origin: Origin,
    /// The depth of the level that defines it, from 1; 0 for parameters.
    pub depth: usize,
    /// Where it is defined.
    pub path: Path,
    /// A member that lacks it, for map entries.
    pub lacking: Option<Arc<str>>,
    /// The depths of the levels whose members it tells apart.
    pub tells_apart: Vec<usize>,
    /// The constants of a set by this name, for `choice(NAME)`.
    pub set: Option<Vec<Value>>,
    /// The type of a list's items.
    pub items: Option<Type>,
    /// The least and the greatest number that it stands for, where known.
    pub bounds: Option<(f64, f64)>,
}

impl Name {
    /// An attribute that tells no level's members apart.
    pub(super) fn attribute(
        name: &str,
        (slot, value_type): (usize, Type),
        origin: Origin,
        depth: usize,
        path: &Path,
    ) -> Self {
        Self {
            name: Arc::from(name),
            binding: Binding::Attribute { slot, value_type },
            origin,
            depth,
            path: path.clone(),
            lacking: None,
            tells_apart: Vec::new(),
            set: None,
            items: None,
            bounds: None,
        }
    }
}

impl Name {
    /// Whether it stands for a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.binding, Binding::Attribute { value_type: Type::List, .. })
    }
}

/// The names known at some depth, outermost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    names: Vec<Name>,
    slots: usize,
}

/// A list by name.
pub(super) enum Listed {
    /// A parameter's.
    Constant(Arc<[Value]>),
    /// A map entry's.
    Slot {
        /// Where it stands.
        slot: usize,
        /// The type of its items.
        items: Type,
    },
}

impl Names {
    /// The parameters, which are known everywhere.
    pub(super) fn of_params(params: &[(String, Value)]) -> Self {
        let names = params.iter().map(|(name, value)| Name {
            binding: Binding::Constant(value.clone()),
            set: match value {
                Value::List(items) => Some(items.to_vec()),
                _ => None,
            },
            ..Name::attribute(
                name,
                (0, value.value_type()),
                Origin::Member,
                0,
                &Path::root().key("params").key(name),
            )
        });
        Self { names: names.collect(), slots: 0 }
    }

    /// The list that a name stands for.
    pub(super) fn list(&self, name: &str) -> Option<Listed> {
        let name = self.get(name)?;
        match &name.binding {
            Binding::Constant(Value::List(items)) => Some(Listed::Constant(items.clone())),
            Binding::Attribute { slot, value_type: Type::List } => {
                Some(Listed::Slot { slot: *slot, items: name.items? })
            }
            _ => None,
        }
    }

    /// A place in the table of attributes for one more.
    pub(super) fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    /// Adds a name, or says where it stands already.
    pub(super) fn define(&mut self, name: Name) -> Result<(), Box<Problem>> {
        if let Some(first) = self.get(&name.name) {
            let message = format!("`{}` is defined twice", name.name);
            return Err(Box::new(Problem::new(&name.path, message).on_key().and(&first.path)));
        }
        self.names.push(name);
        Ok(())
    }

    /// What a name stands for.
    pub(super) fn get(&self, name: &str) -> Option<&Name> {
        self.names.iter().find(|n| &*n.name == name)
    }

    /// The name that fills a slot.
    pub(super) fn of_slot(&self, slot: usize) -> Option<&Name> {
        self.names.iter().find(|n| matches!(n.binding, Binding::Attribute { slot: s, .. } if s == slot))
    }

    /// All of them, outermost first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Name> {
        self.names.iter()
    }

    /// Every name that a template or a dimension can use.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|n| &*n.name)
    }

    /// A table of attributes to fill; unfilled places hold empty texts.
    pub(super) fn table(&self) -> Vec<Value> {
        vec![Value::Text(Arc::from("")); self.slots]
    }

    /// Complains where a used attribute is missing from a member of its map.
    pub(super) fn require(&self, slots: &[usize], user: &str, path: &Path) -> Option<Problem> {
        let name = slots.iter().filter_map(|slot| self.of_slot(*slot)).find(|name| name.lacking.is_some())?;
        let member = name.lacking.as_ref()?;
        let message = format!("member {member} has no `{}`, which {user} needs", name.name);
        Some(Problem::new(path, message).and(&name.path))
    }

    /// The levels whose members are told apart by what stands in `slots`.
    pub(super) fn told_apart(&self, slots: &[usize]) -> Vec<usize> {
        let mut depths: Vec<usize> = slots
            .iter()
            .filter_map(|slot| self.of_slot(*slot))
            .flat_map(|name| name.tells_apart.iter().copied())
            .collect();
        depths.sort_unstable();
        depths.dedup();
        depths
    }
}

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Binding> {
        self.get(name).map(|n| n.binding.clone())
    }

    fn names(&self) -> Vec<String> {
        self.all().map(str::to_owned).collect()
    }

    fn set(&self, name: &str) -> Option<Vec<Value>> {
        self.get(name)?.set.clone()
    }

    fn bounds(&self, name: &str) -> Option<(f64, f64)> {
        self.get(name)?.bounds
    }
}

/// A value of a tick, as others of the tick name it.
#[derive(Debug, Clone)]
pub(super) struct Ticking {
    pub name: Arc<str>,
    /// Its type, once that is known.
    pub value_type: Option<Type>,
    /// The least and the greatest number that it can be.
    pub bounds: (f64, f64),
}

/// The names of a record: the fleet's, and the values of the same tick.
pub(super) struct AtTick<'a> {
    pub names: &'a Names,
    /// By slot.
    pub ticking: &'a [Ticking],
    /// Nanoseconds from tick to tick.
    pub interval: i64,
}

impl AtTick<'_> {
    fn slot(&self, name: &str) -> Option<usize> {
        self.ticking.iter().position(|value| &*value.name == name)
    }
}

impl Scope for AtTick<'_> {
    fn lookup(&self, name: &str) -> Option<Binding> {
        match self.slot(name) {
            Some(slot) => {
                self.ticking[slot].value_type.map(|value_type| Binding::Measure { slot, value_type })
            }
            None => self.names.lookup(name),
        }
    }

    fn names(&self) -> Vec<String> {
        // Not what stands for a function of a name.
        let ticking = self.ticking.iter().filter(|value| !value.name.contains('('));
        ticking.map(|value| value.name.to_string()).chain(self.names.names()).collect()
    }

    fn set(&self, name: &str) -> Option<Vec<Value>> {
        self.names.set(name)
    }

    fn interval(&self) -> Option<i64> {
        Some(self.interval)
    }

    fn before(&self, name: &str) -> Option<Binding> {
        let slot = self.slot(name)?;
        let value_type = self.ticking[slot].value_type?;
        // Behind all of this tick: the same slots a tick before.
        Some(Binding::Measure { slot: self.ticking.len() + slot, value_type })
    }

    fn bounds(&self, name: &str) -> Option<(f64, f64)> {
        match self.slot(name) {
            Some(slot) => Some(self.ticking[slot].bounds),
            None => self.names.bounds(name),
        }
    }
}
