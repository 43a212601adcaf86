"""How the world reaches Abby: adapters translate, they never decide."""
