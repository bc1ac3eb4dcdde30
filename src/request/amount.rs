//! Sizes and times as people write them.

use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `4096`, or with a unit, powers of 1024: `4K`, `4KiB`, `1M`, `1G`, `1T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let factor: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            "t" | "tib" => 1 << 40,
            _ => return Err("a size is a number of bytes, or a number with K, M, G or T".to_owned()),
        };
        let number: u64 = digits.parse().map_err(|_| "a size is a whole number, or one with K, M, G or T".to_owned())?;
        number.checked_mul(factor).map(Size).ok_or_else(|| "larger than any file".to_owned())
    }
}

/// A time limit: seconds, or a number with `ms`, `s`, `m` or `h`. More than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit(pub Duration);

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<TimeLimit, String> {
        match duration(text)? {
            Some(time) if !time.is_zero() => Ok(TimeLimit(time)),
            _ => Err("a time is more than nothing and less than a century".to_owned()),
        }
    }
}

/// How long to wait: a time as in [`TimeLimit`], or `0`, not to wait at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Wait, String> {
        duration(text)?.map(Wait).ok_or_else(|| "a time to wait is 0 or more, and less than a century".to_owned())
    }
}

/// `None` for one that is too long.
fn duration(text: &str) -> Result<Option<Duration>, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time is a number of seconds, or a number with ms, s, m or h".to_owned()),
    };
    let number: f64 = text[..text.len() - unit.len()].parse().map_err(|_| "a time is a number of seconds".to_owned())?;
    let time = Duration::try_from_secs_f64(number * factor).ok();
    // A century is as good as for ever, and keeps every sum of times in range.
    Ok(time.filter(|time| *time < Duration::from_secs(100 * 365 * 86400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_may_have_a_unit() {
        let sizes = ["0", "7", "2k", "2KiB", "1G", "3b"].map(|text| text.parse::<Size>().unwrap().0);
        assert_eq!(sizes, [0, 7, 2048, 2048, 1 << 30, 3]);
        for text in ["", "K", "1.5K", "-1", "1 K", "1X", "99999999999T"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_may_have_a_unit_and_only_a_wait_may_be_nothing() {
        let limit = |text: &str| text.parse::<TimeLimit>().map(|time| time.0.as_millis());
        assert_eq!(["1", "0.5", "20ms", "2m", "1h"].map(|text| limit(text).unwrap()), [1000, 500, 20, 120_000, 3_600_000]);
        for text in ["0", "", "s", "-1", "1d", "1e3", "inf", "1000000h"] {
            assert!(limit(text).is_err(), "{text}");
        }
        assert_eq!("0".parse::<Wait>().unwrap().0, Duration::ZERO);
        assert!("-1".parse::<Wait>().is_err() && "1000000h".parse::<Wait>().is_err());
    }
}
