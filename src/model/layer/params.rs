//! Parameters of a layer as data, so that the inspector, the node card, the project file and undo treat all layers
//! alike.

use serde::{Deserialize, Serialize};

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// A switch.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Free text, or the key of a choice.
    Text(String),
}

/// What a control needs to know about a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Field name, as in the project file.
    pub key: &'static str,
    /// What the user reads: "Units".
    pub label: &'static str,
    /// One or two sentences for a beginner, the field's term included.
    pub help: &'static str,
    /// Which values are allowed.
    pub kind: ParamKind,
    /// Shown on the node card, editable in place.
    pub on_card: bool,
}

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamKind {
    /// A whole number, limits included.
    Int {
        /// The least.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A real number, limits included.
    Float {
        /// The least.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// On or off.
    Bool,
    /// Keys and what the user reads.
    Choice(Vec<(&'static str, &'static str)>),
    /// Free text: a formula.
    Text,
}

/// Parameters that matter only while another one has one of certain values.
const CONDITIONS: [(&str, &str, &[&str]); 9] = [
    ("init_value", "init", &["constant"]),
    ("pad", "padding", &["custom"]),
    ("slope", "activation", &["leaky_relu"]),
    ("cap", "activation", &["capped_relu"]),
    ("threshold", "activation", &["thresholded_relu"]),
    ("gamma", "loss", &["focal", "detection"]),
    ("box_weight", "loss", &["detection"]),
    ("label_smoothing", "loss", &["cross_entropy", "kl_divergence"]),
    ("class_weights", "loss", &["cross_entropy", "focal"]),
];

impl ParamSpec {
    /// Whether it counts what a layer has: units, filters and repetitions go up and down by one.
    pub fn is_count(&self) -> bool {
        matches!(self.key, "units" | "filters" | "repeat") && matches!(self.kind, ParamKind::Int { .. })
    }

    /// Whether the parameter makes a difference, where `value` gives the layer's other parameters.
    pub fn matters(&self, value: impl Fn(&str) -> Option<ParamValue>) -> bool {
        let unmet = |&(key, other, wanted): &(&str, &str, &[&str])| {
            let is_wanted = |found: &ParamValue| matches!(found, ParamValue::Text(text) if wanted.contains(&&**text));
            key == self.key && value(other).is_some_and(|found| !is_wanted(&found))
        };
        !CONDITIONS.iter().any(unmet)
    }
}

impl ParamKind {
    /// Why a value does not fit, as a sentence.
    pub fn refuse(&self, label: &str, value: &ParamValue) -> Option<String> {
        match (self, value) {
            (Self::Int { min, max }, ParamValue::Int(v)) if v < min || v > max => {
                Some(format!("{label} must be between {min} and {max}, not {v}."))
            }
            (Self::Float { min, max }, ParamValue::Float(v)) if !(*min..=*max).contains(v) => {
                Some(format!("{label} must be between {min} and {max}, not {v}."))
            }
            (Self::Int { .. }, ParamValue::Int(_))
            | (Self::Float { .. }, ParamValue::Float(_))
            | (Self::Bool, ParamValue::Bool(_))
            | (Self::Text, ParamValue::Text(_)) => None,
            (Self::Choice(options), ParamValue::Text(v)) if options.iter().any(|(key, _)| key == v) => None,
            (_, value) => Some(format!("{label} can't be {value:?}.")),
        }
    }
}

/// A Rust type that can stand behind a parameter.
pub trait Field: Sized {
    /// Its value for a control.
    fn to_param(&self) -> ParamValue;
    /// `None`: the value is of another kind.
    fn from_param(value: &ParamValue) -> Option<Self>;
}

impl Field for usize {
    fn to_param(&self) -> ParamValue {
        ParamValue::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
    fn from_param(value: &ParamValue) -> Option<Self> {
        match value {
            ParamValue::Int(v) => usize::try_from(*v).ok(),
            _ => None,
        }
    }
}

impl Field for f64 {
    fn to_param(&self) -> ParamValue {
        ParamValue::Float(*self)
    }
    fn from_param(value: &ParamValue) -> Option<Self> {
        match value {
            ParamValue::Float(v) => Some(*v),
            ParamValue::Int(v) => Some(*v as f64),
            _ => None,
        }
    }
}

impl Field for bool {
    fn to_param(&self) -> ParamValue {
        ParamValue::Bool(*self)
    }
    fn from_param(value: &ParamValue) -> Option<Self> {
        match value {
            ParamValue::Bool(v) => Some(*v),
            _ => None,
        }
    }
}

impl Field for String {
    fn to_param(&self) -> ParamValue {
        ParamValue::Text(self.clone())
    }
    fn from_param(value: &ParamValue) -> Option<Self> {
        match value {
            ParamValue::Text(v) => Some(v.clone()),
            _ => None,
        }
    }
}

/// Reading and writing parameters by key; made by [`layer_params!`].
pub trait Params {
    /// All of them, in the order of the inspector.
    fn param_specs(&self) -> Vec<ParamSpec>;
    /// The value of one; `None`: there is none with this key.
    fn param(&self, key: &str) -> Option<ParamValue>;
    /// The message is a sentence for the user.
    fn set_param(&mut self, key: &str, value: &ParamValue) -> Result<(), String>;
}

/// A struct of parameters with its defaults, limits, labels and help, in one place:
/// `name: type = default, kind, "Label", "Help.";` with `card` before the name to show it on the node card.
macro_rules! layer_params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[$own:meta])*
                $field:ident $(($card:ident))? : $ty:ty = $default:expr, $kind:expr, $label:literal, $help:expr;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $(
            #[doc = concat!("\"", $label, "\": its range and help are those of its [`ParamSpec`](super::ParamSpec).")]
            $(#[$own])*
            pub $field: $ty,
        )* }

        impl Default for $name {
            fn default() -> Self { Self { $( $field: $default, )* } }
        }

        impl $crate::model::layer::Params for $name {
            fn param_specs(&self) -> Vec<$crate::model::layer::ParamSpec> {
                vec![$( $crate::model::layer::ParamSpec {
                    key: stringify!($field),
                    label: $label,
                    help: $help,
                    kind: $kind,
                    on_card: false $( || stringify!($card) == "card" )?,
                }, )*]
            }

            #[allow(unused_variables, reason = "a layer without parameters asks for no key")]
            fn param(&self, key: &str) -> Option<$crate::model::layer::ParamValue> {
                $( if key == stringify!($field) {
                    return Some($crate::model::layer::Field::to_param(&self.$field));
                } )*
                None
            }

            #[allow(unused_variables, reason = "a layer without parameters asks for no key")]
            fn set_param(&mut self, key: &str, value: &$crate::model::layer::ParamValue) -> Result<(), String> {
                $( if key == stringify!($field) {
                    let kind: $crate::model::layer::ParamKind = $kind;
                    if let Some(refusal) = kind.refuse($label, value) {
                        return Err(refusal);
                    }
                    let Some(value) = <$ty as $crate::model::layer::Field>::from_param(value) else {
                        return Err(format!("{} can't be {value:?}.", $label));
                    };
                    self.$field = value;
                    return Ok(());
                } )*
                Err(format!("This layer has no parameter named {key:?}."))
            }
        }
    };
}
pub(super) use layer_params;

