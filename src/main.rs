//! The program: everything is in the library.

use std::process::ExitCode;

use rolo::cli::{self, Environment};

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Environment::of_process())
}
