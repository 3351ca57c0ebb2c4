"""Which separation models there are: the one in the package, those installed by the user."""
