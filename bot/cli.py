"""The command line. Results go to stdout, progress and errors to stderr; exit codes 0, 1, 2 (usage), 78 (configuration)."""

import gc
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.core.decide import Mode
from bot.core.errors import ConfigurationError, UserError
from bot.core.glossary import Glossary, KnowledgeError
from bot.core.languages import Language, of_locale
from bot.knowledge import data_folder, load

if TYPE_CHECKING:
    from bot.answering import Answering, Context, Reply
    from bot.core.sizes import SizeBook
    from bot.settings import Settings

CONFIGURATION_ERROR = 78
"""Exit code of sysexits.h (EX_CONFIG): starting again will not help before somebody changes something."""

app = typer.Typer(
    name="aiterms",
    help="Answers questions about AI terms, in English and Chinese, with sources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Server = Annotated[
    list[Path] | None,
    typer.Option(
        "--server",
        metavar="FOLDER",
        envvar="AITERMS_SERVER",
        help="A folder of own terms, laid over the built-in ones. May be repeated.",
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language", "-l", metavar="en|zh|zh-TW", help="The language of the answer; else that of the question."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def main() -> NoReturn:
    """Run the command line; a reader that goes away (`aiterms terms | head`) ends it silently."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="surrogateescape")
    stdout = sys.stdout
    try:
        app()
    except SystemExit:
        # Typer ends with 1 where the reader went away, and leaves a wrapper behind that swallows the last flush.
        if sys.stdout is not stdout:
            sys.exit(0)
        raise
    except KeyboardInterrupt:
        sys.exit(130)
    except UserError as error:
        language = _language(None) or "en"
        fail(_in(language, error.text(language)))
    except KnowledgeError as error:
        fail(f"The knowledge cannot be used:\n{error}", CONFIGURATION_ERROR)
    sys.exit(0)


def fail(message: str, code: int = 1) -> NoReturn:
    """Print a plain error and end."""
    print(message, file=sys.stderr)
    sys.exit(code)


def _language(given: str | None) -> Language | None:
    if given is None:
        return of_locale(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG"))
    for language in ("en", "zh", "zh-TW"):
        if given.casefold() == language.casefold():
            return language
    known = of_locale(given)
    if known is None:
        raise typer.BadParameter(f"{given!r} is none of en, zh, zh-TW", param_hint="--language")
    return known


def _glossary(server: Iterable[Path] | None) -> Glossary:
    return load(data_folder("knowledge"), list(server or ()))


def _open(server: Iterable[Path] | None) -> "Answering":
    from bot.answering import Answering

    answering = Answering(_glossary(server), _open_sizes)
    # The glossary stays until the end: the collector need not go through it again and again.
    gc.freeze()
    return answering


def _open_sizes() -> "SizeBook":
    from bot.core.sizes import SizeBook

    return SizeBook.open(data_folder("knowledge"))


def _context(mode: Mode, language: str | None) -> "Context":
    from bot.answering import Context

    return Context(mode, _language(language) if language else None, _language(None) or "en")


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="Without it, one question a line is read from stdin.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="asked: always says something. channel: speaks only when sure.")
    ] = Mode.ASKED,
    language: LanguageOption = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Answer a question, or every line of stdin."""
    answering = _open(server)
    context = _context(mode, language)
    several = question is None
    for asked in _questions(sys.stdin, as_json=as_json) if question is None else [question]:
        reply = answering.reply(asked, context)
        if as_json:
            print(_reply_json(answering, reply), flush=True)
        else:
            _show(answering, reply)
            if several:
                print(flush=True)


def _questions(lines: Iterable[str], *, as_json: bool) -> Iterator[str]:
    for line in lines:
        line = line.rstrip("\r\n").removeprefix("\ufeff")
        if not line.strip():
            continue
        if as_json and line.lstrip().startswith("{"):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict) and isinstance(row.get("question"), str):
                yield row["question"]
                continue
        yield line


def _reply_json(answering: "Answering", reply: "Reply") -> str:
    from bot.plain import json_line, reply_text

    return json_line(
        {
            "question": reply.question,
            "outcome": reply.outcome.value,
            "terms": [
                {"id": t.id, "names": t.names, "score": s} for t, s in zip(reply.terms, reply.scores, strict=True)
            ],
            "language": reply.language,
            "text": reply_text(reply, answering.glossary.terms),
        }
    )


def _show(answering: "Answering", reply: "Reply") -> None:
    if sys.stdout.isatty():
        from bot.console import Screen

        Screen(answering).show(reply)
    else:
        from bot.plain import reply_text

        print(reply_text(reply, answering.glossary.terms))


@app.command()
def console(language: LanguageOption = None, server: Server = None) -> None:
    """Ask questions on the terminal, one after the other."""
    from bot.console import run

    run(_open(server), _context(Mode.ASKED, language))


@app.command()
def run(
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            "-l",
            metavar="en|zh|zh-TW",
            help="The language where neither the question, nor Discord, nor the server's settings show one.",
        ),
    ] = None,
    server: Server = None,
) -> None:
    """Run the bot on Discord; without a token, say how to get one and open the console."""
    # What comes now stays: looking through it again and again takes a sixth of the import. `warm` switches it on again.
    gc.disable()
    from bot import app as program

    settings = _settings()
    own: dict[str, object] = {"terms": (*settings.terms, *(server or ()))}
    if language:
        own["language"] = _language(language)
    settings = settings.model_copy(update=own)
    if settings.discord_token() is None:
        gc.enable()
        print(program.how_to_get_a_token(_language(language) or "en"), end="\n\n", file=sys.stderr)
        console(language, list(settings.terms))
        return
    from bot.client import make_client

    try:
        code = program.run(settings, make_client)
    except ConfigurationError as error:
        fail(str(error), CONFIGURATION_ERROR)
    sys.exit(code)


