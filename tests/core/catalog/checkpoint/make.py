"""Write the tiny 4-stem checkpoint beside this file: python make.py, with TensorFlow installed.

Names and shapes are those of the published networks, with two filters a layer; values are drawn
at random.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

STEMS = 4
FILTERS = 2
LEVELS = 6


def numbered(kind: str, number: int) -> str:
    return f"{kind}_{number}" if number else kind


def shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every variable by its name in the checkpoint."""
    found: dict[str, tuple[int, ...]] = {}
    outputs = [FILTERS] * (LEVELS - 1) + [1]
    for stem in range(STEMS):
        for level in range(LEVELS):
            layer = numbered("conv2d", stem * (LEVELS + 1) + level)
            found[f"{layer}/kernel"] = (5, 5, FILTERS if level else 2, FILTERS)
            found[f"{layer}/bias"] = (FILTERS,)
            layer = numbered("conv2d_transpose", stem * LEVELS + level)
            inputs = 2 * FILTERS if level else FILTERS
            found[f"{layer}/kernel"] = (5, 5, outputs[level], inputs)
            found[f"{layer}/bias"] = (outputs[level],)
        layer = numbered("conv2d", stem * (LEVELS + 1) + LEVELS)
        found[f"{layer}/kernel"] = (4, 4, 1, 2)
        found[f"{layer}/bias"] = (2,)
        for norm in range(2 * LEVELS):
            layer = numbered("batch_normalization", stem * 2 * LEVELS + norm)
            size = ([FILTERS] * LEVELS + outputs)[norm]
            for part in ("gamma", "beta", "moving_mean", "moving_variance"):
                found[f"{layer}/{part}"] = (size,)
    return found


def main() -> None:
    rng = np.random.default_rng(4)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, shape in shapes().items():
            values = rng.normal(0.0, 0.3, shape).astype(np.float32)
            if name.endswith(("gamma", "moving_variance")):
                values = np.abs(values) + np.float32(0.5)
            tf.compat.v1.Variable(values, name=name)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(
            session, str(Path(__file__).with_name("model")), write_meta_graph=False
        )
    Path(__file__).with_name("checkpoint").unlink()


if __name__ == "__main__":
    main()
