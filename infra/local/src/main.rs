//! The `banto` command.

fn main() -> std::process::ExitCode {
    banto::cli::main()
}
