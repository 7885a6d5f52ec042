"""Packs: what is taken, what is refused, and that a profile never holds half of one."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from homebody.base.errors import BadInput, EngineProblem, HomebodyError
from homebody.base.paths import find_home
from homebody.base.release import PackFile, Release
from homebody.engine import packs as room
from homebody.engine import unpacking
from homebody.engine.packs import Packs

MADE = {"binding": "0.3.36", "sdist_sha256": "5" * 64, "system": "linux-x86_64"}
NAME = "homebody-0.1.0-vulkan-linux-x86_64.zip"
FILES = {"libggml-vulkan.so": b"shaders" * 5000, "LICENSE.txt": b"MIT."}
LINK = 0o120777


def described(files=FILES, **changed):
    said = {
        "name": "vulkan",
        "title": "Vulkan",
        "for": MADE,
        "backend": "libggml-vulkan.so",
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in files.items()
        },
    }
    return json.dumps(said | changed).encode()


def zipped(path, members):
    """Write a zip file of (name or ZipInfo, data), as they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.fixture
def build(tmp_path):
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / "engine.json").write_text(json.dumps(MADE | {"files": {}}))
    return folder


@pytest.fixture
def packs(build):
    """Make what looks after packs, in a build that knows these files: `packs(path, …)`."""

    def make(*known, **options):
        files = {
            path.name.split("-")[2]: PackFile(
                file=path.name,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                bytes=path.stat().st_size,
            )
            for path in known
        }
        options.setdefault("build", build)
        return Packs(find_home(), release=Release(version="0.1.0", packs=files), **options)

    return make


@pytest.fixture
def pack(tmp_path):
    """A pack as it comes."""
    return zipped(tmp_path / NAME, [("pack.json", described()), *FILES.items()])


def folders():
    """Everything below `engines`, the hidden too."""
    place = find_home().data / "engines"
    return sorted(each.name for each in place.iterdir()) if place.exists() else []


def refused(packs, file, *words):
    """Add a file that is not taken; return what was said. Nothing of it is left."""
    before = folders()
    with pytest.raises(HomebodyError) as caught:
        packs.add(file)
    assert caught.value.hint
    for word in words:
        assert word in caught.value.message, caught.value.message
    assert folders() == before
    return caught.value


# ---------------------------------------------------------------------- adding


def test_a_pack_is_added_used_and_removed(packs, pack):
    here = packs(pack)
    assert here.found() == ()
    state = here.add(pack)
    folder = find_home().data / "engines" / "vulkan"
    assert (state.name, state.title, state.folder) == ("vulkan", "Vulkan", str(folder))
    assert state.usable
    assert state.bytes == sum(map(len, FILES.values()))
    assert here.usable() == (folder,)
    for name, data in FILES.items():
        assert (folder / name).read_bytes() == data
    assert here.remove("Vulkan").name == "vulkan"
    assert here.usable() == ()
    assert folders() == []


def test_a_file_of_another_name_is_the_same_pack(packs, pack, tmp_path):
    here = packs(pack)
    assert here.add(pack.rename(tmp_path / "download (1).zip")).usable


def test_a_pack_takes_the_place_of_the_one_before(packs, pack, tmp_path):
    packs(pack).add(pack)
    files = FILES | {"libggml-vulkan.so": b"mended"}
    newer = zipped(tmp_path / NAME, [("pack.json", described(files)), *files.items()])
    assert packs(newer).add(newer).usable
    (folder,) = packs(newer).usable()
    assert (folder / "libggml-vulkan.so").read_bytes() == b"mended"
    assert folders() == ["vulkan"]


def test_a_pack_that_was_cut_off(packs, pack):
    here = packs(pack)
    os.truncate(pack, pack.stat().st_size - 10)
    refused(here, pack, "is not whole")


def test_a_pack_of_which_one_bit_changed(packs, pack):
    here = packs(pack)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    refused(here, pack, "damaged, or was changed")


def test_a_pack_of_another_version_is_named_with_what_is_taken(packs, pack, tmp_path):
    other = zipped(tmp_path / "homebody-0.2.0-vulkan-linux-x86_64.zip", [("pack.json", b"{}")])
    problem = refused(packs(pack), other, "not a pack of this build")
    assert NAME in problem.hint
    assert "0.1.0" in problem.hint


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe", "elsewhere", "nul"])
def test_what_is_no_file(packs, pack, tmp_path, what):
    path = tmp_path / "what"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        if sys.platform == "win32":
            pytest.skip("no such thing in a folder")
        os.mkfifo(path)
    elif what == "elsewhere":
        path = Path("//server/share/pack.zip")
    elif what == "nul":
        path = tmp_path / "a\0b"
    refused(packs(pack), path)


