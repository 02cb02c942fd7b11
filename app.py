"""Headlight: `streamlit run app.py` opens the page; `streamlit run app.py -- --device cpu` chooses where the model runs."""

import argparse

import streamlit as st

from viz.views import page

st.set_page_config(page_title="Headlight", page_icon="🔦", layout="wide", initial_sidebar_state="collapsed")

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="en-fr", help="a checkpoint in pretrained/, or a folder")
parser.add_argument("--device", default=None, help="cuda, mps or cpu; the best one that is there by default")
options, _ = parser.parse_known_args()

page.show(options.model, options.device)
