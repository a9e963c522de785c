//! Days of the calendar and seconds: of 1970-01-01 00:00, by the clock that was written.

/// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`); `None`: there is no such day.
pub fn days(year: i64, month: u32, day: u32) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let (month, day) = (i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of seconds.
pub fn civil(seconds: f64) -> (i64, u32, u32) {
    let days = (seconds / 86_400.0).floor() as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = (if shifted < 10 { shifted + 3 } else { shifted - 9 }) as u32;
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Monday is 1.
pub fn weekday(seconds: f64) -> u32 {
    ((seconds / 86_400.0).floor() as i64 + 3).rem_euclid(7) as u32 + 1
}

/// Hours since midnight.
pub fn hour(seconds: f64) -> f64 {
    seconds.rem_euclid(86_400.0) / 3600.0
}

/// "2024-05-31", or with the time where there is one.
pub fn shown(seconds: f64) -> String {
    let (year, month, day) = civil(seconds);
    let minutes = (seconds.rem_euclid(86_400.0) / 60.0).floor() as u32;
    let clock = format!(" {:02}:{:02}", minutes / 60, minutes % 60);
    format!("{year:04}-{month:02}-{day:02}{}", if minutes == 0 { "" } else { &clock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_back() {
        for day in (-800_000..800_000).step_by(97) {
            let (year, month, date) = civil(f64::from(day) * 86_400.0);
            assert_eq!(days(year, month, date), Some(i64::from(day)));
        }
        assert_eq!((weekday(0.0), weekday(86_400.0 * 4.0), weekday(-86_400.0)), (4, 1, 3));
        assert_eq!(hour(-1800.0), 23.5);
    }
}
