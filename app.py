"""Headlight: `streamlit run app.py` opens the page; `streamlit run app.py -- --device cpu` chooses where the model runs."""

import streamlit as st

from viz.command import script_options
from viz.lessons import LESSONS
from viz.page import shell as page
from viz.page.choices import plain
from viz.views import VIEWS

st.set_page_config(page_title="Headlight", page_icon="🔦", layout="wide", initial_sidebar_state="auto")

try:
    options = script_options()
except ValueError as error:
    st.error(plain(str(error)))
    st.stop()

page.show(VIEWS, options.model, options.device, LESSONS, options.rooms)
