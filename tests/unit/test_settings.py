"""Settings: what the environment and ``.env`` say, and what is done with what nobody can use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.settings import Settings, load_settings, variables

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / ".env.example"
NAMES = [name for _, variable, _ in variables() for name in variable.names]


def read(**environ: str) -> Settings:
    return load_settings(environ, None)


def read_file(tmp_path: Path, content: str | bytes, **environ: str) -> Settings:
    env_file = tmp_path / ".env"
    env_file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_settings(environ, env_file)


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = read()
    assert settings == Settings()
    assert settings.storage_root == Path("shared")
    assert (settings.max_global_storage_mb, settings.max_user_storage_mb) == (5000, 500)
    assert (settings.max_user_daily_gens, settings.cleanup_days) == (5, 7)
    assert (settings.image_generation_size_mb, settings.image_size_max_mb) == (1.5, 20)
    assert settings.stability_api_key is None
    assert settings.api_host == "https://api.stability.ai"
    assert settings.database_url == ""
    assert settings.warnings == ()


def test_the_example_file_copied_as_it_is_changes_nothing_and_warns_of_nothing() -> None:
    assert load_settings({}, EXAMPLE) == Settings()


@pytest.mark.parametrize(
    ("names", "means"),
    [pytest.param(variable.names, variable.means, id=field) for field, variable, _ in variables()],
)
def test_the_example_file_documents_every_variable(names: tuple[str, ...], means: str) -> None:
    """To refresh it, copy the variable's ``means`` into a comment above ``NAME=default``."""
    paragraphs = EXAMPLE.read_text("utf-8").split("\n\n")
    [paragraph] = [text for text in paragraphs if f"\n{names[0]}=" in text]
    assert f"# {means}\n" in paragraph
    assert all(older in paragraph for older in names[1:])


def test_every_variable_has_one_meaning() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    content = "MAX_USER_DAILY_GENS=9\nMAX_USER_STORAGE_MB=9\n"
    settings = read_file(tmp_path, content, MAX_USER_DAILY_GENS="3")
    assert (settings.max_user_daily_gens, settings.max_user_storage_mb) == (3, 9)


def test_a_blank_variable_in_the_environment_hides_the_files_value(tmp_path: Path) -> None:
    assert read_file(tmp_path, "STABILITY_API_KEY=sk-1", STABILITY_API_KEY=" ").stability_api_key is None


def test_the_first_name_of_a_variable_wins_over_its_older_name() -> None:
    assert read(STORAGE_CLEANUP_DAYS="2", CLEANUP_DAYS="3").cleanup_days == 2
    assert read(CLEANUP_DAYS="3").cleanup_days == 3
    assert read(STORAGE_CLEANUP_DAYS="", CLEANUP_DAYS="3").cleanup_days == 3


def test_an_older_name_in_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    assert read_file(tmp_path, "STORAGE_CLEANUP_DAYS=7", CLEANUP_DAYS="3").cleanup_days == 3


def test_comments_may_follow_values_in_the_file(tmp_path: Path) -> None:
    content = "MAX_USER_DAILY_GENS=6   # six\nSTABILITY_API_KEY=   # none\nSTORAGE_ROOT='my #1' # quoted\n"
    settings = read_file(tmp_path, content)
    assert settings.max_user_daily_gens == 6
    assert settings.stability_api_key is None
    assert settings.storage_root == Path("my #1")
    assert settings.warnings == ()


def test_comments_may_follow_values_in_the_environment() -> None:
    settings = read(MAX_USER_DAILY_GENS="6\t# six", STORAGE_ROOT="pictures  # here", STABILITY_API_KEY="# none")
    assert settings.max_user_daily_gens == 6
    assert settings.storage_root == Path("pictures")
    assert settings.stability_api_key is None
    assert settings.warnings == ()


def test_an_unknown_variable_is_no_concern_of_ours(tmp_path: Path) -> None:
    assert read_file(tmp_path, "SOMETHING_ELSE=1\nALONE\n", ANOTHER="x") == Settings()