/// An enum whose variants are the choices of a parameter: `Variant = "key", "What the user reads";`.
macro_rules! choices {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $key:literal, $title:literal; )* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $( $(#[$vmeta])* #[serde(rename = $key)] $variant, )* }

        impl $name {
            /// All of them, in the order of the list.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// As in project files.
            pub fn key(self) -> &'static str {
                match self { $( Self::$variant => $key, )* }
            }

            /// As the user reads it.
            pub fn title(self) -> &'static str {
                match self { $( Self::$variant => $title, )* }
            }

            /// The choice that a control offers.
            pub fn kind() -> $crate::model::layer::ParamKind {
                $crate::model::layer::ParamKind::Choice(vec![$( ($key, $title), )*])
            }
        }

        impl $crate::model::layer::Field for $name {
            fn to_param(&self) -> $crate::model::layer::ParamValue {
                $crate::model::layer::ParamValue::Text(self.key().to_owned())
            }
            fn from_param(value: &$crate::model::layer::ParamValue) -> Option<Self> {
                match value {
                    $crate::model::layer::ParamValue::Text(key) => Self::ALL.iter().copied().find(|c| c.key() == key),
                    _ => None,
                }
            }
        }
    };
}
pub(super) use choices;

pub(super) fn int(min: i64, max: i64) -> ParamKind {
    ParamKind::Int { min, max }
}

pub(super) fn float(min: f64, max: f64) -> ParamKind {
    ParamKind::Float { min, max }
}
