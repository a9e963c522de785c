//! Columns that enter as an index, in a network that exists: each gets an Input and an Embedding of its own.

use super::layer::{Concat, Embedding, Flatten, Input, Loss};
use super::{EditError, End, Graph, LayerId, LayerKind, ParamValue};

/// A category whose values are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedColumn {
    /// Its heading in the table.
    pub name: String,
    /// How many numbers there are.
    pub vocabulary: usize,
}

impl EmbeddedColumn {
    /// Half of its values, at most 50 (Jeremy Howard's rule in fast.ai's courses).
    pub fn width(&self) -> usize {
        self.vocabulary.div_ceil(2).min(50)
    }

    fn embedding(&self) -> LayerKind {
        Embedding { vocabulary: self.vocabulary, width: self.width() }.into()
    }
}

/// `input` keeps the columns in `rest`, and goes on together with the vectors of the others. Returns the layers that
/// were made.
pub(super) fn embed(
    graph: &mut Graph,
    input: LayerId,
    columns: &[EmbeddedColumn],
    rest: &[String],
) -> Result<Vec<LayerId>, EditError> {
    const STEP: f32 = 40.0;
    let old = graph.layer_mut(input).ok_or(EditError::NoSuchLayer)?;
    let keeps = match columns.first() {
        Some(first) if rest.is_empty() => first.name.clone(),
        _ => rest.join(", "),
    };
    old.kind.params_mut().set_param("columns", &ParamValue::Text(keeps)).map_err(EditError::Param)?;
    let [x, y] = old.position;
    // What the network is to give back stays as it was.
    let is_truth = |to: LayerId, port: usize| {
        port == Loss::TRUTH && graph.layer(to).is_some_and(|layer| matches!(layer.kind, LayerKind::Loss(_)))
    };
    let onwards: Vec<End> = graph
        .outgoing(input)
        .filter(|wire| !is_truth(wire.to, wire.input))
        .map(|wire| End::at(wire.to, wire.input))
        .collect();
    let (mut made, mut ends) = (Vec::new(), Vec::new());
    if !rest.is_empty() {
        ends.push(input);
    }
    for (at, column) in columns.iter().enumerate() {
        let entered = if at == 0 && rest.is_empty() {
            input
        } else {
            let kind = Input { columns: column.name.clone(), ..Input::default() };
            let id = graph.add(kind.into(), [x, y + STEP * (at + 1) as f32]);
            made.push(id);
            id
        };
        let embedded = graph.add(column.embedding(), [x + STEP, y]);
        let flat = graph.add(Flatten {}.into(), [x + 2.0 * STEP, y]);
        graph.connect(entered, embedded)?;
        graph.connect(embedded, flat)?;
        made.extend([embedded, flat]);
        ends.push(flat);
    }
    let joined = match ends[..] {
        [only] => only,
        _ => {
            let joined = graph.add(Concat {}.into(), [x + 3.0 * STEP, y]);
            for end in ends {
                graph.connect(end, joined)?;
            }
            made.push(joined);
            joined
        }
    };
    for to in onwards {
        graph.connect(joined, to)?;
    }
    super::layout::tidy(graph);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::Dense;
    use crate::model::{DataSignature, Edit, Shape, Task, infer, templates};

    fn data(names: &[&str]) -> DataSignature {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        DataSignature { input: Shape::row(names.len()), task: Task::Classes(2), names, weighted: false }
    }

    fn town(vocabulary: usize) -> EmbeddedColumn {
        EmbeddedColumn { name: "town".into(), vocabulary }
    }

    fn edited(columns: Vec<EmbeddedColumn>, rest: &[&str], names: &[&str]) -> Graph {
        let chain = [Dense { units: 4, ..Dense::default() }.into(), Dense { units: 2, ..Dense::default() }.into()];
        let mut graph = templates::chain(chain.to_vec());
        let input = graph.layers().find(|layer| matches!(layer.kind, LayerKind::Input(_))).unwrap().id;
        let rest = rest.iter().map(|name| (*name).to_owned()).collect();
        let edit = Edit::Embed { input, columns, rest };
        let made = edit.apply(&mut graph).unwrap();
        let found = infer(&graph, Some(&data(names)));
        assert!(found.is_valid(), "{:?}", found.problems);
        assert!(made.iter().all(|id| graph.layer(*id).is_some()));
        graph
    }

    #[test]
    fn an_index_enters_by_itself_and_goes_on_with_the_rest() {
        let names = ["age", "town", "sex = f", "sex = m"];
        let graph = edited(vec![town(9)], &["age", "sex"], &names);
        let width = |name: &str| {
            let found = infer(&graph, Some(&data(&names)));
            found.outputs[&graph.find(name).unwrap().id][0].to_string()
        };
        assert_eq!((width("Concat 1"), width("Embedding 1")), ("8".to_owned(), "1 × 5".to_owned()));
    }

    #[test]
    fn of_nothing_but_indices_the_input_is_the_first() {
        let other = EmbeddedColumn { name: "shop".into(), vocabulary: 300 };
        let alone = edited(vec![town(9)], &[], &["town"]);
        assert!(alone.find("Concat 1").is_none() && alone.len() == 6);
        let both = edited(vec![town(9), other.clone()], &[], &["town", "shop"]);
        assert_eq!((both.len(), other.width()), (10, 50));
    }
}
