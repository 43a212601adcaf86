"""The commands, a file for each part of the work."""
