//! Functions of one or two numbers that formulas are made of, beside those that are layers too (`sigmoid`, `add` ...).

mod pair;

mod abs;
mod at_least;
mod at_most;
mod cos;
mod divide;
mod erf;
mod exp;
mod log;
mod maximum;
mod minimum;
mod pow;
mod power;
mod reciprocal;
mod scale_shift;
mod sign;
mod sin;
mod sqrt;
mod step;
mod subtract;

pub use abs::Abs;
pub use at_least::AtLeast;
pub use at_most::AtMost;
pub use cos::Cos;
pub use divide::Divide;
pub use erf::Erf;
pub use exp::Exp;
pub use log::Log;
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use pair::ApplyPair;
pub use pow::Pow;
pub use power::Power;
pub use reciprocal::Reciprocal;
pub use scale_shift::ScaleShift;
pub use sign::Sign;
pub use sin::Sin;
pub use sqrt::Sqrt;
pub use step::Step;
pub use subtract::Subtract;
