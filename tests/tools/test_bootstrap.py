"""tools/bootstrap.py picks the right wheel, knows when there is nothing to do, and fails in one sentence."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "bootstrap.py"


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "uv.lock").write_text("version = 1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "part"),
    [
        (("linux", "x86_64", "glibc"), "manylinux_2_17_x86_64"),
        (("linux", "x86_64", "musl"), "musllinux_1_1_x86_64"),
        (("linux", "aarch64", "glibc"), "manylinux_2_17_aarch64"),
        (("linux", "arm64", "musl"), "musllinux_1_1_aarch64"),
        (("darwin", "arm64", ""), "macosx_11_0_arm64"),
        (("darwin", "x86_64", ""), "macosx_10_12_x86_64"),
    ],
)
def test_each_platform_has_its_wheel(bootstrap: ModuleType, platform: tuple[str, str, str], part: str) -> None:
    name, sha256 = bootstrap.uv_wheel(*platform)
    assert name.startswith(f"uv-{bootstrap.UV_VERSION}-py3-none-")
    assert part in name
    assert len(sha256) == 64


def test_a_platform_without_a_wheel_is_told_what_to_do(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.BootstrapFailed, match="install uv yourself"):
        bootstrap.uv_wheel("linux", "riscv64", "glibc")


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "https://pypi.org/simple"),
        ({"PIP_INDEX_URL": "https://mirror.test/simple"}, "https://mirror.test/simple"),
        ({"UV_DEFAULT_INDEX": "ours=https://mirror.test/simple"}, "https://mirror.test/simple"),
        (
            {"UV_DEFAULT_INDEX": "https://one.test", "PIP_INDEX_URL": "https://two.test"},
            "https://one.test",
        ),
    ],
)
def test_a_mirror_in_the_environment_is_used(bootstrap: ModuleType, environ: dict[str, str], address: str) -> None:
    assert bootstrap.index_address(environ) == address


@pytest.mark.parametrize(
    "page",
    [
        '{"files": [{"url": "https://files.test/a/uv-1.whl"}, {"url": "https://files.test/b/uv-2.whl"}]}',
        '<a href="../../a/uv-1.whl#sha256=0">uv-1.whl</a> <a href="https://files.test/b/uv-2.whl">x</a>',
    ],
)
def test_the_wheel_is_found_on_both_kinds_of_index_page(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr(bootstrap, "fetch", lambda *_, **__: page.encode())
    assert bootstrap.uv_address("https://mirror.test/simple", "uv-2.whl") == "https://files.test/b/uv-2.whl"
    assert "/a/uv-1.whl" in bootstrap.uv_address("https://mirror.test/simple", "uv-1.whl")
    with pytest.raises(bootstrap.BootstrapFailed, match="does not list"):
        bootstrap.uv_address("https://mirror.test/simple", "uv-3.whl")


def test_a_wheel_with_another_hash_is_not_unpacked(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "uv_address", lambda *_: "https://files.test/uv.whl")
    monkeypatch.setattr(bootstrap, "fetch", lambda *_, **__: b"something else")
    with pytest.raises(bootstrap.BootstrapFailed, match="another hash"):
        bootstrap.install_uv(tmp_path / "uv")
    assert not (tmp_path / "uv").exists()


def test_an_address_that_does_not_answer_is_one_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.time, "sleep", lambda _: None)
    with pytest.raises(bootstrap.BootstrapFailed, match=r"127\.0\.0\.1.* cannot be reached .*HTTPS_PROXY"):
        bootstrap.fetch("http://127.0.0.1:9/simple/uv/")


def test_an_old_python_is_told_so(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON_MIN", (99, 0))
    with pytest.raises(bootstrap.BootstrapFailed, match=r"needs Python 99\.0 or newer and this is 3\."):
        bootstrap.make_environment(checkout)


def test_the_stamp_follows_lock_project_and_place(bootstrap: ModuleType, checkout: Path) -> None:
    before = bootstrap.stamp_of(checkout)
    assert bootstrap.stamp_of(checkout) == before
    (checkout / "uv.lock").write_text("version = 2\n")
    after_lock = bootstrap.stamp_of(checkout)
    (checkout / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert len({before, after_lock, bootstrap.stamp_of(checkout)}) == 3


def test_with_a_fitting_stamp_nothing_is_done(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").touch()
    (checkout / ".venv" / "bootstrap.stamp").write_text(bootstrap.stamp_of(checkout))
    monkeypatch.setattr(bootstrap, "install_locked", lambda *_: pytest.fail("installed again"))
    bootstrap.make_environment(checkout)


def test_after_a_change_the_dependencies_are_installed_and_stamped(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    done = []
    monkeypatch.setattr(bootstrap, "install_uv", lambda _: done.append("uv"))
    monkeypatch.setattr(bootstrap, "install_locked", lambda *_: done.append("locked"))
    bootstrap.make_environment(checkout)
    bootstrap.make_environment(checkout)
    assert done == ["uv", "locked"]
    assert (checkout / ".venv" / "bin" / "python").exists()


def test_an_old_python_can_read_the_file() -> None:
    compile(TOOL.read_text(), TOOL, "exec", dont_inherit=True, flags=0)
    # The grammar of 3.7 is as far back as ast can go.
    program = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"
    done = subprocess.run([sys.executable, "-c", program, str(TOOL)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