@app.command()
def health(
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether people get answers now, not only whether it lives.")
    ] = False,
) -> None:
    """Ask the bot that runs here how it is: one line, exit code 0 (well) or 1."""
    from bot.ops.health import ask as ask_page

    settings = _settings()
    if not settings.health.port:
        fail("The health page is off: health.port is 0.", CONFIGURATION_ERROR)
    well, told = ask_page(settings.health.host, settings.health.port, "readyz" if ready else "healthz")
    if not well:
        fail(told)
    print(told)


@app.command()
def sync(
    server: Annotated[
        int | None, typer.Option("--server-id", min=1, help="Only for this server, at once; without it, everywhere.")
    ] = None,
    remove: Annotated[
        bool,
        typer.Option(
            "--remove", help="Take away again what was registered for that server; the list of everywhere stays."
        ),
    ] = False,
) -> None:
    """Register the commands at Discord now, whether they have changed or not, or remove those of one server."""
    if remove and server is None:
        raise typer.BadParameter(
            "it needs --server-id: only what was registered for one server can go", param_hint="--remove"
        )
    import asyncio

    from bot import app as program

    settings = _settings()
    token = settings.discord_token()
    if token is None:
        fail(program.how_to_get_a_token("en"), CONFIGURATION_ERROR)
    from bot.client import make_client
    from bot.ops.operations import Operations
    from bot.servers import Servers
    from bot.store.store import Store

    async def register() -> int:
        servers = Servers(program.open_answering(settings), Store.at(settings.store_url()))
        client = make_client(
            servers, settings, operations=Operations(), knowledge=data_folder("knowledge"), message_content=False
        )
        return await client.register_only(token.get_secret_value(), server, remove=remove)

    try:
        count = asyncio.run(register())
    except ConfigurationError as error:
        fail(str(error), CONFIGURATION_ERROR)
    except ConnectionError as error:
        fail(str(error))
    where = f"for server {server}" if server else "everywhere"
    print(f"nothing is registered {where} any more" if remove else f"{count} commands registered {where}")


@app.command()
def reports(
    after: Annotated[int, typer.Option(help="Only reports with larger numbers.")] = 0, as_json: Json = False
) -> None:
    """List the mistakes that people have reported, oldest first."""
    from bot.reports_command import print_reports
    from bot.store.records import SchemaError

    try:
        print_reports(_settings().store_url(), after, as_json=as_json)
    except (SchemaError, ConfigurationError) as error:
        fail(str(error), CONFIGURATION_ERROR)


def _settings() -> "Settings":
    from bot.settings import load_settings

    env_file = Path(".env")
    try:
        return load_settings(data_folder("config"), env_file if env_file.is_file() else None)
    except UserError as error:
        language = _language(None) or "en"
        fail(_in(language, error.text(language)), CONFIGURATION_ERROR)


