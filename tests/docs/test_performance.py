"""docs/performance.md: who reads that a goal is missed reads why and what is next; the pictures are those drawn."""

import re

from bench import results

PAGE = results.PAGE.read_text(encoding="utf-8")


def test_the_results_have_their_place() -> None:
    assert results.into(PAGE, "anything").count("anything") == 1


def test_each_goal_that_is_missed_has_its_cause_and_next_step_and_no_other_has() -> None:
    assert list(results.wanting(PAGE)) == []


def test_the_table_of_causes_is_where_it_is_looked_for() -> None:
    assert "| " + " | ".join(results.CAUSES) + " |" in PAGE


def test_the_pictures_are_those_of_the_page() -> None:
    shown = re.findall(r"\(pictures/performance/([\w-]+\.svg)\)", PAGE)
    assert sorted(shown) == sorted(file.name for file in results.PICTURES.glob("*"))
