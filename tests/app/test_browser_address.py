"""The page and its address in real Chromium: back and forward, what typing does to the history, and links that mean harm."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote_plus, urlencode, urlparse

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_view, settled, take_example
from support.marks import MARKDOWN
from support.tabs import Tabs, lead

from viz.page.link import MOST_NOTICES
from viz.views import VIEWS

expect.set_options(timeout=60_000)
FIELD = "English sentence"
MADE_OF_MARKDOWN = "a, img, strong, em, del, code, h1, h2, h3, li, blockquote, table, hr, .katex, [role=img], span[style]"


def query(page) -> dict[str, str]:
    """The parameters in the address bar."""
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query, keep_blank_values=True).items()}


def entries(page) -> int:
    """Entries in the history of the tab up to the one that it shows."""
    return page.evaluate("window.navigation.currentEntry.index")


def view(page, slug: str) -> None:
    """Choose a view and wait for it."""
    open_view(page, VIEWS[slug].title)
    expect(page.get_by_test_id("view-sentence")).to_have_text(VIEWS[slug].sentence)
    expect(page).to_have_url(re.compile(f"view={slug}"))


def typed(page, text: str) -> None:
    """Type a sentence and wait until the address has it."""
    page.get_by_label(FIELD).fill(text)
    expect(page).to_have_url(re.compile(f"text={re.escape(quote_plus(text))}(&|$)"))
    settled(page)


def test_back_and_forward_lead_through_sentence_view_and_switches(visit):
    """The page shows what the address says, after every step of both ways; the link of the moment opens the same."""
    page = visit("?view=all-heads&text=The+cat+sat.&lab=on")
    view(page, "one-head")
    settled(page)
    page.get_by_text("Look-ahead mask", exact=True).click()
    expect(page).to_have_url(re.compile("causal=off"))
    settled(page)
    take_example(page, 2)
    expect(page).to_have_url(re.compile("text=Two"))
    settled(page)
    view(page, "tokens")
    settled(page)

    def shows(slug: str, text: str, changed: bool) -> None:
        expect(page.get_by_test_id("view-sentence")).to_have_text(VIEWS[slug].sentence)
        expect(page.get_by_label(FIELD)).to_have_value(text)
        expect(page.get_by_test_id("tokens-source").locator(".chip").nth(1)).to_have_text("·dogs" if "dogs" in text else "·cat")
        expect(page.get_by_test_id("changed-note")).to_have_count(int(changed))
        settled(page)
        now = query(page)
        assert (now.get("view", "all-heads"), now["text"], "causal" in now) == (slug, text, changed)

    steps = [("all-heads", "The cat sat.", False), ("one-head", "The cat sat.", False), ("one-head", "The cat sat.", True),
             ("one-head", "Two dogs are playing in the snow.", True), ("tokens", "Two dogs are playing in the snow.", True)]  # fmt: skip
    for step in steps[-2::-1]:
        page.go_back()
        shows(*step)
    for step in steps[1:]:
        page.go_forward()
        shows(*step)
    assert not page.problems


def test_a_step_back_counts_though_something_else_happens_at_once(visit):
    """Streamlit joins runs that are asked for together, and forgets that one of them was a step back."""
    page = visit("?view=one-head&text=The+cat+sat.&lab=on")
    take_example(page, 2)
    expect(page).to_have_url(re.compile("text=Two"))
    settled(page)
    page.get_by_text("Look-ahead mask", exact=True).evaluate(
        "(label) => { window.addEventListener('popstate', () => label.click(), { once: true }); window.history.back(); }"
    )
    expect(page.get_by_label(FIELD)).to_have_value("The cat sat.")
    expect(page.get_by_test_id("tokens-source")).to_contain_text("cat")
    settled(page)
    assert query(page)["text"] == "The cat sat." and not page.problems


def test_typing_makes_no_entries_and_a_choice_makes_one(visit):
    """Three sentences, typed with pauses, are one entry; back from a view leads to the last of them."""
    page = visit()
    before = entries(page)
    for text in ("The cat", "The cat sat", "The cat sat."):
        typed(page, text)
    assert entries(page) == before
    view(page, "lines")
    assert entries(page) == before + 1
    page.go_back()
    expect(page.get_by_test_id("view-sentence")).to_have_text(VIEWS["all-heads"].sentence)
    expect(page.get_by_label(FIELD)).to_have_value("The cat sat.")
    settled(page)
    typed(page, "A dog ran.")  # typing after going back: still the same entry, and forward is not lost
    page.go_forward()
    expect(page.get_by_test_id("view-sentence")).to_have_text(VIEWS["lines"].sentence)
    expect(page.get_by_label(FIELD)).to_have_value("The cat sat.")
    assert not page.problems


def test_what_a_link_says_is_text_on_the_page(visit):
    """No link, image, emphasis, formula, colour or emoji comes from the address, nothing is fetched, and the text reads as it is.

    A link of all of them in turn, as many as there are notices at once: the first is loaded, the page is led to the others.
    """
    requests: list[str] = []

    def note(request) -> None:
        requests.append(request.url)

    page = visit()
    page.on("request", note)
    for at in range(0, len(MARKDOWN), MOST_NOTICES):
        said = MARKDOWN[at : at + MOST_NOTICES]
        link = "?" + urlencode({"view": "tokens", **{f"odd{index}": text for index, text in enumerate(said)}})
        lead(page, link) if at else page.goto(page.url.split("?")[0] + link)
        notices = page.get_by_test_id("stAlert")
        expect(notices).to_have_count(len(said))
        if not at:
            expect(page).not_to_have_url(re.compile("odd"))
        settled(page)
        assert notices.locator(MADE_OF_MARKDOWN).count() == 0
        for index, text in enumerate(said):
            shown = notices.nth(index).inner_text().replace("\u2060", "")
            assert f"odd{index}={' '.join(text.split())}"[:40] in shown
    page.remove_listener("request", note)
    assert not [url for url in requests if "evil" in urlparse(url).netloc] and not page.problems


def test_lists_of_a_link_do_not_freeze_the_tab(visit):
    """8,000 times the first head: its lines are drawn once, and the page answers."""
    page = visit("?view=lines&heads=" + ",".join(["1"] * 8000))
    lines = page.get_by_test_id("attention-lines")
    expect(lines).to_have_attribute("data-heads", "0")
    assert float(lines.get_attribute("data-milliseconds")) < 1000
    assert query(page)["heads"] == "1"
    view(page, "tokens")
    assert not page.problems


@pytest.mark.parametrize("text", ["", "   ", "word " * 2000, "😀" * 700, "\u200b"])
def test_text_that_cannot_be_read_survives_a_reload(visit, text):
    """Empty, blank, invisible or too long: the address follows, and after a reload the field holds what was typed."""
    page = visit("?view=all-heads&text=The+cat+sat.")
    page.get_by_label(FIELD).fill(text)
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    expect(page).to_have_url(re.compile(f"text={re.escape(quote_plus(text))}(&|$)"))
    settled(page)
    page.reload()
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    expect(page.get_by_label(FIELD)).to_have_value(text)
    assert not page.problems


@pytest.mark.parametrize("text", ["né " * 15_000, "😀" * 9000], ids=["words", "emoji"])
def test_text_that_no_address_can_hold_survives_a_reload_and_back(visit, text):
    """More than a server takes in an address: the beginning stands there, the tab keeps the whole."""
    page = visit("?view=all-heads&text=The+cat+sat.")
    page.get_by_label(FIELD).fill(text)
    expect(page).to_have_url(re.compile("text=(n%C3%A9|%F0)"))
    settled(page)
    assert len(page.url) < 61_000
    field = page.get_by_label(FIELD)
    kept = field.input_value()  # a field may have a limit of its own
    page.reload()
    expect(field).to_have_value(kept)
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    settled(page)
    take_example(page, 2)
    expect(page.get_by_test_id("tokens-source")).to_contain_text("dogs")
    settled(page)
    page.go_back()
    expect(field).to_have_value(kept)
    assert not page.problems


def test_what_is_chosen_inside_a_picture_goes_back_too(visit):
    """Lines: kind and heads are chosen inside the component, and the address leads it back and forward."""
    page = visit("?view=lines&text=The+cat+sat.&kind=cross&layer=2&head=3")
    lines = page.get_by_test_id("attention-lines")
    expect(lines).to_have_attribute("data-heads", "2")
    lines.get_by_role("button", name="Encoder").click()
    expect(page).to_have_url(re.compile("kind=encoder"))
    settled(page)
    lines.get_by_role("button", name="All heads").click()
    expect(page).to_have_url(re.compile("heads=1%2C2"))
    settled(page)
    page.go_back()
    expect(lines).to_have_attribute("data-heads", "2")
    expect(lines).to_have_attribute("data-kind", "encoder")
    settled(page)
    page.go_back()
    expect(lines).to_have_attribute("data-kind", "cross")
    settled(page)
    page.go_forward()
    expect(lines).to_have_attribute("data-kind", "encoder")
    lines.get_by_role("button", name="Head 5").click()
    expect(page).to_have_url(re.compile("heads=3%2C5"))
    assert not page.problems


@pytest.mark.parametrize(
    ("view_", "place", "name"), [("decoding", "decoding", "data-step"), ("steps", "attention-steps", "data-step")]
)
def test_a_walk_is_one_entry(visit, view_, place, name):
    """Stepping through a player or a calculation with pauses makes one entry at most; back leads to where the walk began."""
    page = visit(f"?view={view_}&text=The+cat+sat.")
    picture = page.get_by_test_id(place)
    expect(picture).to_have_attribute(name, "0")
    before = entries(page)
    for step in (1, 2, 3):
        picture.get_by_role("button", name=re.compile("^Next")).click()
        expect(picture).to_have_attribute(name, str(step))
        expect(page).to_have_url(re.compile(f"(row|step)={step + 1}"))
        settled(page)
    made = entries(page) - before
    assert made <= 1  # none where a slow page still writes its own address into the entry when the walk begins
    if made:
        page.go_back()
        expect(picture).to_have_attribute(name, "0")
    assert not page.problems


def test_a_slider_that_is_moved_is_no_entry_a_press(visit):
    """Three presses of an arrow key make fewer entries than three; back leads to before the first, and the slider shows it."""
    page = visit("?view=all-heads&lab=on&text=The+cat+sat.")
    slider = page.locator(".st-key-dial-scale").get_by_role("slider")
    before = entries(page)
    for value in ("1.25", "1.5", "1.75"):
        slider.press("ArrowRight")
        expect(page).to_have_url(re.compile(f"position_scale={re.escape(value)}(&|$)"))
        settled(page)
    made = entries(page) - before
    assert made < 3
    for _ in range(max(1, made)):
        page.go_back()
        settled(page)
    expect(page.get_by_test_id("changed-note")).to_have_count(0)
    expect(slider).to_have_value("1")
    assert not page.problems


@pytest.fixture(scope="module")
def plain_entries(tabs: Tabs) -> int:
    """Entries of a tab that has opened the plain page."""
    count = entries(tabs.visit(fresh=True))
    tabs.leave(has_failed=False)
    return count


@pytest.mark.parametrize("link", ["?view=one-head&strange=1", "?causal=on&view=steps", "?view=lines&heads=1,1"])
def test_what_the_page_fills_in_makes_no_entry(plain_entries, visit, link):
    """A link without a head, with defaults or with nonsense is completed in place: one step back leaves the page."""
    page = visit(link, fresh=True)
    expect(page).not_to_have_url(re.compile(f"{re.escape(link)}$"))
    settled(page)
    assert entries(page) == plain_entries
    assert not page.problems
