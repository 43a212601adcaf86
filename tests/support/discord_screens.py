"""Draws the pictures of docs/DISCORD.md: what a Discord on the loopback received from the bot, much as members see it.

    ABBY_SPECS=… python -m tests.support.discord_screens [FOLDER]     writes docs/images/discord-*.png, or to FOLDER

Needs Chromium and playwright. The pictures are made by the painter, the messages are the bot's own JSON; only their
look is ours.
"""

from __future__ import annotations

import asyncio
import base64
import html
import re
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

import simcord
from PIL import Image
from playwright.async_api import async_playwright

from abby_core.errors import Moderated
from abby_core.generation.providers.painter import Painter
from tests.adapters.discord.conftest import House, said
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message
from tests.services.discord_server import discord_server, pointed_at
from tests.services.discord_world import Json
from tests.support.providers import FixedProvider, blocking_provider

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
EMOJI = Path(simcord.__file__).parent / "preview/static/fonts/noto-color-emoji-v2.051.ttf"
"""Not every machine has one; SimCord brings it for its own previews."""
PATIENCE_SECONDS = 120
"""For a painter on a busy machine."""
COLOURS_MAX = 48
"""Of a screen: fewer make its file small, and nobody misses them."""
EMBEDS_MAX = 2
"""Of one message: a gallery's page is long."""
STYLE = """
@font-face { font-family: Emoji; src: url(data:font/ttf;base64,EMOJI); }
body { margin: 0; }
main { background: #313338; color: #dbdee1; font: 15px/1.35 "Noto Sans", "DejaVu Sans", Emoji, sans-serif;
       padding: 16px; display: flex; gap: 18px; align-items: flex-start; width: max-content; }
.message { width: 400px; } .asked { color: #949ba4; font-size: 12px; margin-bottom: 3px; }
.author { font-weight: 600; color: #f2f3f5; } .app { background: #5865f2; color: #fff; border-radius: 3px;
       font-size: 10px; padding: 1px 4px; margin-left: 4px; vertical-align: 2px; }
.embed { background: #2b2d31; border-left: 4px solid; border-radius: 4px; padding: 8px 14px 12px; margin: 4px 0; }
.title { font-weight: 600; color: #f2f3f5; margin: 4px 0; } .field { margin-top: 8px; } .field b { font-size: 13px; }
.footer { color: #b5bac1; font-size: 12px; margin-top: 8px; } .embed img { width: 100%; border-radius: 4px; }
.files { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; } .files img { width: 100%; border-radius: 4px; }
.quote { border-left: 4px solid #4e5058; padding-left: 8px; display: block; }
.small { color: #949ba4; font-size: 12px; display: block; }
.mention { background: #3c4270; color: #c9cdfb; border-radius: 3px; padding: 0 2px; }
.row { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 6px; } .thumbnail { float: right; width: 72px !important; }
.button, .select { background: #4e5058; border-radius: 4px; padding: 5px 12px; font-size: 13px; color: #fff; }
.select { background: #1e1f22; color: #949ba4; flex: 1; } .alone { color: #949ba4; font-size: 12px; margin-top: 4px; }
code { background: #1e1f22; border-radius: 3px; padding: 0 3px; font-size: 13px; }
"""


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as root:
        async with discord_server() as server:
            with pointed_at(server):
                pages = await _pages(House(server, Path(root)))
    folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = await browser.new_page(viewport={"width": 1400, "height": 60})
        font = base64.b64encode(EMOJI.read_bytes()).decode()
        for name, content in pages.items():
            await page.set_content(f"<style>{STYLE.replace('EMOJI', font)}</style><main>{content}</main>")
            await page.evaluate("document.fonts.ready.then(() => true)")
            await page.screenshot()  # what is drawn first may still lack the signs
            data = await page.locator("main").screenshot()
            Image.open(BytesIO(data)).convert("RGB").quantize(COLOURS_MAX).save(folder / f"{name}.png", optimize=True)
        await browser.close()


# ---------------------------------------------------------------------- what happens


async def _pages(house: House) -> dict[str, str]:
    """By file name: the HTML of what was seen, the messages of one beside each other."""
    painter = Painter()
    provider, _gate = blocking_provider()
    provider.name = painter.name  # which goes on with what this one leaves
    async with house.bot(provider, concurrent_orders=1) as bot:
        first = await house.imagine("a lighthouse at dusk, oil painting")
        painting = _html(await said(first, "Painting"), house)
        second = await house.imagine("a red fox in the snow --ar 16:9", user=house.bob)
        waiting = _html(await said(second, "Waiting"), house)
        await house.crash(bot)
    async with house.bot(painter, image_generation_size_mb=5) as bot:
        done = _html(_original(await _shown(first)), house)
        await _shown(second)
        several = _html(_original(await _shown(await house.imagine("a {red, green} bird", count=2))), house)
        quota = await _command(house, "quota")
        where = await _command(house, "where")
        gallery = await _command(house, "gallery")
        help_ = await _command(house, "help")
        bot.long_wait_seconds = -1
        late = await house.imagine("the sea in winter")
        await late.until(lambda it: it.original and "Finished" in it.original.text, patience_seconds=PATIENCE_SECONDS)
        new = next(each for each in house.art.messages if each.reference is not None and each.files)
        after = [_html(_original(late), house), _html(new, house)]
    async with house.bot(painter, image_generation_size_mb=5, max_user_daily_gens=1):
        limit = _html(_original(await (await house.imagine("one more")).until_done()), house)
        typo = _html(_original(await (await house.imagine("a cat --stlye anime")).until_done()), house)
    async with house.bot(FixedProvider(errors=(Moderated("The back end refused the words."),))):
        failed = _html(await said(await house.imagine("something forbidden"), "Generation Failed"), house)
    return {
        "discord-order": waiting + painting + done,
        "discord-late": "".join(after),
        "discord-several": several + gallery,
        "discord-refusals": limit + typo + failed,
        "discord-commands": quota + where + help_,
    }


