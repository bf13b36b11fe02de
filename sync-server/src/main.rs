//! The relay's program; everything is in the library, so that simulations can
//! run the same relay inside themselves.

fn main() -> std::process::ExitCode {
    drystone_relay::run()
}
