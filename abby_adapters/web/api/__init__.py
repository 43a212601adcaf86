"""``/api/…``: Abby's own interface, for what OpenAI's has no words for."""
