from gambrel.files.paths import Listed
from gambrel.files.static.listing import render_listing


def test_folders_come_first_and_files_tell_their_size():
    page = render_listing(
        "/static/", [Listed("b.txt", False, 1_234), Listed("z", True, 0)], is_top=True
    ).body.decode()

    assert page.index('href="./z/"') < page.index('href="./b.txt"')
    assert "1,234 bytes" in page
    assert "../" not in page


def test_a_folder_inside_leads_up():
    assert b'href="../"' in render_listing("/static/a/", [], is_top=False).body


def test_names_are_quoted_and_escaped():
    page = render_listing("/<b>/", [Listed('"><i>.txt', False, 0)], is_top=True).body.decode()

    assert "<b>" not in page
    assert "<i>" not in page
    assert 'href="./%22%3E%3Ci%3E.txt"' in page


def test_a_list_is_asked_for_again_each_time():
    assert render_listing("/", [], is_top=True).headers["cache-control"] == "no-cache"
