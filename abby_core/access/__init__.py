"""Who may use Abby from outside: tokens for programs."""
