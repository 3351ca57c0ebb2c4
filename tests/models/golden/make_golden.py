"""Write the golden checkpoints and TensorFlow's own outputs. Run once; needs TensorFlow 2.12.

    python make_golden.py FOLDER

builds tiny networks of Spleeter's family with Keras, layer by layer in the order in which
Spleeter creates them (so that TensorFlow gives the variables the names of Spleeter's
checkpoints), fills every variable with random numbers, saves a checkpoint `model` and stores one
input with the masks that TensorFlow computes for it in `expected.npz`. To keep the files small,
the input is stored as bytes b that stand for (b / 64) ** 2, and of the masks every fourth frame
in steps of 1/65535.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

FILTERS = (2, 3, 4, 4, 4, 3)
FRAMES, BINS = 64, 128
CASES = {
    "leaky-2": (2, "leaky", "relu", False),
    "elu-4": (4, "elu", "elu", False),
    "elu-softmax-2": (2, "elu", "elu", True),
}


def activation(name: str) -> tf.keras.layers.Layer:
    layers = tf.keras.layers
    return {"leaky": lambda: layers.LeakyReLU(0.2), "relu": layers.ReLU, "elu": layers.ELU}[name]()


def unet(x: tf.Tensor, encoder: str, decoder: str) -> tf.Tensor:
    layers = tf.keras.layers

    def down(filters: int, y: tf.Tensor) -> tf.Tensor:
        return layers.Conv2D(filters, 5, strides=2, padding="same")(y)

    skips = []
    for filters in FILTERS:
        conv = down(filters, x)
        skips.append(conv)
        x = activation(encoder)(layers.BatchNormalization(axis=-1)(conv))
    x = skips.pop()
    for filters in (*reversed(FILTERS[:-1]), 1):
        x = layers.Conv2DTranspose(filters, 5, strides=2, padding="same")(x)
        x = layers.BatchNormalization(axis=-1)(activation(decoder)(x))
        if skips:
            x = tf.concat([skips.pop(), x], axis=-1)
    return layers.Conv2D(2, 4, dilation_rate=2, padding="same")(x)


def randomize(variable: tf.Variable, rng: np.random.Generator) -> np.ndarray:
    shape = variable.shape.as_list()
    kind = variable.op.name.rsplit("/", 1)[-1]
    if kind == "kernel":
        fan = np.prod(shape[:2]) * shape[3 if "transpose" in variable.op.name else 2]
        return rng.standard_normal(shape) * np.sqrt(2 / fan)
    if kind == "gamma":  # a third of them negative, none near zero but one
        values = rng.uniform(0.3, 1.5, shape) * np.where(rng.random(shape) < 0.33, -1, 1)
        if variable.op.name.rsplit("/", 1)[0] == "batch_normalization_1":
            values[0] = 0.0
        return values
    if kind == "moving_variance":
        return rng.uniform(0.3, 2, shape)
    return rng.standard_normal(shape) * 0.3


def make(folder: Path, stems: int, encoder: str, decoder: str, softmax: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(stems)
    loudness = np.clip(np.abs(rng.standard_normal((1, FRAMES, BINS, 2))) * 64, 0, 255)
    loudness = loudness.astype(np.uint8)
    magnitude = (loudness.astype(np.float32) / 64) ** 2
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, (1, None, None, 2))
        logits = [unet(x, encoder, decoder) for _ in range(stems)]
        if softmax:
            masks = tf.unstack(tf.nn.softmax(tf.stack(logits, axis=4), axis=4), axis=4)
        else:
            masks = [tf.sigmoid(logit) for logit in logits]
        for variable in tf.global_variables():
            variable.load(randomize(variable, rng).astype(np.float32), session)
        results = session.run(masks, {x: magnitude})
        tf.train.Saver(tf.global_variables()).save(
            session, str(folder / "model"), write_meta_graph=False
        )
    (folder / "checkpoint").unlink()
    np.savez_compressed(
        folder / "expected.npz",
        loudness=loudness,
        masks=np.rint(np.stack(results)[:, :, ::4] * 65535).astype(np.uint16),
    )


if __name__ == "__main__":
    tf.disable_v2_behavior()
    for name, case in CASES.items():
        make(Path(sys.argv[1]) / name, *case)
