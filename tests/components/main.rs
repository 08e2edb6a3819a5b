//! Each room alone, through its public face.

mod table_csv;
//! Parts of rolo, each held to what it promises.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod transport;
