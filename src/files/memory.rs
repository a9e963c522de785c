//! How much memory the machine has to give, and how amounts of it are written.

/// What the system could give now. Only Linux tells.
pub fn available() -> Option<u64> {
    kib_of("/proc/meminfo", "MemAvailable:")
}

/// What this program holds, and what the machine has. Only Linux tells.
pub fn of_this_program() -> Option<(u64, u64)> {
    Some((kib_of("/proc/self/status", "VmRSS:")?, kib_of("/proc/meminfo", "MemTotal:")?))
}

/// The bytes in a line `key 123 kB` of what Linux tells.
fn kib_of(path: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}

/// "512 B", "9.2 MiB", "1.4 TiB".
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(value < 100.0);
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// Bytes from "500 MB", "1.5GB", "20 GiB" or a plain number of them; `None` for anything else.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let power = |letter: &str| ["", "k", "m", "g", "t", "p"].iter().position(|known| *known == letter);
    let factor = match unit.strip_suffix("ib") {
        Some(letter) => 1024f64.powi(power(letter).filter(|&power| power > 0)? as i32),
        None => 1000f64.powi(power(unit.strip_suffix('b').unwrap_or(&unit))? as i32),
    };
    let bytes = number * factor;
    (bytes < 9e18).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("12", 12),
            ("0", 0),
            ("500MB", 500_000_000),
            (" 1.5 GB ", 1_500_000_000),
            ("2GiB", 2 << 30),
            ("3k", 3000),
            ("7 b", 7),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "GB", "-1", "1.2.3", "5 XB", "5 ib", "1e9", "99999999999 TB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
        assert!(of_this_program().is_some_and(|(own, all)| own < all));
    }
}
