"""The database: jobs, tracks, and what was said about them."""
