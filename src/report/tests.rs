//! Reports as people and programs see them, made of run directories of many kinds.

mod figures;
mod forms;
mod sample;
