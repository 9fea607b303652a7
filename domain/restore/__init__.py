"""The way back: a deleted image is made again, under its name, from the version that was proven equal."""
