//! The value of an expression for one number: previews, and the second opinion in the engine's tests.

use super::{BinaryOperator, Expr, Function, UnaryOperator};

/// The value at `x`. True is 1 and false is 0; a name other than `x`, `pi` and `e` is NaN.
pub fn eval(expression: &Expr, x: f64) -> f64 {
    match expression {
        Expr::Number(value) => *value,
        Expr::Name(name) => match name.as_str() {
            "x" => x,
            "pi" => std::f64::consts::PI,
            "e" => std::f64::consts::E,
            _ => f64::NAN,
        },
        Expr::Element(..) | Expr::Slice(..) => f64::NAN,
        Expr::Along(reduction, a, _) | Expr::Reduce(reduction, a) => reduction.apply(&[eval(a, x)]),
        Expr::Unary(UnaryOperator::Negate, a) => -eval(a, x),
        Expr::Unary(UnaryOperator::Not, a) => truth(eval(a, x) == 0.0),
        Expr::Binary(operator, a, b) => operator.apply(eval(a, x), eval(b, x)),
        Expr::Call(function, arguments) => {
            let value = |i: usize| arguments.get(i).map_or(f64::NAN, |a| eval(a, x));
            function.apply(value(0), if function.arity() == 2 { value(1) } else { 0.0 })
        }
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

impl BinaryOperator {
    /// True is 1 and false is 0; anything but 0 counts as true.
    pub fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Power => a.powf(b),
            Self::Equal => truth(a == b),
            Self::NotEqual => truth(a != b),
            Self::Less => truth(a < b),
            Self::LessOrEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterOrEqual => truth(a >= b),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Or => truth(a != 0.0 || b != 0.0),
        }
    }
}

impl Function {
    /// `b` is only looked at by functions of two numbers.
    pub fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Exp => a.exp(),
            Self::Log => a.ln(),
            Self::Sqrt => a.sqrt(),
            Self::Abs => a.abs(),
            Self::Sin => a.sin(),
            Self::Cos => a.cos(),
            Self::Tan => a.tan(),
            Self::Tanh => a.tanh(),
            Self::Sigmoid => sigmoid(a),
            Self::Relu => keep_nan(a, a.max(0.0)),
            Self::Softplus => keep_nan(a, a.max(0.0) + (-a.abs()).exp().ln_1p()),
            Self::Erf => erf(a),
            Self::Gelu => 0.5 * a * (1.0 + erf(a * std::f64::consts::FRAC_1_SQRT_2)),
            Self::Silu => a * sigmoid(a),
            Self::Sign => keep_nan(a, truth(a > 0.0) - truth(a < 0.0)),
            Self::Step => keep_nan(a, truth(a > 0.0)),
            // Not a NaN beside an infinity either.
            Self::Min | Self::Max if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Min => a.min(b),
            Self::Max => a.max(b),
            Self::Pow => a.powf(b),
        }
    }
}

/// `value`, unless what it was made of is NaN: `f64::max` and comparisons would hide it.
fn keep_nan(made_of: f64, value: f64) -> f64 {
    if made_of.is_nan() { f64::NAN } else { value }
}

fn sigmoid(a: f64) -> f64 {
    1.0 / (1.0 + (-a).exp())
}

/// The error function, to about 1e-15: the series of positive terms near 0 (Abramowitz & Stegun 7.1.6), Lentz's
/// continued fraction of erfc further out (7.1.14).
pub fn erf(x: f64) -> f64 {
    let size = x.abs();
    if x.is_nan() || size > 6.0 {
        return if x.is_nan() { x } else { x.signum() };
    }
    let scale = (-size * size).exp() / std::f64::consts::PI.sqrt();
    if size < 2.5 {
        let (mut term, mut sum, mut n) = (size, size, 1.0);
        while term > sum * 1e-17 {
            term *= 2.0 * size * size / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        return (2.0 * scale * sum).copysign(x);
    }
    let mut fraction = size;
    for n in (1..=60).rev() {
        fraction = size + 0.5 * f64::from(n) / fraction;
    }
    (1.0 - scale / fraction).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::super::parse_elementwise;
    use super::*;

    fn at(text: &str, x: f64) -> f64 {
        eval(&parse_elementwise(text).unwrap(), x)
    }

    #[test]
    fn precedence_is_that_of_mathematics() {
        assert_eq!(at("-x^2", 3.0), -9.0);
        assert_eq!(at("2^-x", 1.0), 0.5);
        assert_eq!(at("2^x^2", 3.0), 512.0);
        assert_eq!(at("1 - x - 3", 2.0), -4.0);
        assert_eq!(at("8 / x / 2", 2.0), 2.0);
        assert_eq!(at("1 + 2 * x", 3.0), 7.0);
        assert_eq!(at("(1 + 2) * x", 3.0), 9.0);
        assert_eq!(at("--x", 3.0), 3.0);
        assert_eq!(at("2 * -x ** 2 × 2", 3.0), -36.0);
    }

    #[test]
    fn functions_and_constants() {
        assert!((at("x * sigmoid(1.702 * x)", 1.0) - 0.8457957659).abs() < 1e-9);
        assert!((at("sin(pi / 2) + log(e) + x", 0.0) - 2.0).abs() < 1e-15);
        assert_eq!(at("max(x, 0) + min(x, 0)", -3.0), -3.0);
        assert!(at("max(x, 1 / 0)", f64::NAN).is_nan() && at("min(-1 / 0, x)", f64::NAN).is_nan());
        assert_eq!((at("max(x, -x)", f64::INFINITY), at("min(x, -x)", f64::INFINITY)), (f64::INFINITY, -f64::INFINITY));
        assert_eq!(at("step(x) - sign(x)", 0.0), 0.0);
        assert!(at("relu(x)", f64::NAN).is_nan());
        assert!((at("softplus(x)", 1000.0) - 1000.0).abs() < 1e-9);
        assert_eq!(at("sigmoid(x)", -1000.0), 0.0);
    }

    #[test]
    fn erf_agrees_with_its_tables() {
        // Abramowitz & Stegun, table 7.1, and Python's math.erf.
        let table = [
            (0.1, 0.112_462_916_018_284_9),
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (2.0, 0.995_322_265_018_952_7),
            (2.5, 0.999_593_047_982_555),
            (2.6, 0.999_763_965_583_470_7),
            (4.0, 0.999_999_984_582_742_1),
        ];
        for (x, expected) in table {
            assert!((erf(x) - expected).abs() < 1e-15, "erf({x}) = {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert_eq!(erf(0.0), 0.0);
        assert_eq!(erf(f64::INFINITY), 1.0);
    }
}
