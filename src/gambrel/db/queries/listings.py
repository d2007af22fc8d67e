"""Filters, orders and search of lists: what a client may ask is declared, and nothing else is.

A name that a client sends chooses among expressions that the program has written. It never becomes
part of a statement, and values are always bound.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from msgspec import UNSET
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from gambrel.conversion.errors import Fault
from gambrel.core.http.errors import GambrelError, Unprocessable
from gambrel.db.queries.rows import fields_of
from gambrel.db.search.fulltext import FullText

__all__ = ["Listing"]

M = TypeVar("M")
Condition = Callable[[Any], Any]
WORDS = 10


class Listing(Generic[M]):
    """What may be asked of a list of rows.

        HEROES = Listing(
            Hero,
            filters={"team": Hero.team_id, "min_age": lambda age: Hero.age >= age},
            order={"name": Hero.name, "age": Hero.age},
            search=[Hero.name, Hero.nickname],
        )

        class HeroQuery(Struct):
            team: int | None = None
            min_age: int | None = None
            order: str = "name"
            q: str = ""

        @app.get("/heroes", returns=Page[HeroPublic])
        async def index(db: AsyncSession, asked: Annotated[HeroQuery, Query()]) -> Page[Hero]:
            return await db.page(HEROES.select(asked))

    A filter is a column, equal to the value or to one of a list, or a function of the value. What
    is None or UNSET is not asked. `order` is names separated by commas, `-name` for the largest
    first; `q` is words, all of which are in one of the columns of `search`;
    or a text for the `FullText` that it is, best rows first unless an order is asked.
    """

    def __init__(
        self,
        model: type[M],
        *,
        filters: Mapping[str, Any] | None = None,
        order: Mapping[str, Any] | None = None,
        search: Iterable[Any] | FullText = (),
        base: Select[Any] | None = None,
    ) -> None:
        self.model = model
        self.filters = {name: condition_of(name, one) for name, one in (filters or {}).items()}
        self.order = dict(order or {})
        self.full_text = search if isinstance(search, FullText) else None
        self.search = () if isinstance(search, FullText) else tuple(search)
        self.base = select(model) if base is None else base

    def select(self, asked: Any) -> Select[M]:
        """Return the statement of what is asked: a struct, or a mapping of names to values.

        Raises:
            Unprocessable: An order is asked by a name that was not declared (422).
            GambrelError: A field of the struct is no filter.
        """
        statement, wanted = self.base, ""
        for name, value in given_by(asked):
            if name == "order" and self.order:
                statement = statement.order_by(*self.ordering(str(value)))
            elif name == "q" and self.full_text is not None:
                statement = statement.where(self.full_text.matches(str(value)))
                wanted = str(value)
            elif name == "q" and self.search:
                for word in str(value).split()[:WORDS]:
                    found = [column.icontains(word, autoescape=True) for column in self.search]
                    statement = statement.where(or_(*found))
            elif name in self.filters:
                statement = statement.where(self.filters[name](value))
            elif name not in {"page", "size", "after"}:
                raise undeclared(name, [*self.filters, "order", "q"])
        if wanted and self.full_text is not None and not statement._order_by_clauses:  # noqa: SLF001
            statement = statement.order_by(self.full_text.rank(wanted).desc())
        return statement

    def ordering(self, text: str) -> list[Any]:
        """Return the order that a text asks for: of a name that is there twice, the first holds."""
        chosen: dict[str, Any] = {}
        for part in filter(None, (one.strip() for one in text.split(","))):
            name = part.removeprefix("-")
            if name not in self.order:
                allowed = ", ".join(self.order)
                fault = Fault("query", "order", f"must be of: {allowed}", "choice")
                raise Unprocessable(faults=[fault])
            one = self.order[name]
            chosen.setdefault(name, one.desc() if part != name else one.asc())
        return [*chosen.values()]


def given_by(asked: Any) -> list[tuple[str, Any]]:
    """Return what is asked, by name, without what is not."""
    if not isinstance(asked, Mapping):
        asked = {name: getattr(asked, name) for name in fields_of(type(asked))}
    return [(n, value) for n, value in asked.items() if value is not None and value is not UNSET]


def condition_of(name: str, declared: Any) -> Condition:
    """Return what makes the condition of a filter. Raises GambrelError for what cannot."""
    if isinstance(declared, InstrumentedAttribute):
        return lambda value: (
            declared.in_(value) if isinstance(value, list | set | tuple) else declared == value
        )
    if callable(declared):
        return declared  # type: ignore[no-any-return]  # whatever it returns goes to `where`
    what = f"the filter {name!r} is {declared!r}"
    raise GambrelError("db.filter", what, "", "a column, or a function: `lambda n: Hero.age >= n`")


def undeclared(name: str, known: Iterable[str]) -> GambrelError:
    """Return the error of a field that means nothing to a listing."""
    what = f"{name!r} is asked of a listing, which has {', '.join(known)}"
    return GambrelError("db.filter", what, "", f"declare it: `filters={{{name!r}: ...}}`")
