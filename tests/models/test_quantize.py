import numpy as np

from models.quantize import dequantize, quantize, quantize_residual


def _kernel(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


def test_each_output_channel_has_the_scale_of_its_own_largest_weight() -> None:
    kernel = _kernel(6, 5, 5, 8) * np.logspace(-3, 3, 6, dtype=np.float32)[:, None, None, None]
    result = quantize(kernel, 0.7)
    assert result.values.dtype == np.int8
    assert result.axis == 0
    np.testing.assert_allclose(result.scales, np.abs(kernel).max(axis=(1, 2, 3)) / 127, rtol=1e-6)
    assert np.abs(result.values.astype(int)).max() == 127


def test_error_stays_within_a_few_steps() -> None:
    kernel = _kernel(4, 5, 5, 8)
    result = quantize(kernel, 0.7)
    steps = np.abs(dequantize(result) - kernel) / result.scales[:, None, None, None]
    # Passing errors on costs more than half a step here and there, never much more.
    assert steps.max() < 2.5
    assert np.sqrt((steps**2).mean()) < 0.6


def test_errors_cancel_over_smooth_inputs() -> None:
    kernel = _kernel(16, 5, 5, 32)
    result = quantize(kernel, 0.7)
    scales = result.scales[:, None, None, None]
    rounded = np.clip(np.rint(kernel / scales), -127, 127) * scales
    smooth = (dequantize(result) - kernel).sum(axis=(1, 2))
    plain = (rounded - kernel).sum(axis=(1, 2))
    assert np.sqrt((smooth**2).mean()) < 0.4 * np.sqrt((plain**2).mean())


def test_smoothness_of_zero_is_plain_rounding() -> None:
    kernel = _kernel(4, 5, 5, 8)
    result = quantize(kernel, 0.0)
    plain = np.rint(kernel / result.scales[:, None, None, None].astype(np.float64))
    assert np.array_equal(result.values, plain)


def test_taps_that_are_zero_stay_zero() -> None:
    kernel = _kernel(4, 3, 3, 8)
    kernel[:2, 0] = 0
    kernel[1, :, 2] = 0
    result = quantize(kernel, 0.7)
    assert not result.values[:2, 0].any()
    assert not result.values[1, :, 2].any()


def test_channel_of_zeros_stays_zero_with_a_usable_scale() -> None:
    kernel = _kernel(3, 3, 3, 4)
    kernel[1] = 0
    result = quantize(kernel, 0.7)
    assert not result.values[1].any()
    assert result.scales[1] > 0


def test_residual_adds_seven_bits() -> None:
    kernel = _kernel(4, 5, 5, 8)
    first = quantize(kernel, 0.7)
    second = quantize_residual(kernel, first)
    error = np.abs(dequantize(first) + dequantize(second) - kernel)
    assert error.max() < np.abs(kernel).max() / 127 / 60


def test_input_is_not_changed_and_the_result_repeats() -> None:
    kernel = _kernel(4, 5, 5, 8)
    before = kernel.copy()
    one, two = quantize(kernel, 0.7), quantize(kernel, 0.7)
    assert np.array_equal(kernel, before)
    assert np.array_equal(one.values, two.values)
    assert np.array_equal(one.scales, two.scales)
