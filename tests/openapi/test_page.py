import gzip

import pytest

from gambrel.openapi.page import (
    ASSET_TYPES,
    PageLinks,
    asset_version,
    assets,
    content_policy,
    render_page,
)

LINKS = PageLinks("/docs", "/openapi.json", "/docs/assets")


def test_the_page_escapes_the_title_wherever_it_stands():
    page = render_page('</title><script>x()</script>"', LINKS)

    assert "<script>x()" not in page
    assert page.count("&lt;/title&gt;&lt;script&gt;") == page.count("{title}") + 4


def test_the_page_has_nothing_inline():
    page = render_page("API", LINKS)

    assert page.count("<script") == page.count('<script src="') + page.count(
        '<script type="module" src="'
    )
    assert "<style" not in page
    assert " style=" not in page
    assert " on" not in page.split("<body>")[1].replace(" only", "")


def test_the_page_names_no_other_host():
    page = render_page("API", LINKS)
    links = page.replace("http://www.w3.org/2000/svg", "")

    assert "//" not in links


def test_the_document_of_sockets_is_linked_where_there_is_one():
    links = PageLinks("/docs/main", "/openapi.json", "/docs/assets", sockets="/asyncapi.json")

    assert '<a href="../asyncapi.json"><span>WebSockets (AsyncAPI)</span></a>' in render_page(
        "API", links
    )
    assert "AsyncAPI" not in render_page("API", LINKS)


@pytest.mark.parametrize(
    ("page", "target", "expected"),
    [
        ("/docs", "/openapi.json", "openapi.json"),
        ("/docs", "/docs/assets", "docs/assets"),
        ("/docs", "/", "./"),
        ("/docs/admin", "/openapi/admin.json", "../openapi/admin.json"),
        ("/docs/admin", "/", "../"),
        ("/docs/admin", "/docs", "../docs"),
        ("/a/b/docs", "/openapi.json", "../../openapi.json"),
    ],
)
def test_addresses_are_relative_so_that_the_app_may_be_mounted(page, target, expected):
    assert PageLinks(page, "/x", "/y").relative(target) == expected


def test_servers_that_are_no_plain_origins_stay_out_of_the_policy():
    policy = content_policy(
        ["/v1", "https://a.example/x", "https://{region}.example", "ftp://f.example", "//b"]
    )

    assert "connect-src 'self' https://a.example; " in policy


def test_a_server_cannot_add_directives_to_the_policy():
    policy = content_policy(["https://a.example; script-src *", "https://u:p@b.example"])

    assert "connect-src 'self'; " in policy
    assert policy.count("script-src") == 1


def test_every_asset_has_a_type_and_is_small():
    sizes = {name: len(gzip.compress(content, mtime=0)) for name, content in assets().items()}

    assert {"docs.css", "docs.js", "theme.js"} <= sizes.keys()
    assert all(name[name.index(".") :] in ASSET_TYPES for name in sizes)
    assert sum(sizes.values()) < 30_000


def test_assets_use_nothing_that_reads_markup():
    scripts = b"\n".join(content for name, content in assets().items() if name.endswith(".js"))

    for word in (b"innerHTML", b"outerHTML", b"insertAdjacent", b"document.write", b"eval("):
        assert word not in scripts


def test_the_version_of_the_assets_names_their_content():
    assert len(asset_version()) == 12
    assert asset_version() in render_page("API", LINKS)
