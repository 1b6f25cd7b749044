import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pictures_of_the_readme_are_what_the_bot_sends_today(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "tools.draw_replies", str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    drawn = sorted(p.name for p in tmp_path.iterdir())
    assert drawn == ["channel.svg", "choose.svg", "compare.svg", "define.svg"]
    for name in drawn:
        kept = ROOT / "docs" / "pictures" / name
        assert (tmp_path / name).read_text("utf-8") == kept.read_text("utf-8"), (
            f"{name}: draw it anew with `python -m tools.draw_replies`, and look at it"
        )
