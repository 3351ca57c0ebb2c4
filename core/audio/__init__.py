"""Audio in and out: decoding, resampling, encoding and tags. No separation here."""