def test_a_build_that_knows_no_packs_takes_none(packs, pack):
    refused(packs(), pack, "does not know any pack")


def test_a_llama_cpp_that_was_compiled_here_takes_none(packs, pack, tmp_path):
    refused(packs(pack, build=tmp_path), pack, "compiled on this machine")


# ---------------------------------------------------------------------- what is in the file


def info(name, *, mode=0o100644, folder=False):
    found = zipfile.ZipInfo(name + ("/" if folder else ""))
    found.create_system = 3
    found.external_attr = mode << 16
    return found


STRANGE = {
    "a link": [(info("libother.so", mode=LINK), b"/etc/passwd")],
    "a device": [(info("libother.so", mode=0o020644), b"")],
    "a pipe": [(info("libother.so", mode=0o010644), b"")],
    "a folder": [(info("folder", mode=0o040755, folder=True), b"")],
    "above": [("../libother.so", b"x")],
    "above on Windows": [("..\\libother.so", b"x")],
    "absolute": [("/tmp/libother.so", b"x")],
    "a drive": [("C:libother.so", b"x")],
    "below": [("folder/libother.so", b"x")],
    "no name": [(info(""), b"x")],
    "this folder": [(".", b"x")],
    "hidden": [(".libother.so", b"x")],
    "a device's name": [("nul.so", b"x")],
    "a device's name in capitals": [("COM1", b"x")],
    "a dot at the end": [("libother.so.", b"x")],
    "a line break": [("lib\nother.so", b"x")],
    "another alphabet": [("libоther.so", b"x")],  # noqa: RUF001
    "a NUL": [("libother.so\0.txt", b"x")],
    "a long name": [("x" * 200, b"x")],
    "a name that is ours": [("added.json", b'{"files":{}}')],
    "twice but for case": [("LIBGGML-vulkan.so", b"x")],
    "more than is said": [("libmore.so", b"x")],
    "very many": [(f"lib{number}.so", b"") for number in range(200)],
}


@pytest.mark.parametrize("what", STRANGE)
@pytest.mark.parametrize("told", [True, False])
def test_a_file_that_holds_what_it_should_not(packs, tmp_path, what, told):
    """Also where `pack.json` names it."""
    more = STRANGE[what]
    names = {each.filename if isinstance(each, zipfile.ZipInfo) else each: d for each, d in more}
    files = FILES | names if told else FILES
    if what == "more than is said":
        files = FILES
    members = [("pack.json", described(files)), *FILES.items(), *more]
    with pytest.MonkeyPatch.context() as patch:
        # So that a NUL is written as it is.
        patch.setattr(zipfile.ZipInfo, "_encodeFilenameFlags", _as_it_is)
        file = zipped(tmp_path / NAME, members)
    outside = set(tmp_path.iterdir())
    refused(packs(file), file, "cannot be unpacked")
    assert set(tmp_path.iterdir()) - outside <= {find_home().data}


def _as_it_is(self):
    return self.orig_filename.encode(), self.flag_bits | 0x800


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_holds_the_same_twice(packs, tmp_path):
    members = [("pack.json", described()), *FILES.items(), ("LICENSE.txt", b"BSD")]
    file = zipped(tmp_path / NAME, members)
    refused(packs(file), file, "cannot be unpacked", "twice")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[" * 5000,
        described(name="cuda"),
        described(name="../vulkan"),
        described(backend="libother.so"),
        described(backend="../libggml-vulkan.so"),
        described(preload=["libother.so"]),
        described(files={}),
        described(files=FILES | {"libmissing.so": b""}),
        described(FILES | {"LICENSE.txt": b"BSD"}),
        described(FILES | {"LICENSE.txt": b"a longer licence"}),
        described(**{"for": MADE | {"binding": "0.3.35"}}),
        described(**{"for": MADE | {"system": "windows-x86_64"}}),
    ],
)
def test_a_description_that_is_not_of_these_files(packs, tmp_path, said):
    file = zipped(tmp_path / NAME, [("pack.json", said), *FILES.items()])
    refused(packs(file), file, "cannot be unpacked")


def test_a_file_without_a_description(packs, tmp_path):
    file = zipped(tmp_path / NAME, FILES.items())
    refused(packs(file), file, "there is no pack.json")


def test_a_file_that_is_no_zip(packs, tmp_path):
    file = tmp_path / NAME
    file.write_bytes(b"no zip at all" * 100)
    refused(packs(file), file, "cannot be unpacked")


