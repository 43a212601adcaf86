"""Abby in other languages: catalogues, and the language of whoever reads."""

from abby_core.languages.language import ENGLISH, LANGUAGES, Language, language_of, read_catalogues

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language_of", "read_catalogues"]
