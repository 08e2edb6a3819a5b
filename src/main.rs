//! The program: everything is in the library.

use std::process::ExitCode;

use rolo::cli::{self, Environment};

/// A quarter of a check is spent on allocation, and batches are freed by other threads than made them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Environment::of_process())
}
