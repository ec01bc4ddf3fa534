"""A clip shows the seconds that were asked for: read from its pictures."""

from datetime import timedelta
from pathlib import Path

import av
import pytest

from crossdock.film import cutting
from crossdock.film.cutting import PADDING, Missing, NothingFilmed
from crossdock.film.picture import HEIGHT, KEY_S, WIDTH, write_film
from tests.film.reels import FRAME, NOON, Reel, cuts, encode, piece_of, reel, shown, steps, times

SECOND = timedelta(seconds=1)
KEY = timedelta(seconds=KEY_S)


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    """Sixty seconds in pieces of ten."""
    return reel(tmp_path_factory.mktemp("reel"), 60)


def test_pieces_lie_end_to_end_and_show_what_they_say(minute: Reel) -> None:
    assert [(piece.started_at - NOON) / SECOND for piece, _ in minute] == [0, 10, 20, 30, 40, 50]
    for (piece, content), following in zip(minute, [*minute[1:], None], strict=True):
        assert piece.ended_at == (following[0].started_at if following else NOON + 60 * SECOND)
        assert times(content) == [piece.started_at + number * FRAME for number in range(100)]
        assert (piece.codec, piece.width, piece.height) == ("h264", WIDTH, HEIGHT)


def test_forty_five_seconds_out_of_several_pieces(minute: Reel, tmp_path: Path) -> None:
    since, until = NOON + 7.3 * SECOND, NOON + 52.3 * SECOND
    made = cutting.clip(minute, tmp_path / "clip.mp4", since=since, until=until)
    pictures = shown(tmp_path / "clip.mp4")
    moments = [at for _, at in pictures]

    assert since - PADDING - KEY < moments[0] <= since - PADDING
    assert until + PADDING - FRAME < moments[-1] <= until + PADDING
    assert steps(moments) == {FRAME}
    assert (made.starts_at, made.ends_at, made.missing) == (moments[0], moments[-1] + FRAME, [])
    for seconds, at in pictures:
        assert at == made.starts_at + timedelta(milliseconds=round(seconds * 1_000))


