//! Days between days.

/// The number of a day, `2026-11-24`, counted from some day long ago; `None`
/// when it is no day.
pub fn number(day: &str) -> Option<i64> {
    let mut parts = day.trim().splitn(3, '-');
    let mut part = |length: usize| {
        let digits = parts.next().filter(|part| part.len() == length)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last one of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap + (month * 153 + 2) / 5 + day)
}

/// Days from one day to another; `None` when one of them is no day.
pub fn between(from: &str, to: &str) -> Option<i64> {
    Some(number(to)? - number(from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        assert_eq!(between("2024-02-28", "2024-03-01"), Some(2));
        assert_eq!(between("2025-02-28", "2025-03-01"), Some(1));
        assert_eq!(between("1999-12-31", "2000-12-31"), Some(366));
        assert_eq!(between("2026-11-24", "2026-11-23"), Some(-1));
        assert_eq!(between("today", "2026-11-23"), None);
    }
}
