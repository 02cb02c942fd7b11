"""Imported before torch: one thread for every thread of Python that computes. Tiny tensors gain nothing from more, and threads that
wait for each other on a busy machine took forty times as long."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
