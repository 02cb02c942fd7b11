"""Imported before torch: one thread for every thread of Python that computes. `torch.set_num_threads` reaches another one only after
its first operation in parallel; tiny tensors gain nothing from more, and on a busy machine threads wait for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
