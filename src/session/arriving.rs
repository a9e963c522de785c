//! Files of other programs that are opened: a model becomes the project, weights alone are offered to the network that
//! is open. Read on a thread of their own.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, OnceLock};

use super::import::{self, Imported};
use super::{Action, Event, NoticeKind, Screen, State};
use crate::data;
use crate::files::{NamedTensor, Values};
use crate::interop::Network;
use crate::interop::state_dict::{self, Mapping, StateDict};
use crate::model::{Fit, Numbers, SamplePart, Source, WeightsStep};
use crate::persist::KeepRuns;
use crate::trainer::{Command, Load};

/// What a person does with weights that were opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferAction {
    /// Another tensor of the file, or none, for a weight of the network.
    Choose {
        /// `dense_1.weight`
        weight: String,
        /// As the file calls it.
        tensor: Option<String>,
    },
    /// As it was proposed.
    ProposeAgain,
    /// Into the network, as far as the table has something.
    Load,
    /// As a project of its own, with a proposed network.
    AsProject,
    /// Nothing is done with them.
    Dismiss,
}

/// A picture of a person's own that the network is asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// Of its file.
    pub name: String,
    /// As the network takes it.
    pub sample: Arc<[f32]>,
}

/// Weights that were opened beside a network, and whose become whose.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Their file.
    pub path: PathBuf,
    /// What stands in it.
    pub weights: Arc<StateDict>,
    /// The table, as far as a person has changed it.
    pub mapping: Mapping,
    /// As it was at first.
    proposed: Mapping,
}

impl Offer {
    /// The name of the file.
    pub fn file(&self) -> String {
        name_of(&self.path)
    }

    /// Whether a person has changed a row.
    pub fn is_changed(&self) -> bool {
        self.mapping != self.proposed
    }
}

/// A file that is being read.
pub struct ReadJob {
    path: PathBuf,
    read: Receiver<Result<Came, String>>,
}

