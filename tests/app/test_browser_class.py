"""A class in real Chromium: a teacher, a student with a phone and one at a table, each in a browser of their own; and a server that dies."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import settled
from support.server import Server
from support.sizes import small, watch

from bench import replicas, room, sessions

expect.set_options(timeout=60_000)
AXE = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js").read_text(encoding="utf-8")
LOOK = """async (places) => {
  const { violations } = await axe.run({ include: places.filter((place) => document.querySelector(place)) }, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 200), failureSummary]));
}"""
SMALL = """() => [...document.querySelectorAll(":is(.st-key-room, .st-key-door, .class-bars) :is(button, span, b, p, label)")].flatMap((node) => {
  const box = node.getBoundingClientRect(), size = parseFloat(getComputedStyle(node).fontSize);
  return node.textContent.trim() && box.width > 1 && (size < 13 || box.right > innerWidth + 1) ? [`${size} px at ${box.right}: ${node.textContent}`] : [];
})"""
FITS = "() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollHeight <= main.clientHeight + 1; }"
FAR = 24  # px: the least type at 1280 x 720 that a back row reads
PHONE = {"width": 390, "height": 844}
TABLE = {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A server with rooms of its own."""
    server = Server(HEADLIGHT_ROOMS=str(tmp_path_factory.mktemp("rooms") / "rooms.sqlite"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def someone(browser, place):
    """someone(scheme, size) is a page in a browser profile that nobody else has."""
    profiles = []

    def come(scheme: str, size: dict):
        profiles.append(browser.new_context(viewport=size, color_scheme=scheme, has_touch=size is PHONE))
        page = profiles[-1].new_page()
        page.set_default_timeout(60_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        return page

    yield come
    for profile in profiles:
        profile.close()


def faults(page) -> list:
    """What axe finds, and what is small or cut off, in the parts of the page that belong to a class."""
    page.evaluate(AXE)
    return page.evaluate(LOOK, [".st-key-room", ".st-key-door", ".st-key-lesson"]) + page.evaluate(SMALL)


def open_room(page, url: str, lesson: int) -> str:
    """Open a room from a lesson's stage; returns its letters."""
    page.goto(f"{url}/?lesson={lesson}&text=Two+dogs+are+playing+in+the+snow.")
    page.get_by_role("button", name="Open a room").click()
    return page.get_by_test_id("room-code").inner_text()


def join(page, url: str, code: str) -> str:
    """Come by the link and join; returns the name."""
    page.goto(f"{url}/?room={code}")
    name = page.get_by_test_id("door-name").inner_text()
    assert faults(settled(page)) == []
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_test_id("room-name")).to_have_text(name)
    expect(page.get_by_test_id("question")).to_be_visible()
    return name


def choose(page, at: int) -> None:
    """Answer with an option."""
    settled(page).locator(".st-key-lesson [role=radiogroup] label").nth(at).click()
    expect(page.get_by_test_id("waits")).to_contain_text("Your answer is in.")


def gather(place, someone) -> tuple:
    """A teacher whose room has a phone and somebody at a table: (teacher's page, [theirs], their names)."""
    lead, others = someone("light", TABLE), [someone("dark", PHONE), someone("light", TABLE)]
    code = open_room(lead, place.url, 3)
    expect(lead.get_by_test_id("class-summary")).to_have_text("0 of 0 have answered")
    lead.get_by_role("button", name="QR code").click()
    image = lead.get_by_test_id("room-qr").get_by_role("img")
    expect(image).to_have_attribute("alt", f"QR code of {place.url}/?room={code}")
    assert image.evaluate("image => image.naturalWidth > 0")
    lead.keyboard.press("Escape")
    return lead, others, [join(page, place.url, code) for page in others]


def present(lead, *others) -> None:
    """The wall of lesson 3 says how many have answered, and what; where its pointer is there is a ring on every page, until the next step."""
    settled(lead).keyboard.press("p")
    expect(lead.get_by_test_id("presenting")).to_have_attribute("data-mode", "1")
    expect(lead.get_by_test_id("room-count")).to_have_text("1 of 2 has answered")
    watch(lead)
    settled(lead).keyboard.press("r")
    expect(lead.locator(".wall .class-bar")).to_have_count(4)
    lead.wait_for_function(FITS)
    assert small(lead, FAR) == []
    picture = lead.locator(".st-key-embeddings-neighbours .figure")
    box = picture.bounding_box()
    lead.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    settled(lead).keyboard.press("l")
    for page in others:
        expect(page.get_by_test_id("spot")).to_be_visible()
        near, ring = (
            page.locator(".st-key-embeddings-neighbours .figure").bounding_box(),
            page.get_by_test_id("spot").bounding_box(),
        )
        for side, size, share in (("x", "width", 0.3), ("y", "height", 0.4)):
            assert abs(ring[side] + ring[size] / 2 - near[side] - share * near[size]) < 4
    lead.keyboard.press("q")
    expect(lead.get_by_test_id("cover-code")).to_contain_text(f"· {lead.get_by_test_id('room-code').inner_text()}")
    lead.keyboard.press("PageDown")
    for page in (lead, *others):
        expect(page.get_by_test_id("spot")).to_be_hidden()
        expect(page.locator("[data-lesson='4'], [data-at='3']").first).to_be_attached()
    assert "present" not in others[0].url
    settled(lead).keyboard.press("Escape")
    expect(lead.get_by_test_id("presenting")).to_have_attribute("data-mode", "")


def look(*pages) -> None:
    """Nothing that belongs to the class is too small, cut off, or for some eyes only."""
    for page in pages:
        assert faults(settled(page)) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_bench_of_a_class_fills_its_table(place, monkeypatch, capsys):
    """Two students without a browser, in two lessons: every time is there, and what it took."""
    monkeypatch.setattr(room, "process_of", lambda *_: nullcontext((SimpleNamespace(pid=place.pid), place.url)))
    monkeypatch.setattr(room, "LESSONS", room.LESSONS[:2])
    monkeypatch.setattr(room, "SPREAD", 0.5)
    with ThreadPoolExecutor(1) as aside:  # Playwright's loop runs in this thread
        aside.submit(room.main, ["--students", "2"]).result()
    output = capsys.readouterr().out
    head, line, *rows, _, remark = output[output.index(room.HEADER) :].strip().splitlines()
    assert [head, line] == room.HEADER.splitlines() and "2 students joined" in remark and "lost" in remark
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == ["2", "3", "all"] and cells[0][1:3] == ["", ""]
    assert all(float(cell) > 0 for row in cells for cell in row[1:-1] if cell) and all(float(row[-1]) >= 0 for row in cells)
    assert all(float(row[at]) <= float(row[at + 1]) for row in cells for at in (1, 3, 5) if row[at])


def test_the_benches_of_a_crowd_fill_their_tables(place, monkeypatch, capsys):
    """Two readers who type and open views: each thing that they do is a run, and what it took is said."""
    server = SimpleNamespace(pid=place.pid)
    monkeypatch.setattr(sessions, "process_of", lambda *_: nullcontext((server, place.url)))
    monkeypatch.setattr(replicas, "process_of", lambda *_, **__: nullcontext((server, place.url)))
    monkeypatch.setattr(replicas, "balanced", lambda urls: nullcontext((server, urls[0])))
    for bench, runs in ((sessions, 6), (replicas, 1)):
        monkeypatch.setattr(bench, "views_of", lambda names: names[:3])
        with ThreadPoolExecutor(1) as aside:
            aside.submit(bench.main, ["--readers", "2", "--runs", str(runs), "--pause", "0"]).result()
        output = capsys.readouterr().out
        head, line, *rows, _, remark = output[output.index(bench.HEADER) :].strip().splitlines()
        assert [head, line] == bench.HEADER.splitlines() and remark.endswith(".")
        cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
        at = head.split("|").index(" reruns ") - 1
        if bench is sessions:
            assert [int(row[at]) for row in cells] == [4, 4, 8, 4] and all(
                f"after {number}" in remark for number in (1, 3, 6, 12)
            )
        else:
            assert [row[:3] for row in cells] == [["1", "2", "2"], ["2", "2", "2"]]
        assert all(0 < float(row[at + 1]) <= float(row[at + 2]) for row in cells if row[at] != "0")


def test_a_class_answers_and_everyone_keeps_what_they_had(place, someone):
    """Answers are bars at the teacher's; a reload, and a server that dies and comes back, take nothing from anybody; then all see what is right."""
    lead, others, names = gather(place, someone)
    for at, page in enumerate(others):
        choose(page, at)
    expect(lead.get_by_test_id("class-summary")).to_have_text("2 of 2 have answered")
    expect(lead.get_by_test_id("room-count")).to_have_text("2 students")
    look(lead, *others)
    others[0].reload()
    expect(others[0].get_by_test_id("room-name")).to_have_text(names[0])
    place.kill()
    place.start()
    join(someone("dark", TABLE), place.url, lead.get_by_test_id("room-code").inner_text())
    expect(lead.get_by_test_id("class-summary")).to_have_text(
        "2 of 3 have answered"
    )  # the page has found the new server by itself
    for page, name in zip(others, names, strict=True):
        expect(page.get_by_test_id("room-name")).to_have_text(name)
        expect(page.get_by_test_id("waits")).to_contain_text("Your answer is in.")
    assert lead.locator(".class-bar b").all_inner_texts()[:2] == ["1", "1"]
    settled(lead).get_by_role("button", name="Reveal").click()
    for page in (lead, *others):
        expect(page.get_by_test_id("class-summary")).to_contain_text("in the class")
        expect(page.get_by_test_id("feedback")).to_be_visible()
        look(page)
        assert not page.problems


def test_a_teacher_pins_leads_on_takes_the_results_and_ends(place, someone, tmp_path):
    """Fields are closed at once, the next step is on every screen, the table has the made-up names, the end is said."""
    lead, (phone, table), names = gather(place, someone)
    choose(phone, 1)
    settled(lead).locator(".st-key-room-pin label").click()
    expect(table.get_by_label("English sentence")).to_be_disabled()
    present(lead, phone, table)
    settled(lead).get_by_role("button", name="Next ▸", exact=True).click()  # the teacher is nudged by nobody
    for page in (lead, phone, table):
        expect(page.locator("[data-testid=lesson][data-lesson='5']")).to_be_attached()
    with lead.expect_download() as download:
        settled(lead).get_by_role("button", name="Results").click()
    download.value.save_as(tmp_path / "class.csv")
    rows = list(csv.DictReader((tmp_path / "class.csv").read_text("utf-8-sig").splitlines()))
    assert [row["made-up name"] for row in rows] == names[:1]
    settled(lead).get_by_role("button", name="End", exact=True).click()
    lead.get_by_role("button", name="End the class").click()
    expect(table.get_by_text("The class is over.")).to_be_visible()
    expect(table.get_by_test_id("room-name")).to_have_count(0)
    assert not lead.problems + phone.problems + table.problems
