"""Lyrics: reading, writing and converting them, and where a singer is in them."""
