"""Looking at what was made."""
