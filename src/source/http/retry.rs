//! Which answers are worth another attempt, and after what pause. Pure, but for the dice.

use std::time::{Duration, SystemTime};

use rustix::rand::{GetRandomFlags, getrandom};

/// The longest pause a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// The longest pause of our own making.
const LONGEST: Duration = Duration::from_secs(30);

/// Whether the same request may succeed later: RFC 9110, section 15.
pub(super) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429) || (500..600).contains(&status)
}

/// The pause after attempt number `attempt` failed: as long as the server asked for, or else doubling from a second.
pub(super) fn pause(attempt: u32, retry_after: Option<&str>, now: SystemTime) -> Duration {
    retry_after.and_then(|text| asked(text, now)).unwrap_or_else(|| backoff(attempt, dice()))
}

/// What a Retry-After header asks for: seconds or a date, RFC 9110, section 10.2.3. `None` for anything else.
fn asked(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for us is a very long time.
        text.parse().map_or(Duration::MAX, Duration::from_secs)
    } else {
        httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_ASKED))
}

/// 1 s, 2 s, 4 s and so on, less up to a quarter, so that a thousand machines do not come back at once.
fn backoff(attempt: u32, dice: u8) -> Duration {
    let whole = Duration::from_secs(1 << (attempt.max(1) - 1).min(5)).min(LONGEST);
    whole - whole.mul_f64(f64::from(dice) / 256.0 / 4.0)
}

fn dice() -> u8 {
    let mut byte = [0];
    // Without randomness the pause is only less polite.
    let _ = getrandom(&mut byte, GetRandomFlags::NONBLOCK);
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        // 1994-11-06 08:49:37, the example of RFC 9110.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        asked(text, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_a_date_and_capped() {
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds(" 7 "), Some(7));
        assert_eq!(seconds("3600"), Some(120));
        assert_eq!(seconds("99999999999999999999999"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:57 GMT"), Some(20));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "a date that passed");
        assert_eq!(seconds("Mon, 06 Nov 1995 08:00:00 GMT"), Some(120));
        for nonsense in ["", "soon", "-1", "1.5", "+3"] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_pause_doubles_up_to_half_a_minute_and_is_never_less_than_three_quarters() {
        let whole: Vec<u64> = (1..=8).map(|attempt| backoff(attempt, 0).as_secs()).collect();
        assert_eq!(whole, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff(u32::MAX, 0).as_secs(), 30);
        let least = backoff(1, 255);
        assert!(least > Duration::from_millis(750) && least < Duration::from_millis(760), "{least:?}");
    }

    #[test]
    fn refusals_are_final_and_overload_is_not() {
        for status in [408, 429, 500, 501, 502, 503, 504, 505, 599] {
            assert!(is_transient(status), "{status}");
        }
        for status in [204, 206, 300, 304, 400, 401, 403, 404, 407, 410, 451, 600] {
            assert!(!is_transient(status), "{status}");
        }
    }
}
