def test_tables_and_columns_keep_their_rows_and_indexes(bench):
    bench.write(
        "0001_hero",
        """
        op.create_table(
            "hero",
            sa.Column("id", sa.Integer(), primary_key=True),
            sa.Column("name", sa.String(20), nullable=False, server_default="x"),
        )
        op.create_index("ix_hero_name", "hero", ["name"])
        op.execute("INSERT INTO hero (id, name) VALUES (1, 'a')")
        """,
    )
    bench.write(
        "0002_names",
        'rename_table("hero", "order")\nrename_column("order", "name", "select")',
        'rename_column("order", "select", "name")\nrename_table("order", "hero")',
    )
    quote = "`" if bench.address.kind == "mariadb" else '"'

    bench.up()
    assert bench.rows(f"SELECT {quote}select{quote} FROM {quote}order{quote}") == [("a",)]

    bench.down(["0001_hero"])
    bench.run("INSERT INTO hero (id) VALUES (2)")
    assert bench.rows("SELECT name FROM hero ORDER BY id") == [("a",), ("x",)]
