"""Models, written by `gambrel db inspect`."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel.db import Model


class Base(Model):
    """What these models are made from; names are as in their database."""

    __abstract__ = True
    metadata = MetaData()


playlist_tracks = Table(
    "playlist_tracks",
    Base.metadata,
    Column("playlist_id", ForeignKey("playlists.id", ondelete="CASCADE"), primary_key=True),
    Column("track_id", ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Artist(Base):
    __tablename__ = "artists"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    country: Mapped[str] = mapped_column(String(40))

    albums: Mapped[list["Album"]] = relationship(back_populates="artist")


class Employee(Base):
    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    name: Mapped[str] = mapped_column(String(80))
    job: Mapped[str] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    hired_on: Mapped[date]

    manager: Mapped["Employee | None"] = relationship(
        remote_side="Employee.id", back_populates="employees"
    )
    employees: Mapped[list["Employee"]] = relationship(back_populates="manager")
    customers: Mapped[list["Customer"]] = relationship(
        back_populates="employee", passive_deletes=True
    )


class Format(Base):
    __tablename__ = "formats"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)

    tracks: Mapped[list["Track"]] = relationship(back_populates="format")


class Genre(Base):
    __tablename__ = "genres"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)

    tracks: Mapped[list["Track"]] = relationship(back_populates="genre")


class Playlist(Base):
    __tablename__ = "playlists"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)

    tracks: Mapped[list["Track"]] = relationship(
        secondary=playlist_tracks, back_populates="playlists"
    )


class Album(Base):
    __tablename__ = "albums"
    __table_args__ = (UniqueConstraint("artist_id", "title"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int] = mapped_column(ForeignKey("artists.id"))
    title: Mapped[str] = mapped_column(String(120))
    released: Mapped[int]

    artist: Mapped[Artist] = relationship(back_populates="albums")
    tracks: Mapped[list["Track"]] = relationship(back_populates="album")


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int | None] = mapped_column(
        ForeignKey("employees.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(String(80), index=True)
    email: Mapped[str] = mapped_column(String(120), unique=True)
    city: Mapped[str] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(40))

    employee: Mapped[Employee | None] = relationship(back_populates="customers")
    invoices: Mapped[list["Invoice"]] = relationship(back_populates="customer")


class Invoice(Base):
    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    issued_on: Mapped[date]

    customer: Mapped[Customer] = relationship(back_populates="invoices")
    invoice_lines: Mapped[list["InvoiceLine"]] = relationship(
        back_populates="invoice", cascade="all, delete", passive_deletes=True
    )


class Track(Base):
    __tablename__ = "tracks"
    __table_args__ = (
        CheckConstraint("price >= 0"),
        CheckConstraint("seconds > 0"),
        UniqueConstraint("album_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    album_id: Mapped[int] = mapped_column(ForeignKey("albums.id"))
    genre_id: Mapped[int] = mapped_column(ForeignKey("genres.id"), index=True)
    format_id: Mapped[int] = mapped_column(ForeignKey("formats.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(120), index=True)
    composer: Mapped[str | None] = mapped_column(String(80))
    seconds: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(6, 2))

    album: Mapped[Album] = relationship(back_populates="tracks")
    genre: Mapped[Genre] = relationship(back_populates="tracks")
    format: Mapped[Format] = relationship(back_populates="tracks")
    invoice_lines: Mapped[list["InvoiceLine"]] = relationship(back_populates="track")
    playlists: Mapped[list[Playlist]] = relationship(
        secondary=playlist_tracks, back_populates="tracks"
    )


class InvoiceLine(Base):
    __tablename__ = "invoice_lines"
    __table_args__ = (CheckConstraint("quantity > 0"), UniqueConstraint("invoice_id", "track_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id", ondelete="CASCADE"))
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks.id"), index=True)
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    price: Mapped[Decimal] = mapped_column(Numeric(6, 2))

    invoice: Mapped[Invoice] = relationship(back_populates="invoice_lines")
    track: Mapped[Track] = relationship(back_populates="invoice_lines")
