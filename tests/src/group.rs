//! Processes with everything that they start.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Processes that end together, whatever they started meanwhile.
pub struct Group(Child);

impl Group {
    /// Starts a program as the first of a group.
    pub fn start(command: &mut Command) -> Group {
        let name = command.get_program().to_string_lossy().into_owned();
        Group(command.process_group(0).spawn().unwrap_or_else(|error| missing(&name, &error)))
    }

    /// Starts a program that says on its first line how it is reached.
    pub fn announced(command: &mut Command) -> (Group, String) {
        let mut group = Group::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut line = String::new();
        let mut output = BufReader::new(group.0.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert!(!line.trim().is_empty(), "{command:?} ended at once");
        // What it says later must not block it.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        (group, line.trim().to_owned())
    }

    /// The first process.
    pub fn process(&self) -> &Child {
        &self.0
    }

    /// The first process, for its standard streams.
    pub fn process_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _gone = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _gone = self.0.wait();
    }
}

/// Says what to do about a program that is not there.
pub fn missing(name: &str, error: &std::io::Error) -> ! {
    panic!("{name} cannot be started ({error}): `cargo xtask setup --test` installs what the tests need")
}

/// A port that nothing listens on at this moment.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
