//! Databases, tables, tags.
