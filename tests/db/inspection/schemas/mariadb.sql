-- A library with what makes schemas of MariaDB hard to read.
CREATE TABLE people (
    id INTEGER UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    mail VARCHAR(120) COLLATE utf8mb4_bin UNIQUE,
    `class` VARCHAR(20) NOT NULL DEFAULT 'reader',
    metadata LONGTEXT,
    `date` DATE NOT NULL,
    since DATETIME(6) NOT NULL DEFAULT current_timestamp(6),
    changed TIMESTAMP NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
    mood ENUM('happy', 'so so', 'class') NOT NULL DEFAULT 'happy',
    flags SET('a', 'b'),
    born YEAR,
    is_member TINYINT(1) NOT NULL DEFAULT 0,
    small TINYINT,
    big BIGINT,
    picture MEDIUMBLOB,
    note TEXT,
    parent_id INTEGER UNSIGNED,
    balance DECIMAL(10, 2) NOT NULL DEFAULT 0,
    doubled DECIMAL(10, 2) GENERATED ALWAYS AS (balance * 2) STORED,
    CONSTRAINT not_empty CHECK (name <> ''),
    FOREIGN KEY (parent_id) REFERENCES people (id) ON DELETE SET NULL
) COMMENT 'Who reads.';
CREATE INDEX name ON people (name);
CREATE UNIQUE INDEX unlike ON people (name, `date`);
CREATE TABLE orders (
    tenant_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    buyer_id INTEGER UNSIGNED NOT NULL,
    seller_id INTEGER UNSIGNED NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT buyers FOREIGN KEY (buyer_id) REFERENCES people (id) ON DELETE CASCADE,
    FOREIGN KEY (seller_id) REFERENCES people (id)
);
CREATE TABLE order_lines (
    tenant_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    number SMALLINT NOT NULL,
    PRIMARY KEY (tenant_id, order_id, number),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)
);
CREATE TABLE categories (id SMALLINT PRIMARY KEY, title VARCHAR(200) NOT NULL);
CREATE TABLE categories_people (
    category_id SMALLINT NOT NULL,
    person_id INTEGER UNSIGNED NOT NULL,
    PRIMARY KEY (category_id, person_id),
    FOREIGN KEY (category_id) REFERENCES categories (id),
    FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE TABLE log (
    happened_at DATETIME NOT NULL,
    `class` VARCHAR(20),
    note TEXT
);
CREATE TABLE moves (
    from_id INTEGER UNSIGNED NOT NULL REFERENCES people (id),
    class_id INTEGER NOT NULL,
    note TEXT,
    UNIQUE (from_id, class_id)
);
CREATE VIEW readers AS SELECT id, name FROM people WHERE `class` = 'reader';
