"""Several replicas of the page behind the balancer of .deploy, under a folder of the address: one of them dies in a lesson."""

from __future__ import annotations

from time import monotonic

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import miss, settled
from support.server import Server

from bench.balancer import INSTALL, balanced, find_haproxy

expect.set_options(timeout=60_000)
TEXT = "text=Two+dogs+are+playing+in+the+snow."


@pytest.fixture
def replicas(tmp_path):
    """Two servers that share their rooms; not started."""
    rooms = str(tmp_path / "rooms.sqlite")
    both = [Server(HEADLIGHT_ROOMS=rooms, STREAMLIT_SERVER_BASE_URL_PATH="head") for _ in range(2)]
    yield both
    for each in both:
        each.kill()


@pytest.fixture
def balancer(replicas):
    """The URL of HAProxy in front of them."""
    if find_haproxy() is None:
        miss(INSTALL)
    with balanced([each.url for each in replicas], "/head") as (_, url):
        yield url


@pytest.fixture
def newcomer(browser, balancer):
    """newcomer(taken) is a page in a profile of its own that a replica has taken in, not the one with the cookie `taken`: (page, its replica's)."""
    profiles = []

    def come(taken: str = ""):
        until = monotonic() + 60  # the balancer looks every two seconds who is there
        while monotonic() < until:
            profiles.append(browser.new_context(viewport={"width": 1280, "height": 720}))
            answer = profiles[-1].request.get(f"{balancer}/_stcore/health")
            if answer.ok and replica_of(profiles[-1]) != taken:
                page = profiles[-1].new_page()
                page.set_default_timeout(60_000)
                return page, replica_of(profiles[-1])
            profiles.pop().close()
        raise AssertionError("the balancer leads nobody to a free replica")

    yield come
    for profile in profiles:
        profile.close()


def replica_of(profile) -> str:
    """The cookie that leads a browser profile to its replica."""
    return {cookie["name"]: cookie["value"] for cookie in profile.cookies()}.get("HEADLIGHT", "")


def test_nobody_loses_anything_with_a_replica(replicas, balancer, newcomer):
    """A student's replica dies: the student goes on at the other one, at the sentence, in the room, with the answer and under the name."""
    replicas[0].start()
    lead, first = newcomer()
    lead.goto(f"{balancer}/?lesson=3&{TEXT}")
    lead.get_by_role("button", name="Open a room").click()
    code = lead.get_by_test_id("room-code").inner_text()
    replicas[1].start()
    student, _ = newcomer(taken=first)
    student.goto(f"{balancer}/?room={code}")
    name = student.get_by_test_id("door-name").inner_text()
    student.get_by_role("button", name="Join", exact=True).click()
    expect(student.get_by_test_id("question")).to_be_visible()
    settled(student).locator(".st-key-lesson [role=radiogroup] label").nth(1).click()
    expect(student.get_by_test_id("waits")).to_contain_text("Your answer is in.")
    expect(lead.get_by_test_id("class-summary")).to_have_text("1 of 1 has answered")
    replicas[1].kill()
    settled(lead).get_by_role("button", name="Reveal").click()  # which the student hears of at the other replica
    for page in (lead, student):
        expect(page.get_by_test_id("feedback")).to_be_visible()
        assert page.url.startswith(f"{balancer}/?") and "Two+dogs" in page.url
    expect(student.get_by_test_id("room-name")).to_have_text(name)
    assert replica_of(student.context) == first
