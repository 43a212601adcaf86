"""``python -m abby_adapters.cli`` is ``abby``."""

from abby_adapters.cli.main import main

main()
