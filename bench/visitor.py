"""A visit without a browser: a client that speaks Streamlit's own protocol over its websocket, as the page in a browser does.

It sends what a browser sends (the address, the widgets' values and the fragment that the one stands in which was used, the looks of
viz/canvas/seat/look.js, which messages it has kept) and reads all that the server sends; it draws nothing.
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
PHONE, DESK = "Mozilla/5.0 (Linux; Android 16) Mobile", "Mozilla/5.0 (X11; Linux x86_64)"
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # what Streamlit calls the triggers of a component


class Visitor:
    """One session of the page. `html` is what the last runs have written, by place; `query` the address that they say; `is_still` whether none
    goes on; `runs` how many have ended; `bytes` what the server has sent; `replica` the balancer's cookie, where there is one."""

    def __init__(self, url: str, query: str, agent: str = PHONE) -> None:
        """url: of the server, http://…; query: the address behind it, with its "?"; agent: what the browser calls itself."""
        self._url, self.query, self._script, self._agent = url, query, "", agent
        self._widgets: dict[str, str] = {}  # by their keys, as the server names them
        self._protos: dict[str, Any] = {}  # how the server describes them, by those names
        self._values: dict[str, dict[str, Any]] = {}  # what they hold, by those names
        self._fragments: dict[
            object, str
        ] = {}  # that widgets, by those names, and places of the page are drawn by; empty: by the whole page
        self._looks: dict[str, tuple[str, float]] = {}  # fragments that look at the room: their component, and when last
        self._messages: dict[str, tuple[ForwardMsg, int]] = {}  # large ones, by their hash, and the run that has used it last
        self._news, self._is_over = asyncio.Condition(), False
        self._running, self._touched = (
            set[str](),
            set[object](),
        )  # of the run that goes on: its fragments, none is all, and what it has drawn
        self.html: dict[tuple[int, ...], str] = {}
        self.bytes, self.runs, self.is_still, self.replica = 0, 0, False, ""
        self.silences, self._heard, self._looked = 0, time.monotonic(), 0.0

    async def __aenter__(self) -> Visitor:
        self._socket: ClientConnection = await connect(
            f"ws{self._url.removeprefix('http')}/_stcore/stream", max_size=LARGEST, subprotocols=[Subprotocol("streamlit")], open_timeout=PATIENCE, ping_interval=None,
            compression=None, user_agent_header=self._agent,
        )  # fmt: skip
        response = self._socket.response
        self.replica = response.headers.get("Set-Cookie", "") if response else ""
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
        name = await self._widget(key)
        await self.run(self._fragments[name], trigger=name)

    async def type(self, key: str, text: str) -> None:
        """Replace what a text field holds, by its key."""
        name = await self._widget(key)
        self._values[name] = {"string_value": text}
        await self.run(self._fragments[name])

    async def tell(self, key: str, event: str, value: object) -> None:
        """What a component of ours tells the page when something in it is chosen, by its key."""
        name = await self._widget(key)
        await self.run(self._fragments[name], event=(name, event, value))

    async def answer(self, key: str, share: float) -> None:
        """Choose one of some radio buttons, or move a slider and send it: whatever is so far from its first to its last. key: how its own begins."""
        name, proto = await self._widget(key), self._protos[await self._widget(key)]
        if proto.DESCRIPTOR.name == "Radio":
            self._values[name] = {"string_value": proto.options[int(share * len(proto.options))]}
            await self.run(self._fragments[name])
        else:
            steps = int(share * (round((proto.max - proto.min) / proto.step) + 1))
            self._values[name] = {"double_array_value": {"data": [proto.min + steps * proto.step]}}
            await self.run(self._fragments[name], trigger=self._widgets[f"{self._key(name)}-send"])

    async def run(self, fragment: str = "", trigger: str = "", event: tuple[str, str, object] | None = None) -> None:
        """Ask the server for a run, as every widget of the page does. fragment: what runs, where not the whole page; trigger: a button; event:
        a component, its event and what that says."""
        states = [WidgetState(id=name, **value) for name, value in self._values.items()]
        states += [WidgetState(id=trigger, trigger_value=True)] * bool(trigger)
        if event is not None:
            component, name, value = event
            what = json.dumps([{"event": name, "value": value}])
            states.append(WidgetState(id=EVENTS.format(component), json_trigger_value=what))
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.fragment_id = self.query.removeprefix("?"), self._script, fragment
        run.widget_states.widgets.extend(states)
        run.cached_message_hashes.extend(name for name, (_, last) in self._messages.items() if self.runs - last <= ANNOUNCED)
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
                await self.run(due[0], event=(look, "look", {"at": time.time(), "spot": None}))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            full = ForwardMsg()
            full.CopyFrom(self._messages[message.ref_hash][0])
            full.metadata.CopyFrom(message.metadata)
            message, kind = full, full.WhichOneof("type")
            self._messages[message.hash] = (full, self.runs)
        elif message.metadata.cacheable:
            self._messages[message.hash] = (message, self.runs)
        if kind == "new_session":
            self.is_still, self._heard = False, time.monotonic()
            self._script = message.new_session.page_script_hash
            self._running, self._touched = set(message.metadata.run.fragment_ids), set()
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(tuple(message.metadata.delta_path), message.delta.new_element, message.delta.fragment_id)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif (
            kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):  # the next run is on its way
            self.is_still, self.runs = True, self.runs + 1  # with every run ages what it could have used and did not
            ages = {
                name: self.runs - last - (not self._reruns(full.delta.fragment_id))
                for name, (full, last) in self._messages.items()
            }
            self._messages = {name: (self._messages[name][0], self.runs - age) for name, age in ages.items() if age <= KEPT}
            if not self._running:
                self._looks = {fragment: look for fragment, look in self._looks.items() if fragment in self._touched}
            self.html = {path: body for path, body in self.html.items() if self._stays(path)}
            self._values = {name: value for name, value in self._values.items() if self._stays(name)}

    def _reruns(self, fragment: str) -> bool:
        """Whether the run that goes on draws what this fragment does; empty: what none does."""
        return not self._running or fragment in self._running

    def _stays(self, thing: object) -> bool:
        """Whether a place of the page, or a widget, is still there after a run: what that has not drawn again is gone."""
        return thing in self._touched or not self._reruns(self._fragments[thing])

    def _draw(self, path: tuple[int, ...], element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "bidi_component" and element.bidi_component.component_name.endswith("headlight_look"):
            self._touched.add(fragment)
            self._looks.setdefault(fragment, (element.bidi_component.id, time.monotonic()))
        self.html.pop(path, None)  # the newest stands last
        if kind == "html":
            self.html[path], self._fragments[path] = element.html.body, fragment
            self._touched.add(path)
        elif hasattr(getattr(element, kind), "id"):
            name = getattr(element, kind).id
            self._widgets.pop(self._key(name), None)
            self._touched.add(name)
            self._widgets[self._key(name)], self._protos[name], self._fragments[name] = name, getattr(element, kind), fragment

    @staticmethod
    def _key(name: str) -> str:
        """The key of a widget, out of the server's name of it."""
        return name.split("-", 2)[-1]

    async def _widget(self, key: str) -> str:
        """The server's name of the widget with this key, or of the newest one whose key begins so, once it is there."""
        await self.until(lambda visitor: any(other.startswith(key) for other in visitor._widgets))
        return self._widgets.get(key) or next(
            name for other, name in reversed(self._widgets.items()) if other.startswith(key) and not other.endswith("-send")
        )
