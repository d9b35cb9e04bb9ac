"""Pilots' files that are broken, huge or hostile, and places that are no files."""

import bz2
import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.orc as orc
import pyarrow.parquet as pq
from PIL import Image

from projektor_ray.runs.table_files import table_bytes
from tests.helpers.encoded_images import encode
from tests.helpers.hostile_names import HOSTILE_NAMES

FEATURES, LABELS = np.arange(18.0).reshape(6, 3), np.array([0, 1, 1, 0, 1, 0])
TABLE = pa.table({"a": [1.0, 2.0, 3.0], "b": [3.0, 2.5, 1.0], "label": [0, 1, 0]})
CSV = b"a,b,label\n1,2.5,0\n2,3.5,1\n3,1.5,0\n"
Source = dict[str, Any]


def hostile_sources(place: Path) -> Iterator[tuple[str, Source]]:
    """Name and configuration of each source, whose files are written below `place`."""
    for number, (name, ending, content) in enumerate(_files()):
        path = place / f"{number}{ending}"
        path.write_bytes(content)
        yield name, {"path": str(path)}
    yield from _options(place)
    yield from _folders(place)
    yield from _places(place)


def _files() -> Iterator[tuple[str, str, bytes]]:
    """Name, ending and content of each file."""
    for name, content in _members().items():
        for array in ("x", "y"):
            yield f"npz: {array} is {name}", ".npz", _npz(**{array: content})
    yield from ((f"npz: {name}", ".npz", content) for name, content in _archives())
    for kind, content in _tables().items():
        yield from ((f"{kind}: {how}", kind, bad) for how, bad in _damaged(content))
    yield from ((f"Parquet: {name}", ".parquet", _parquet(table)) for name, table in _shapes())
    yield from ((f"CSV: {name}", ".csv", content) for name, content in _texts())
    yield from ((f"JSON: {name}", ".jsonl", content) for name, content in _records())
    yield "CSV, gzip bomb", ".csv.gz", gzip.compress(CSV + b"1,1,1\n" * 2**24)
    yield "CSV, gzip cut short", ".csv.gz", gzip.compress(CSV * 100)[:-20]
    yield "CSV, no gzip", ".csv.gz", CSV
    yield "Excel of XML that grows", ".xlsx", _bomb_of_xml()
    yield "Excel of a sheet that grows", ".xlsx", _bomb_of_rows()
    yield "CSV, bzip2 bomb", ".csv.bz2", bz2.compress(CSV + b"1,1,1\n" * 2**24)
    yield "JSON, gzip bomb", ".jsonl.gz", gzip.compress(b'{"a":1,"label":0}\n' * 2**23)
    yield "JSON, gzip bomb of one line", ".json.gz", gzip.compress(b'[{"a":"' + b"x" * 2**28)


def _member(header: bytes, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def _shape(text: str, kind: str = "'<f8'") -> bytes:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {text}, }}\n".encode()


