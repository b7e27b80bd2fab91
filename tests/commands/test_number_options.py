"""Every option of every command that takes a number refuses what is none, and what is outside its bounds, at once."""

import argparse
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ag_core.__main__ import COMMANDS, main
from ag_core.commands.number_options import add_number, add_whole_number
from ag_core.commands.training_data import parse_location
from ag_core.errors import UserError
from ag_core.results.own_weights import resolve_weights

OTHER_TYPES = {None, Path, parse_location, resolve_weights}
"""Of options that take words and paths."""

NO_NUMBERS = ("nan", "NaN", "inf", "1e999", "-1", "-0.5", "", "many", "1_0", "0x10", "\u0661", "1e30", str(10**40))


def list_options() -> Iterator[tuple[str, argparse.Action]]:
    """Every option of every command with the words before it."""
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for name in COMMANDS:
        import_module(f"ag_core.commands.{name.replace('-', '_')}").add_parser(subparsers)
    waiting = [("", parser)]
    while waiting:
        words, current = waiting.pop()
        for action in current._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += [(f"{words} {name}".strip(), one) for name, one in action.choices.items()]
            else:
                yield words, action


NUMBERS = [(words, action) for words, action in list_options() if action.type not in OTHER_TYPES]


def test_the_options_that_take_numbers_are_found() -> None:
    found = {(words, action.option_strings[0]) for words, action in NUMBERS}
    assert len(found) >= 40
    assert {("train clip", "--steps"), ("predict", "--rate"), ("world", "--count"), ("export", "--at")} <= found


@pytest.mark.parametrize(("words", "action"), NUMBERS, ids=lambda value: getattr(value, "dest", value))
def test_what_is_no_number_is_refused(words: str, action: argparse.Action) -> None:
    assert callable(action.type) and action.type not in (int, float)
    for text in NO_NUMBERS:
        with pytest.raises(UserError) as refusal:
            action.type(text)
        assert str(refusal.value).startswith(f"{action.option_strings[0]} {text} is not possible; give a ")
    usual = (
        action.default if isinstance(action.default, list) else [one for one in (action.default,) if one is not None]
    )
    assert [action.type(str(one)) for one in usual] == usual


def test_bounds() -> None:
    parser = argparse.ArgumentParser()
    add_whole_number(parser, "--steps", least=1, most=9)
    add_number(parser, "--rate", most=30, open_below=True)
    add_number(parser, "--at", most=5)
    read = parser.parse_args(["--steps", "9", "--rate", "1e-3", "--at", ".5"])
    assert (read.steps, read.rate, read.at) == (9, 0.001, 0.5) and isinstance(read.steps, int)
    for words, said in (
        (["--steps", "0"], "--steps 0 is not possible; give a whole number from 1 to 9"),
        (["--steps", "10"], "from 1 to 9"),
        (["--steps", "2.0"], "a whole number"),
        (["--rate", "0"], "--rate 0 is not possible; give a number above 0, at most 30"),
        (["--at", "5.1"], "--at 5.1 is not possible; give a number from 0 to 5"),
    ):
        with pytest.raises(UserError, match=said):
            parser.parse_args(words)


def test_a_command_ends_with_the_sentence_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "15LFQ", "--at", "nan", "--format", "json", "--out", "x.json"]) == 1
    assert capsys.readouterr().err == "error: --at nan is not possible; give a number from 0 to 3e+06\n"