@pytest.mark.parametrize("text", ["abc", "-1", "NaN", "-inf", "inf", "1e3", "1_000", "\u0665", "9" * 400, "1,5", "--1"])
@pytest.mark.parametrize(
    "name",
    ["MAX_GLOBAL_STORAGE_MB", "MAX_USER_DAILY_GENS", "STORAGE_CLEANUP_DAYS", "IMAGE_GEN_SIZE_MB", "MAX_DAILY_CREDITS"],
)
def test_an_unusable_number_is_named_and_the_default_used(name: str, text: str) -> None:
    settings = read(**{name: text})
    [warning] = settings.warnings
    assert warning.startswith(f"{name} must be a")
    assert ascii(text)[:20] in warning
    assert settings == Settings(warnings=(warning,))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CONCURRENT_ORDERS", "0"),
        ("MAX_USER_DAILY_GENS", "2.5"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_JSON", "perhaps"),
        ("PROVIDER", "some thing"),
        ("STORAGE_ROOT", "a\0b"),
        pytest.param(
            "STORAGE_ROOT",
            "~nobody-of-this-name/pictures",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows guesses other people's folders"),
        ),
    ],
)
def test_other_unusable_values_are_named_and_the_default_used(name: str, text: str) -> None:
    [warning] = read(**{name: text}).warnings
    assert warning.startswith(f"{name} must be ")


def test_a_warning_is_one_short_line_whatever_the_value() -> None:
    [warning] = read(MAX_USER_DAILY_GENS="\x1b[2J\n" * 1000).warnings
    assert warning.isprintable()
    assert len(warning) < 300


def test_zero_is_a_limit() -> None:
    settings = read(MAX_USER_DAILY_GENS="0", MAX_USER_STORAGE_MB="0", MAX_DAILY_CREDITS="0")
    assert (settings.max_user_daily_gens, settings.max_user_storage_bytes) == (0, 0)
    assert settings.max_daily_millicredits == 0
    assert settings.warnings == ()


def test_megabytes_may_have_decimals_and_are_binary() -> None:
    settings = read(MAX_USER_STORAGE_MB="0.5", IMAGE_GEN_SIZE_MB="1.25")
    assert settings.max_user_storage_bytes == 2**19
    assert settings.image_generation_size_bytes == 5 * 2**18
    assert Settings().max_global_storage_bytes == 5000 * 2**20
    assert Settings().image_size_max_bytes == 20 * 2**20
    assert Settings().min_free_disk_bytes == 200 * 2**20


def test_whole_megabytes_are_shown_without_decimals() -> None:
    assert str(read(MAX_USER_STORAGE_MB="250.0").max_user_storage_mb) == "250"


