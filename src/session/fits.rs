//! A few of a person's own pictures under each way of fitting them, to choose by.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::State;
use crate::data::{Colours, Dataset, PictureFile};
use crate::model::{Fit, Source};

/// Pictures that are looked at for some that are not square.
const LOOKED_AT: usize = 40;
/// The longer side of an original, in pixels.
const LARGEST: u32 = 160;

/// What fitting does to some pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Fits {
    /// Another number for the pictures of every dataset.
    pub version: u64,
    /// As samples are: channels, rows, columns.
    pub shape: [usize; 3],
    /// Those that are least square first; none where all are square, so that nothing has to be chosen.
    pub pictures: Vec<Fitted>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Of its file.
    pub name: String,
    /// As it is.
    pub whole: Colours,
    /// As the network would be given it, in the order of [`Fit::ALL`].
    pub ways: [Vec<f32>; 3],
}

/// A thread that fits pictures.
pub struct FitJob(Receiver<Fits>);

impl State {
    /// What fitting does to some of the pictures in use; those of before while others are looked at.
    pub fn fits(&self) -> Option<&Fits> {
        self.fits.as_deref()
    }

    /// Looks at pictures of the data in use, if they are files.
    pub(super) fn look_at_fits(&mut self) {
        let Some(dataset) = self.dataset().cloned() else { return };
        if !matches!(self.project.data.source, Source::Pictures(_) | Source::Boxes(_)) {
            (self.fits, self.works.fitting) = (None, None);
            return;
        }
        let version = self.works.next_version();
        let (sender, receiver) = channel();
        let waker = self.works.waker();
        let work = move || {
            // The session may have moved on.
            let _ = sender.send(fits_of(&dataset, version));
            waker();
        };
        if std::thread::Builder::new().name("fits".into()).spawn(work).is_ok() {
            self.works.fitting = Some(FitJob(receiver));
        }
    }

    pub(super) fn poll_fits(&mut self) {
        let Some(job) = &self.works.fitting else { return };
        match job.0.try_recv() {
            Ok(fits) => self.fits = Some(Arc::new(fits)),
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {}
        }
        self.works.fitting = None;
    }
}

fn fits_of(dataset: &Dataset, version: u64) -> Fits {
    let nothing = Fits { version, shape: [0; 3], pictures: Vec::new() };
    let [channels, side, _] = dataset.input_shape[..] else { return nothing };
    let rows = dataset.train.spread(LOOKED_AT);
    let mut files: Vec<(f32, PictureFile)> = rows
        .into_iter()
        .filter_map(|row| dataset.train.picture(row as usize))
        .filter_map(|file| file.size().ok().map(|size| (out_of_square(size), file)))
        .filter(|(out, _)| *out > 0.0)
        .collect();
    files.sort_by(|a, b| b.0.total_cmp(&a.0));
    let fitted = |(_, file): (f32, PictureFile)| {
        let way = |fit| file.fitted(side, channels, fit);
        let ways = [way(Fit::ALL[0]).ok()?, way(Fit::ALL[1]).ok()?, way(Fit::ALL[2]).ok()?];
        let name = file.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Some(Fitted { name, whole: file.whole(LARGEST).ok()?, ways })
    };
    let pictures = spread(files).filter_map(fitted).collect();
    Fits { version, shape: [channels, side, side], pictures }
}

/// The logarithm of the proportion.
fn out_of_square([width, height]: [u32; 2]) -> f32 {
    (width.max(1) as f32 / height.max(1) as f32).ln().abs()
}

/// The one that is least square, one in the middle, and the one that is nearest to a square.
fn spread(files: Vec<(f32, PictureFile)>) -> impl Iterator<Item = (f32, PictureFile)> {
    let len = files.len();
    let places = [0, len / 2, len.saturating_sub(1)];
    files.into_iter().enumerate().filter(move |(at, _)| places.contains(at)).map(|(_, file)| file)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::model::Fit;
    use crate::session::{Action, State};

    #[test]
    fn pictures_that_are_not_square_are_fitted_each_way() {
        let folder = tempfile::tempdir().unwrap();
        for (class, colour) in [("a", [250, 0, 0]), ("b", [0, 0, 250])] {
            std::fs::create_dir(folder.path().join(class)).unwrap();
            for i in 0..8u32 {
                let picture = image::RgbImage::from_pixel(40 + 8 * i, 40, image::Rgb(colour));
                picture.save(folder.path().join(format!("{class}/{i}.png"))).unwrap();
            }
        }
        let mut state = State::default();
        state.apply(Action::OpenPictures(folder.path().to_path_buf()));
        let deadline = Instant::now() + Duration::from_secs(120);
        while state.fits().is_none() {
            assert!(Instant::now() < deadline, "{:?} {:?}", state.error, state.data);
            state.poll();
            std::thread::yield_now();
        }
        let fits = state.fits().unwrap().clone();
        assert_eq!((fits.shape, fits.pictures.len()), ([3, 40, 40], 3));
        let widest = &fits.pictures[0];
        assert!(widest.whole.size[0] >= 88 && widest.whole.width as u32 <= super::LARGEST, "{:?}", widest.whole.size);
        let row = 20 * 40;
        for (fit, way) in Fit::ALL.into_iter().zip(&widest.ways) {
            let is_black = |i: usize| [0, 1, 2].iter().all(|channel| way[channel * 1600 + i] < 0.02);
            assert!(!is_black(row) && is_black(3) == (fit == Fit::Pad), "{fit:?}: only bars are black");
        }
        let before = fits.version;
        // Another way: other samples, looked at anew.
        let mut data = state.project().data.clone();
        let crate::model::Source::Pictures(pictures) = &mut data.source else { panic!("not pictures") };
        pictures.size = 24;
        state.apply(Action::SetData(data));
        let deadline = Instant::now() + Duration::from_secs(120);
        while state.fits().is_none_or(|fits| fits.shape[1] != 24) {
            assert!(Instant::now() < deadline);
            state.poll();
            std::thread::yield_now();
        }
        assert_ne!(state.fits().unwrap().version, before);
    }
}
