"""read_file: every kind as text, within bounds, and bad files in words."""

import io
import random
import time
import zipfile
from collections import Counter
from datetime import UTC, datetime

import pytest

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Grant
from homebody.skills.documents import MOST_LETTERS, read_file
from homebody.skills.paths import Reach
from homebody.skills.read_pdf import pdf_text
from homebody.skills.texts import decode_text
from skills.document_files import WORD, docx, locked_pdf, paragraph, pdf, table, zipped

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    """Write a file and read it by the skill."""
    folder = tmp_path / "folder"
    folder.mkdir()
    reach = Reach((Grant(folder=str(folder), access="read"),), (str(folder),))

    def reading(name, data):
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_file({"path": name}, NOW, reach)

    return reading


def refused(read, name, data):
    with pytest.raises(SkillProblem) as caught:
        read(name, data)
    assert caught.value.hint
    return caught.value


def ended(read, name, data):
    """How a reading ended: "text", or the kind of the problem."""
    try:
        read(name, data)
    except SkillProblem as problem:
        return problem.kind
    return "text"


# ---------------------------------------------------------------- text


GREETINGS = {
    "de": "Grüße aus München: schöne Straßen",
    "fr": "Élève déçu à l’hôtel",
    "es": "¿Dónde está el niño?",
    "it": "Perché è così",
    "ru": "Привет, как дела? Завтра приду к вам в гости.",
    "pl": "Zażółć gęślą jaźń, dziękuję bardzo",
    "ja": "こんにちは、明日の会議は三時からです。",
}


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        *[(text, "utf-8") for text in GREETINGS.values()],
        *[(text, "utf-8-sig") for text in GREETINGS.values()],
        *[(text, "utf-16") for text in GREETINGS.values()],
        *[(GREETINGS[each], "utf-16-le") for each in ("de", "fr", "es", "it")],
        *[(GREETINGS[each], "cp1252") for each in ("de", "fr", "es", "it")],
        (GREETINGS["ru"], "cp1251"),
        (GREETINGS["ru"], "koi8_r"),
        (GREETINGS["pl"], "cp1250"),
        (GREETINGS["ja"], "shift_jis"),
        (GREETINGS["ja"], "euc_jp"),
    ],
)
def test_text_of_any_encoding(read, words, encoding):
    outcome = read("text.txt", words.encode(encoding))
    assert outcome.text == words
    assert outcome.label == "file"
    assert outcome.said == ""


def test_line_ends_become_one_sign_and_an_empty_file_is_said_to_be_empty(read):
    assert read("dos.txt", b"a\r\nb\rc\n").text == "a\nb\nc\n"
    outcome = read("empty.txt", b"")
    assert (outcome.text, outcome.said) == ("", "empty.txt is empty.")


def test_a_few_broken_bytes_do_not_change_the_encoding(read):
    assert "schöne" in read("log.txt", ("schöne Grüße ".encode() * 100) + b"\xff\n").text


def test_a_huge_file_is_read_so_far_and_that_is_said(read):
    outcome = read("huge.log", "ä".encode() * 6_000_000)
    assert len(outcome.text) == MOST_LETTERS
    assert set(outcome.text) == {"ä"}
    assert "first 8.0 MB of 12.0 MB" in outcome.said


def test_a_cut_inside_a_letter_is_no_broken_letter():
    assert decode_text("aä".encode()[:-1], whole=False) == "a"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("cat.png", b"\x89PNG\r\n\x1a\n\0\0\0", "a picture"),
        ("notes.txt", b"\x7fELF\2\1\1\0\0\0\0", "a program"),
        ("model.gguf", b"GGUF\3\0\0\0\0\0\0\0\0", "a language model"),
        ("stuff.bin", bytes(range(256)) * 10, "no text"),
        ("sheet.xlsx", zipped({"xl/workbook.xml": "<x/>"}), "a spreadsheet"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "a Word file of before 2007"),
        ("pack.zip", zipped({"a": "b"}), "an archive"),
    ],
)
def test_what_is_no_text_is_refused_in_words(read, name, data, kind):
    problem = refused(read, name, data)
    assert problem.kind == "unsupported"
    assert problem.message == f"{name} holds {kind}, which cannot be read as text."