def test_credits_become_thousandths_rounded_down() -> None:
    assert read(MAX_DAILY_CREDITS="2.5").max_daily_millicredits == 2500
    assert read(MAX_MONTHLY_CREDITS="0.0019").max_monthly_millicredits == 1


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("http://localhost:7860", "http://localhost:7860"),
        ("https://gateway.example/stability/", "https://gateway.example/stability"),
        ("HTTPS://API.example", "HTTPS://API.example"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_the_api_host_may_be_any_http_url(written: str, host: str) -> None:
    settings = read(API_HOST=written)
    assert settings.api_host == host
    assert settings.warnings == ()


@pytest.mark.parametrize(
    "written",
    ["api.stability.ai", "ftp://a.example", "http://", "https://me:pa55word@a.example", "https://a.example?pa55word=1",
     "https://a.example/#pa55word", "http://a.example:port", "http://[::1", "http://a.example\\@b.example",
     "https://a.example/ b", "javascript:alert(1)", "https://a.example:99999"],
)  # fmt: skip
def test_an_unusable_api_host_is_not_used_and_not_repeated(written: str) -> None:
    settings = read(API_HOST=written)
    assert settings.api_host == "https://api.stability.ai"
    [warning] = settings.warnings
    assert warning.startswith("API_HOST must be ")
    assert "pa55word" not in warning


@pytest.mark.parametrize("key", ["sk-secret one", "sk-secret\nX-Header: 1", "sk-secrét"])
def test_an_unusable_key_counts_as_none_and_is_not_repeated(key: str) -> None:
    settings = read(STABILITY_API_KEY=key)
    assert settings.stability_api_key is None
    [warning] = settings.warnings
    assert "sk-" not in warning


def test_secrets_are_in_no_repr_but_known_for_redaction() -> None:
    settings = read(STABILITY_API_KEY=" sk-1234 ", DATABASE_URL="postgresql://abby:p%40ss-word@db.example/abby")
    assert settings.stability_api_key == "sk-1234"
    assert "sk-1234" not in repr(settings)
    assert "ss-word" not in repr(settings)
    assert {"sk-1234", "p%40ss-word", "p@ss-word"} <= set(settings.secrets)
    assert Settings().secrets == ()
    assert "other" in read(DATABASE_URL="postgresql://db.example/abby?password=other").secrets
    assert "postgresql://[broken" in read(DATABASE_URL="postgresql://[broken").secrets


def test_flags_and_levels_are_read_however_they_are_written() -> None:
    assert [read(LOG_JSON=text).log_json for text in ("TRUE", "yes", "on", "1")] == [True] * 4
    assert [read(LOG_JSON=text).log_json for text in ("False", "no", "off", "0")] == [False] * 4
    assert read(LOG_LEVEL="debug").log_level == "DEBUG"


def test_the_home_folder_is_resolved_in_paths() -> None:
    assert read(STORAGE_ROOT="~/pictures").storage_root == Path.home() / "pictures"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_file_may_come_from_any_editor(tmp_path: Path, encoding: str) -> None:
    content = "# Größe\r\nMAX_USER_DAILY_GENS=8\r\nSTORAGE_ROOT=Bücher\r\n".encode(encoding)
    settings = read_file(tmp_path, content)
    assert (settings.max_user_daily_gens, settings.storage_root) == (8, Path("Bücher"))
    assert settings.warnings == ()


def test_variables_in_values_are_not_expanded(tmp_path: Path) -> None:
    assert read_file(tmp_path, "STORAGE_ROOT=${HOME}x").storage_root == Path("${HOME}x")


def test_a_broken_line_is_named_and_the_others_count(tmp_path: Path) -> None:
    settings = read_file(tmp_path, "MAX_USER_STORAGE_MB=8\n\n\nOTHER='open\nMAX_USER_DAILY_GENS=8\n")
    assert (settings.max_user_storage_mb, settings.max_user_daily_gens) == (8, 8)
    [warning] = settings.warnings
    assert "line 4" in warning


@pytest.mark.parametrize("content", [b"\xff\xff\xfe", b"MAX_USER_DAILY_GENS=8\n" + b"#" * 2**20])
def test_a_file_that_is_no_env_file_is_ignored_and_named(tmp_path: Path, content: bytes) -> None:
    settings = read_file(tmp_path, content)
    [warning] = settings.warnings
    assert ".env is ignored" in warning
    assert settings == Settings(warnings=(warning,))


def test_a_missing_file_and_a_folder_of_that_name_are_no_settings(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / "absent" / ".env") == Settings()
    assert load_settings({}, tmp_path) == Settings()


@given(st.dictionaries(st.sampled_from(NAMES), st.text()), st.text())
def test_no_text_whatever_stops_the_start(environ: dict[str, str], path_text: str) -> None:
    settings = load_settings(environ | {"STORAGE_ROOT": path_text}, None)
    assert settings.max_user_storage_bytes >= 0
    assert isinstance(settings.secrets, tuple)
    assert repr(settings)


def test_reading_settings_loads_no_heavy_library() -> None:
    """The command line starts with this module; a start without ``.env`` does not even load its parser."""
    program = (
        "import sys; from abby_core.settings import load_settings; load_settings(env_file=None);"
        "print([name for name in ('pydantic', 'dotenv', 'structlog', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
