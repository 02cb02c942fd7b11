"""Timings as ratios: what is compared runs interleaved, in one process."""
