//! The way from a number forwards: which numbers of a value were made of it, and what it met there.
//!
//! Ops only tell what a number was made of. So this asks for the numbers in question, along one axis at a time: along
//! each axis those that read a number mostly do so whatever the other axes are. (Not so the rows of an embedding: of
//! the places with one token those are found that share a row or a column of the batch with the first.) Bounded, for it
//! follows the pointer.

use std::collections::BTreeSet;

use super::Machine;
use crate::engine::error::{EngineError, Result};
use crate::engine::explain::Reader;
use crate::engine::program::{Instruction, ValueId};
use crate::trace::{Arithmetic, Element};

/// Numbers read at most in one search.
const MOST_READ: usize = 400_000;
/// Elements told at most.
const MOST_TOLD: usize = 2048;

impl Machine {
    /// Elements of the value that were made of `read`, and what stands in the same terms of them: of a weight all
    /// outputs of its unit and the inputs that it is multiplied with. Where `read` was not read for the value nothing
    /// is told. The search begins at the element `around` of the value.
    pub fn readers(&self, id: ValueId, around: &[usize], read: &Element) -> Result<Vec<Element>> {
        let Some(instruction) = self.producer(id)? else { return Ok(Vec::new()) };
        let call = &self.program.instructions[instruction];
        if !call.inputs.iter().any(|&input| self.program.name(input) == read.name) {
            return Ok(Vec::new());
        }
        // Weights may have been updated since: which of them were read is the same.
        let reader = self.reader_of(&call.inputs, &call.outputs)?;
        let output = call.outputs.iter().position(|&output| output == id).ok_or(EngineError::NoSuchValue(id.0))?;
        let made = reader.output(output)?;
        if around.len() != made.dims.len() || around.iter().zip(&made.dims).any(|(i, n)| i >= n) {
            return Ok(Vec::new());
        }
        let (name, dims) = (made.name.clone(), made.dims.clone());
        let mut search = Search { call, reader: &reader, output, read, left: MOST_READ, met: BTreeSet::new() };
        let Some(first) = search.first(around, &dims)? else { return Ok(Vec::new()) };
        let along = (0..dims.len()).map(|axis| search.along(&first, axis, dims[axis])).collect::<Result<Vec<_>>>()?;
        let mut told = Vec::new();
        for index in product(&along) {
            // Where no more may be read, the axes are taken at their word.
            if search.left == 0 || search.reads(&index)? {
                told.push(Element { name: name.clone(), index });
            }
        }
        told.extend(search.met);
        Ok(told)
    }
}

struct Search<'a> {
    call: &'a Instruction,
    reader: &'a Reader,
    output: usize,
    read: &'a Element,
    /// Numbers that may still be read.
    left: usize,
    /// What was found beside it.
    met: BTreeSet<Element>,
}

impl Search<'_> {
    /// Whether the number here was made of it. What stands beside it is kept.
    fn reads(&mut self, index: &[usize]) -> Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        let arithmetic = self.call.op.explain(self.reader, self.output, index)?;
        let mut found = false;
        for term in arithmetic.terms() {
            let elements = term.part.elements();
            self.left = self.left.saturating_sub(elements.len().max(1));
            if elements.iter().any(|(element, _)| *element == self.read) {
                found = true;
                let others = elements.into_iter().map(|(element, _)| element).filter(|e| e.name != self.read.name);
                if is_product(term.part) && self.met.len() < MOST_TOLD {
                    self.met.extend(others.cloned());
                }
            }
        }
        Ok(found)
    }

    /// The nearest that reads it: where the search begins, or else along one axis, or in the planes of two.
    fn first(&mut self, around: &[usize], dims: &[usize]) -> Result<Option<Vec<usize>>> {
        if self.reads(around)? {
            return Ok(Some(around.to_vec()));
        }
        for (axis, &length) in dims.iter().enumerate() {
            if let Some(&at) = self.along(around, axis, length)?.first() {
                return Ok(Some(moved(around, axis, at)));
            }
        }
        for (first, &rows) in dims.iter().enumerate() {
            for (second, &columns) in dims.iter().enumerate().skip(first + 1) {
                for row in 0..rows {
                    let line = moved(around, first, row);
                    if let Some(&at) = self.along(&line, second, columns)?.first() {
                        return Ok(Some(moved(&line, second, at)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Where along an axis it is read.
    fn along(&mut self, index: &[usize], axis: usize, length: usize) -> Result<Vec<usize>> {
        let mut found = Vec::new();
        for at in 0..length {
            if self.reads(&moved(index, axis, at))? {
                found.push(at);
            }
        }
        Ok(found)
    }
}

/// Whether the numbers of a term belong together: all of a product, but not what a mean or a norm adds up.
fn is_product(term: &Arithmetic) -> bool {
    matches!(term, Arithmetic::Product(parts) if parts.len() <= 4)
}

fn moved(index: &[usize], axis: usize, at: usize) -> Vec<usize> {
    let mut index = index.to_vec();
    index[axis] = at;
    index
}

/// All indices with one of each axis, the first of them where there are too many.
fn product(along: &[Vec<usize>]) -> Vec<Vec<usize>> {
    along.iter().fold(vec![Vec::new()], |found, axis| {
        let longer = found.iter().flat_map(|index| axis.iter().map(move |&at| [&index[..], &[at]].concat()));
        longer.take(MOST_TOLD).collect()
    })
}
