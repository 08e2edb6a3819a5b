//! Each room alone, through its public face.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![allow(clippy::disallowed_methods, reason = "a test of real sockets watches the clock")]
#![allow(clippy::type_complexity, reason = "a table of cases is read as it stands")]

mod backends;
#[path = "../support/built.rs"]
mod built;
mod create_safety;
mod fault_matrix;
mod fleet;
mod fuzz_seeds;
#[path = "../support/fuzzed.rs"]
mod fuzzed;
mod ledger;
mod ledger_accounts;
mod ledger_claims;
mod ledger_damage;
mod ledger_key;
mod ledger_oversight;
mod ledger_postgres;
mod ledger_pruning;
mod ledger_queue;
mod ledger_sqlite;
mod ledger_writer;
mod mapping;
mod mapping_docs;
mod mapping_facts;
mod mapping_guess;
mod mapping_reverse;
mod mapping_rows;
mod mapping_write;
mod night_ends;
mod plan;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "whole programs alone are tried while a standby takes over")]
mod postgres;
mod quota;
mod quota_apart;
mod quota_jitter;
mod reconcile;
mod renewal;
mod sandbox;
mod sandbox_client;
mod sandbox_dmchamp;
mod sandbox_engagelab;
mod sandbox_engagor;
mod sandbox_respondio;
mod sandbox_respondio_v1;
mod schedules;
mod simulation;
mod sources;
mod staged;
mod state_machine;
mod table_csv;
mod table_json;
mod table_memory;
mod table_vcard;
mod table_xls_ods;
mod table_xlsb;
mod table_xlsx;
mod throttle;
mod transport;
mod validate;
mod validate_exported;
mod validate_numbering;
mod validate_phone;
mod virtual_service;
