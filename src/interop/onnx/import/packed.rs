//! Attention as PyTorch's `nn.MultiheadAttention` is exported: one projection for queries, keys and values, and samples
//! and heads in one axis for a while. The sizes that the file names say which is which.

use super::super::proto::{Attribute, Node};
use super::constant::Constant;
use super::patterns::{ATTENTION, Searched, is_causal};

/// A third of the packed projection in heads: which one, of what, and `[batch, heads, steps, each]`.
type Third<'a> = (f64, &'a str, [i64; 4]);

impl<'a, F: Fn(&str) -> Option<Constant>> Searched<'a, F> {
    fn setting(node: &'a Node, name: &str) -> Option<&'a Attribute> {
        node.attribute.iter().find(|setting| setting.name.as_deref() == Some(name))
    }

    fn turned(&self, name: &str, order: &[i64]) -> Option<&'a str> {
        let node = self.maker(name, "Transpose")?;
        (Self::setting(node, "perm")?.ints == order).then(|| node.input[0].as_str())
    }

    fn reshaped<const N: usize>(&self, name: &str) -> Option<(&'a str, [i64; N])> {
        let node = self.maker(name, "Reshape")?;
        let shape = self.fixed(node.input.get(1)?)?;
        Some((node.input[0].as_str(), shape.wholes()?.try_into().ok()?))
    }

    fn third(&self, name: &str, is_key: bool) -> Option<Third<'a>> {
        let (inner, dims, is_turned) = match self.turned(name, &[0, 1, 3, 2]) {
            Some(inner) if is_key => {
                let (inner, dims) = self.reshaped::<4>(inner)?;
                (inner, dims, false)
            }
            _ => {
                let (inner, dims) = self.reshaped::<4>(name)?;
                (inner, dims, is_key)
            }
        };
        let [batch, heads, mut steps, mut each] = dims;
        let mut inner = inner;
        if is_turned {
            (steps, each) = (each, steps);
            inner = self.turned(inner, &[0, 2, 1])?;
        }
        let (inner, merged) = self.reshaped::<3>(self.turned(inner, &[1, 0, 2])?)?;
        let gather = self.maker(inner, "Gather")?;
        let is_front = Self::setting(gather, "axis").and_then(|axis| axis.i).unwrap_or(0) == 0;
        if merged != [steps, batch.checked_mul(heads)?, each] || !is_front {
            return None;
        }
        Some((self.number(gather.input.get(1)?)?, gather.input.first()?.as_str(), [batch, heads, steps, each]))
    }

    /// The operator whose output is `[steps, batch, width]`, with the layer in its place.
    pub fn packed(&self, at: usize) -> Option<(usize, Node)> {
        let node = self.node(at);
        let mut scores = node.input.first()?.as_str();
        let mut causal = 0;
        if let Some(sum) = self.maker(scores, "Add")
            && let [a, b] = &sum.input[..]
        {
            if !is_causal(&self.fixed(b)?) {
                return None;
            }
            (scores, causal) = (a, 1);
        }
        let (products, scale) = self.scaled(scores);
        let [q, k] = &self.maker(products, "MatMul")?.input[..] else { return None };
        let ((q, q_scale), (k, k_scale)) = (self.scaled(q), self.scaled(k));
        let product = self.reader(node.output.first()?).filter(|&at| self.is(at, "MatMul"))?;
        let v = self.node(product).input.get(1)?;
        let (queries, keys, values) = (self.third(q, false)?, self.third(k, true)?, self.third(v, false)?);
        let [batch, heads, steps, each] = queries.2;
        let is_one = queries.1 == keys.1 && keys.1 == values.1 && queries.2 == keys.2 && keys.2 == values.2;
        if !is_one || [queries.0, keys.0, values.0] != [0.0, 1.0, 2.0] {
            return None;
        }
        let total = scale * q_scale * k_scale;
        if heads < 1 || each < 1 || (total * (each as f64).sqrt() - 1.0).abs() > 1e-5 {
            return None;
        }
        let width = heads.checked_mul(each)?;
        let apart = self.turned(&self.maker(queries.1, "Squeeze")?.input[0], &[3, 1, 2, 0, 4])?;
        let (projected, dims) = self.reshaped::<4>(&self.maker(apart, "Unsqueeze")?.input[0])?;
        let (x, weight, bias) = self.projection(projected)?;
        if dims != [steps, batch, 3, width] {
            return None;
        }
        let turned = self.reader(self.node(product).output.first()?)?;
        self.turned(self.node(turned).output.first()?, &[2, 0, 1, 3])?;
        let joined = self.reader(self.node(turned).output.first()?)?;
        let (_, rows) = self.reshaped::<2>(self.node(joined).output.first()?)?;
        let gemm = self.reader(self.node(joined).output.first()?).filter(|&at| self.is(at, "Gemm"))?;
        let last = self.reader(self.node(gemm).output.first()?)?;
        let (_, whole) = self.reshaped::<3>(self.node(last).output.first()?)?;
        if rows != [steps.checked_mul(batch)?, width] || whole != [steps, batch, width] {
            return None;
        }
        let gemm = self.node(gemm);
        let number = |name: &str| Self::setting(gemm, name).and_then(|setting| setting.f).unwrap_or(1.0);
        if number("alpha") != 1.0 || number("beta") != 1.0 {
            return None;
        }
        let is_turned = Self::setting(gemm, "transB").and_then(|setting| setting.i).unwrap_or(0);
        let mut input = vec![x.to_owned(), weight.to_owned(), bias.unwrap_or_default().to_owned()];
        input.extend(gemm.input[1..].iter().cloned());
        let settings = vec![
            Attribute::int("heads", heads),
            Attribute::int("causal", causal),
            Attribute::int("packed", 1),
            Attribute::int("turned", is_turned),
        ];
        Some((last, self.whole(last, ATTENTION, input, settings)))
    }
}
