"""Abby's pages: rendered here, usable without any script."""
