//! Times for people: how long ago, on a terminal; exact in a pipe, where the
//! text may be read much later.

use std::time::{Duration, SystemTime};

use crate::output::Output;

/// When an RFC 3339 time was (or will be), as the output wants it.
pub fn when(output: &Output, time: &str) -> String {
    if !output.on_terminal() {
        return time.to_owned();
    }
    match humantime::parse_rfc3339_weak(time) {
        Ok(then) => relative(then, SystemTime::now()),
        Err(_) => time.to_owned(),
    }
}

fn relative(then: SystemTime, now: SystemTime) -> String {
    match now.duration_since(then) {
        Ok(passed) if passed < Duration::from_secs(10) => "just now".to_owned(),
        Ok(passed) => format!("{} ago", rough(passed)),
        Err(ahead) => format!("in {}", rough(ahead.duration())),
    }
}

fn rough(duration: Duration) -> String {
    const UNITS: [(u64, &str); 6] =
        [(31_557_600, "year"), (2_629_800, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let seconds = duration.as_secs();
    for (length, name) in UNITS {
        let number = seconds / length;
        if number > 0 {
            return format!("{number} {name}{}", if number == 1 { "" } else { "s" });
        }
    }
    "a moment".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let ago = |seconds| relative(now - Duration::from_secs(seconds), now);
        assert_eq!(ago(0), "just now");
        assert_eq!(ago(59), "59 seconds ago");
        assert_eq!(ago(60), "1 minute ago");
        assert_eq!(ago(7_300), "2 hours ago");
        assert_eq!(ago(200_000), "2 days ago");
        assert_eq!(relative(now + Duration::from_secs(3_700), now), "in 1 hour");
        assert_eq!(relative(now + Duration::from_millis(5), now), "in a moment");
    }
}
