//! Each room alone, through its public face.

mod table_csv;
mod table_memory;
mod table_xlsx;
