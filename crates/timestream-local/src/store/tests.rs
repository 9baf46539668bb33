//! Behaviour of a table over writes, flushes, kills and time.
