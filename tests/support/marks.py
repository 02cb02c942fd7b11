"""Texts that Markdown, as the page reads it, would make something else of."""

MARKDOWN = [
    "[sign in](http://evil.example/)", "![x](http://evil.example/x.png)", "<http://evil.example>", "http://evil.example/a_b", "www.evil.example",
    "WWW.evil.example", "someone@evil.example", "mailto:someone@evil.example", "**bold** _thin_ ~~gone~~ `code`", "# Title", "- item", "1. item", "1) item",
    "> quote", "    code", "\tcode", "$x$ and $$y$$", ":red[x] :red-background[y]", ":smile:", ":+1:", ":material/home:", ":streamlit:", "a | b\n--- | ---",
    "a -> b <- c -- d >= e <= f ~= g <-> h", "&lt;b&gt; &#36;", "<b>x</b>", "title\n===", "line\n\n# line", "back\\slash \\[x\\]", "_a_ a_b __c__", "[x]: http://e.x",
]  # fmt: skip
