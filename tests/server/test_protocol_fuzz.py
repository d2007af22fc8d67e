"""Bytes that nobody would send: no failure, no second answer, no connection that stays."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.fuzzing import Range, hostile, pieces_of


@pytest.fixture(scope="module")
def field():
    field = Range()
    yield field
    field.close()


@settings(max_examples=8 * settings.default.max_examples)
@given(st.randoms(use_true_random=False))
def test_mutated_messages_are_answered_once_or_refused_however_they_are_split(field, chance):
    stream = hostile(chance)

    whole = field.receive([stream] if stream else [])

    assert field.receive(pieces_of(stream, chance)) == whole


@settings(max_examples=4 * settings.default.max_examples)
@given(st.lists(st.binary(min_size=1, max_size=80), max_size=6))
def test_any_bytes_are_answered_once_or_refused(field, pieces):
    whole = field.receive([b"".join(pieces)] if pieces else [])

    assert field.receive(pieces) == whole


def test_the_same_seed_makes_the_same_bytes():
    assert hostile(random.Random(7)) == hostile(random.Random(7))
