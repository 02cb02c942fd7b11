"""Our own architecture, that of Vaswani et al. (2017)."""