def _saved(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def _members() -> dict[str, bytes]:
    return {
        "of 10^12 rows": _member(_shape("(1000000000000, 3)"), b"\0" * 99),
        "of 2^126 values": _member(_shape("(9223372036854775807, 9223372036854775807)")),
        "of -1 rows": _member(_shape("(-1, 3)"), b"\0" * 99),
        "too short": _member(_shape("(6, 3)"), b"\0" * 5),
        "too long": _member(_shape("(1, 3)"), b"\0" * 999),
        "without shape": _member(b"{'descr': '<f8'}\n"),
        "code": _member(b"__import__('os').getcwd()\n"),
        "nested 5,000 times": _member(b"(" * 5000 + b"\n"),
        "of a long header": _member(_shape("(6, 3)") + b" " * 20000),
        "of an unknown type": _member(_shape("(6, 3)", "'q9'")),
        "of objects": _saved(np.array([{}, [], None], dtype=object)),
        "a text": b"hello",
        "nothing": b"",
        "of a later version": b"\x93NUMPY\x09\x00" + b"\0" * 99,
        "a single value": _saved(np.array(3.0)),
        "a single name": _saved(np.array("nut")),
        "of dates": _saved(LABELS.astype("M8[D]")),
        "a matrix of texts": _saved(FEATURES.astype("U5")),
        "of records": _saved(np.zeros(6, dtype=[("a", "f8")])),
        "complex": _saved(FEATURES.astype(complex)),
        "not finite": _saved(np.full((6, 3), np.nan)),
        "of 40 axes": _saved(np.zeros((1,) * 32)),
    }


def _npz(compression: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    content = io.BytesIO()
    every = {"x": _saved(FEATURES), "y": _saved(LABELS), **members}
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, member in every.items():
            archive.writestr(f"{name}.npy", member)
    return content.getvalue()


def _archives() -> Iterator[tuple[str, bytes]]:
    sound = _npz()
    for share in (0.1, 0.5, 0.9):
        yield f"cut at {share:.0%}", sound[: int(len(sound) * share)]
    for name, offset, value in (("encrypted", 6, 1), ("of unknown compression", 8, 99)):
        yield name, _with_flags(sound, offset, value)
    yield "a bomb", _npz(x=_saved(np.zeros((2**22, 20))), y=_saved(np.zeros(2**22, np.int8)))
    yield "names of 0 axes", _npz(class_names=_saved(np.array("nut")))
    yield "names that are numbers", _npz(class_names=_saved(np.array([1, 2])))
    yield "a broken member that is not used", _npz(extra=b"broken")
    yield "a path for a name", _npz(**{"../../x": _saved(LABELS)})
    yield "a control character for a name", _npz(**{"\x1b[31m": _saved(LABELS)})
    yield "no archive", b"PK\x03\x04 nothing"
    yield "empty", _empty_archive()
    yield "LZMA", _npz(zipfile.ZIP_LZMA)


def _with_flags(content: bytes, offset: int, value: int) -> bytes:
    changed = bytearray(content)
    for begin, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        at = changed.find(begin)
        while at >= 0:
            changed[at + offset + shift] = value
            at = changed.find(begin, at + 4)
    return bytes(changed)


def _empty_archive() -> bytes:
    content = io.BytesIO()
    zipfile.ZipFile(content, "w").close()
    return content.getvalue()


def _tables() -> dict[str, bytes]:
    """Sound tables by ending."""
    arrow, rows = io.BytesIO(), io.BytesIO()
    feather.write_feather(TABLE, arrow)
    orc.write_table(TABLE, rows)
    return {".parquet": _parquet(TABLE), ".feather": arrow.getvalue(), ".orc": rows.getvalue()}


def _damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "zeros", b"\0" * 1000
    yield "its first half", content[: len(content) // 2]
    yield "without its end", content[:-4]
    yield "without its begin", content[4:]
    yield "huge footer", content[:-8] + b"\xff\xff\xff\x7f" + content[-4:]
    for at in (0.3, 0.6, 0.9):
        damaged = bytearray(content)
        damaged[int(len(content) * at)] ^= 0xFF
        yield f"a byte changed at {at:.0%}", bytes(damaged)


def _parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def _shapes() -> Iterator[tuple[str, pa.Table]]:
    twice = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["a", "a"])
    yield "a column twice", twice
    yield "no rows", TABLE.slice(0, 0)
    yield "no columns", pa.table({})
    yield "only a label", TABLE.select(["label"])
    yield "lists of different lengths", pa.table({"features": [[1.0], [1.0, 2.0]], "label": [0, 1]})
    yield "empty lists", pa.table({"features": [[], []], "label": [0, 1]})
    yield "missing values", pa.table({"a": [1.0, None], "label": [0, 1]})
    yield "missing labels", pa.table({"a": [1.0, 2.0], "label": [0, None]})
    yield "infinite values", pa.table({"a": [1.0, np.inf], "label": [0, 1]})
    yield "texts", pa.table({"a": ["x", "y"], "label": [0, 1]})
    yield "structures", pa.table({"a": [{"b": 1}, {"b": 2}], "label": [0, 1]})
    yield "names that are markup", pa.table({"[/x]": [1.0, 2.0], "label": ["[/INST]", "\x1b[31m"]})
    yield (
        "equal values by the million",
        pa.table({name: pa.array(np.zeros(2**23)) for name in ("a", "b", "c", "label")}),
    )
    wide = {f"c{i}": [1.0, 2.0] for i in range(20_000)}
    yield "20,000 columns", pa.table({**wide, "label": [0, 1]})
    seen = [name for name in HOSTILE_NAMES if not _has_surrogate(name)]
    yield "columns of hostile names", pa.table({**{n: [1.0, 2.0] for n in seen}, "label": [0, 1]})
    yield "labels of hostile names", pa.table({"a": np.arange(len(seen) * 1.0), "label": seen})
    deep = pa.array([[1.0], [2.0]])
    for _ in range(60):
        deep = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), deep)
    yield "lists nested 60 times", pa.table({"a": deep, "label": [0, 1]})
    for name, image in _images():
        yield f"image: {name}", pa.table({"image": [image, image], "label": [0, 1]})


