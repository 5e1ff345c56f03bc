"""Values that are made for each request: dataclasses, frozen to the type checker alone."""

from dataclasses import fields, is_dataclass, replace

import pytest

from proxy_core.value_types import named_value_type, value_type


@value_type
class Point:
    """A value of two fields."""

    x: int
    y: int = 0


@named_value_type
class Place:
    """A value whose fields are given by name."""

    name: str


def test_values_are_equal_and_hash_by_their_fields() -> None:
    """As frozen dataclasses are."""
    assert Point(1) == Point(1, 0) != Point(2)
    assert len({Point(1), Point(1, 0), Place(name="a"), Place(name="a")}) == 2
    assert is_dataclass(Point)
    assert [field.name for field in fields(Point)] == ["x", "y"]
    assert replace(Point(1), y=3) == Point(1, 3)


def test_they_hold_their_fields_and_nothing_else() -> None:
    """A misspelt field is an error at run time as well."""
    with pytest.raises(AttributeError):
        object.__setattr__(Point(1), "z", 1)
    with pytest.raises(TypeError):
        Place("a")
