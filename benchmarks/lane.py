"""The contender's side of a race: a task in, measures out. Standard library only.

A contender is run as ``python SCRIPT QUESTION TASK``; what it prints last is its answer, one line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Task = dict[str, Any]
Answer = dict[str, Any]


def take_part(answers: Mapping[str, Callable[[Task], Answer]]) -> None:
    """Answer the question that the command line asks."""
    question, task = sys.argv[1:3]
    say(answers[question](json.loads(task)))


def on_your_marks() -> None:
    """Everything is loaded: wait for the word to go. It blocks, on purpose: a thread would be counted."""
    say({"ready": True})
    if not sys.stdin.readline():
        raise SystemExit("the benchmark has ended")


def say(word: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()
