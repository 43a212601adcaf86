"""The names under which the founding documents fix the bot's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from abby_adapters.discord.config import BotConfig, StorageConfig, config
from abby_core.settings import Settings

PROJECT = Path(__file__).parents[3]


def test_config_offers_the_documented_names() -> None:
    assert isinstance(config, BotConfig)
    assert isinstance(config.storage, StorageConfig)
    assert is_dataclass(StorageConfig)
    assert isinstance(config.storage.storage_root, Path)
    assert config.stability_api_key == config.api.stability_key
    assert config.api.stability_api_host.startswith("http")


def test_storage_without_arguments_has_the_documented_defaults() -> None:
    assert StorageConfig() == StorageConfig(Path("shared"), 5000, 500, 5, 7, 1.5, 20)
    assert BotConfig(Settings()).storage == StorageConfig()


def test_a_new_config_reads_the_environment_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAX_USER_DAILY_GENS", "11   # eleven")
    (tmp_path / ".env").write_text("API_HOST=http://localhost:7860/\nMAX_USER_DAILY_GENS=12\n", "utf-8")
    renewed = BotConfig()
    assert renewed.storage.max_user_daily_gens == 11
    assert renewed.api.stability_api_host == "http://localhost:7860"


def test_the_two_sizes_of_a_picture_are_not_confused() -> None:
    storage = BotConfig(Settings(image_generation_size_mb=2.5, image_size_max_mb=30)).storage
    assert storage.image_generation_size_mb == 2.5
    assert storage.image_size_max_mb == 30


def test_the_key_is_in_no_repr() -> None:
    keyed = BotConfig(Settings(stability_api_key="sk-very-secret"))
    assert keyed.stability_api_key == "sk-very-secret"
    assert "sk-very-secret" not in repr(keyed) + repr(keyed.api) + repr(keyed.settings)


def test_importing_it_prints_nothing_and_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAX_USER_DAILY_GENS=abc\nBROKEN='\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import abby_adapters.discord.config"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
