//! When the next picture for the window is taken: often enough to look live, seldom enough that training hardly
//! notices. Knows only times; what a picture is made of is `pictures`' own.

use std::time::{Duration, Instant};

/// Pictures are taken at most this often.
const PICTURE_EVERY: Duration = Duration::from_millis(80);
/// At full speed training gets this many times what a picture took before the next one, so that together they cost less
/// than 5 % of the rate. The output has its own share: predicting a whole part takes longer than looking at the layers.
const REST_AFTER_LAYERS: u32 = 60;
const REST_AFTER_OUTPUT: u32 = 35;
/// The same at lower speeds, where training mostly waits.
const REST: u32 = 9;

pub struct Pace {
    /// While training runs at full speed.
    layers_at_full_speed: Instant,
    output_at_full_speed: Instant,
    /// At lower speeds and when paused: who stops is to see where the run stands.
    otherwise: Instant,
}

impl Pace {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { layers_at_full_speed: now, output_at_full_speed: now, otherwise: now }
    }

    /// The next picture is due now, whatever the last one took.
    pub fn hurry(&mut self) {
        *self = Self::new();
    }

    pub fn is_due(&self, now: Instant, at_full_speed: bool) -> bool {
        now >= if at_full_speed { self.layers_at_full_speed } else { self.otherwise }
    }

    pub fn output_is_due(&self, now: Instant, at_full_speed: bool) -> bool {
        !at_full_speed || now >= self.output_at_full_speed
    }

    /// How long until the next picture of a run that stands.
    pub fn wait_when_paused(&self, now: Instant) -> Duration {
        self.otherwise.saturating_duration_since(now)
    }

    /// A picture was taken by `now`. `output`: what that part of it took, if it was taken.
    pub fn taken(&mut self, now: Instant, layers: Duration, output: Option<Duration>) {
        self.layers_at_full_speed = now + PICTURE_EVERY.max(layers * REST_AFTER_LAYERS);
        if let Some(output) = output {
            self.output_at_full_speed = now + output * REST_AFTER_OUTPUT;
        }
        self.otherwise = now + PICTURE_EVERY.max((layers + output.unwrap_or_default()) * REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_at_full_speed_rests_long_and_a_run_that_stops_is_shown_soon() {
        let (mut pace, ms) = (Pace::new(), Duration::from_millis);
        let now = Instant::now();
        pace.taken(now, ms(30), Some(ms(10)));
        assert!(!pace.is_due(now + ms(1700), true) && pace.is_due(now + ms(1800), true));
        assert!(!pace.output_is_due(now + ms(340), true) && pace.output_is_due(now + ms(350), true));
        assert!(!pace.is_due(now + ms(350), false) && pace.is_due(now + ms(360), false));
        assert!(pace.output_is_due(now, false));
        assert_eq!(pace.wait_when_paused(now), ms(360));
        pace.taken(now, ms(30), None);
        assert!(pace.is_due(now + ms(270), false));
        pace.hurry();
        assert!(pace.is_due(Instant::now(), true) && pace.is_due(Instant::now(), false));
    }

    #[test]
    fn quick_pictures_come_a_dozen_times_a_second() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        pace.taken(now, Duration::ZERO, Some(Duration::ZERO));
        for at_full_speed in [true, false] {
            assert!(!pace.is_due(now + Duration::from_millis(79), at_full_speed));
            assert!(pace.is_due(now + Duration::from_millis(80), at_full_speed));
        }
    }
}
