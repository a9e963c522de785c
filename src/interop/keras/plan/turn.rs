//! From weights in PyTorch's layout to variables with the channels last, and back.

use std::ops::Add;

/// How one variable is made of tensors as checkpoints have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// `conv_2d_1.weight`; both biases of a recurrent layer.
    pub parts: Vec<String>,
    /// What becomes of several parts.
    pub joined: Joined,
    /// How each part is split into axes.
    split: Vec<usize>,
    /// Which entries of the first of these axes, in this order.
    picks: Option<Vec<usize>>,
    /// The axes in their new order.
    order: Vec<usize>,
    /// Sizes of the variable.
    pub dims: Vec<usize>,
}

/// What becomes of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// There is only one, or they are added up.
    Sum,
    /// One after the other along a new first axis.
    Stack,
}

impl Turn {
    /// The same numbers in the same order.
    pub fn same(part: String, dims: impl Into<Vec<usize>>) -> Self {
        let dims = dims.into();
        let order = (0..dims.len()).collect();
        Self { parts: vec![part], joined: Joined::Sum, split: dims.clone(), picks: None, order, dims }
    }

    /// Split into axes, which are then put in another order.
    pub fn permuted(part: String, split: impl Into<Vec<usize>>, order: &[usize]) -> Self {
        let split = split.into();
        let dims = order.iter().map(|&axis| split[axis]).collect();
        Self { order: order.to_vec(), dims, ..Self::same(part, split) }
    }

    /// Only these entries of the first axis, in this order.
    pub fn picking(mut self, picks: &[usize]) -> Self {
        self.picks = Some(picks.to_vec());
        for (place, &axis) in self.order.iter().enumerate() {
            if axis == 0 {
                self.dims[place] = picks.len();
            }
        }
        self
    }

    /// The same numbers with other sizes in the end.
    pub fn sized(self, dims: impl Into<Vec<usize>>) -> Self {
        Self { dims: dims.into(), ..self }
    }

    /// Another part that is turned the same way.
    pub fn with(mut self, part: String, joined: Joined) -> Self {
        self.parts.push(part);
        self.joined = joined;
        if joined == Joined::Stack {
            self.dims.insert(0, self.parts.len());
        }
        self
    }

    /// The same of the first part alone: each part of a sum has the whole gradient.
    pub fn of_first(mut self) -> Self {
        if self.joined == Joined::Sum {
            self.parts.truncate(1);
        }
        self
    }

    /// How many numbers a part has.
    pub fn part_len(&self) -> usize {
        self.split.iter().product()
    }

    /// Where in its part each number of the variable comes from; of each part the same.
    fn places(&self) -> Vec<usize> {
        let whole: Vec<usize> = (0..self.split[..1].iter().product()).collect();
        let picks = self.picks.as_ref().unwrap_or(&whole);
        let mut strides = vec![1; self.split.len()];
        for axis in (1..self.split.len()).rev() {
            strides[axis - 1] = strides[axis] * self.split[axis];
        }
        let mut places = vec![0];
        for &axis in &self.order {
            let entries: Vec<usize> = if axis == 0 { picks.clone() } else { (0..self.split[axis]).collect() };
            let along = |place: &usize| entries.iter().map(|entry| place + entry * strides[axis]).collect::<Vec<_>>();
            places = places.iter().flat_map(along).collect();
        }
        places
    }

    /// The variable's numbers. `parts` are in the order of [`Self::parts`].
    pub fn apply<T: Copy + Add<Output = T>>(&self, parts: &[&[T]]) -> Vec<T> {
        let places = self.places();
        let turned = |part: &&[T]| places.iter().map(|&place| part[place]).collect::<Vec<T>>();
        match self.joined {
            Joined::Stack => parts.iter().flat_map(turned).collect(),
            Joined::Sum => {
                let all: Vec<Vec<T>> = parts.iter().map(turned).collect();
                let Some((first, rest)) = all.split_first() else { return Vec::new() };
                let sum = |(i, &start): (usize, &T)| rest.iter().fold(start, |sum, part| sum + part[i]);
                first.iter().enumerate().map(sum).collect()
            }
        }
    }

    /// Puts the variable's numbers where they came from. Of a sum all goes to the first part, whose fellows are to be
    /// 0.
    pub fn undo<T: Copy>(&self, variable: &[T], parts: &mut [&mut [T]]) {
        let places = self.places();
        for (numbers, part) in variable.chunks_exact(places.len().max(1)).zip(parts) {
            for (&place, &number) in places.iter().zip(numbers) {
                part[place] = number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_turned_and_turned_back() {
        // Rows of a Dense layer behind a Flatten of 2 x 1 x 3.
        let dense = Turn::permuted("w".into(), [2, 2, 1, 3], &[2, 3, 1, 0]).sized([6, 2]);
        let ours: Vec<i32> = (0..12).collect();
        let turned = dense.apply(&[&ours]);
        assert_eq!(
            (turned.as_slice(), dense.dims.as_slice()),
            (&[0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11][..], &[6, 2][..])
        );
        let mut back = vec![0; 12];
        dense.undo(&turned, &mut [&mut back]);
        assert_eq!(back, ours);
        let gates = Turn::permuted("w".into(), [3, 1, 2], &[2, 0, 1]).picking(&[1, 0, 2]);
        assert_eq!(
            (gates.apply(&[&[0, 1, 2, 3, 4, 5]]), gates.dims.as_slice()),
            (vec![2, 0, 4, 3, 1, 5], &[2, 3, 1][..])
        );
        let part = Turn::permuted("w".into(), [3, 2], &[0, 1]).picking(&[2]).sized([2]);
        assert_eq!(part.apply(&[&[0, 1, 2, 3, 4, 5]]), [4, 5]);
    }

    #[test]
    fn several_parts_are_added_or_stacked() {
        let sum = Turn::same("a".into(), [2]).with("b".into(), Joined::Sum);
        assert_eq!((sum.apply(&[&[1, 2], &[10, 20]]), sum.dims), (vec![11, 22], vec![2]));
        let stack = Turn::same("a".into(), [2]).with("b".into(), Joined::Stack);
        assert_eq!((stack.apply(&[&[1, 2], &[10, 20]]), stack.dims.as_slice()), (vec![1, 2, 10, 20], &[2, 2][..]));
        let (mut a, mut b) = ([0; 2], [0; 2]);
        stack.undo(&[1, 2, 10, 20], &mut [&mut a, &mut b]);
        assert_eq!((a, b), ([1, 2], [10, 20]));
    }
}