def test_what_stands_at_its_beginning_lets_a_browser_start_at_once(minute: Reel, tmp_path: Path) -> None:
    cutting.clip(minute, tmp_path / "clip.mp4", since=NOON, until=NOON + SECOND)
    content = (tmp_path / "clip.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_nothing_is_encoded_anew(minute: Reel, tmp_path: Path) -> None:
    cutting.clip(minute, tmp_path / "clip.mp4", since=NOON, until=NOON + 60 * SECOND)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        joined = [bytes(packet) for packet in film.demux(video=0) if packet.size]
    kept = []
    for _, content in minute:
        (tmp_path / "piece.mp4").write_bytes(content)
        with av.open(str(tmp_path / "piece.mp4")) as film:
            kept += [bytes(packet) for packet in film.demux(video=0) if packet.size]
    assert joined == kept


def test_a_gap_is_shown_and_told(minute: Reel, tmp_path: Path) -> None:
    with_gap = [*minute[:2], *minute[3:]]
    since, until = NOON + 15 * SECOND, NOON + 35 * SECOND
    made = cutting.clip(with_gap, tmp_path / "clip.mp4", since=since, until=until)
    pictures = shown(tmp_path / "clip.mp4")

    assert made.missing == [Missing(NOON + 20 * SECOND, NOON + 30 * SECOND)]
    assert steps([at for _, at in pictures]) == {FRAME, 10 * SECOND + FRAME}
    assert pictures[-1][0] == pytest.approx((pictures[-1][1] - made.starts_at) / SECOND)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        assert film.metadata["comment"] == "missing 2024-01-15T01:00:20+00:00 to 2024-01-15T01:00:30+00:00"


def test_what_is_missing_at_the_ends_is_told(minute: Reel, tmp_path: Path) -> None:
    since, until = NOON - 5 * SECOND, NOON + 70 * SECOND
    made = cutting.clip(minute, tmp_path / "clip.mp4", since=since, until=until)
    assert made.missing == [Missing(since, NOON), Missing(NOON + 60 * SECOND, until)]
    assert (made.starts_at, made.ends_at) == (NOON, NOON + 60 * SECOND)


def test_film_with_another_header_is_left_out_and_told(minute: Reel, tmp_path: Path) -> None:
    write_film(tmp_path / "other.mp4", start=NOON + 60 * SECOND, seconds=10, fps=5, key_s=1)
    [other] = cuts(tmp_path / "other.mp4", NOON + 60 * SECOND)
    both = [*minute, (piece_of(other), other.content)]
    made = cutting.clip(both, tmp_path / "clip.mp4", since=NOON + 55 * SECOND, until=NOON + 65 * SECOND)
    assert made.missing == [Missing(NOON + 60 * SECOND, NOON + 65 * SECOND)]
    assert times(tmp_path / "clip.mp4")[-1] == NOON + 60 * SECOND - FRAME


@pytest.mark.parametrize("rate", [2, 8])
def test_played_faster_it_takes_less_time(minute: Reel, tmp_path: Path, rate: int) -> None:
    made = cutting.clip(minute, tmp_path / "clip.mp4", since=NOON, until=NOON + 40 * SECOND, rate=rate)
    for seconds, at in shown(tmp_path / "clip.mp4"):
        assert seconds * rate == pytest.approx((at - made.starts_at) / SECOND, abs=0.001)


@pytest.mark.parametrize(
    ("codec", "options", "tag"),
    [
        ("libx264", {"bf": "3", "preset": "fast"}, "avc1"),
        ("libx265", {"preset": "ultrafast", "x265-params": "log-level=0:open-gop=0"}, "hvc1"),
    ],
)
def test_pictures_that_wait_for_later_ones_keep_their_time(
    tmp_path: Path, codec: str, options: dict[str, str], tag: str
) -> None:
    encode(tmp_path / "film.mp4", codec, options, 25)
    pieces = [(piece_of(cut), cut.content) for cut in cuts(tmp_path / "film.mp4", NOON)]
    for piece, content in pieces:
        assert sorted(times(content)) == times(content)
        assert times(content)[0] == piece.started_at

    until = NOON + 15 * SECOND
    made = cutting.clip(pieces, tmp_path / "clip.mp4", since=NOON + 7 * SECOND, until=until)
    pictures = [(seconds, at) for seconds, at in shown(tmp_path / "clip.mp4") if at <= until + PADDING]
    assert (pictures[0][1], pictures[-1][1]) == (NOON + 4 * SECOND, until + PADDING)
    assert steps([at for _, at in pictures]) == {FRAME}
    for seconds, at in pictures:
        assert seconds == pytest.approx((at - made.starts_at) / SECOND, abs=0.001)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        assert film.streams.video[0].codec_context.codec_tag == tag


@pytest.mark.parametrize("left", [0, 1_000, -1_000])
def test_a_piece_that_is_lost_or_cut_short_is_missing_and_no_more(minute: Reel, tmp_path: Path, left: int) -> None:
    paths = []
    for number, (_, content) in enumerate(minute):
        paths.append(tmp_path / f"{number}.mp4")
        paths[-1].write_bytes(content[:left] if number == 2 else content)
    if left == 0:
        paths[2].unlink()
    pieces = [(piece, path) for (piece, _), path in zip(minute, paths, strict=True)]
    since, until = NOON + 15 * SECOND, NOON + 35 * SECOND
    made = cutting.clip(pieces, tmp_path / "clip.mp4", since=since, until=until)
    assert made.missing == [Missing(NOON + 20 * SECOND, NOON + 30 * SECOND)]
    assert steps(times(tmp_path / "clip.mp4")) == {FRAME, 10 * SECOND + FRAME}
    with av.open(str(tmp_path / "clip.mp4")) as film:
        assert film.metadata["comment"] == "missing 2024-01-15T01:00:20+00:00 to 2024-01-15T01:00:30+00:00"


def test_without_film_there_is_no_clip(minute: Reel, tmp_path: Path) -> None:
    for pieces in ([], minute):
        with pytest.raises(NothingFilmed):
            cutting.clip(pieces, tmp_path / "clip.mp4", since=NOON - 60 * SECOND, until=NOON - 50 * SECOND)


def test_a_segment_has_the_time_of_its_place_in_the_list(minute: Reel) -> None:
    piece, content = minute[3]
    whole = {"begin": piece.started_at, "end": piece.ended_at, "epoch": NOON}
    made = cutting.segment(piece, content, **whole)
    pictures = shown(made)
    assert [at for _, at in pictures] == times(content)
    assert pictures[0][0] == pytest.approx(30, abs=0.001)
    assert shown(cutting.segment(piece, content, **whole, rate=2))[0][0] == pytest.approx(15, abs=0.001)


@pytest.mark.parametrize("asked", [0, 0.04, 3.33, 9.9, 30])
def test_a_picture_is_the_nearest_one(minute: Reel, asked: float, tmp_path: Path) -> None:
    piece, content = minute[0]
    (tmp_path / "picture.jpg").write_bytes(cutting.picture(piece, content, NOON + asked * SECOND))
    [(_, at)] = shown(tmp_path / "picture.jpg")
    assert abs(at - (NOON + min(asked, 9.9) * SECOND)) <= FRAME / 2
