"""The command line: ``abby``."""
