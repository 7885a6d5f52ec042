"""Where rows stand, and what texts consist of: the plain half of the transcript."""

from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.ui.transcript.heights import Heights
from homebody.ui.transcript.leaves import PIECE, Change, Leaf, Reader
from ui.markdown_texts import cut, texts

heights = st.lists(st.integers(0, 5000), max_size=80)


@given(heights, st.lists(st.tuples(st.integers(0, 79), st.integers(0, 5000)), max_size=20))
def test_tops_are_sums_whatever_changed(first: list[int], changes: list[tuple[int, int]]) -> None:
    rows = Heights(first)
    for row, height in changes:
        if row < len(first):
            first[row] = height
            rows.set(row, height)
    assert rows.total == sum(first)
    assert [rows.top(row) for row in range(len(first) + 1)] == [
        sum(first[:row]) for row in range(len(first) + 1)
    ]


@given(heights)
def test_a_row_covers_every_pixel_from_its_top_to_its_end(first: list[int]) -> None:
    rows = Heights(first)
    for row, height in enumerate(first):
        if height:
            assert rows.at(rows.top(row)) == row
            assert rows.at(rows.top(row) + height - 1) == row
    assert rows.at(-5) == 0 or not first[0]
    assert rows.at(rows.total + 5) == max(len(first) - 1, 0)


@given(heights, heights, heights, st.integers(0, 90))
def test_rows_can_be_added_at_both_ends_and_dropped(
    first: list[int], before: list[int], after: list[int], kept: int
) -> None:
    rows = Heights(first)
    rows.append(after)
    rows.prepend(before)
    expected = [*before, *first, *after]
    kept = min(kept, len(expected))
    rows.truncate(kept)
    rows.append([7])
    expected = [*expected[:kept], 7]
    assert [rows[row] for row in range(len(rows))] == expected
    assert [rows.top(row) for row in range(len(rows) + 1)] == [
        sum(expected[:row]) for row in range(len(expected) + 1)
    ]


def whole(text: str) -> list[Leaf]:
    reader = Reader()
    reader.add(text)
    reader.finish()
    return reader.leaves


def replay(drawn: list[Leaf], change: Change) -> None:
    """Do what a page does with a change."""
    assert change.kept <= len(drawn)
    drawn[change.kept :] = change.leaves


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_cutting_of_a_text_reads_as_the_whole(data: st.DataObject) -> None:
    text = data.draw(texts)
    reader = Reader()
    drawn: list[Leaf] = []
    for part in data.draw(cut(text)):
        replay(drawn, reader.add(part))
        assert drawn == reader.leaves
    replay(drawn, reader.finish())
    assert drawn == whole(text)
    assert drawn == Reader().read(text).leaves
    assert reader.references == whole_references(text)


def whole_references(text: str) -> dict[str, object]:
    reader = Reader()
    reader.add(text)
    reader.finish()
    return reader.references


def test_what_is_settled_is_not_read_again() -> None:
    reader = Reader()
    reader.add("One.\n\nTwo.\n\n```py\na = 1\n")
    change = reader.add("b = 2\n")
    assert change == Change(2, [Leaf("code", "a = 1\nb = 2", language="py", closed=False)])
    assert reader.add("``").leaves[0].text == "a = 1\nb = 2", "it may yet be the end"
    change = reader.add("`\nThree.")
    assert change.kept == 2
    assert [leaf.text for leaf in change.leaves] == ["a = 1\nb = 2", "Three."]
    assert reader.add(" And more").kept == 3


def test_a_line_is_not_taken_for_a_block_of_its_own_before_it_is_complete() -> None:
    reader = Reader()
    reader.add("Words\n***")
    reader.add("bold***, and\n#")
    reader.add("tag")
    assert [leaf.text for leaf in reader.leaves] == ["Words\n***bold***, and\n#tag"]


def test_a_list_that_grows_leaves_its_items_alone() -> None:
    reader = Reader()
    reader.add("1. one\n2. two\n   - in it\n")
    change = reader.add("3. three\n\n\n4. four")
    assert change.kept == 3
    assert [leaf.inside for leaf in change.leaves] == [("3.",), ("4.",)]


def test_lists_quotes_and_tasks_are_what_a_leaf_stands_in() -> None:
    leaves = whole("- a\n  > b\n\n- [x] c\n- [ ] d\n-\n\n> 5. e\n")
    assert [(leaf.text, leaf.inside, leaf.new) for leaf in leaves] == [
        ("a", ("•",), 0),
        ("b", ("•", ">"), 1),
        ("c", ("[x]",), 0),
        ("d", ("[ ]",), 0),
        ("", ("•",), 0),
        ("e", (">", "5."), 0),
    ]


def test_a_paragraph_without_end_is_cut_in_pieces_where_words_end() -> None:
    text = "word " * 4000
    leaves = whole(text)
    assert "".join(leaf.text for leaf in leaves) == text.strip()
    assert max(len(leaf.text) for leaf in leaves) <= PIECE + len("word ")
    assert [leaf.joined for leaf in leaves] == [False] + [True] * (len(leaves) - 1)
    reader = Reader()
    for start in range(0, len(text), 97):
        change = reader.add(text[start : start + 97])
        assert len(change.leaves) <= 2, "only the last piece is drawn again"
    reader.finish()
    assert reader.leaves == leaves
