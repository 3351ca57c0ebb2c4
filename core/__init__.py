"""The headless heart of minusone: audio in and out, and the separation between."""
