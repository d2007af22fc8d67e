from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from gambrel.db.inspection.diagram import to_dot, to_mermaid

METADATA = MetaData()
TEAM = Table("team", METADATA, Column("id", Integer, primary_key=True))
HERO = Table(
    "hero|es",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), unique=True),
    Column("team_id", ForeignKey("team.id")),
)


def test_mermaid_has_tables_columns_and_how_many_refer_to_one():
    assert to_mermaid([TEAM, HERO]).splitlines() == [
        "erDiagram",
        "    team {",
        "        INTEGER id PK",
        "    }",
        "    hero_es {",
        "        INTEGER id PK",
        "        VARCHAR_80 name UK",
        "        INTEGER team_id FK",
        "    }",
        '    team o|--o{ hero_es : "team_id"',
    ]


def test_dot_escapes_what_would_draw_boxes():
    text = to_dot([TEAM, HERO])

    assert r'"hero\|es" -> "team" [label="team_id"];' in text
    assert r"{hero\|es|id : INTEGER\lname : VARCHAR(80)\l" in text
