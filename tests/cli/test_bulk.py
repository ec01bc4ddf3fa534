"""`crossdock bulk` at a terminal: a file goes in, and comes back with what became of each row."""

from pathlib import Path

from python_calamine import CalamineWorkbook

from tests.cli.conftest import Terminal
from tests.world import World


async def test_a_file_is_tried_imported_exported_and_undone(
    terminal: Terminal, quiet_world: World, tmp_path: Path
) -> None:
    file, back, exported = tmp_path / "goods.csv", tmp_path / "back.xlsx", tmp_path / "all.csv"
    file.write_text("sku,name,weight_g\nNEW-1,Cup,120\nNEW-2,,\n")
    code, said = await terminal.run("bulk", "import", "products", str(file), "--account", "demo", "--dry-run")
    assert code == 1
    assert "1 would be created, 1 is wrong; nothing was written" in said
    assert "name=is empty" in said
    assert "dropped" in said
    words = ["bulk", "import", "products", str(file), "--account", "demo", "--result", str(back)]
    code, said = await terminal.run(*words)
    assert (code, str(back) in said) == (1, True)
    table = CalamineWorkbook.from_path(str(back)).get_sheet_by_index(0).to_python()
    assert [row[:3] + row[3:4] for row in table] == [
        ["sku", "name", "weight_g", "status"],
        ["NEW-1", "Cup", "120", "created"],
        ["NEW-2", "", "", "failed"],
    ]
    code, _ = await terminal.run("bulk", "export", "products", str(exported), "--account", "demo")
    assert (code, "NEW-1,Cup,,120" in exported.read_text("utf-8-sig")) == (0, True)
    [(run_id,)] = await quiet_world.rows("SELECT id FROM bulk_run WHERE state = 'done'")
    code, said = await terminal.run("bulk", "undo", str(run_id))
    assert (code, "undone" in said) == (0, True)
    code, said = await terminal.run("bulk", "import", "products", str(tmp_path / "goods.csv"), "--account", "nobody")
    assert (code, said) == (1, "crossdock: No account goes by this code. (code=nobody)\n")
