//! What is shown: events as text or JSON, tables, and the picture at the end.

pub mod chart;
pub mod evidence;
pub mod json;
pub mod paint;
pub mod plain;
pub mod status;
pub mod svg;
pub mod table;
pub mod text;
