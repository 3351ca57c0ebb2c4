"""What the README's numbers come from, one command each: `python -m benchmarks.NAME`.

patch_time: one patch through the network, by model variant and backend.
whole_program: time, processor time and memory of the program, beside the reference's.
memory: peak memory of a short and a very long song.
stages: where the time of a song goes.
install_size: what an installation takes on disk.
quality: SDR and SIR of the presets on songs with known stems.

all: every one of those, `make bench`.

library_queries: pages of a large library, and searches in it.
crash, storm, fuzz, latency, throughput, idle: the daemon under what it has to stand.
soak: all of these, and one table.

Each prints a table and writes benchmarks/results/NAME.json. All take --quick and --help.
"""
