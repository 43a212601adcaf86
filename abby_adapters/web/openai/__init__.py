"""OpenAI's image interface: what programs that know OpenAI's send and expect (developers.openai.com/api/reference)."""
