"""The command line as a shell sees it: stdout, stderr, exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def aiterms(
    *arguments: str | Path, typed: str | bytes = b"", folder: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    typed = typed.encode("utf-8", "surrogatepass") if isinstance(typed, str) else typed
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("AITERMS_", "DISCORD_TOKEN", "LC_", "LANG"))
    }
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot", *map(str, arguments)],
        input=typed,
        capture_output=True,
        cwd=folder,
        env=environment,
        timeout=60,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_ask_prints_both_names_the_explanation_and_the_sources() -> None:
    done = aiterms("ask", "what is rlhf")
    printed = done.stdout.decode()
    assert done.returncode == 0
    assert done.stderr == b""
    assert "RLHF · 基于人类反馈的强化学习" in printed
    assert "reward model" in printed
    assert "https://arxiv.org/abs/2203.02155" in printed


@pytest.mark.parametrize(
    ("question", "language", "said"),
    [
        ("RLHF 是什么", "zh", "奖励模型"),
        ("RLHF 是什麼", "zh-TW", "獎勵模型"),
        ("what is rlhf", "en", "reward model"),
        ("rlhf", "en", "reward model"),
    ],
)
def test_the_answer_is_in_the_language_of_the_question(question: str, language: str, said: str) -> None:
    [row] = lines(aiterms("ask", "--json", question))
    assert row["language"] == language
    assert said in str(row["text"])


def test_the_language_can_be_chosen() -> None:
    assert "奖励模型" in aiterms("ask", "--language", "zh", "what is rlhf").stdout.decode()
    wrong = aiterms("ask", "--language", "fr", "what is rlhf")
    assert wrong.returncode == 2
    assert b"'fr' is none of en, zh, zh-TW" in wrong.stderr


def test_questions_come_from_stdin_in_order_as_text_or_json() -> None:
    typed = 'what is rlhf\n\n{"question": "强化学习是什么", "id": 7}\n{"not": "a question"}\nhello there\n'
    rows = lines(aiterms("ask", "--json", "--mode", "channel", typed=typed))
    assert [(r["question"], r["outcome"]) for r in rows] == [
        ("what is rlhf", "answer"),
        ("强化学习是什么", "answer"),
        ('{"not": "a question"}', "none"),
        ("hello there", "none"),
    ]
    first = rows[0]["terms"]
    assert isinstance(first, list)
    assert first[0]["id"] == "rlhf"
    assert "Reinforcement Learning from Human Feedback" in first[0]["names"]
    assert 0 < first[0]["score"] <= 1


STRANGE = {
    "empty": "",
    "blank": "   \t ",
    "100,000 characters": "what is rag " * 8400,
    "one word of 100,000 letters": "a" * 100_000,
    "100,000 Chinese characters": "强化学习" * 25_000,
    "control characters": "\x01\x02\x1b[31mwhat is rlhf\x7f",
    "NUL": "what is \0rlhf",
    "bidi": "\u202ewhat is rlhf\u202c",
    "zalgo": "r̸̡̢̛l̵h̷f̴",
    "emoji": "🤖🤖👩‍👩‍👧‍👦",
    "punctuation": "?!?!…。。",
    "lone surrogate": "what is \ud800 rlhf",
    "very many line breaks": "\u2028".join("what is rlhf" for _ in range(200)),
    "a regular expression's nightmare": "((((((((((" * 300 + "?" * 900,
    "commas": ",，、" * 1300,
    "markup": "<@123> @everyone [x](javascript:alert(1)) `rlhf`",
}


@pytest.mark.parametrize("mode", ["asked", "channel"])
def test_strange_questions_get_a_plain_answer_or_refusal(mode: str) -> None:
    typed = "\n".join(json.dumps({"question": q}) for q in STRANGE.values())
    done = aiterms("ask", "--json", "--mode", mode, typed=typed)
    rows = lines(done)
    assert done.stderr == b""
    by_question = {str(r["question"]): r for r in rows}
    assert set(by_question) == set(STRANGE.values())
    for row in rows:
        assert row["outcome"] in ("answer", "suggest", "none")
        assert row["text"]
    assert "too long" in str(by_question[STRANGE["one word of 100,000 letters"]]["text"])
    assert by_question[STRANGE["emoji"]]["outcome"] == "none"
    for readable in ("bidi", "NUL", "zalgo"):
        assert by_question[STRANGE[readable]]["terms"], readable


def test_bytes_that_are_no_text_are_answered_line_by_line() -> None:
    done = aiterms("ask", "--json", typed=b"\xff\xfe\x00\x80 rlhf\nwhat is rlhf\n")
    rows = lines(done)
    assert len(rows) == 2
    assert rows[1]["outcome"] == "answer"
    assert done.stderr == b""


def test_a_closed_pipe_is_silent() -> None:
    script = f'"{sys.executable}" -m bot terms --json | head -1 | cut -c1-5; yes "what is rlhf" | "{sys.executable}" -m bot ask | head -1; "{sys.executable}" -m bot terms --json | true; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert done.stderr == b""
    assert done.stdout.decode().splitlines() == ['{"id"', "RLHF · 基于人类反馈的强化学习", "0"]


def test_the_console_answers_through_a_pipe() -> None:
    done = aiterms(
        "console",
        typed="what is rlhf\n蒸馏\n1\n/compare lora, qlora\n/language zh\n/define RAG\n/nonsense\n/quit\nnever read\n",
    )
    printed = done.stdout.decode()
    assert done.returncode == 0
    assert done.stderr == b""
    for part in ("RLHF · ", "LoRA", "QLoRA", "检索", "/nonsense"):
        assert part in printed, part
    assert "never read" not in printed


@pytest.mark.parametrize("command", ["run", "console"])
def test_without_terminal_and_input_one_example_is_answered(command: str) -> None:
    done = aiterms(command)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("RLHF · 基于人类反馈的强化学习")


def test_run_without_a_token_says_how_to_get_one() -> None:
    said = aiterms("run").stderr.decode().strip()
    assert len(said.splitlines()) == 6
    for part in ("discord.com/developers", "DISCORD_TOKEN", "permissions=274877991936"):
        assert part in said


def test_terms_are_listed_by_category() -> None:
    printed = aiterms("terms", "alignment").stdout.decode()
    assert printed.startswith("Alignment\n")
    assert "  RLHF · 基于人类反馈的强化学习" in printed
    wrong = aiterms("terms", "nonsense")
    assert wrong.returncode == 2
    assert b"fundamentals" in wrong.stderr


def test_terms_as_json_carry_every_field() -> None:
    rows = lines(aiterms("terms", "--json"))
    rlhf = next(r for r in rows if r["id"] == "rlhf")
    assert {"names", "short", "short_zh", "sources", "related", "category"} <= set(rlhf)


def write(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


GOOD = """
name = "Flux"
name_zh = "通量"
asked_as = ["how much flows", "what flows through"]
asked_as_zh = ["流过多少", "流量叫什么"]
short = "What flows."
short_zh = "流过的量。"
detail = "More."
detail_zh = "更多。"
[[sources]]
title = "Paper"
url = "https://arxiv.org/abs/1706.03762"
kind = "paper"
"""


def test_check_reports_every_fault_of_every_file_at_once(tmp_path: Path) -> None:
    write(tmp_path, "data/good.toml", GOOD)
    write(
        tmp_path,
        "data/unknown-key.toml",
        GOOD.replace('"Flux"', '"A"').replace("通量", "甲").replace("detail =", "details ="),
    )
    write(
        tmp_path,
        "data/no-chinese.toml",
        GOOD.replace('"Flux"', '"B"').replace("通量", "乙").replace('short_zh = "流过的量。"', ""),
    )
    write(tmp_path, "data/same-name.toml", GOOD.replace('"Flux"', '"f-L-u-x"').replace("通量", "丙"))
    write(
        tmp_path, "data/dangling.toml", 'related = ["nowhere"]\n' + GOOD.replace('"Flux"', '"C"').replace("通量", "丁")
    )
    write(tmp_path, "data/one-sided.toml", 'related = ["good"]\n' + GOOD.replace('"Flux"', '"D"').replace("通量", "戊"))
    write(
        tmp_path,
        "data/link.toml",
        GOOD.replace('"Flux"', '"E"').replace("通量", "己").replace("https://arxiv.org", "https://evil.example"),
    )
    write(tmp_path, "data/two-faults.toml", 'foo = 1\nshort = "x."\nname = "Two"\n')
    write(tmp_path, "data/broken.toml", 'name = "X')
    write(tmp_path, "data/bytes.toml", b'name = "\xff"')
    write(tmp_path, "data/Bad Name.toml", GOOD)
    write(tmp_path, f"data/{'long-' * 13}id.toml", GOOD)
    done = aiterms("check", tmp_path)
    reported = done.stdout.decode()
    assert done.returncode == 1
    for file, words in {
        "unknown-key.toml": "details: unknown key",
        "no-chinese.toml": "short_zh: missing",
        "two-faults.toml": "detail_zh: missing",
        "same-name.toml": "is also a name of good",
        "dangling.toml": "no term 'nowhere'",
        "good.toml": "related: add 'one-sided'",
        "link.toml": "evil.example is not in",
        "broken.toml": "not TOML",
        "bytes.toml": "not UTF-8",
        "Bad Name.toml": "rename the file",
        f"{'long-' * 13}id.toml": "its id has 67 characters, at most 64",
    }.items():
        assert any(line.startswith(f"data/{file}") and words in line for line in reported.splitlines()), (
            file,
            reported,
        )


def test_a_faulty_folder_is_not_loaded_at_all(tmp_path: Path) -> None:
    write(tmp_path, "ours.toml", 'name = "Zyxxy"\nshort = "Ours."\n')
    assert b"Zyxxy" in aiterms("ask", "--server", tmp_path, "what is zyxxy").stdout
    write(tmp_path, "other.toml", 'name = "Other"\nshrot = "?"\n')
    done = aiterms("ask", "--server", tmp_path, "what is zyxxy")
    assert done.returncode == 78
    assert done.stdout == b""
    assert b"other.toml: shrot: unknown key" in done.stderr
    assert b"Traceback" not in done.stderr


def test_own_terms_win_over_built_in_ones(tmp_path: Path) -> None:
    write(tmp_path, "rlhf.toml", 'name = "RLHF"\nshort = "Our own meaning."\n')
    printed = aiterms("ask", "--server", tmp_path, "what is rlhf").stdout.decode()
    assert "Our own meaning." in printed
    assert "no source given" in printed


def test_check_of_what_is_no_folder_is_a_usage_error(tmp_path: Path) -> None:
    done = aiterms("check", tmp_path / "nowhere")
    assert done.returncode == 2
    assert b"is no folder" in done.stderr


def test_import_writes_one_file_a_term_that_ask_reads(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ours.md",
        "# Ours\n\n## FTL (faster than light)\n\nOur release train. It leaves on Fridays.\n\n## Empty\n",
    )
    done = aiterms("import", tmp_path / "ours.md", "--out", tmp_path / "terms")
    assert done.returncode == 0, done.stderr
    assert b"Empty" in done.stderr
    assert [p.name for p in (tmp_path / "terms").iterdir()] == ["ftl.toml"]
    assert b"release train" in aiterms("ask", "--server", tmp_path / "terms", "what is FTL").stdout
    again = aiterms("import", tmp_path / "ours.md", "--out", tmp_path / "terms")
    assert again.returncode == 1
    assert b"empty" in again.stderr


def _bad_imports(folder: Path) -> dict[str, Path]:
    write(folder, "empty.md", "")
    write(folder, "binary.md", bytes(range(256)) * 40)
    write(folder, "archive.md", b"PK\x03\x04" + b"\0" * 400)
    with (folder / "large.md").open("wb") as large:
        large.truncate(50 * 1024 * 1024)
    (folder / "folder.md").mkdir()
    return {n: folder / f"{n}.md" for n in ("missing", "folder", "empty", "binary", "archive", "large")}


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "binary", "archive", "large"])
def test_what_cannot_be_imported_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    done = aiterms("import", _bad_imports(tmp_path)[kind], "--out", out)
    assert done.returncode in (1, 2)
    assert done.stdout == b""
    assert len(done.stderr.decode().strip().splitlines()) == 1, done.stderr
    assert not out.exists()


def test_evaluate_counts_like_the_question_sets(tmp_path: Path) -> None:
    write(
        tmp_path,
        "q.toml",
        '[[questions]]\nq = "what is rlhf"\nkind = "question"\nexpect = ["rlhf"]\nlang = "en"\n'
        '[[questions]]\nq = "nice weather"\nkind = "chatter"\n',
    )
    [table] = lines(aiterms("evaluate", tmp_path / "q.toml", "--json"))
    assert table["question"] == {"n": 1, "top1": 1.0, "recall3": 1.0, "wrong": 0.0, "silent": 0.0}
    assert table["chatter"] == {"n": 1, "false": 0.0, "suggest": 0.0, "silent": 1.0}
    write(tmp_path, "bad.toml", '[[questions]]\nq = "no kind"\n')
    done = aiterms("evaluate", tmp_path / "bad.toml")
    assert done.returncode == 2
    assert b"questions.0.kind" in done.stderr
    assert b"pydantic" not in done.stderr
    assert aiterms("evaluate", tmp_path / "nowhere.toml").stderr.endswith(b"No such file or directory\n")


def test_a_size_may_begin_like_an_option() -> None:
    done = aiterms("modelsize", "-7B")
    assert done.returncode == 1
    assert b"7B" in done.stderr
    assert b"option" not in done.stderr


def test_a_byte_order_mark_is_no_part_of_the_question() -> None:
    [row] = lines(aiterms("ask", "--json", typed='\ufeff{"question": "what is lora"}\n'))
    assert row["question"] == "what is lora"


@pytest.mark.parametrize("command", ["run", "console", "ask", "terms", "check", "import", "evaluate", "sync"])
def test_every_command_has_help(command: str) -> None:
    done = aiterms(command, "--help")
    assert done.returncode == 0
    assert b"Usage: " in done.stdout


@pytest.mark.parametrize("arguments", [["nonsense"], ["ask", "--nonsense"], ["import"]])
def test_usage_errors_end_with_2(arguments: Sequence[str]) -> None:
    done = aiterms(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Usage: " in done.stderr
