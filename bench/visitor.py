"""A visit without a browser: a client that speaks Streamlit's own protocol over its websocket, as the page in a browser does.

It sends what a phone's browser sends (the address, the widgets' values, the looks of viz/canvas/seat/look.js, which messages it has kept) and
reads all that the server sends; it draws nothing.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from viz.page.room.values import BEAT

PATIENCE = 120.0  # seconds to wait for anything
TICK, APART = 0.25, 0.5  # seconds, as in viz/canvas/seat/look.js
SILENCE = 15.0  # seconds without a run after which a page in a room asks for the whole of itself (viz/canvas/seat)
LARGEST = 2**26  # bytes of one message
KEPT, ANNOUNCED = 20, 2  # runs for which a large message is kept, and for which the server is told so and does not send it again
PHONE = "Mozilla/5.0 (Linux; Android 16) Mobile"
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # what Streamlit calls the triggers of a component


class Visitor:
    """One session of the page. `html` is what the last runs have written, by place; `is_still` whether none goes on; `bytes` what the server
    has sent."""

    def __init__(self, url: str, query: str) -> None:
        """url: of the server, http://…; query: the address behind it, with its "?"."""
        self._url, self._query, self._script = url, query, ""
        self._widgets: dict[str, str] = {}  # by their keys, as the server names them
        self._protos: dict[str, Any] = {}  # how the server describes them, by those names
        self._values: dict[str, dict[str, Any]] = {}  # what they hold, by those names
        self._looks: dict[str, tuple[str, float]] = {}  # fragments that look at the room: their component, and when last
        self._messages: dict[str, tuple[ForwardMsg, int]] = {}  # large ones, by their hash, and the run that has used it last
        self._runs, self._news, self._is_over = 0, asyncio.Condition(), False
        self._is_whole, self._touched = (
            True,
            set[object](),
        )  # of the run that goes on: the whole page, and what it has drawn
        self.html: dict[tuple[int, ...], str] = {}
        self.bytes, self.is_still = 0, False
        self.silences, self._heard, self._looked = 0, time.monotonic(), 0.0

    async def __aenter__(self) -> Visitor:
        self._socket: ClientConnection = await connect(
            f"ws{self._url.removeprefix('http')}/_stcore/stream", max_size=LARGEST, subprotocols=[Subprotocol("streamlit")], open_timeout=PATIENCE, ping_interval=None,
            compression=None, user_agent_header=PHONE,
        )  # fmt: skip
        self._reader, self._watch = asyncio.create_task(self._read()), asyncio.create_task(self._listen())
        await self.run()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for task in (self._reader, self._watch):
            task.cancel()
        await self._socket.close()

    # What a reader does ---------------------------------------------------------------------------------------------------

    async def press(self, key: str) -> None:
        """Press a button by its key."""
        await self.run(trigger=await self._widget(key))

    async def answer(self, key: str, share: float) -> None:
        """Choose one of some radio buttons, or move a slider and send it: whatever is so far from its first to its last. key: how its own begins."""
        name, proto = await self._widget(key), self._protos[await self._widget(key)]
        if proto.DESCRIPTOR.name == "Radio":
            self._values[name] = {"string_value": proto.options[int(share * len(proto.options))]}
            await self.run()
        else:
            steps = int(share * (round((proto.max - proto.min) / proto.step) + 1))
            self._values[name] = {"double_array_value": {"data": [proto.min + steps * proto.step]}}
            await self.run(trigger=self._widgets[f"{self._key(name)}-send"])

    async def run(self, fragment: str = "", trigger: str = "", look: str = "") -> None:
        """Ask the server for a run, as every widget of the page does. trigger: a button; look: a component."""
        states = [WidgetState(id=name, **value) for name, value in self._values.items()]
        states += [WidgetState(id=trigger, trigger_value=True)] * bool(trigger)
        event = [{"event": "look", "value": {"at": time.time(), "spot": None}}]
        states += [WidgetState(id=EVENTS.format(look), json_trigger_value=json.dumps(event))] * bool(look)
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.fragment_id = self._query.removeprefix("?"), self._script, fragment
        run.widget_states.widgets.extend(states)
        run.cached_message_hashes.extend(name for name, (_, last) in self._messages.items() if self._runs - last <= ANNOUNCED)
        run.context_info.url, run.context_info.timezone, run.context_info.locale = f"{self._url}/", "Europe/Berlin", "en"
        await self._socket.send(message.SerializeToString())

    # What a reader sees ---------------------------------------------------------------------------------------------------

    def part(self, name: str) -> str:
        """The text of the newest element with this data-testid; empty where there is none."""
        found = (re.search(rf'<(\w+)[^>]*data-testid="{name}".*?</\1>', body, re.DOTALL) for body in reversed(self.html.values()))
        return next((html.unescape(re.sub("<[^>]+>", "", match[0])) for match in found if match), "")

    async def until(self, holds: Callable[[Visitor], Any]) -> float:
        """When this holds, in seconds of time.perf_counter. Raises TimeoutError, or ConnectionError."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self._is_over or holds(self))
        if self._is_over:
            raise ConnectionError(f"{self._url} has hung up.") from (self._reader.done() and self._reader.exception()) or None
        return time.perf_counter()

    # The protocol ---------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                self.bytes += len(message)
                self._take(ForwardMsg.FromString(message))
                if (
                    self.is_still
                ):  # nobody asks before the end of a run: clients that read everything at once would be measured, too
                    async with self._news:
                        self._news.notify_all()
        finally:
            self._is_over = True
            async with self._news:
                self._news.notify_all()

    async def _listen(self) -> None:
        """Look at the room, one fragment at a time and only while no run goes on. Where nothing is heard the page asks for all of itself."""
        while not self._is_over:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            if now - self._heard > SILENCE and self._looks:
                self._heard, self.silences = now, self.silences + 1
                await self.run()
                continue
            due = [fragment for fragment, (_, last) in self._looks.items() if now - last >= BEAT]
            if due and self.is_still and now - self._looked > APART:
                look, self._looked = self._looks[due[0]][0], now
                self._looks[due[0]] = (look, now)
                await self.run(due[0], look=look)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            full = ForwardMsg()
            full.CopyFrom(self._messages[message.ref_hash][0])
            full.metadata.CopyFrom(message.metadata)
            message, kind = full, full.WhichOneof("type")
            self._messages[message.hash] = (full, self._runs)
        elif message.metadata.cacheable:
            self._messages[message.hash] = (message, self._runs)
        if kind == "new_session":
            self.is_still, self._heard = False, time.monotonic()
            self._script = message.new_session.page_script_hash
            self._is_whole, self._touched = not message.metadata.run.fragment_ids, set()
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(tuple(message.metadata.delta_path), message.delta.new_element, message.delta.fragment_id)
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif (
            kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):  # the next run is on its way
            self.is_still = True
            if self._is_whole:  # what this run has not drawn again is gone
                self._runs += 1
                self._messages = {name: pair for name, pair in self._messages.items() if self._runs - pair[1] <= KEPT}
                self.html = {path: body for path, body in self.html.items() if path in self._touched}
                self._looks = {fragment: look for fragment, look in self._looks.items() if fragment in self._touched}
                self._values = {name: value for name, value in self._values.items() if name in self._touched}

    def _draw(self, path: tuple[int, ...], element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "bidi_component" and element.bidi_component.component_name.endswith("headlight_look"):
            self._touched.add(fragment)
            self._looks.setdefault(fragment, (element.bidi_component.id, time.monotonic()))
        self.html.pop(path, None)  # the newest stands last
        if kind == "html":
            self.html[path] = element.html.body
            self._touched.add(path)
        elif hasattr(getattr(element, kind), "id"):
            name = getattr(element, kind).id
            self._widgets.pop(self._key(name), None)
            self._touched.add(name)
            self._widgets[self._key(name)], self._protos[name] = name, getattr(element, kind)

    @staticmethod
    def _key(name: str) -> str:
        """The key of a widget, out of the server's name of it."""
        return name.split("-", 2)[-1]

    async def _widget(self, key: str) -> str:
        """The server's name of the newest widget whose key begins so, once it is there."""
        await self.until(lambda visitor: any(other.startswith(key) for other in visitor._widgets))
        return next(
            name for other, name in reversed(self._widgets.items()) if other.startswith(key) and not other.endswith("-send")
        )
