"""Looking at what was made: history, favourites, albums, the trash, where pictures come from and who may see them."""

from abby_core.gallery.history import Filter, Page

__all__ = ["Filter", "Page"]
