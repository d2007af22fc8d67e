-- A library with what makes schemas of SQLite hard to read.
CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    email TEXT UNIQUE,
    "class" TEXT NOT NULL DEFAULT 'reader',
    metadata BLOB,
    "text" TEXT NOT NULL DEFAULT 'it''s "here"',
    "date" DATE NOT NULL DEFAULT CURRENT_DATE,
    since DATETIME,
    parent_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    balance DECIMAL(10, 2) NOT NULL DEFAULT 0,
    CONSTRAINT not_empty CHECK (name <> '')
);
CREATE INDEX ix_people_name ON people (name);
CREATE UNIQUE INDEX "one reader" ON people (name, "date") WHERE "class" = 'reader';
CREATE TABLE "Order Details" (
    "Order ID" INTEGER NOT NULL,
    "Line No" INTEGER NOT NULL,
    "Größe" REAL,
    anything,
    label NVARCHAR(40) NOT NULL,
    shade BINARY(3),
    token UUID,
    "no type" STRING NOT NULL DEFAULT 'x',
    flag BOOLEAN NOT NULL DEFAULT 1,
    total INTEGER GENERATED ALWAYS AS ("Line No" * 2) STORED,
    PRIMARY KEY ("Order ID", "Line No")
);
CREATE TABLE shipments (
    code CHAR(8) PRIMARY KEY NOT NULL,
    order_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    sender_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    receiver_id INTEGER NOT NULL REFERENCES people (id) ON UPDATE CASCADE,
    FOREIGN KEY (order_id, line) REFERENCES "Order Details" ("Order ID", "Line No")
);
CREATE TABLE passports (
    person_id INTEGER PRIMARY KEY REFERENCES people (id),
    number TEXT NOT NULL
);
CREATE TABLE tags (name VARCHAR(40) PRIMARY KEY NOT NULL);
CREATE TABLE people_tags (
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    tag VARCHAR(40) NOT NULL REFERENCES tags (name),
    PRIMARY KEY (person_id, tag)
);
CREATE INDEX ix_people_tags_tag ON people_tags (tag);
CREATE TABLE departments (
    id INTEGER PRIMARY KEY,
    head_id INTEGER REFERENCES workers (id)
);
CREATE TABLE workers (
    id INTEGER PRIMARY KEY,
    department_id INTEGER NOT NULL REFERENCES departments (id)
);
CREATE TABLE log (
    happened_at DATETIME NOT NULL,
    "class" VARCHAR(20),
    note TEXT
);
CREATE TABLE moves (
    from_id INTEGER NOT NULL REFERENCES workers (id),
    class_id INTEGER NOT NULL,
    note TEXT,
    UNIQUE (from_id, class_id)
);
CREATE VIEW readers AS SELECT id, name, since FROM people WHERE "class" = 'reader';
CREATE VIRTUAL TABLE found USING fts5 (name);
