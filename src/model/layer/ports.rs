//! Ports: where wires arrive at a layer and leave it, and what these places are called.

/// A place where one wire may arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputPort {
    /// One word, as in files: "query".
    pub name: &'static str,
    /// Whether a wire has to arrive.
    pub need: Need,
    /// One sentence for the tooltip: what belongs here, and what stands in where nothing arrives.
    pub help: &'static str,
}

/// Whether a network is complete without a wire here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A problem until a wire arrives.
    Required,
    /// Something else stands in where no wire arrives.
    Optional,
    /// As optional; and only a wire that is drawn to this very port arrives here, not one that is drawn to the layer.
    Aside,
}

/// How many wires may arrive, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Nothing arrives: the data enters here.
    None,
    /// Exactly one wire.
    One,
    /// One wire each, and each means something else.
    Named(&'static [InputPort]),
    /// Two or more that are alike: a, b, c ... without gaps.
    Many,
    /// As many, but one is enough, or none.
    Any,
}

const LETTERS: usize = 26;

impl Inputs {
    /// How many wires have to arrive.
    pub fn least(self) -> usize {
        match self {
            Self::None | Self::Any => 0,
            Self::One => 1,
            Self::Named(ports) => ports.iter().filter(|port| port.need == Need::Required).count(),
            Self::Many => 2,
        }
    }

    /// `None`: any number.
    pub fn most(self) -> Option<usize> {
        match self {
            Self::None => Some(0),
            Self::One => Some(1),
            Self::Named(ports) => Some(ports.len()),
            Self::Many | Self::Any => None,
        }
    }

    /// Whether a port has to be named: there are several that a wire to the layer may mean, or it is none of them.
    pub fn is_named_for(self, port: usize) -> bool {
        match self {
            Self::None | Self::One => false,
            Self::Many | Self::Any => true,
            Self::Named(ports) => {
                let usual = ports.iter().filter(|port| port.need != Need::Aside).count();
                usual > 1 || ports.get(port).is_none_or(|port| port.need == Need::Aside)
            }
        }
    }

    /// What a port is called, as in files: "input", "query", "b".
    pub fn name(self, port: usize) -> String {
        match self {
            Self::Named(ports) => ports.get(port).map_or_else(|| format!("input {port}"), |port| port.name.to_owned()),
            Self::Many | Self::Any if port < LETTERS => char::from(b'a' + port as u8).to_string(),
            Self::Many | Self::Any => format!("x{port}"),
            Self::None | Self::One => "input".to_owned(),
        }
    }

    /// The number of the port with this name, from 0.
    pub fn find(self, name: &str) -> Option<usize> {
        match (self, name.as_bytes()) {
            (Self::Named(ports), _) => ports.iter().position(|port| port.name == name),
            (Self::Many | Self::Any, &[letter @ b'a'..=b'z']) => Some(usize::from(letter - b'a')),
            (Self::Many | Self::Any, [b'x', ..]) => {
                name[1..].parse().ok().filter(|port| (LETTERS..1 << 16).contains(port))
            }
            (Self::One, b"input") => Some(0),
            _ => None,
        }
    }

    /// Whether any number of wires may arrive, all alike and without gaps.
    pub fn are_alike(self) -> bool {
        matches!(self, Self::Many | Self::Any)
    }

    /// Whether a port takes only what is wired to it on purpose, as the truth of a Loss.
    pub fn is_aside(self, port: usize) -> bool {
        self.port(port).is_some_and(|port| port.need == Need::Aside)
    }

    /// What is said of a named port; `None` where ports have no texts of their own.
    pub fn port(self, port: usize) -> Option<&'static InputPort> {
        match self {
            Self::Named(ports) => ports.get(port),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_ports() {
        static PORTS: [InputPort; 2] = [
            InputPort { name: "left", need: Need::Required, help: "" },
            InputPort { name: "right", need: Need::Optional, help: "" },
        ];
        for (inputs, most) in [(Inputs::One, 1), (Inputs::Named(&PORTS), 2), (Inputs::Many, 40), (Inputs::Any, 40)] {
            for port in 0..most {
                assert_eq!(inputs.find(&inputs.name(port)), Some(port), "{inputs:?}");
            }
        }
        for nonsense in ["", "A", "ab", "x3", "x99999999"] {
            assert_eq!(Inputs::Many.find(nonsense), None, "{nonsense}");
        }
        assert_eq!((Inputs::Named(&PORTS).least(), Inputs::Named(&PORTS).most()), (1, Some(2)));
    }
}
