"""What a room and those in it are known by: codes, secrets and made-up names. All of it is drawn; nothing is asked."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Container

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no code is a word, and with them no look-alikes of 0 and 1
CODE_LENGTH = 6
CODE = re.compile(f"[{LETTERS}]{{{CODE_LENGTH}}}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 16 bytes
TRIES = 50
ADJECTIVES = (
    "Agile Amber Azure Bold Brave Bright Brisk Calm Clever Cosy Crimson Curious Daring Dapper Eager Early Fair Fast Fearless Fond Gentle Giant "
    "Glad Golden Grand Green Happy Honest Humble Indigo Jolly Keen Kind Lively Loyal Lucky Merry Mighty Misty Noble Patient Plucky Polite "
    "Proud Purple Quick Quiet Rapid Royal Scarlet Sharp Shiny Silent Silver Sincere Snowy Steady Sunny Swift Tidy Tiny Upbeat Velvet Warm Witty"
).split()
ANIMALS = (
    "Alpaca Ant Badger Bat Bear Beaver Bee Bison Camel Cat Cheetah Crab Crane Crow Deer Dolphin Dove Duck Eagle Egret Elk Falcon Ferret Finch "
    "Fox Frog Gecko Gull Hare Hawk Hedgehog Heron Ibis Jay Kiwi Koala Lark Lemur Leopard Lion Llama Lynx Magpie Marten Mole Moose Newt Ocelot "
    "Orca Osprey Otter Owl Panda Parrot Pelican Penguin Puffin Quail Rabbit Raven Robin Salmon Seal Sparrow Squid Stork Swan Tapir Tern Tiger "
    "Toad Trout Turtle Viper Walrus Weasel Whale Wolf Wombat Wren Yak Zebra"
).split()


def new_code() -> str:
    """Six letters: one of 64 million."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def code_of(text: str) -> str:
    """The code that a text means, whatever its case, spaces and dashes. Raises ValueError, in words, where it means none."""
    code = re.sub(r"[\s\-–.]+", "", text[:100]).upper()
    if not CODE.fullmatch(code):
        raise ValueError(
            f"A room has {CODE_LENGTH} letters, none of them a vowel, such as KBDFGH. Look at the teacher's screen again."
        )
    return code


def new_token() -> str:
    """What its owner proves a right with."""
    return secrets.token_urlsafe(16)


def digest(token: str) -> str:
    """What is stored of a token: from it nobody gets the token back."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_name(others: Container[str]) -> str:
    """A name that nobody has yet: Curious Otter."""
    for _ in range(TRIES):
        name = f"{secrets.choice(ADJECTIVES)} {secrets.choice(ANIMALS)}"
        if name not in others:
            return name
    return next(name for name in (f"{one} {other}" for one in ADJECTIVES for other in ANIMALS) if name not in others)