# ---------------------------------------------------------------- tables and pages


@pytest.mark.parametrize("comma", [",", ";", "\t", "|"])
def test_csv_is_a_table(read, comma):
    rows = [["name", "what"], ["Ada", "1"], ["Bob", "2 | 3" if comma != "|" else "2"]]
    data = "\n".join(
        comma.join(f'"{cell}"' if "|" in cell else cell for cell in row) for row in rows
    )
    lines = read("people.csv", data).text.splitlines()
    assert lines[:3] == ["| name | what |", "| --- | --- |", "| Ada | 1 |"]


def test_csv_with_decimal_commas_and_bad_quotes(read):
    assert "| 3,5 | 4 |" in read("a.csv", "a;b\n3,5;4\n").text
    assert "b" in read("b.csv", 'a,"b\nc,d').text


def test_many_rows_are_cut_and_that_is_said(read):
    outcome = read("long.csv", "\n".join(f"{number},x" for number in range(9_000)))
    assert len(outcome.text.splitlines()) == 5_001
    assert "first 5,000 rows" in outcome.said


PAGE = """<!DOCTYPE html><html><head><title>A page</title><style>p {color: red}</style></head>
<body><nav><a href="https://example.org">Home</a></nav><h1>Hello</h1>
<p>One &amp; <b>two</b>,<br>three</p><script>alert("no")</script>
<ul><li>first<li>second</ul><table><tr><th>k<th>v<tr><td>1<td>2</table>
<pre>  kept
  so</pre></body></html>"""


def test_html_is_what_a_reader_sees(read):
    text = read("page.html", PAGE).text
    assert text.startswith("A page\n\nHome\n\n# Hello\n\n")
    for part in (
        "One & two,\nthree",
        "- first\n",
        "- second",
        "| k | v |\n| 1 | 2 |",
        "  kept\n  so",
    ):
        assert part in text
    assert "alert" not in text
    assert "red" not in text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>open <b>bold", "open bold"),
        ("<html><head><title>T</title><p>no body", "T\n\nno body"),
        ("</div></p>just words</html>", "just words"),
        ("<script>never closed <p>x", ""),
        ("<div>" * 50_000 + "deep", "deep"),
        ("<!-- never closed <p>x", ""),
        ("seen" + "<!--" * 300_000, "seen"),
        ("&#xFFFFFFFF; &nosuch; &lt;", "\ufffd &nosuch; <"),
    ],
)
def test_bad_html_is_read_as_far_as_it_goes(read, page, text):
    assert read("bad.html", page).text == text


# ---------------------------------------------------------------- PDF


def test_pdf(read):
    outcome = read("two.pdf", pdf("Hello (world)", "Second page"))
    assert outcome.text == "Hello (world)\n\nSecond page"
    assert read("no-suffix", pdf("Found by its first bytes")).text == "Found by its first bytes"


def test_locked_pdfs(read):
    free = locked_pdf(pdf("Only changing is locked"), "")
    assert read("free.pdf", free).text == "Only changing is locked"
    problem = refused(read, "locked.pdf", locked_pdf(pdf("Secret"), "password"))
    assert problem.kind == "unsupported"
    assert problem.message == "locked.pdf is locked with a password."


def test_a_pdf_of_pictures_and_an_empty_one(read):
    problem = refused(read, "scan.pdf", pdf("", "", ""))
    assert problem.message == "scan.pdf holds pictures of 3 pages and no text."
    assert refused(read, "none.pdf", pdf()).kind == "failed"
    assert refused(read, "cut.pdf", pdf("x")[:200]).kind == "failed"


