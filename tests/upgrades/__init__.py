"""An installation of the version before becomes one of this version, with its rows, in the middle of its work."""
