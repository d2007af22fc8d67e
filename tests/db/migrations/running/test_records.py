from gambrel.db.migrations.running.records import Record, Records, now


def test_a_record_is_kept_replaced_and_forgotten(bench):
    def work(connection):
        records = Records(connection)
        assert records.all() == {}
        records.make()
        records.make()
        first = Record("0001", "sum", mark=2, checkpoint="[1]")
        records.write(first)
        records.write(first)  # which changes nothing
        assert records.all() == {"0001": first}

        later = Record("0001", "sum", applied_at=now())
        records.write(later)
        assert records.all() == {"0001": later}

        records.forget("0001")
        assert records.all() == {}

    bench.within(work)


def test_where_a_database_is_is_read_from_the_table_of_alembic(bench):
    def work(connection):
        records = Records(connection)
        assert records.heads() == []
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0002'), ('0001')")
        assert records.heads() == ["0001", "0002"]

        records.replace_head("0001", "0003")
        assert records.heads() == ["0002", "0003"]

    bench.within(work)
