//! Where somebody wants the panels of the window, as far as that differs from where they usually stand. Knows panels by
//! their keys only: which there are is the window's matter.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// Where in a tab a panel may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Beside the middle.
    Left,
    /// Above everything.
    Top,
    /// Where there is most room.
    Centre,
    /// Beside the middle.
    Right,
    /// Below what stands at the right.
    LowerRight,
    /// Below everything.
    Bottom,
}

impl Area {
    /// As menus say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Left => "Left",
            Self::Top => "Top",
            Self::Centre => "Centre",
            Self::Right => "Right",
            Self::LowerRight => "Lower right",
            Self::Bottom => "Bottom",
        }
    }
}

/// Places by the keys of panels. Empty: everything is where it usually stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Arrangement(BTreeMap<String, Area>);

impl Arrangement {
    /// Where it was put; `None`: where it usually stands.
    pub fn place_of(&self, panel: &str) -> Option<Area> {
        self.0.get(panel).copied()
    }

    /// `usual`: where it stands unless somebody says otherwise.
    pub fn put(&mut self, panel: &str, place: Area, usual: Area) {
        if place == usual {
            self.0.remove(panel);
        } else {
            self.0.insert(panel.to_owned(), place);
        }
    }

    /// Nothing was put elsewhere.
    pub fn is_usual(&self) -> bool {
        self.0.is_empty()
    }
}

/// A place that this version does not know is the usual one: the rest of the settings counts all the same.
impl<'de> Deserialize<'de> for Arrangement {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, serde_json::Value>::deserialize(from)?;
        let known = all.into_iter().filter_map(|(panel, place)| Some((panel, serde_json::from_value(place).ok()?)));
        Ok(Self(known.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_its_usual_place_is_not_written_down() {
        let mut arrangement = Arrangement::default();
        arrangement.put("output", Area::Left, Area::LowerRight);
        assert_eq!(serde_json::to_string(&arrangement).unwrap(), r#"{"output":"left"}"#);
        assert_eq!(arrangement.place_of("output"), Some(Area::Left));
        arrangement.put("output", Area::LowerRight, Area::LowerRight);
        assert!(arrangement.is_usual());
    }

    #[test]
    fn a_place_of_a_later_version_is_passed_over() {
        let read: Arrangement = serde_json::from_str(r#"{"output": "ceiling", "plots": "right"}"#).unwrap();
        assert_eq!((read.place_of("output"), read.place_of("plots")), (None, Some(Area::Right)));
    }
}
