-- The store as it was found: eleven tables of a shop for music, in SQLite.
-- `gambrel db inspect` has written models.py of it.

CREATE TABLE artists (
    id INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE,
    country VARCHAR(40) NOT NULL
);

CREATE TABLE genres (
    id INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(30) NOT NULL UNIQUE
);

CREATE TABLE formats (
    id INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(30) NOT NULL UNIQUE
);

CREATE TABLE albums (
    id INTEGER NOT NULL PRIMARY KEY,
    artist_id INTEGER NOT NULL REFERENCES artists (id),
    title VARCHAR(120) NOT NULL,
    released INTEGER NOT NULL,
    UNIQUE (artist_id, title)
);

CREATE TABLE tracks (
    id INTEGER NOT NULL PRIMARY KEY,
    album_id INTEGER NOT NULL REFERENCES albums (id),
    genre_id INTEGER NOT NULL REFERENCES genres (id),
    format_id INTEGER NOT NULL REFERENCES formats (id),
    number INTEGER NOT NULL,
    title VARCHAR(120) NOT NULL,
    composer VARCHAR(80),
    seconds INTEGER NOT NULL CHECK (seconds > 0),
    price NUMERIC(6, 2) NOT NULL CHECK (price >= 0),
    UNIQUE (album_id, number)
);
CREATE INDEX ix_tracks_genre_id ON tracks (genre_id);
CREATE INDEX ix_tracks_title ON tracks (title);

CREATE TABLE playlists (
    id INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE
);

CREATE TABLE playlist_tracks (
    playlist_id INTEGER NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    PRIMARY KEY (playlist_id, track_id)
);
CREATE INDEX ix_playlist_tracks_track_id ON playlist_tracks (track_id);

CREATE TABLE employees (
    id INTEGER NOT NULL PRIMARY KEY,
    manager_id INTEGER REFERENCES employees (id),
    name VARCHAR(80) NOT NULL,
    job VARCHAR(60) NOT NULL,
    email VARCHAR(120) NOT NULL UNIQUE,
    hired_on DATE NOT NULL
);

CREATE TABLE customers (
    id INTEGER NOT NULL PRIMARY KEY,
    employee_id INTEGER REFERENCES employees (id) ON DELETE SET NULL,
    name VARCHAR(80) NOT NULL,
    email VARCHAR(120) NOT NULL UNIQUE,
    city VARCHAR(60) NOT NULL,
    country VARCHAR(40) NOT NULL
);
CREATE INDEX ix_customers_employee_id ON customers (employee_id);
CREATE INDEX ix_customers_name ON customers (name);

CREATE TABLE invoices (
    id INTEGER NOT NULL PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    issued_on DATE NOT NULL
);
CREATE INDEX ix_invoices_customer_id ON invoices (customer_id);

CREATE TABLE invoice_lines (
    id INTEGER NOT NULL PRIMARY KEY,
    invoice_id INTEGER NOT NULL REFERENCES invoices (id) ON DELETE CASCADE,
    track_id INTEGER NOT NULL REFERENCES tracks (id),
    quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0),
    price NUMERIC(6, 2) NOT NULL,
    UNIQUE (invoice_id, track_id)
);
CREATE INDEX ix_invoice_lines_track_id ON invoice_lines (track_id);
