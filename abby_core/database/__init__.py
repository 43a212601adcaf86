"""The database: one door to it, its tables and its migrations. Knows no rules of Abby's."""
