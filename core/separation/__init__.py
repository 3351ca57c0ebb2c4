"""A song in, stems out: STFT, network, masks, inverse STFT, as a stream of patches."""