def test_a_file_that_swells_is_not_written_out(packs, tmp_path):
    """The list of contents says little, the description says little, and the data is much."""
    files = {"libggml-vulkan.so": b"\0" * 50_000_000}
    file = zipped(tmp_path / NAME, [("pack.json", described({})), *files.items()])
    honest = described({"libggml-vulkan.so": b"\0" * 10})
    file = zipped(tmp_path / NAME, [("pack.json", honest), *files.items()])
    data = file.read_bytes()
    # As the central directory tells it.
    size = len(files["libggml-vulkan.so"]).to_bytes(4, "little")
    at = data.rindex(size)
    file.write_bytes(data[:at] + (10).to_bytes(4, "little") + data[at + 4 :])
    begun = time.monotonic()
    refused(packs(file), file, "cannot be unpacked")
    assert time.monotonic() - begun < 5


def test_what_claims_to_be_larger_than_any_pack(packs, pack, monkeypatch):
    monkeypatch.setattr(unpacking, "_MOST_BYTES", 1000)
    refused(packs(pack), pack, "larger than any pack")


def test_a_member_with_a_password(packs, tmp_path):
    file = zipped(tmp_path / NAME, [("pack.json", described()), *FILES.items()])
    data = bytearray(file.read_bytes())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + flags] |= 1
    file.write_bytes(data)
    refused(packs(file), file, "cannot be unpacked")


# ---------------------------------------------------------------------- the disk


def test_a_disk_with_too_little_room_is_told_before(packs, pack, monkeypatch):
    usage = shutil.disk_usage(pack)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    problem = refused(packs(pack), pack, "free on the disk")
    assert "Vulkan" in problem.message


SMALL = 4 << 20