enum Came {
    Model(Box<Imported>),
    Weights(Arc<StateDict>),
    Photo(Vec<f32>),
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl State {
    /// The file of another program that is being read.
    pub fn reading(&self) -> Option<String> {
        self.works.reading.as_ref().map(|job| name_of(&job.path))
    }

    /// Weights that a person decides about.
    pub fn weights_offered(&self) -> Option<&Offer> {
        self.offered.as_deref()
    }

    /// Whether an action gives up the project that is open. Weights that fit its network do not.
    pub fn keeps_project(&self, action: &Action) -> bool {
        match action {
            Action::Open(path) => {
                let takes_table =
                    self.screen == Screen::Workspace && (import::is_table(path) || crate::data::holds_pictures(path));
                let takes_photo = self.takes_photo(path).is_some();
                self.takes_weights(path) || self.takes_sample(path) || takes_photo || takes_table
            }
            _ => false,
        }
    }

    fn takes_weights(&self, path: &Path) -> bool {
        let has_weights = |network: Network| network.nodes.iter().any(|node| !node.weights.is_empty());
        self.screen == Screen::Workspace && import::is_weights(path) && self.network().is_ok_and(has_weights)
    }

    /// The network as it is drawn. Errors: why there is none yet.
    fn network(&self) -> Result<Network, String> {
        let dataset = self.data.dataset().ok_or("There is no data yet, so the network's sizes aren't known.")?;
        Network::computed(&self.project.graph, &dataset.signature())
            .map_err(|problems| problems.first().map(|problem| problem.message.clone()).unwrap_or_default())
    }

    /// Whether it is something to run a network without data on: a picture, or an array.
    fn takes_sample(&self, path: &Path) -> bool {
        let is_sample = matches!(self.project.data.source, Source::Sample(_));
        is_sample && self.screen == Screen::Workspace && import::is_sample(path)
    }

    /// Whether the network can be asked about a photo: it takes colour pictures, or such as people have.
    pub fn takes_photos(&self) -> bool {
        let Some(dataset) = self.dataset() else { return false };
        let is_of_files = matches!(self.project.data.source, Source::Pictures(_) | Source::Boxes(_));
        match dataset.input_shape[..] {
            [channels, rows, columns] => rows == columns && (channels == 3 || channels == 1 && is_of_files),
            _ => false,
        }
    }

    /// The shape of what the network takes, where it takes pictures and this is one by its name.
    fn takes_photo(&self, path: &Path) -> Option<(Vec<usize>, Fit)> {
        let dataset = self.dataset().filter(|_| self.screen == Screen::Workspace && self.takes_photos())?;
        let fit = match &self.project.data.source {
            Source::Pictures(pictures) => pictures.fit,
            Source::Boxes(pictures) => pictures.fit,
            _ => Fit::default(),
        };
        import::is_photo(path).then(|| (dataset.input_shape.clone(), fit))
    }

    /// A photo was chosen or dropped: the network is asked about it.
    fn try_photo(&mut self, path: &Path, sample: Vec<f32>) {
        // Other data may have come since it was asked for.
        if self.dataset().is_some_and(|dataset| dataset.input_len() == sample.len()) {
            self.photo = Some(Photo { name: name_of(path), sample: sample.into() });
            self.tell_of(Event::PhotoArrived);
        }
    }

    /// A model, weights or a sample; `false`: it is none of them.
    pub(super) fn open_of_others(&mut self, path: &Path) -> bool {
        if self.takes_sample(path) {
            self.take_sample(path);
        } else if let Some((shape, fit)) = self.takes_photo(path) {
            let read = move |path: &Path| data::read_photo(path, &shape, fit).map_err(|error| error.to_string());
            self.read(path, move |path| read(path).map(Came::Photo));
        } else if self.takes_weights(path) {
            self.read(path, |path| state_dict::read(path).map(|weights| Came::Weights(Arc::new(weights))));
        } else if import::is_of_others(path) {
            self.read(path, |path| import::import(path).map(|imported| Came::Model(Box::new(imported))));
        } else {
            return false;
        }
        true
    }

    fn read(&mut self, path: &Path, read: impl FnOnce(&Path) -> Result<Came, String> + Send + 'static) {
        self.error = None;
        let (sender, receiver) = channel();
        let (file, waker) = (path.to_owned(), self.works.waker());
        let work = move || {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&file)));
            let outcome = outcome.unwrap_or_else(|_| {
                Err(format!("Glassbox couldn't read {} because of a bug. Please report the file.", file.display()))
            });
            // The session may have moved on.
            let _ = sender.send(outcome);
            waker();
        };
        match std::thread::Builder::new().name("import".into()).spawn(work) {
            Ok(_) => self.works.reading = Some(ReadJob { path: path.to_owned(), read: receiver }),
            Err(error) => self.error = Some(format!("Couldn't read {}: {error}.", path.display())),
        }
    }

    /// Takes in what was read.
    pub(super) fn poll_reading(&mut self) {
        let Some(job) = &self.works.reading else { return };
        let outcome = match job.read.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(format!("{} couldn't be read.", job.path.display())),
            Ok(outcome) => outcome,
        };
        let Some(ReadJob { path, .. }) = self.works.reading.take() else { return };
        match outcome {
            Ok(Came::Photo(sample)) => self.try_photo(&path, sample),
            Ok(Came::Model(imported)) => self.begin_imported(*imported),
            Ok(Came::Weights(weights)) => match self.network() {
                Ok(network) => {
                    let mapping = state_dict::propose(&weights, &network);
                    let proposed = mapping.clone();
                    self.offered = Some(Box::new(Offer { path, weights, mapping, proposed }));
                }
                Err(why) => self.error = Some(format!("The network can't take weights yet. {why}")),
            },
            Err(why) => self.error = Some(why),
        }
    }

    /// A model of another program, as a project that has no file yet.
    fn begin_imported(&mut self, imported: Imported) {
        let Imported { project, kept, arrival } = imported;
        self.begin(project, None);
        self.works.resume = Some(kept);
        self.works.given = Some(self.project.training.seed);
        self.desk.arrival = Some(arrival);
        self.tell_of(Event::ModelArrived);
    }

    pub(super) fn apply_to_offer(&mut self, action: OfferAction) {
        let Some(offer) = &mut self.offered else { return };
        match action {
            OfferAction::Choose { weight, tensor } => {
                let weights = offer.weights.clone();
                if let Err(why) = offer.mapping.choose(&weight, tensor.as_deref(), &weights) {
                    self.notify(NoticeKind::Warning, why);
                }
            }
            OfferAction::ProposeAgain => offer.mapping.clone_from(&offer.proposed),
            OfferAction::Load => self.load_offer(),
            OfferAction::AsProject => {
                let (path, weights) = (offer.path.clone(), offer.weights.clone());
                self.offered = None;
                self.read(&path, move |path| {
                    import::proposed(&weights, path).map(|imported| Came::Model(Box::new(imported)))
                });
            }
            OfferAction::Dismiss => self.offered = None,
        }
    }

    /// The weights become those of the run, as a step of undo.
    fn load_offer(&mut self) {
        let Some(offer) = &self.offered else { return };
        let all = offer.mapping.rows.len();
        let weights = match offer.mapping.without_missing().apply(&offer.weights) {
            Ok(weights) if weights.is_empty() => {
                return self.notify(NoticeKind::Warning, "No tensor of the file is chosen for any weight.");
            }
            Ok(weights) => weights,
            Err(problems) => return self.notify(NoticeKind::Warning, problems.join(" ")),
        };
        let (file, loaded) = (offer.file(), weights.len());
        let after = Arc::new(OnceLock::from(Numbers::new(weights.into_iter().map(single).collect())));
        let step = WeightsStep { from: file.clone(), before: Arc::default(), after };
        self.offered = None;
        self.history.record_weights(format!("load weights of {file}"), step.clone(), &self.project);
        self.tell_weights(&step, false);
        let rest = if loaded < all { " The others stay as they are." } else { "" };
        let text = format!("Loaded {loaded} of {all} weights from {file}.{rest}");
        self.offer(NoticeKind::Success, text, "Undo", Action::Undo);
    }

    /// Loads the weights of a step, or puts back what was there before it.
    pub(super) fn tell_weights(&mut self, step: &WeightsStep, back: bool) {
        let WeightsStep { from, before, after } = step;
        self.works.is_set_by_hand = true;
        let load = match back {
            false => Load { from: Some(from.clone()), tensors: after.clone(), before: before.clone() },
            true => Load { from: None, tensors: before.clone(), before: Arc::default() },
        };
        self.start_running(Command::Load(load));
        self.note_unsaved();
    }

    /// Whether there is more in the run than the first weights of a seed.
    pub fn has_weights_worth_keeping(&self) -> bool {
        self.run.step > 0 || self.works.is_set_by_hand || self.begins_with_given()
    }

    /// Whether the first weights of the run came from a file: those of another seed are drawn.
    pub fn begins_with_given(&self) -> bool {
        self.works.given == Some(self.project.training.seed)
    }

    /// Whether saving keeps the run with the project.
    pub(super) fn saves_run(&self) -> bool {
        self.settings.keep_runs != KeepRuns::None && self.has_weights_worth_keeping()
    }

    /// The file as what enters a network that has no data.
    fn take_sample(&mut self, path: &Path) {
        let chosen = self.selection.only().and_then(|id| self.project.graph.layer(id)).map(crate::model::Layer::slug);
        let Source::Sample(sample) = &self.project.data.source else { return };
        let read = |part: &SamplePart| data::sample::read(path, &part.shape);
        let is_chosen = |part: &SamplePart| chosen.as_ref() == Some(&part.name);
        let at =
            sample.parts.iter().position(is_chosen).or_else(|| sample.parts.iter().position(|part| read(part).is_ok()));
        let at = at.unwrap_or(0);
        if let Some(Err(error)) = sample.parts.get(at).map(read) {
            return self.notify(NoticeKind::Warning, error.message);
        }
        let text = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        self.change("change the sample", "", |project| {
            if let Source::Sample(sample) = &mut project.data.source
                && let Some(part) = sample.parts.get_mut(at)
            {
                part.numbers = text;
            }
        });
    }
}

fn single(tensor: NamedTensor) -> (String, Arc<[f32]>) {
    let values = match tensor.values {
        Values::F32(values) => values,
        Values::F64(values) => values.into_iter().map(|value| value as f32).collect(),
    };
    (tensor.name, values.into())
}

#[cfg(test)]
mod tests;
