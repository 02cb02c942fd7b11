"""What the browser asks the server to run, in real Chromium: what follows from the State alone, or the whole page."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from support.chromium import open_head, open_view, settled

expect.set_options(timeout=60_000)


def test_typing_and_choosing_run_a_part_of_the_page(visit):
    """Only what stands outside of it, here the switch of one's own translation, runs the whole page; what that brings is live again."""
    page = visit("?view=tokens&text=The+cat+sat.", fresh=True)
    parts: list[str] = []  # of the page that were asked for; empty: the whole
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: parts.append(asked_for(data))))
    page.reload()
    french = page.get_by_test_id("tokens-target")
    expect(french).to_contain_text("chat")
    settled(page)
    parts.clear()
    page.get_by_label("English sentence").fill("The dog sat.")
    expect(french).to_contain_text("chien")
    open_head(page, "Cross-attention, layer 2, head 3")
    expect(page.get_by_test_id("rail-place")).to_have_text("Cross-attention, layer 2, head 3")
    settled(page)
    assert parts and all(parts)
    parts.clear()
    page.get_by_text("your own translation", exact=True).click()
    own = page.get_by_label("Your own translation: how would the model read this one?")
    expect(own).to_be_visible()
    assert parts == [""]
    own.fill("Le chien.")
    expect(page.get_by_text("The model reads your translation")).to_be_visible()
    settled(page)
    assert all(parts[1:]) and len(parts) > 1 and not page.problems


def test_a_picture_that_is_drawn_anew_brings_its_numbers_alone(visit):
    """Its script came with the page, and so did those of all views."""
    page = visit("?view=all-heads&text=The+cat+sat.", fresh=True)
    came: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: came.append(data)))
    page.reload()
    grid = page.locator(".heads-grid canvas").first
    expect(grid).to_be_visible()
    settled(page)
    assert any(b"headlight-components" in data and b"parentElement" in data for data in came)
    came.clear()
    page.get_by_label("English sentence").fill("The dog sat.")
    expect(page.get_by_test_id("tokens-target")).to_contain_text("chien")
    open_view(page, "What heads do")
    expect(page.locator(".st-key-view-roles canvas").first).to_be_visible()
    settled(page)
    assert came and not any(b"parentElement" in data for data in came)
    assert not page.problems


def asked_for(data: bytes) -> str:
    """The part of the page that a message to the server asks to run; empty for the whole page."""
    message = BackMsg()
    message.ParseFromString(data)
    return message.rerun_script.fragment_id
