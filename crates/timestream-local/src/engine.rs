//! Joins catalog, store and SQL.
