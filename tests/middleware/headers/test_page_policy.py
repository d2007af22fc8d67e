import pytest

from gambrel import HTML, App, Router
from gambrel.middleware import Nonce, PagePolicy
from gambrel.middleware.security_headers import HeaderPolicy
from gambrel.testing import Client

CSP = "content-security-policy"


def page_with(policy: PagePolicy, path: str = "/map") -> dict[str, str]:
    app = App()
    group = Router(middleware=[policy])

    @group.get("/map")
    async def place() -> HTML:
        return HTML("map")

    @group.get("/nonce")
    async def nonced(nonce: Nonce) -> HTML:
        return HTML(nonce)

    @group.get("/data")
    async def data() -> dict[str, int]:
        return {}

    @group.get("/own")
    async def own() -> HTML:
        return HTML("own", headers={CSP: "sandbox"})

    @app.get("/other")
    async def other() -> HTML:
        return HTML("other")

    app.include(group)
    with Client(app) as client:
        return dict(client.get(path).headers)


def test_a_group_takes_more_than_the_app():
    policy = PagePolicy(add={"img-src": ["https://maps.example"], "object-src": ["blob:"]})
    sent = page_with(policy)[CSP]

    assert "img-src 'self' https://maps.example" in sent
    assert "object-src blob:" in sent
    assert "script-src 'self'" in sent


def test_or_has_a_policy_of_its_own():
    assert page_with(PagePolicy(policy="default-src 'none'"))[CSP] == "default-src 'none'"


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/other", HeaderPolicy().page_policy),
        ("/data", HeaderPolicy().data_policy),
        ("/own", "sandbox"),
    ],
)
def test_others_keep_theirs(path, policy):
    assert page_with(PagePolicy(policy="default-src 'none'"), path)[CSP] == policy


def test_a_nonce_opens_the_policy_of_the_group():
    sent = page_with(PagePolicy(add={"img-src": ["https://maps.example"]}), "/nonce")[CSP]

    assert "img-src 'self' https://maps.example" in sent
    assert "'nonce-" in sent
