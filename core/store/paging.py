"""One page out of many, walking an index from the nearer end instead of sorting the table."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.store.database import Database


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the tracks that an index keeps.

    Attributes
    ----------
    index
        Its name.
    columns
        What it holds, ending in the number, so that no two tracks are equal.
    nullable
        Whether the first column may be unknown; such tracks come last in both directions.
    """

    index: str
    columns: tuple[str, ...]
    nullable: bool = False


BY_ARTIST = Order("tracks_by_artist", ("artist_sort", "album_sort", "title_sort", "id"))


def page_ids(
    db: Database,
    order: Order,
    where: str,
    parameters: Mapping[str, object],
    count: int,
    *,
    limit: int,
    offset: int,
    descending: bool = False,
) -> list[int]:
    """Return the numbers of the tracks on one page.

    Parameters
    ----------
    where
        A condition on ``+id``: the plus keeps SQLite from starting with the condition and sorting
        all that it finds.
    parameters
        Of the condition.
    count
        How many tracks meet the condition.
    """
    offset = max(offset, 0)
    limit = min(limit, count - offset)
    if limit <= 0:
        return []
    backwards = offset + limit / 2 > count / 2
    if backwards:
        offset = count - offset - limit
    rows = db.rows(
        f"SELECT id FROM tracks INDEXED BY {order.index} WHERE {where}"
        f" ORDER BY {_terms(order, descending, backwards)} LIMIT :limit OFFSET :offset",
        {**parameters, "limit": limit, "offset": offset},
    )
    ids = [row[0] for row in rows]
    return ids[::-1] if backwards else ids


def _terms(order: Order, descending: bool, backwards: bool) -> str:
    way = "DESC" if descending != backwards else "ASC"
    terms = [f"{column} {way}" for column in order.columns]
    if order.nullable:
        terms[0] += " NULLS FIRST" if backwards else " NULLS LAST"
    return ", ".join(terms)