def _texts() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a header alone", b"a,b,label\n"
    yield "NUL", b"a,b,label\n1,\x00,0\n"
    yield "an open quote", b'a,b,label\n1,"2,0\n' + b"3,4,1\n" * 1000
    yield "rows of different lengths", b"a,b,label\n1,2\n1,2,3,4\n"
    yield "a column twice", b"a,a,label\n1,2,0\n2,3,1\n"
    yield "names that differ by case", b"a,A,label\n1,2,0\n2,3,1\n"
    yield "Latin-1", "größe,b,label\n1,2,ä\n".encode("latin-1")
    yield "UTF-16", CSV.decode().encode("utf-16")
    yield "one line of 20 MB", b"a,b,label\n" + b"9" * (20 * 2**20) + b",1,0\n"
    yield "20,000 columns", b",".join(b"c%d" % i for i in range(20_000)) + b",label\n1\n"
    yield "formulas", b'a,b,label\n"=1+1",2,"=cmd|x"\n'
    yield "numbers of 400 digits", b"a,b,label\n" + b"9" * 400 + b",1,0\n2,3,1\n"
    seen = [name for name in HOSTILE_NAMES if not _has_surrogate(name)]
    rows = "".join(f'{i},{i},"{name}"\n' for i, name in enumerate(seen))
    yield "labels of hostile names", f"a,b,label\n{rows}".encode()
    quoted = [f'"{name}"' for name in seen]
    numbers = ",".join("1" for _ in seen)
    yield "columns of hostile names", f"{','.join(quoted)},label\n{numbers},0\n".encode()
    yield "random bytes", np.random.default_rng(0).bytes(10_000)


def _records() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "nested 100,000 times", b"[" * 100_000
    yield "an object nested 10,000 times", b'{"a":' * 10_000
    deep = b"[" * 10_000 + b"]" * 10_000
    yield "a value nested 10,000 times", b'{"a": ' + deep + b', "label": 0}\n'
    good = b'{"a": 1, "label": 0}\n'
    yield "a late line nested 10,000 times", good * 9 + b'{"a": ' + deep + b', "label": 0}\n'
    yield "objects nested 10,000 times", b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n"
    yield "cut short", b'{"a": 1, "label": 0}\n{"a": 2, "la'
    yield "no objects", b"1\n2\n3\n"
    yield "keys that come and go", b'{"a": 1, "label": 0}\n{"b": 2, "label": 1}\n'
    yield "a key twice", b'{"a": 1, "a": 2, "label": 0}\n'
    yield "numbers of 10,000 digits", b'{"a": ' + b"9" * 10_000 + b', "label": 0}\n'
    yield "NaN", b'{"a": NaN, "label": 0}\n'
    yield "a lone surrogate", b'{"a": 1, "label": "\\ud800"}\n'


def _bomb_of_xml() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("xl/workbook.xml", b"<a>" + b" " * 2**28 + b"</a>")
    return content.getvalue()


