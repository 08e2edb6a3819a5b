//! Columns to contact fields, and back.
