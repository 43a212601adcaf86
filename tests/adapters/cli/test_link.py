"""``abby link``, and the link that ``abby serve`` prints: from the command line to the pages."""

from __future__ import annotations

import re
import urllib.request

from tests.adapters.cli.conftest import Abby, Computer

LINK = r"http://127\.0\.0\.1:8080/sign-in/link/[2-9a-z]{40}\n"


def test_a_link_is_printed_for_whoever_runs_it_or_is_named(abby: Abby) -> None:
    assert re.fullmatch(LINK, abby("link").out)
    made = abby("link", "--user", "discord:7", "--json")
    assert (made.json["account"], made.json["seconds"]) == ("discord:7", 900)


def test_a_link_leads_to_the_public_address(abby: Abby) -> None:
    made = abby("link", PUBLIC_URL="https://pictures.example.org")
    assert made.out.startswith("https://pictures.example.org/sign-in/link/")


def test_serving_prints_its_address_and_a_link_that_leads_in(computer: Computer) -> None:
    with computer.start("serve", "--port", "0") as program:
        try:
            assert program.stdout is not None
            url, line = program.stdout.readline().strip(), program.stdout.readline()
            found = re.fullmatch(rf"Sign in, once: ({re.escape(url)}/sign-in/link/[2-9a-z]{{40}})\n", line)
            assert found
            with urllib.request.urlopen(found[1]) as page:
                assert b"Is that you?" in page.read()
        finally:
            program.kill()
            program.communicate()
