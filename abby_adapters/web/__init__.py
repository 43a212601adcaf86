"""Abby over HTTP: an OpenAI-compatible interface for pictures, and Abby's own."""
