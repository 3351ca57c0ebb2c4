"""The demo song: a synthesized singer and band with known stems, and the measure that scores them.

Read in this order: `arrangement` (what is played), `phonemes`, `diction` and `voice` (the singer),
`instruments`, `drums` and `band` (the accompaniment), `effects`, `cover`, `make_song` (the files).
`score` stands alone. ``python -m demo_song.make_song``, run in ``examples/``, writes everything.
"""
