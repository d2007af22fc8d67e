"""What there is to hear: artists, albums, tracks, playlists, and a search through all of it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload, selectinload

from gambrel import Query, Router
from gambrel.db import AsyncSession, FullText, Listing, compiled
from gambrel.templates import Template
from store.models import Album, Artist, Format, Genre, InvoiceLine, Playlist, Track

__all__ = ["catalog"]

catalog = Router()

ARTISTS = FullText(Artist.name)
ALBUMS = FullText(Album.title)
TRACKS = FullText(Track.title, Track.composer)
WHOLE = joinedload(Track.album).joinedload(Album.artist)
"""A track with what is written beside it."""

# What may be asked ----------------------------------------------------------------------------

Number = Annotated[int, Meta(ge=1, le=10_000)]
Words = Annotated[str, Meta(max_length=200)]
ORDERS = {"title": "Title", "-title": "Title, from Z", "seconds": "Shortest", "-seconds": "Longest"}

ARTIST_LIST = Listing(
    Artist, search=ARTISTS, base=select(Artist).options(selectinload(Artist.albums))
)
TRACK_LIST = Listing(
    Track,
    filters={"genre": Track.genre_id, "format": Track.format_id},
    order={"title": Track.title, "seconds": Track.seconds},
    base=select(Track).options(WHOLE, joinedload(Track.genre)),
)


class ArtistQuery(Struct):
    q: Words = ""
    page: Number = 1


class TrackQuery(Struct):
    genre: int | None = None
    format: int | None = None
    order: Literal["title", "-title", "seconds", "-seconds"] = "title"


# What pages need of many rows -----------------------------------------------------------------


class Shelf(Struct):
    """A genre, and how many tracks there are of it."""

    id: int
    name: str
    tracks: int


class Named(Struct):
    id: int
    name: str


class Seller(Struct):
    """An album, and how often something of it was sold."""

    id: int
    title: str
    artist: str
    sold: int


SHELVES = compiled(
    select(Genre.id, Genre.name, func.count(Track.id).label("tracks"))
    .join(Track)
    .group_by(Genre.id, Genre.name)
    .order_by(Genre.name),
    into=Shelf,
)
FORMATS = compiled(select(Format).order_by(Format.name), into=Named)
SELLERS = compiled(
    select(Album.id, Album.title, Artist.name.label("artist"), func.count().label("sold"))
    .select_from(InvoiceLine)
    .join(InvoiceLine.track)
    .join(Track.album)
    .join(Album.artist)
    .group_by(Album.id, Album.title, Artist.name)
    .order_by(func.count().desc(), Album.id)
    .limit(bindparam("most")),
    into=Seller,
)

# Pages ----------------------------------------------------------------------------------------


@catalog.get("/")
async def home(db: AsyncSession) -> Template:
    """Show what is on the shelves."""
    newest = select(Album).options(joinedload(Album.artist))
    newest = newest.order_by(Album.released.desc(), Album.title, Album.id).limit(12)
    page = {
        "shelves": await SHELVES.all(db),
        "sellers": await SELLERS.all(db, most=6),
        "newest": list(await db.scalars(newest)),
        "artists": await db.scalar(select(func.count(Artist.id))),
    }
    return Template("home.html", page)


@catalog.get("/search")
async def search(db: AsyncSession, q: Words = "") -> Template:
    """Show what has the words that were typed, best first."""
    artists = select(Artist).where(ARTISTS.matches(q)).order_by(ARTISTS.rank(q).desc(), Artist.name)
    albums = select(Album).where(ALBUMS.matches(q)).order_by(ALBUMS.rank(q).desc(), Album.title)
    tracks = select(Track).where(TRACKS.matches(q)).order_by(TRACKS.rank(q).desc(), Track.title)
    page: dict[str, object] = {"q": q, "artists": [], "albums": [], "tracks": []}
    if q.strip():
        found = albums.options(joinedload(Album.artist)).limit(8)
        page["artists"] = list(await db.scalars(artists.limit(8)))
        page["albums"] = list(await db.scalars(found))
        page["tracks"] = list(await db.scalars(tracks.options(WHOLE).limit(30)))
    return Template("search.html", page)


@catalog.get("/artists")
async def artists(asked: Annotated[ArtistQuery, Query()], db: AsyncSession) -> Template:
    """Show all artists, page by page."""
    found = ARTIST_LIST.select(asked).order_by(Artist.name)
    page = await db.page(found, asked.page, 24)
    return Template("artists.html", {"asked": asked, "page": page})


@catalog.get("/artists/{id:int}")
async def artist(id: int, db: AsyncSession) -> Template:
    """Show an artist and the albums, the newest first."""
    tracks = selectinload(Artist.albums).selectinload(Album.tracks)
    found = await db.get_or_404(Artist, id, options=[tracks])
    albums = sorted(found.albums, key=lambda album: (-album.released, album.title))
    return Template("artist.html", {"artist": found, "albums": albums})


@catalog.get("/albums/{id:int}")
async def album(id: int, db: AsyncSession) -> Template:
    """Show an album and what is on it."""
    tracks = selectinload(Album.tracks)
    wanted = [
        joinedload(Album.artist),
        tracks.joinedload(Track.genre),
        tracks.joinedload(Track.format),
    ]
    found = await db.get_or_404(Album, id, options=wanted)
    ordered = sorted(found.tracks, key=lambda track: track.number)
    return Template("album.html", {"album": found, "tracks": ordered})


@catalog.get("/tracks")
async def tracks(
    asked: Annotated[TrackQuery, Query()], db: AsyncSession, after: str | None = None
) -> Template:
    """Show all tracks by the key of the last one: as fast on the last page as on the first."""
    page = {
        "asked": asked,
        "after": after,
        "orders": ORDERS,
        "shelves": await SHELVES.all(db),
        "formats": await FORMATS.all(db),
        "tracks": await db.slice(TRACK_LIST.select(asked), size=50, after=after),
    }
    return Template("tracks.html", page)


@catalog.get("/playlists")
async def playlists(db: AsyncSession) -> Template:
    """Show all playlists."""
    found = select(Playlist).options(selectinload(Playlist.tracks)).order_by(Playlist.name)
    return Template("playlists.html", {"playlists": list(await db.scalars(found))})


@catalog.get("/playlists/{id:int}")
async def playlist(id: int, db: AsyncSession) -> Template:
    """Show what is on a playlist."""
    whole = selectinload(Playlist.tracks).options(WHOLE)
    found = await db.get_or_404(Playlist, id, options=[whole])
    ordered = sorted(found.tracks, key=lambda track: track.title)
    return Template("playlist.html", {"playlist": found, "tracks": ordered})
