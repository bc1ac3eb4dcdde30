//! Points in time.

/// Days of 400 years: after so many the calendar begins again.
const CYCLE: u64 = 146_097;

/// Seconds since 1970 as ISO 8601 has them, in UTC.
pub fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970 + days / CYCLE * 400;
    let mut day = days % CYCLE;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    // `date -u -d @N +%FT%TZ`.
    #[test]
    fn the_calendar_is_that_of_date() {
        let all = [0, 951_782_399, 951_868_799, 951_868_800, 1_735_689_599, 4_107_542_400].map(utc);
        let expected = [
            "1970-01-01T00:00:00Z",
            "2000-02-28T23:59:59Z",
            "2000-02-29T23:59:59Z",
            "2000-03-01T00:00:00Z",
            "2024-12-31T23:59:59Z",
            "2100-03-01T00:00:00Z",
        ];
        assert_eq!(all, expected);
    }
}
