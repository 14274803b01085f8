//! The `jidian` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    jidian::commands::main()
}
