"""The library on disk: names of its folders, what goes into them, and how they come and go."""