def _bomb_of_rows() -> bytes:
    """A sound workbook of one sheet, whose rows are many and compress well."""
    sound = io.BytesIO(table_bytes(TABLE, ".xlsx"))
    content = io.BytesIO()
    with (
        zipfile.ZipFile(sound) as source,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for member in source.namelist():
            data = source.read(member)
            if "sheet1" in member:
                row = b'<row><c t="n"><v>1</v></c><c t="n"><v>1</v></c><c t="n"><v>1</v></c></row>'
                data = data.replace(b"</sheetData>", row * 2**22 + b"</sheetData>")
            archive.writestr(member, data)
    return content.getvalue()


def _has_surrogate(name: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in name)


def _images() -> Iterator[tuple[str, bytes]]:
    sound = encode(np.zeros((8, 8, 3), np.uint8))
    yield "of 60,000 × 60,000 pixels", _png(60_000, 60_000)
    yield "of 2^31 - 1 pixels in a row", _png(2**31 - 1, 1)
    yield "of 0 pixels", _png(0, 0)
    yield "cut short", sound[: len(sound) // 2]
    yield "a text", b"no image"
    yield "empty", b""
    yield "a text of 100 MB that is compressed", _png_with_text()
    yield "a JPEG cut short", encode(Image.new("RGB", (64, 64)), "JPEG")[:300]


def _png(width: int, height: int) -> bytes:
    """A PNG of so many pixels, as its header says, and hardly any data."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [_chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b"")]
    )


def _png_with_text() -> bytes:
    sound = encode(np.zeros((8, 8, 3), np.uint8))
    text = _chunk(b"zTXt", b"k\0\0" + zlib.compress(b" " * (100 * 2**20)))
    return sound[:33] + text + sound[33:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def _options(place: Path) -> Iterator[tuple[str, Source]]:
    """Sound files with options that they do not fit."""
    path = place / "sound.csv"
    path.write_bytes(CSV)
    for name, options in {
        "a feature twice": {"features": ["a", "a"]},
        "a feature that is the label": {"features": ["a", "label"]},
        "an absent feature": {"features": ["a", "zzz"]},
        "an absent label": {"label": "zzz"},
        "no feature": {"features": []},
        "rows behind the end": {"rows": [10, 20]},
        "classes that are absent": {"classes": [7]},
        "an unknown encoding": {"encoding": "klingon"},
        "an image size of 10^9": {"image_size": 10**9},
    }.items():
        yield f"option: {name}", {"path": str(path), **options}
    yield "option: no such bundled set", {"sklearn": "os.system"}
    yield "option: two origins", {"path": str(path), "sklearn": "iris"}


def _folders(place: Path) -> Iterator[tuple[str, Source]]:
    for name, content in _images():
        folder = place / f"images {name}"
        for kind in ("cat", "dog"):
            (folder / kind).mkdir(parents=True)
            (folder / kind / "0.png").write_bytes(content)
        yield f"folder of images: {name}", {"path": str(folder)}
    circle = place / "circle" / "cat"
    circle.mkdir(parents=True)
    (circle / "again").symlink_to(place / "circle")
    (circle / "0.png").write_bytes(encode(np.zeros((8, 8, 3), np.uint8)))
    yield "folder: links in a circle", {"path": str(place / "circle")}
    pipes = place / "pipes" / "cat"
    pipes.mkdir(parents=True)
    os.mkfifo(pipes / "0.png")
    yield "folder: a pipe among images", {"path": str(place / "pipes")}
    (place / "parts").mkdir()
    for name, table in (("0", TABLE), ("1", TABLE.rename_columns(["a", "z", "label"]))):
        pq.write_table(table, place / "parts" / f"{name}.parquet")
    yield "folder: parts that differ", {"path": str(place / "parts")}
    devices = place / "devices" / "cat"
    devices.mkdir(parents=True)
    (devices / "0.png").symlink_to("/dev/zero")
    yield "folder: a device among images", {"path": str(place / "devices")}
    named = place / "\x1b]0;title\x07\u202egnp"
    for kind in (b"cat\x1b[2J", b"d\xffg", "\u202egod".encode()):
        folder = Path(os.fsdecode(os.fsencode(named) + b"/" + kind))
        folder.mkdir(parents=True)
        (folder / "0.png").write_bytes(encode(np.zeros((8, 8, 3), np.uint8)))
    yield "folder: hostile names of classes", {"path": str(named)}
    locked = place / "locked" / "cat"
    locked.mkdir(parents=True)
    (place / "locked" / "a.csv").write_bytes(CSV)
    locked.chmod(0)
    yield "folder: one that may not be read, within it", {"path": str(place / "locked")}
    for name, cell in {
        "a pipe": str(pipes / "0.png"),
        "a device": str(devices / "0.png"),
        "files of a storage that does not answer": "gs://no-such-bucket-projektor/0.png",
        "files above the folder": "../../../../../../etc/passwd.png",
        "the folder itself": "..png/../.",
    }.items():
        path = place / f"cells {name}.csv"
        path.write_text("image,label\n" + f"{cell},0\n{cell},1\n" * 10)
        yield f"cells that name {name}", {"path": str(path)}
    (place / "empty").mkdir()
    yield "folder: empty", {"path": str(place / "empty")}


def _places(place: Path) -> Iterator[tuple[str, Source]]:
    for ending in (".csv", ".npz", ".parquet"):
        os.mkfifo(place / f"pipe{ending}")
        yield f"place: a pipe{ending}", {"path": str(place / f"pipe{ending}")}
        (place / f"zero{ending}").symlink_to("/dev/zero")
        yield f"place: a link to /dev/zero{ending}", {"path": str(place / f"zero{ending}")}
    (place / "nowhere.csv").symlink_to(place / "absent")
    (place / "itself.csv").symlink_to(place / "itself.csv")
    for path in (
        *("/dev/null", "/dev/zero", "/dev/random", "/proc/self/mem", "/", "~nobody-here/x.csv"),
        *(str(place / name) for name in ("nowhere.csv", "itself.csv", "a\0b.csv", "x" * 5000)),
        *("s3://no-such-bucket-projektor/x.csv", "gs://no-such-bucket-projektor/x.csv"),
        *("s3://KEY:SECRET@no-such-bucket-projektor/x.csv", "http://127.0.0.1:9/x.csv"),
        *("hdfs://nowhere/x.csv", "gopher://x/y.csv", "file:///absent.csv", "s3://", "://"),
    ):
        yield f"place: {path[:40]!r}", {"path": path}
