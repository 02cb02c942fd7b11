"""Pure functions of a Trace, or of a Trace and a model's weights."""
