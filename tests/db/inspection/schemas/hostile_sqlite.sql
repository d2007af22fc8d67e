CREATE TABLE "x"", evil(), """ (
    id INTEGER PRIMARY KEY,
    "x', evil(), '" VARCHAR(20) NOT NULL DEFAULT 'x", evil(), "',
    CHECK ("x', evil(), '" <> 'y", evil(), "')
);
