"""The first response to an interaction, straight from ready bytes, within Discord's time."""

import asyncio
from typing import Any

import aiohttp
import discord
from discord.http import Route, json_or_text
from yarl import URL

FIRST_RESPONSE = 2.5
"""Seconds for the first response to an interaction; Discord forgets it after 3."""
_FIRST_PAUSE = 0.5
_SENT = 300
_FAILING = 500
_TOO_MANY = 429
_WHOLE = aiohttp.ClientTimeout(total=FIRST_RESPONSE)


async def respond(interaction: discord.Interaction[Any], body: bytes) -> None:
    """Send the first response, once more where Discord fails or asks to wait.

    discord.py's `send_message` has Discord return the message and makes objects of it and of every button: a third of
    the work of an answer, for what nobody here reads. So this uses its session, its address and its mark of what is
    answered, but not that call. The three are not public; the version is pinned below 2.8, and tests hold them.

    Raises:
        TimeoutError: it took too long; whether Discord has acted on it is unknown.
        discord.HTTPException: Discord refuses it.
    """
    if interaction.response.is_done():
        raise discord.InteractionResponded(interaction)
    url = URL(f"{Route.BASE}/interactions/{interaction.id}/{interaction.token}/callback", encoded=True)
    http = interaction.client.http
    now = asyncio.get_running_loop().time
    end, pause, timeout = now() + FIRST_RESPONSE, _FIRST_PAUSE, _WHOLE
    while True:
        async with interaction._session.post(  # noqa: SLF001
            url,
            data=aiohttp.BytesPayload(body, content_type="application/json"),
            timeout=timeout,
            proxy=http.proxy,
            proxy_auth=http.proxy_auth,
        ) as answer:
            if answer.status < _SENT:
                break
            wait = await _wait_or_raise(answer, pause)
        pause *= 2
        if now() + wait >= end:
            raise TimeoutError
        await asyncio.sleep(wait)
        timeout = aiohttp.ClientTimeout(total=end - now())
    interaction.response._response_type = discord.InteractionResponseType.channel_message  # noqa: SLF001


async def _wait_or_raise(answer: aiohttp.ClientResponse, pause: float) -> float:
    """Return the seconds until another try makes sense; raise the refusal where none does."""
    if answer.status >= _FAILING:
        return pause
    said: Any = await json_or_text(answer)
    # Without Via it was not Discord who answered: the address is banned, and asking again prolongs that.
    if answer.status == _TOO_MANY and answer.headers.get("Via") and isinstance(said, dict):
        return float(said["retry_after"])
    raise discord.HTTPException(answer, said)