def test_a_pdf_is_read_until_time_is_up():
    pages = pdf(*(f"Page {number}" for number in range(1, 50)))
    text, note = pdf_text(io.BytesIO(pages), "x.pdf", MOST_LETTERS, time.monotonic() - 1)
    assert text == "Page 1"
    assert note == "These are the first 1 of its 49 pages."


def test_a_pdf_whose_parts_lead_in_a_circle(read):
    looped = pdf("x").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")
    assert refused(read, "loop.pdf", looped).kind == "failed"
    prev = pdf("x").replace(b"/Root 1 0 R >>", b"/Root 1 0 R /Prev 9 >>")
    assert ended(read, "prev.pdf", prev) in {"text", "failed", "unsupported"}


def test_300_damaged_pdfs_end_in_text_or_words(read):
    chance = random.Random(5)
    whole = pdf("The first page", "The second page", "The third")
    plainly = pdf("The first page", "The second page", compress=False)
    ways: Counter[str] = Counter()
    start = time.monotonic()
    for number in range(300):
        data = bytearray(whole if number % 2 else plainly)
        for _ in range(chance.choice((1, 3, 10, 60))):
            place = chance.randrange(len(data))
            way = chance.randrange(4)
            if way == 0:
                data[place] = chance.randrange(256)
            elif way == 1:
                del data[place : place + chance.randrange(1, 40)]
            elif way == 2:
                data[place:place] = data[place : place + chance.randrange(1, 40)]
            else:
                data[place : place + 1] = str(chance.randrange(10**9)).encode()
        began = time.monotonic()
        ways[ended(read, "fuzzed.pdf", bytes(data))] += 1
        assert time.monotonic() - began < 20
    print(dict(ways), f"{time.monotonic() - start:.1f} s")
    assert set(ways) == {"text", "failed", "unsupported"}
    assert ways["text"] > 50


# ---------------------------------------------------------------- Word


def test_docx(read):
    data = docx(
        paragraph("The title", "Heading1"),
        paragraph("Grüße & <more>"),
        paragraph("milk", numbered=True),
        table(("name", "what"), ("Ada", "1|2")),
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>",
        "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r>"
        "<w:t>new</w:t></w:r></w:ins></w:p>",
        "<w:p><mc:AlternateContent><mc:Choice><w:r><w:t>once</w:t></w:r></mc:Choice>"
        "<mc:Fallback><w:r><w:t>twice</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>",
    )
    assert read("letter.docx", data).text == (
        "# The title\nGrüße & <more>\n- milk\n| name | what |\n| --- | --- |\n| Ada | 1\\|2 |\n\n"
        "a\tb\nc\nnew\nonce"
    )


def test_bad_docx_ends_in_words(read):
    good = docx(paragraph("hello"))
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{"&a;" * 10}">' for n in range(9))
        + "]>"
    )
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for name, data in {
        "cut.docx": good[:-30],
        "empty.docx": zipped({"other": "x"}),
        "xml.docx": zipped({"word/document.xml": "<w:p>"}),
        "bomb.docx": docx(paragraph("x"), before=bomb),
        "outside.docx": docx("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", before=outside),
    }.items():
        assert refused(read, name, data).kind == "failed", name


def test_a_zip_bomb_is_left_after_64_mb(read):
    xml = f'<w:document xmlns:w="{WORD}"><w:body>'.encode()
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        part.write(xml)
        for _ in range(200):
            part.write(b" " * 1_000_000)
    assert len(out.getvalue()) < 300_000
    problem = refused(read, "bomb.docx", out.getvalue())
    assert problem.kind == "large"
    assert "64.0 MB" in problem.message


def test_100_damaged_docx_end_in_text_or_words(read):
    chance = random.Random(6)
    good = docx(*(paragraph(f"line {number}") for number in range(40)))
    for _ in range(100):
        data = bytearray(good)
        for _ in range(chance.choice((1, 5, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        assert ended(read, "fuzzed.docx", bytes(data)) in {"text", "failed", "unsupported"}
