"""The watch-folder daemon: songs that land in an inbox come out as stems in the library."""
