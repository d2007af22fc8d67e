from gambrel.cli.databases.projects import project_of


def test_the_migrations_of_an_app_lie_beside_the_file_of_its_database(heroes):
    project = project_of(heroes.app)

    assert project.folders[-1].path == heroes.folder / "migrations"
    assert project.target == heroes.app
    assert str(project.address.file) == "instance/app.db"
