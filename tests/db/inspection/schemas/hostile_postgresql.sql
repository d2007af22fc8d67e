CREATE TYPE "e"", evil(), """ AS ENUM ('x", evil(), "', 'b');
CREATE DOMAIN "d"", evil(), """ AS varchar(20) CONSTRAINT "k"", evil(), """ CHECK (value <> 'x", evil(), "');
CREATE TYPE "c"", evil(), """ AS (a integer);
CREATE TABLE "x"", evil(), """ (
    id serial PRIMARY KEY,
    "x', evil(), '" varchar(20) NOT NULL DEFAULT 'x", evil(), "',
    e "e"", evil(), """,
    d "d"", evil(), """,
    c "c"", evil(), """,
    CHECK ("x', evil(), '" <> 'y", evil(), "')
);
CREATE INDEX ON "x"", evil(), """ (e) INCLUDE ("x', evil(), '");
COMMENT ON TABLE "x"", evil(), """ IS 'x\", evil(), "';