@app.command()
def terms(
    category: Annotated[str | None, typer.Argument(help="Only this category.")] = None,
    language: LanguageOption = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """List the terms, by category."""
    from bot.terms_command import print_terms

    glossary = _glossary(server)
    if category and category not in glossary.categories:
        raise typer.BadParameter(f"{category!r} is none of {', '.join(glossary.categories)}", param_hint="CATEGORY")
    print_terms(glossary, category, _language(language) or "en", as_json=as_json)


@app.command(context_settings={"ignore_unknown_options": True})  # "-7B" is a size, if a strange one
def modelsize(
    size: Annotated[
        str, typer.Argument(help="A size or model as you find it: 70B, 8x7b int4, qwen3-32b q4_k_m ctx 32k.")
    ],
    context: Annotated[str | None, typer.Option(help="Context length in tokens, such as 32k.")] = None,
    language: LanguageOption = None,
    as_json: Json = False,
) -> None:
    """Explain what a model size means, and what it takes to run or train such a model."""
    from bot.size_command import print_sizes

    sys.exit(print_sizes(size, context, as_json, _language(language) if language else None))


@app.command()
def tokens(
    file: Annotated[
        str | None, typer.Argument(help="A text file of any kind, up to 1 MiB; without it or with -, stdin.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A model in depth; repeat it to compare. Without it, one of each family."),
    ] = None,
    pieces: Annotated[bool, typer.Option("--pieces", help="Also show where the tokens end.")] = False,
    language: LanguageOption = None,
    as_json: Json = False,
) -> None:
    """Count the tokens of a text: exact where the vocabulary is known, and labelled where it is not."""
    from bot.token_command import count_command

    sys.exit(count_command(model or [], file, as_json, pieces, _language(language)))


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of term files; without it, the built-in knowledge.")
    ] = None,
    links: Annotated[bool, typer.Option("--links", help="Also ask every linked address whether it answers.")] = False,
) -> None:
    """Report every fault of every term file: file, field, what to do. Exit code 1 if there is one."""
    from bot.knowledge import faults_of

    if folder is not None and not folder.is_dir():
        fail(f"{folder} is no folder: name a folder of term files.", 2)
    count, faults = faults_of(data_folder("knowledge"), folder)
    if links:
        from bot.links import dead_links

        faults += dead_links(folder or data_folder("knowledge") / "terms")
    for fault in faults:
        print(fault)
    print(f"{count} terms, {len(faults)} faults", file=sys.stderr)
    sys.exit(1 if faults or not count else 0)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="A Markdown glossary, a CSV or a TOML file.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new or empty folder for the terms; without it, they are only listed."),
    ] = None,
) -> None:
    """Turn a glossary into term files; say what could not be read, line by line."""
    from bot.core.exporting import write_folder
    from bot.core.importing import read_file

    language = _language(None) or "en"
    found = read_file(file)
    for finding in sorted((*found.skipped, *found.faults), key=lambda f: f.line):
        print(f"{file.name}: {_in(language, finding.text(language))}", file=sys.stderr)
    if found.faults:
        fail(
            f"{file.name}: {len(found.faults)} rows cannot be taken, so nothing was written. Correct them and try again."
        )
    if not found.terms:
        fail(f"{file.name}: no terms found.")
    if out:
        write_folder(found.terms, out)
    for term in found.terms:
        others = ", ".join(n for n in term.names if n != term.name)
        print(f"{term.id}: {term.name}{f' ({others})' if others else ''}")
    where = f"written to {out}" if out else "nothing written; name a folder with --out"
    print(f"{len(found.terms)} terms, {len(found.skipped)} skipped; {where}", file=sys.stderr)


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="A TOML file of [[questions]]: q, kind, expect, lang.")],
    mode: Annotated[Mode, typer.Option()] = Mode.CHANNEL,
    errors: Annotated[int, typer.Option(help="Also list so many mistakes.")] = 0,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Ask every question of a file and count how many are answered rightly."""
    from bot.evaluate_command import evaluate as ask_all
    from bot.evaluate_command import read_questions

    try:
        questions = read_questions(file)
    except ValueError as error:
        fail(str(error), 2)
    ask_all(questions, _open(server), mode, errors=errors, as_json=as_json)


def _in(language: Language, line: str) -> str:
    from bot.core.languages import traditional

    return traditional(line) if language == "zh-TW" else line
