"""How fast pictures reach a network in PyTorch's DataLoader and in tf.data: python pictures.py FOLDER SIDE EPOCHS

FOLDER has a folder of JPEG files for each class. Every epoch decodes each of them, brings it to SIDE x SIDE, mirrors half
of them and hands over batches of 32; the network is left out. Prints one JSON line for each library that is there.
"""

import json
import pathlib
import sys
import time

BATCH = 32


def torch_epochs(files, side, epochs):
    import numpy as np
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    class Pictures(Dataset):
        def __len__(self):
            return len(files)

        def __getitem__(self, row):
            path, label = files[row]
            with Image.open(path) as picture:
                pixels = np.array(picture.convert("RGB").resize((side, side), Image.BILINEAR))
            if torch.rand(()) < 0.5:
                pixels = pixels[:, ::-1]
            pixels = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
            return pixels.float() / 255, label

    loader = DataLoader(Pictures(), BATCH, shuffle=True, num_workers=2, persistent_workers=True)
    for _ in range(epochs):
        yield sum(len(y) for _, y in loader)


def tensorflow_epochs(files, side, epochs):
    import tensorflow as tf

    def read(path, label):
        picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        picture = tf.image.resize(picture, (side, side)) / 255
        return tf.image.random_flip_left_right(picture), label

    paths, labels = zip(*files)
    data = tf.data.Dataset.from_tensor_slices((list(paths), list(labels)))
    data = data.shuffle(len(files)).map(read, tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)
    for _ in range(epochs):
        yield sum(len(y) for _, y in data)


def main(folder, side, epochs):
    classes = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_dir())
    files = [(str(file), label) for label, place in enumerate(classes) for file in sorted(place.iterdir())]
    for name, run in (("torch", torch_epochs), ("tensorflow", tensorflow_epochs)):
        try:
            began, rates = time.time(), []
            for count in run(files, side, epochs):
                rates.append(round(count / (time.time() - began)))
                began = time.time()
        except ImportError as missing:
            print(f"{name}: {missing}", file=sys.stderr)
            continue
        print(json.dumps({"library": name, "pictures_per_second": rates}), flush=True)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