async def _shown(asked: Interaction) -> Interaction:
    def is_done(it: Interaction) -> object:
        return it.original and it.original.files and "Painting" not in it.original.text  # which may have a preview

    return await asked.until(is_done, patience_seconds=PATIENCE_SECONDS)


async def _command(house: House, name: str) -> str:
    asked = await house.server.command(house.ada, name, channel=house.art)
    return _html(_original(await asked.until_done()), house)


def _original(asked: Interaction) -> Message:
    assert asked.original is not None
    return asked.original


# ---------------------------------------------------------------------- how it looks


def _html(message: Message, house: House) -> str:
    asked = message.interaction or {}
    names = {str(user.id): user.display_name or user.name for user in house.server.users.values()}
    head = f"<div class='asked'>↱ {names.get(asked.get('user', {}).get('id', ''), '')} used Abby</div>" if asked else ""
    head = "<div class='asked'>↱ reply to Abby</div>" if message.reference else head
    parts = [
        head,
        "<div><span class='author'>Abby</span><span class='app'>APP</span></div>",
        _text(message.content, names),
    ]
    parts += [_embed(embed, message, names) for embed in message.embeds[:EMBEDS_MAX]]
    pictures = [file for file in message.attachments if file.size]
    parts += [f"<div class='files'>{''.join(_picture(file.data) for file in pictures)}</div>"] if pictures else []
    parts += [_row(row) for row in message.components]
    parts += ["<div class='alone'>👁 Only you can see this</div>"] if message.ephemeral else []
    return f"<div class='message'>{''.join(parts)}</div>"


def _embed(embed: Json, message: Message, names: dict[str, str]) -> str:
    files = {file.path: file.data for file in message.files}

    def shown(part: str) -> str:
        address = (embed.get(part) or {}).get("url", "")
        data = next((data for path, data in files.items() if path in address), None)
        return "" if data is None else _picture(data, part)

    fields = [f"<div class='field'><b>{_text(each['name'], names)}</b><br>{_text(each['value'], names)}</div>"
              for each in embed.get("fields") or ()]  # fmt: skip
    footer = (embed.get("footer") or {}).get("text", "")
    return (
        f"<div class='embed' style='border-color: #{embed.get('color') or 0:06x}'>{shown('thumbnail')}"
        f"<div class='title'>{_text(embed.get('title') or '', names)}</div>"
        f"{_text(embed.get('description') or '', names)}"
        f"{''.join(fields)}{shown('image')}<div class='footer'>{html.escape(footer)}</div></div>"
    )


def _row(row: Json) -> str:
    items = [
        f"<span class='select'>{html.escape(each.get('placeholder') or '')} ▾</span>" if each["type"] == 3
        else f"<span class='button'>{html.escape(each.get('label') or '')}</span>"
        for each in row["components"]
    ]  # fmt: skip
    return f"<div class='row'>{''.join(items)}</div>"


def _picture(data: bytes, kind: str = "image") -> str:
    with Image.open(BytesIO(data)) as picture:
        picture.thumbnail((400, 400))
        target = BytesIO()
        picture.convert("RGB").save(target, "PNG")
    return f"<img class='{kind}' src='data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}'>"


def _from_now(at: int) -> str:
    hours = -int(-(at - time.time()) // 3600)
    return f"in {hours} hours" if hours > 0 else "a moment ago"


def _text(text: str, names: dict[str, str]) -> str:
    """Discord's Markdown, as far as the bot writes it."""
    said = html.escape(text.replace("\N{ZERO WIDTH SPACE}", ""), quote=False)
    said = re.sub(r"&lt;@(\d+)&gt;", lambda it: f"<span class='mention'>@{names.get(it[1], '?')}</span>", said)
    said = re.sub(r"&lt;t:(\d+):R&gt;", lambda it: f"<span class='mention'>{_from_now(int(it[1]))}</span>", said)
    said = re.sub(r"(?m)^&gt; (.*)$", r"<span class='quote'>\1</span>", said)
    said = re.sub(r"(?m)^-# (.*)$", r"<span class='small'>\1</span>", said)
    said = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", said)
    said = re.sub(r"`([^`]+)`", r"<code>\1</code>", said)
    said = re.sub(r"\\([*_~`|>{}\[\]().#-])", r"\1", said)
    return re.sub(r"(class='(?:quote|small)'>[^\n]*</span>)\n", r"\1", said).replace("\n", "<br>")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
