//! Each room alone, through its public face.

mod table_csv;
