"""The floor of every page timing: a Streamlit page with the text field of app.py that echoes the text and does nothing else."""

import streamlit as st

st.set_page_config(page_title="Empty", layout="wide")
st.text(st.text_input("English sentence", live=True, label_visibility="collapsed", autocomplete="off"))
