import pytest

from bot.core import text
from bot.core.languages import of_locale, of_question, say, traditional


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh-CN", "zh"),
        ("zh_CN.UTF-8", "zh"),
        ("zh-TW", "zh-TW"),
        ("zh_HK", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("en-US", "en"),
        ("en_GB.UTF-8", "en"),
        ("en", "en"),
        ("zh", "zh"),
        ("de_DE", None),
        ("ja", None),
        ("zhuang", None),
        ("C.UTF-8", None),
        ("POSIX", None),
        ("", None),
        (None, None),
    ],
)
def test_a_locale_gives_a_language(locale: str | None, language: str | None) -> None:
    assert of_locale(locale) == language


@pytest.mark.parametrize(
    ("question", "named", "language"),
    [
        ("what is rlhf", "RLHF", "en"),
        ("RLHF", "RLHF", None),
        ("rlhf??", "RLHF", None),
        ("RLHF 是什么", "RLHF", "zh"),
        ("RLHF 是什麼", "RLHF", "zh-TW"),
        ("🤖", "", None),
        ("7", "", None),
    ],
)
def test_a_question_shows_its_language_or_none(question: str, named: str, language: str | None) -> None:
    assert of_question(question, text.clean(question), named) == language


@pytest.mark.parametrize(
    ("simplified", "converted"),
    [
        ("大语言模型", "大型語言模型"),
        ("模型参数", "模型參數"),
        ("向量数据库", "向量資料庫"),
        ("损失函数与函数调用", "損失函數與函式呼叫"),
        ("显存带宽", "顯示記憶體頻寬"),
        ("用 `数据` 训练，见 https://x.cn/数据", "用 `数据` 訓練，見 https://x.cn/数据"),
        ("```\n运行 文件\n```文件", "```\n运行 文件\n```檔案"),
        ("大多只看最多只有", "大多只看最多只有"),
        ("", ""),
    ],
)
def test_traditional_readers_get_their_words_and_code_stays(simplified: str, converted: str) -> None:
    assert traditional(simplified) == converted


def test_our_own_texts_exist_in_every_language() -> None:
    assert say("checked", "en", date="2026-11-23") == "checked 2026-11-23"
    assert say("checked", "zh", date="2026-11-23") == "2026-11-23 查证"
    assert say("checked", "zh-TW", date="2026-11-23") == "2026-11-23 查證"