@pytest.fixture
def small_disk(profile):
    """A disk of 4 MB, for the profile."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting takes root")
    profile.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", profile]
    if subprocess.run(options, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield profile
    subprocess.run(["umount", "-l", profile], check=True)


def test_a_disk_that_fills_leaves_nothing(packs, tmp_path, small_disk, monkeypatch):
    """Another program took the room meanwhile."""
    monkeypatch.setattr(unpacking, "_SPARE", -(1 << 30))
    files = {"libggml-vulkan.so": os.urandom(2 * SMALL)}
    file = zipped(tmp_path / NAME, [("pack.json", described(files)), *files.items()])
    refused(packs(file), file, "The disk is full")
    (small_disk / "engines" / "works").write_bytes(b"again" * 1000)


def test_a_disk_that_fills_keeps_the_pack_before(packs, pack, tmp_path, small_disk, monkeypatch):
    monkeypatch.setattr(unpacking, "_SPARE", -(1 << 30))
    packs(pack).add(pack)
    files = {"libggml-vulkan.so": os.urandom(2 * SMALL)}
    other = tmp_path / "other" / NAME
    other.parent.mkdir()
    zipped(other, [("pack.json", described(files)), *files.items()])
    refused(packs(other), other, "The disk is full")
    assert packs(pack).usable()
    assert small_disk.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_a_profile_that_may_not_be_written(packs, pack, profile):
    profile.mkdir()
    (profile / "engines").write_text("a file where a folder should be")
    with pytest.raises(EngineProblem, match="Nothing can be added"):
        packs(pack).add(pack)


@pytest.mark.parametrize("step", ["pack", "before"])
def test_a_folder_that_cannot_be_put_in_place(packs, pack, step):
    """As on Windows, while an engine has its files open."""
    here = packs(pack)
    if step == "before":
        here.add(pack)
    rename = Path.rename

    def held(self, target):
        if self.name.startswith(".adding-") or (step == "before" and self.name == "vulkan"):
            raise PermissionError(errno.EACCES, "in use")
        return rename(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", held)
        problem = refused(here, pack, "in use")
    assert "close it first" in problem.hint
    assert bool(packs(pack).usable()) == (step == "before")


def test_a_process_that_is_ended_leaves_nothing_that_counts(packs, pack):
    here = packs(pack)

    class Ended(BaseException):
        """As if by a signal, before anything can be cleaned."""

    def end(*_arguments, **_options):
        raise Ended

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_remember", end)
        patch.setattr(room.shutil, "rmtree", lambda *_a, **_o: None)
        with pytest.raises(Ended):
            here.add(pack)
    (left,) = folders()
    assert left.startswith(".adding-")
    assert packs(pack).found() == ()
    # Another process may be at work in it; after an hour nobody is.
    assert packs(pack).add(pack).usable
    assert left in folders()
    os.utime(find_home().data / "engines" / left, (1, 1))
    packs(pack).add(pack)
    assert folders() == ["vulkan"]


# ---------------------------------------------------------------------- what is used


def test_a_pack_of_an_older_homebody_is_kept_and_not_used(packs, pack, build):
    here = packs(pack)
    here.add(pack)
    (build / "engine.json").write_text(json.dumps(MADE | {"binding": "0.4.0", "files": {}}))
    (state,) = packs(pack).found()
    assert not state.usable
    assert "0.3.36" in state.problem
    assert "0.4.0" in state.problem
    assert "engine add" in state.hint
    assert packs(pack).usable() == ()
    assert folders() == ["vulkan"]


def test_nothing_is_hashed_where_nothing_changed(packs, pack, monkeypatch):
    here = packs(pack)
    here.add(pack)
    monkeypatch.setattr(room, "_hash", lambda _path: pytest.fail("it was hashed"))
    assert here.usable()


def test_looking_takes_no_time(packs, pack):
    here = packs(pack)
    here.add(pack)
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        assert here.usable()
        times.append(time.perf_counter() - begun)
    median = sorted(times)[25] * 1e3
    print(f"looked at a pack: {median:.3f} ms")
    assert median < 2


def test_what_changed_is_hashed_again_once(packs, pack, monkeypatch):
    here = packs(pack)
    here.add(pack)
    (folder,) = here.usable()
    os.utime(folder / "libggml-vulkan.so", (1, 1))
    hashed = []
    original = room._hash
    monkeypatch.setattr(room, "_hash", lambda path: hashed.append(path.name) or original(path))
    assert here.usable()
    assert here.usable()
    assert hashed == ["libggml-vulkan.so"]


def damage_byte(folder):
    with (folder / "libggml-vulkan.so").open("r+b") as stream:
        stream.write(b"X")


def damage_quietly(folder):
    """Change a file, and put its time and what is remembered of it out of reach."""
    damage_byte(folder)
    (folder / "added.json").write_text("{")


def make_link(folder):
    """To the same bytes, by a path that is as long as the file was."""
    (folder / "LICENSE.txt").rename(folder.parent / "x")
    (folder / "LICENSE.txt").symlink_to("../x")


@pytest.mark.parametrize(
    "damage",
    [
        damage_byte,
        damage_quietly,
        make_link,
        lambda folder: (folder / "LICENSE.txt").unlink(),
        lambda folder: (folder / "LICENSE.txt").write_bytes(b""),
        lambda folder: (folder / "libvulkan.so.1").write_bytes(b"planted"),
        lambda folder: (folder / "pack.json").write_text("{}"),
        lambda folder: (folder / "pack.json").unlink(),
        lambda folder: (folder / "pack.json").write_bytes(described(name="cuda")),
    ],
)
def test_a_pack_that_is_damaged_is_not_used_and_can_be_added_again(packs, pack, damage):
    here = packs(pack)
    here.add(pack)
    (folder,) = here.usable()
    damage(folder)
    (state,) = here.found()
    assert not state.usable
    assert "damaged" in state.problem
    assert state.hint
    assert here.usable() == ()
    assert here.add(pack).usable
    assert here.usable() == (folder,)


def test_a_link_to_a_folder_is_no_pack(packs, pack, tmp_path):
    here = packs(pack)
    here.add(pack)
    (folder,) = here.usable()
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved", target_is_directory=True)
    assert here.found() == ()


@pytest.mark.skipif(sys.platform == "win32", reason="no path there holds one")
def test_a_profile_whose_path_would_be_taken_for_two(build, pack, monkeypatch, tmp_path):
    monkeypatch.setenv("HOMEBODY_HOME", str(tmp_path / "a:b"))
    known = PackFile(
        file=NAME, sha256=hashlib.sha256(pack.read_bytes()).hexdigest(), bytes=pack.stat().st_size
    )
    here = Packs(find_home(), build=build, release=Release(packs={"vulkan": known}))
    assert "taken for two" in here.add(pack).problem
    assert here.usable() == ()


def test_cuda_comes_before_vulkan(packs, pack, tmp_path):
    """A card of NVIDIA's is offered by both; llama.cpp takes it from the first."""
    files = {"libggml-cuda.so": b"kernels"}
    said = described(files, name="cuda", title="CUDA", backend="libggml-cuda.so")
    cuda = tmp_path / "homebody-0.1.0-cuda-linux-x86_64.zip"
    zipped(cuda, [("pack.json", said), *files.items()])
    here = packs(pack, cuda)
    here.add(pack)
    here.add(cuda)
    assert [folder.name for folder in here.usable()] == ["cuda", "vulkan"]


def test_what_is_not_there_cannot_be_removed(packs, pack):
    for name in ("vulkan", "..", ".", "", "../engines"):
        with pytest.raises(BadInput, match="There is no pack"):
            packs(pack).remove(name)


def test_a_pack_in_use_is_not_removed_by_half(packs, pack):
    here = packs(pack)
    here.add(pack)

    def held(_self, _target):
        raise PermissionError(errno.EACCES, "in use")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", held)
        with pytest.raises(EngineProblem, match="in use"):
            here.remove("vulkan")
    assert here.usable()
